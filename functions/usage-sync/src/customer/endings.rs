//! Additions that a person decided to end: carried out before the customer is planned, even if it is mapped elsewhere
//! now.
//!
//! What was done is stored with the decision in the commit that knows it, and forgotten in the one that puts it into a
//! ledger: each end is in exactly one ledger.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use shared::domain::decision::HoldKey;
use shared::domain::ending::{EndDone, EndStep, Ending};
use shared::domain::id::{AgreementId, CustomerId};
use shared::domain::mapping::{ProductMapping, ProductState};
use shared::domain::outcome::{Failure, Outcome, Would};
use shared::domain::plan::{AdditionPlan, CustomerPlan, customer_gate};
use shared::domain::psa::Addition;
use shared::domain::run::ReadFor;
use shared::domain::settle::{Settlement, settle};
use shared::domain::terms::Terms;
use shared::ports::{Clock, Psa};
use shared::store::Change;

use super::context::CustomerContext;
use super::ended_additions::EndedAdditions;
use super::outcome::is_set_aside;
use crate::bucket::Bucket;
use crate::committer::LeftOpen;
use crate::errors::{WorkError, of_agreement};
use crate::recall::Recalled;
use crate::world::World;
use crate::write::{AdditionOutcome, AdditionOutcomes, AgreementBasis, Progress, Writer};

/// How far the endings of a customer came.
pub(super) enum EndingProgress {
    /// Finished for this run.
    Done(EndedAdditions),
    /// The customer's ledger stays open for the next slice.
    Open,
    /// A write has no known end: the customer is worked on once more at the end of the run.
    SetAside,
}

/// How far the endings of one agreement came.
enum AgreementProgress {
    Done,
    Open,
    SetAside,
}

/// Endings that are written together: each of another product, because what is written of a product is remembered as
/// one.
#[derive(Default)]
struct EndingBatch<'e> {
    plan: CustomerPlan,
    endings: Vec<&'e Ending>,
}

/// An ending that sets a cancelled date.
struct Cancellation<'e> {
    ending: &'e Ending,
    at: Decimal,
    on: Date,
}

/// The endings of one agreement by what they take.
#[derive(Default)]
struct EndingSteps<'e> {
    batches: Vec<EndingBatch<'e>>,
    cancellations: Vec<Cancellation<'e>>,
}

/// The endings of one agreement while they are carried out.
struct AgreementEndings<'a, 'c, W: World> {
    customer: &'c CustomerContext<'a, W>,
    writer: Writer<'a, W>,
    /// As ConnectWise listed them.
    additions: Vec<Addition>,
    done: AdditionOutcomes,
    ended: &'c mut EndedAdditions,
}

/// Ends what a person decided to end of a customer's additions.
pub(super) async fn end_additions<W: World>(customer: &CustomerContext<'_, W>) -> Result<EndingProgress, WorkError> {
    let (bucket, id) = (customer.bucket, customer.customer);
    let mut ended = EndedAdditions::default();
    if !customer.flow.has_endings(id) {
        return Ok(EndingProgress::Done(ended));
    }
    // As they are now: this slice may have carried some out before.
    let all = customer.context().world.store().list_endings(customer.partner()).await?;
    let mut on: BTreeMap<AgreementId, Vec<Ending>> = BTreeMap::new();
    for ending in all.into_iter().filter(|ending| counts(bucket, id, ending)) {
        match ending.done {
            Some(done) => ended.add_done(&ending, done, None),
            None => on.entry(ending.key.agreement).or_default().push(ending),
        }
    }
    for (agreement, endings) in on {
        let Some(_permit) = customer.permit_to_ask().await else { return Ok(EndingProgress::Open) };
        match end_on(customer, agreement, &endings, &mut ended).await? {
            AgreementProgress::Done => {}
            AgreementProgress::Open => return Ok(EndingProgress::Open),
            AgreementProgress::SetAside => return Ok(EndingProgress::SetAside),
        }
    }
    Ok(EndingProgress::Done(ended))
}

