//! Additions that a person decided to end: written before anything else of their customer, wherever it is mapped by
//! now.
//!
//! What was done is stored with the decision in the commit that knows it, and forgotten in the one that puts it into a
//! ledger: each end is in exactly one ledger.

use std::collections::BTreeMap;

use shared::domain::decision::HoldKey;
use shared::domain::ending::{EndDone, EndStep, Ending, EndingKey};
use shared::domain::id::AgreementId;
use shared::domain::ledger::{Billed, CustomerLedger, EndedLine, Line};
use shared::domain::mapping::{ProductMapping, ProductState};
use shared::domain::outcome::{Failure, Outcome, Would};
use shared::domain::plan::{AdditionPlan, CustomerPlan, customer_gate};
use shared::domain::psa::Addition;
use shared::domain::recall::ReadFor;
use shared::domain::settle::settle;
use shared::domain::snapshot::UnreportedWrites;
use shared::domain::terms::Terms;
use shared::ports::{Clock, Psa};
use shared::store::Change;

use super::context::CustomerContext;
use super::outcome::is_set_aside;
use crate::bucket::Bucket;
use crate::committer::LeftOpen;
use crate::errors::{WorkError, of_agreement};
use crate::recall::Recalled;
use crate::world::World;
use crate::write::{AdditionOutcome, AdditionOutcomes, AgreementBasis, Progress, Writer};

/// The outcome of a customer's endings.
#[derive(Default)]
pub(super) struct EndedAdditions {
    lines: Vec<EndedLine>,
    /// Those that are over once a ledger has them.
    over: Vec<EndingKey>,
    created: u32,
    updated: u32,
    /// Why additions were read, each time.
    reads: Vec<ReadFor>,
    /// What is written in the commit that puts it into a ledger.
    closing: Vec<Change>,
}

/// How far the endings of a customer came.
pub(super) enum EndingProgress {
    /// As far as they go in this run.
    Done(EndedAdditions),
    /// The customer's ledger stays open for the next slice.
    Open,
    /// A write has no known end: the customer is worked on once more at the end of the run.
    SetAside,
}

/// How far those of one agreement came.
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

/// What came of the writes to an agreement, and what ConnectWise listed of it.
struct Written<'a> {
    done: &'a AdditionOutcomes,
    additions: &'a [Addition],
}

impl<'e> EndingBatch<'e> {
    fn add(&mut self, ending: &'e Ending, write: AdditionPlan) {
        self.plan.additions.insert(ending.product, write);
        self.endings.push(ending);
    }
}

impl EndedAdditions {
    /// Why additions were read, each time.
    pub(super) fn reads(&self) -> impl Iterator<Item = ReadFor> {
        self.reads.iter().copied()
    }

    /// Counts that additions were read once more.
    pub(super) fn add_read(&mut self, reason: ReadFor) {
        self.reads.push(reason);
    }

    /// Takes in what became of creations for a customer that is not planned.
    pub(super) fn add_settled(&mut self, closing: Vec<Change>, written: UnreportedWrites) {
        self.created = self.created.saturating_add(written.created);
        self.updated = self.updated.saturating_add(written.updated);
        self.closing.extend(closing);
    }