/// Ends additions of one agreement.
async fn end_on<W: World>(
    customer: &CustomerContext<'_, W>,
    agreement: AgreementId,
    endings: &[Ending],
    ended: &mut EndedAdditions,
) -> Result<AgreementProgress, WorkError> {
    let (context, partner) = (customer.context(), customer.partner());
    let Recalled { snapshot: stored, intents } = customer.recall_on(agreement).await?;
    let now = context.world.clock().now();
    ended.add_read(ReadFor::Change);
    let additions = match customer.slice.psa.list_additions(agreement).await {
        Ok(additions) => additions,
        Err(error) if context.gives_back(&error) => return Err(WorkError::LeaveAlone(error)),
        Err(error) => {
            tracing::warn!(%partner, %agreement, %error, "an agreement could not be read to end its additions");
            let failed = Outcome::Failed(of_agreement(agreement, &error));
            for ending in endings {
                ended.add_line(ending, failed.clone(), Would::Nothing, None);
            }
            return Ok(AgreementProgress::Done);
        }
    };
    let mut settlement = settle(stored.clone(), &intents, &additions, now, context.settle_s());
    settlement.snapshot.see(now, &additions);
    let EndingSteps { batches, cancellations } = steps_of(endings, &settlement, &additions, ended);
    let writer = customer.writer_on(agreement, AgreementBasis { stored, settlement, listed_at: now });
    let mut work = AgreementEndings { customer, writer, additions, done: AdditionOutcomes::new(), ended };
    for batch in &batches {
        match work.write(batch).await? {
            AgreementProgress::Done => {}
            stopped @ (AgreementProgress::Open | AgreementProgress::SetAside) => return Ok(stopped),
        }
    }
    for cancellation in &cancellations {
        match work.cancel(cancellation).await? {
            AgreementProgress::Done => {}
            stopped @ (AgreementProgress::Open | AgreementProgress::SetAside) => return Ok(stopped),
        }
    }
    work.set_aside_if_unfinished().await
}

/// What the endings take. Endings that need no write or are refused are added to `ended`.
fn steps_of<'e>(
    endings: &'e [Ending],
    settlement: &Settlement,
    additions: &[Addition],
    ended: &mut EndedAdditions,
) -> EndingSteps<'e> {
    let (mut steps, mut resting) = (EndingSteps::default(), EndingBatch::default());
    for ending in endings {
        let written = settlement.snapshot.written.get(&ending.product);
        match ending.step(written, additions) {
            EndStep::Write(_) if settlement.unsettled.contains(&ending.product) => {
                ended.add_line(ending, Outcome::Failed(Failure::Unsettled), Would::Nothing, None);
            }
            EndStep::Write(write) => steps.add_write(ending, *write),
            EndStep::Cancel(at, on) => steps.cancellations.push(Cancellation { ending, at, on }),
            EndStep::Cancelled(at, on) => {
                ended.add_done(ending, EndDone::cancelled(at, on), terms_among(additions, ending));
            }
            EndStep::Rests => resting.endings.push(ending),
            EndStep::Moved(found) => ended.add_refused(ending, Failure::EndMoved { seen: ending.quantity, found }),
        }
    }
    steps.batches.push(resting);
    steps
}

impl<'e> EndingSteps<'e> {
    /// Puts a write into the first batch that has none of its product yet.
    fn add_write(&mut self, ending: &'e Ending, write: AdditionPlan) {
        let free = self.batches.iter_mut().find(|batch| !batch.plan.additions.contains_key(&ending.product));
        if let Some(batch) = free {
            batch.add(ending, write);
            return;
        }
        let mut batch = EndingBatch::default();
        batch.add(ending, write);
        self.batches.push(batch);
    }
}

impl<'e> EndingBatch<'e> {
    fn add(&mut self, ending: &'e Ending, write: AdditionPlan) {
        self.plan.additions.insert(ending.product, write);
        self.endings.push(ending);
    }
}

impl<W: World> AgreementEndings<'_, '_, W> {
    /// Writes a batch, and stores what was done.
    async fn write(&mut self, batch: &EndingBatch<'_>) -> Result<AgreementProgress, WorkError> {
        match self.writer.carry_out(&batch.plan).await {
            Ok(Progress::Done(written)) => self.done.extend(written),
            Ok(Progress::Late | Progress::Stale) => {
                self.leave_open(None).await?;
                return Ok(AgreementProgress::Open);
            }
            Err(error @ WorkError::LeaveAlone(_)) => {
                self.leave_open(None).await?;
                return Err(error);
            }
            Err(error) => return Err(error),
        }
        match self.set_aside_if_unfinished().await? {
            AgreementProgress::Done => self.store_done(batch).await?,
            stopped @ (AgreementProgress::Open | AgreementProgress::SetAside) => return Ok(stopped),
        }
        Ok(AgreementProgress::Done)
    }