    /// Whether there is nothing to put into a ledger.
    pub(super) const fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.closing.is_empty()
    }

    /// Puts the ended additions into the customer's ledger; returns what is written in the same commit. A run that may
    /// not write only shows it.
    pub(super) fn close(self, ledger: &mut CustomerLedger, writes: bool) -> Vec<Change> {
        ledger.ended = self.lines;
        ledger.created = ledger.created.saturating_add(self.created);
        ledger.updated = ledger.updated.saturating_add(self.updated);
        let over = self.over.into_iter().filter(|_| writes);
        self.closing.into_iter().chain(over.map(Change::RemoveEnding)).collect()
    }

    fn add_line(&mut self, ending: &Ending, outcome: Outcome, did: Would, terms: Option<Terms>) {
        let billed = Billed {
            product: ending.product,
            addition: Some(ending.key.addition),
            target: did.quantities().1,
            would: did,
            did: None,
            waiting: None,
            terms,
            largest: None,
            writes: 0,
        };
        let line = Line { code: None, units: 0, usage_lines: 0, outcome, billed: Some(billed) };
        let Ending { key, parts, who, why, .. } = ending.clone();
        self.lines.push(EndedLine { agreement: key.agreement, parts, who, why, line });
    }

    fn add_done(&mut self, ending: &Ending, done: EndDone, terms: Option<Terms>) {
        let outcome = if done.did == Would::Nothing { Outcome::Unchanged } else { Outcome::Updated };
        let writes = done.writes.created.saturating_add(done.writes.updated);
        self.created = self.created.saturating_add(done.writes.created);
        self.updated = self.updated.saturating_add(done.writes.updated);
        self.over.push(ending.key);
        self.add_line(ending, outcome, done.did, terms);
        if let Some(billed) = self.lines.last_mut().and_then(|ended| ended.line.billed.as_mut()) {
            billed.writes = writes;
        }
    }
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
    let counts = |ending: &Ending| ending.hold.is_none_or(|key| moves_now(bucket, key));
    for ending in all.into_iter().filter(|ending| ending.customer == id && counts(ending)) {
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

async fn end_on<W: World>(
    customer: &CustomerContext<'_, W>,
    agreement: AgreementId,
    endings: &[Ending],
    ended: &mut EndedAdditions,
) -> Result<AgreementProgress, WorkError> {
    let (context, partner, commits) = (customer.context(), customer.partner(), &customer.flow.commits);
    let Recalled { snapshot: stored, intents } = customer.recall_on(agreement).await?;
    let now = context.world.clock().now();
    ended.reads.push(ReadFor::Change);
    let additions = match customer.slice.psa.list_additions(agreement).await {
        Ok(additions) => additions,
        Err(error) if context.gives_back(&error) => return Err(WorkError::LeaveAlone(error)),
        Err(error) => {
            tracing::warn!(%partner, %agreement, %error, "an agreement could not be read to end its additions");
            let failed = Outcome::Failed(of_agreement(agreement, &error));
            endings.iter().for_each(|ending| ended.add_line(ending, failed.clone(), Would::Nothing, None));
            return Ok(AgreementProgress::Done);
        }
    };
    let mut settlement = settle(stored.clone(), &intents, &additions, now, context.settle_s());
    settlement.snapshot.see(now, &additions);
    let terms_of = |ending: &Ending| terms_among(&additions, ending);
    let (mut batches, mut cancels, mut resting) = (Vec::new(), Vec::new(), EndingBatch::default());
    for ending in endings {
        let written = settlement.snapshot.written.get(&ending.product);
        match ending.step(written, &additions) {
            EndStep::Write(_) if settlement.unsettled.contains(&ending.product) => {
                ended.add_line(ending, Outcome::Failed(Failure::Unsettled), Would::Nothing, None);
            }
            EndStep::Write(write) => add_to_batches(&mut batches, ending, *write),
            EndStep::Cancel(at, day) => cancels.push((ending, at, day)),
            EndStep::Cancelled(at, on) => ended.add_done(ending, EndDone::cancelled(at, on), terms_of(ending)),
            EndStep::Rests => resting.endings.push(ending),
            EndStep::Moved(found) => {
                let moved = Failure::EndMoved { seen: ending.quantity, found };
                ended.over.push(ending.key);
                ended.add_line(ending, Outcome::Failed(moved), Would::Nothing, None);
            }
        }
    }
    let mut writer = customer.writer_on(agreement, AgreementBasis { stored, settlement, listed_at: now });
    let left = LeftOpen { reads: ended.reads.clone(), set_aside: None };
    batches.push(resting);
    let mut done = AdditionOutcomes::new();
    for batch in &batches {
        match writer.carry_out(&batch.plan).await {
            Ok(Progress::Done(written)) => done.extend(written),
            Ok(Progress::Late | Progress::Stale) => {
                commits.leave_open(writer.unwritten(), left).await?;
                return Ok(AgreementProgress::Open);
            }
            Err(error @ WorkError::LeaveAlone(_)) => {
                commits.leave_open(writer.unwritten(), left).await?;
                return Err(error);
            }
            Err(error) => return Err(error),
        }
        if is_set_aside(customer, &done, false) {
            let left = LeftOpen { set_aside: Some(customer.customer), ..left };
            commits.leave_open(writer.unwritten(), left).await?;
            return Ok(AgreementProgress::SetAside);
        }
        put_into_ledger(customer, &mut writer, batch, &Written { done: &done, additions: &additions }, ended).await?;
    }
    for (ending, at, on) in cancels {
        if context.must_stop() {
            commits.leave_open(writer.unwritten(), left).await?;
            return Ok(AgreementProgress::Open);
        }
        let outcome = match writer.cancel(ending, on).await {
            Err(error @ WorkError::LeaveAlone(_)) => {
                commits.leave_open(writer.unwritten(), left).await?;
                return Err(error);
            }
            outcome => outcome?,
        };
        let terms = terms_of(ending);
        if outcome == Outcome::Updated && customer.bucket.run.writes {
            let cancelled = EndDone::cancelled(at, on);
            let with_done = Ending { done: Some(cancelled), ..ending.clone() };
            writer.flush(vec![Change::PutEnding(Box::new(with_done))]).await?;
            ended.add_done(ending, cancelled, terms);
        } else {
            ended.add_line(ending, outcome.clone(), Would::End { at, on }, terms);
            if let Some(billed) = ended.lines.last().and_then(|line| line.line.billed.clone()) {
                // One that has no known end yet has the customer worked on once more.
                done.insert(ending.product, AdditionOutcome { outcome, billed });
            }
        }
    }
    if is_set_aside(customer, &done, false) {
        let left = LeftOpen { set_aside: Some(customer.customer), ..left };
        commits.leave_open(writer.unwritten(), left).await?;
        return Ok(AgreementProgress::SetAside);
    }
    Ok(AgreementProgress::Done)
}

/// Stores what was done with the decisions, in one commit with the snapshot that forgets it.
async fn put_into_ledger<W: World>(
    customer: &CustomerContext<'_, W>,
    writer: &mut Writer<'_, W>,
    batch: &EndingBatch<'_>,
    written: &Written<'_>,
    ended: &mut EndedAdditions,
) -> Result<(), WorkError> {
    let writes = customer.bucket.run.writes;
    let mut changes = Vec::new();
    for ending in &batch.endings {
        let terms = terms_among(written.additions, ending);
        match written.done.get(&ending.product) {
            Some(AdditionOutcome { outcome: outcome @ Outcome::Failed(_), billed }) => {
                ended.add_line(ending, outcome.clone(), billed.would, terms);
                continue;
            }
            Some(AdditionOutcome { billed, .. }) if !writes => {
                ended.add_line(ending, Outcome::Updated, billed.would, terms);
                continue;
            }
            Some(_) | None => {}
        }
        let unreported = writer.take_unreported(ending.product);
        let did = unreported.did(rust_decimal::Decimal::ZERO).unwrap_or(Would::Nothing);
        let done = EndDone { did, writes: unreported };
        ended.add_done(ending, done, terms);
        if writes {
            changes.push(Change::PutEnding(Box::new(Ending { done: Some(done), ..(*ending).clone() })));
        }
    }
    if writes {
        changes.extend(writer.unwritten());
        customer.flow.commits.commit(changes).await?;
    }
    Ok(())
}

fn terms_among(additions: &[Addition], ending: &Ending) -> Option<Terms> {
    additions.iter().find(|addition| addition.id == ending.key.addition).map(Terms::of)
}

/// Puts a write into the first batch that has none of its product yet.
fn add_to_batches<'e>(batches: &mut Vec<EndingBatch<'e>>, ending: &'e Ending, write: AdditionPlan) {
    let free = batches.iter_mut().find(|batch| !batch.plan.additions.contains_key(&ending.product));
    if let Some(batch) = free {
        batch.add(ending, write);
        return;
    }
    let mut batch = EndingBatch::default();
    batch.add(ending, write);
    batches.push(batch);
}

/// Whether a product that moves here still does: the hold waits with that decision, and what it would create is used
/// and synced. Otherwise the line elsewhere would end with nothing to follow it.
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