    /// Stores what was done with the decisions, in one commit with the snapshot that forgets it.
    async fn store_done(&mut self, batch: &EndingBatch<'_>) -> Result<(), WorkError> {
        let writes = self.customer.bucket.run.writes;
        let mut changes = Vec::new();
        for ending in &batch.endings {
            let terms = terms_among(&self.additions, ending);
            match self.done.get(&ending.product) {
                Some(AdditionOutcome { outcome: outcome @ Outcome::Failed(_), billed }) => {
                    self.ended.add_line(ending, outcome.clone(), billed.would, terms);
                    continue;
                }
                Some(AdditionOutcome { billed, .. }) if !writes => {
                    self.ended.add_line(ending, Outcome::Updated, billed.would, terms);
                    continue;
                }
                Some(_) | None => {}
            }
            let unreported = self.writer.take_unreported(ending.product);
            let did = unreported.did(Decimal::ZERO).unwrap_or(Would::Nothing);
            let done = EndDone { did, writes: unreported };
            self.ended.add_done(ending, done, terms);
            if writes {
                changes.push(Change::PutEnding(Box::new(Ending { done: Some(done), ..(*ending).clone() })));
            }
        }
        if writes {
            changes.extend(self.writer.unwritten());
            self.customer.flow.commits.commit(changes).await?;
        }
        Ok(())
    }

    /// Sets a cancelled date, and stores that it is set.
    async fn cancel(&mut self, cancellation: &Cancellation<'_>) -> Result<AgreementProgress, WorkError> {
        let &Cancellation { ending, at, on } = cancellation;
        if self.customer.context().must_stop() {
            self.leave_open(None).await?;
            return Ok(AgreementProgress::Open);
        }
        let outcome = match self.writer.cancel(ending, on).await {
            Err(error @ WorkError::LeaveAlone(_)) => {
                self.leave_open(None).await?;
                return Err(error);
            }
            outcome => outcome?,
        };
        let terms = terms_among(&self.additions, ending);
        if outcome == Outcome::Updated && self.customer.bucket.run.writes {
            let cancelled = EndDone::cancelled(at, on);
            let with_done = Ending { done: Some(cancelled), ..ending.clone() };
            self.writer.flush(vec![Change::PutEnding(Box::new(with_done))]).await?;
            self.ended.add_done(ending, cancelled, terms);
        } else {
            // One that has no known end yet has the customer worked on once more.
            let billed = self.ended.add_line(ending, outcome.clone(), Would::End { at, on }, terms);
            self.done.insert(ending.product, AdditionOutcome { outcome, billed });
        }
        Ok(AgreementProgress::Done)
    }

    /// Sets the customer aside where one of its writes has no known end.
    async fn set_aside_if_unfinished(&mut self) -> Result<AgreementProgress, WorkError> {
        if is_set_aside(self.customer, &self.done, false) {
            self.leave_open(Some(self.customer.customer)).await?;
            return Ok(AgreementProgress::SetAside);
        }
        Ok(AgreementProgress::Done)
    }

    /// Writes what is known so far, and leaves the customer's ledger open.
    async fn leave_open(&mut self, set_aside: Option<CustomerId>) -> Result<(), WorkError> {
        let left = LeftOpen { reads: self.ended.reads().collect(), set_aside };
        self.customer.flow.commits.leave_open(self.writer.unwritten(), left).await?;
        Ok(())
    }
}

fn terms_among(additions: &[Addition], ending: &Ending) -> Option<Terms> {
    additions.iter().find(|addition| addition.id == ending.key.addition).map(Terms::of)
}

/// Whether an ending is carried out for the customer now.
fn counts(bucket: &Bucket, customer: CustomerId, ending: &Ending) -> bool {
    ending.customer == customer && ending.hold.is_none_or(|key| moves_now(bucket, key))
}

/// An ending that belongs to a move is carried out only while the replacing addition would be created; otherwise the
/// product would no longer be billed.
fn moves_now(bucket: &Bucket, key: HoldKey) -> bool {
    let hold = bucket.holds.get(&key.customer).and_then(|holds| holds.get(&key.product));
    let decided = hold.filter(|hold| hold.key == key && hold.decision.as_ref().is_some_and(|d| d.moves.is_some()));
    let mapping = bucket.mapping_of(key.customer);
    let here = decided.zip(mapping).is_some_and(|(hold, mapping)| hold.basis.agreement == mapping.agreement);
    let usage = bucket.usage.of(Some(key.customer));
    let is_used = |part: &ProductMapping| {
        let synced = matches!(part.state, ProductState::Mapped { sync: true, .. });
        synced && usage.find(&part.code).is_some_and(|usage| usage.units > 0)
    };
    let syncs = customer_gate(mapping, bucket.customers.get(&key.customer)).is_none();
    here && syncs && bucket.mappings.parts_of(key.product).any(is_used)
}
