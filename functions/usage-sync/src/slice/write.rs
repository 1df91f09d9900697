//! Writing to one agreement: what is about to be sent is stored first, and an answer that never came is never guessed.

use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use shared::domain::id::{AdditionId, AgreementId, PsaProductId};
use shared::domain::outcome::{Failure, Outcome};
use shared::domain::plan::{AdditionPlan, Step};
use shared::domain::psa::{Addition, NewAddition};
use shared::domain::run::Run;
use shared::domain::settle::Settlement;
use shared::domain::snapshot::{Intent, Parts, Pending, Snapshot, Written};
use shared::error::{PsaError, StoreError};
use shared::ports::{Change, Clock, Lease, Psa};

use super::Stages;
use crate::committer::Commits;
use crate::trouble::of_write;
use crate::worker::{WorkError, World};

/// A create is sent within this time after its intent was made, or not at all: the settle time counts from the intent.
const INTENT_FRESH: SignedDuration = SignedDuration::from_secs(2);
/// How often a create is tried whose answer says that it had no effect.
const CREATE_TRIES: u32 = 3;
/// How long such a create waits where nobody says how long.
const SHORT_WAIT: Duration = Duration::from_millis(500);
/// How long it waits at the most: a customer must not keep a whole slice waiting.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// What has to be left of the lease beyond the longest request, in seconds.
const LEASE_SPARE_S: i64 = 5;

/// The writes of one run to one agreement, one after the other.
pub(super) struct Writer<'a, W: World> {
    stages: &'a Stages<'a, W>,
    commits: &'a Commits,
    run: &'a Run,
    agreement: AgreementId,
    settlement: Settlement,
    /// The snapshot as the table has it.
    stored: Snapshot,
    /// Additions created by this run.
    pub(super) created: u32,
    /// Quantities set by this run.
    pub(super) updated: u32,
}

impl<'a, W: World> Writer<'a, W> {
    pub(super) fn new(
        stages: &'a Stages<'a, W>,
        run: &'a Run,
        agreement: AgreementId,
        (stored, settlement): (Snapshot, Settlement),
        commits: &'a Commits,
    ) -> Self {
        Self { stages, commits, run, agreement, settlement, stored, created: 0, updated: 0 }
    }

    /// Does what was planned for one product; in a run that may not write, says what would be done.
    pub(super) async fn carry_out(
        &mut self,
        product: PsaProductId,
        plan: &AdditionPlan,
    ) -> Result<(Outcome, Option<AdditionId>), WorkError> {
        Ok(match &plan.step {
            Step::Nothing => (Outcome::Unchanged, None),
            Step::Hold(hold) => (Outcome::Held(hold.clone()), None),
            Step::Skip(skip) => (Outcome::Skipped(skip.clone()), None),
            Step::Fail(failure) => (Outcome::Failed(failure.clone()), None),
            Step::Keep { addition } => {
                self.remember(product, plan, *addition);
                (self.kept(product), Some(*addition))
            }
            Step::Adopt { addition } => {
                self.remember(product, plan, *addition);
                (Outcome::Adopted, Some(*addition))
            }
            Step::Update { addition, .. } if !self.run.writes => (Outcome::Updated, Some(*addition)),
            Step::Create { .. } if !self.run.writes => (Outcome::Created, None),
            Step::Update { addition, from } => (self.update(product, plan, *addition, *from).await?, Some(*addition)),
            Step::Create { effective, seen } => {
                let new = NewAddition { product, quantity: plan.target, effective: *effective };
                self.create(plan, new, seen.clone()).await?
            }
        })
    }

    /// What is right already may be this run's own doing, in a slice that did not live to see its answer.
    fn kept(&mut self, product: PsaProductId) -> Outcome {
        let own = |run: Option<&shared::domain::id::RunId>| run == Some(&self.run.id);
        if own(self.settlement.created.get(&product)) {
            self.created += 1;
            Outcome::Created
        } else if own(self.settlement.updated.get(&product)) {
            self.updated += 1;
            Outcome::Updated
        } else {
            Outcome::Unchanged
        }
    }

    fn remember(&mut self, product: PsaProductId, plan: &AdditionPlan, addition: AdditionId) {
        let written = &mut self.settlement.snapshot.written;
        let now = plan.as_written(addition, self.run.request.month, written.get(&product));
        written.insert(product, now);
    }

    async fn update(
        &mut self,
        product: PsaProductId,
        plan: &AdditionPlan,
        addition: AdditionId,
        from: Decimal,
    ) -> Result<Outcome, WorkError> {
        self.stages.turn_to_write().await?;
        let pending = Pending { from, to: plan.target, run: self.run.id.clone(), at: self.stages.world.clock().now() };
        self.about_to_write(product, addition, from).pending = Some(pending);
        self.flush(Vec::new()).await?;
        match self.stages.psa.set_quantity(self.agreement, addition, plan.target).await {
            Ok(answer) => match differs(&answer, product, plan.target, Some(addition)) {
                None => {
                    self.remember(product, plan, addition);
                    self.updated += 1;
                    Ok(Outcome::Updated)
                }
                Some(answer) => Ok(Outcome::Failed(Failure::WrongAnswer { answer })),
            },
            Err(error) => {
                if !error.may_have_taken_effect()
                    && let Some(written) = self.settlement.snapshot.written.get_mut(&product)
                {
                    written.pending = None;
                }
                Ok(Outcome::Failed(of_write(self.agreement, &error)))
            }
        }
    }

    /// What is remembered of an addition that is about to be written to. One that was somebody else's is ours from here on,
    /// because a person has released it.
    fn about_to_write(&mut self, product: PsaProductId, addition: AdditionId, from: Decimal) -> &mut Written {
        let snapshot = &mut self.settlement.snapshot;
        snapshot.seen = None;
        let month = self.run.request.month;
        let ours = Written { addition, confirmed: from, pending: None, month, parts: Parts::new() };
        let written = snapshot.written.entry(product).or_insert_with(|| ours.clone());
        if written.addition != addition {
            *written = ours;
        }
        written
    }

    /// Creates an addition. What is certain to have had no effect is tried again, each time with an intent of its own.
    async fn create(
        &mut self,
        plan: &AdditionPlan,
        new: NewAddition,
        seen: Vec<AdditionId>,
    ) -> Result<(Outcome, Option<AdditionId>), WorkError> {
        let mut tries = 1;
        loop {
            match self.try_create(plan, &new, seen.clone()).await? {
                Tried::Ended(outcome, addition) => return Ok((outcome, addition)),
                Tried::NoEffect { wait, .. } if tries < CREATE_TRIES => tokio::time::sleep(wait).await,
                Tried::NoEffect { failure, .. } => return Ok((Outcome::Failed(failure), None)),
            }
            tries += 1;
        }
    }

    async fn try_create(
        &mut self,
        plan: &AdditionPlan,
        new: &NewAddition,
        seen: Vec<AdditionId>,
    ) -> Result<Tried, WorkError> {
        let product = new.product;
        if self.settlement.ended.contains(&product) {
            // An older intent came to nothing: it goes before the new one comes.
            self.flush(Vec::new()).await?;
        }
        self.settlement.snapshot.seen = None;
        self.stages.turn_to_write().await?;
        let at = self.stages.world.clock().now();
        let intent = Intent {
            agreement: self.agreement,
            product,
            quantity: new.quantity,
            effective: new.effective,
            parts: plan.parts.clone(),
            month: self.run.request.month,
            seen,
            run: self.run.id.clone(),
            at,
        };
        let lease = match self.flush(vec![Change::PutIntent(Box::new(intent))]).await {
            Ok(lease) => lease,
            // Another write to this product is under way; who began it brings it to its end.
            Err(StoreError::Conflict { .. }) => return Ok(Tried::Ended(Outcome::Failed(Failure::Unsettled), None)),
            Err(error) => return Err(error.into()),
        };
        if !self.may_send(&lease, at) {
            self.settlement.ended.push(product);
            return Ok(Tried::NoEffect { failure: Failure::NotSent, wait: SHORT_WAIT });
        }
        match self.stages.psa.create_addition(self.agreement, new).await {
            Ok(answer) => {
                self.settlement.ended.push(product);
                self.remember(product, plan, answer.id);
                self.created += 1;
                Ok(match differs(&answer, product, new.quantity, None) {
                    None => Tried::Ended(Outcome::Created, Some(answer.id)),
                    Some(answer) => Tried::Ended(Outcome::Failed(Failure::WrongAnswer { answer }), None),
                })
            }
            Err(error) => {
                if !error.may_have_taken_effect() {
                    self.settlement.ended.push(product);
                }
                let failure = of_write(self.agreement, &error);
                Ok(match passing(&error) {
                    Some(wait) => Tried::NoEffect { failure, wait },
                    None => Tried::Ended(Outcome::Failed(failure), None),
                })
            }
        }
    }

    /// Whether a create may leave now: the intent is fresh, and the lease outlives the request.
    fn may_send(&self, lease: &Lease, intent_at: Timestamp) -> bool {
        let now = self.stages.world.clock().now();
        let left = lease.expires_at.duration_since(now);
        let needed = SignedDuration::from_secs(self.stages.limits.request_s + LEASE_SPARE_S);
        now.duration_since(intent_at) < INTENT_FRESH && left >= needed
    }

    /// Writes what is known so far, with what is about to be sent.
    async fn flush(&mut self, mut about_to: Vec<Change>) -> Result<Lease, StoreError> {
        let (stored, ended) = (self.stored.clone(), self.settlement.ended.clone());
        let mut changes = self.unwritten();
        changes.append(&mut about_to);
        let written = self.commits.commit(changes).await;
        if written.is_err() {
            // Nothing is known to be written: what is still to be written comes with the next commit.
            (self.stored, self.settlement.ended) = (stored, ended);
        }
        written
    }

    /// What the table does not have yet when all is written, and which ConnectWise invoice bills it.
    pub(super) fn conclude(&mut self, next_invoice: Option<Date>) -> Vec<Change> {
        let (snapshot, month) = (&mut self.settlement.snapshot, self.run.request.month);
        if snapshot.written.values().any(|written| written.month == month) {
            snapshot.expect_invoice(month, next_invoice);
        }
        self.unwritten()
    }

    /// What the table does not have yet; nothing in a run that may not write.
    fn unwritten(&mut self) -> Vec<Change> {
        if !self.run.writes {
            return Vec::new();
        }
        let mut changes = Vec::new();
        if self.stored != self.settlement.snapshot {
            self.stored = self.settlement.snapshot.clone();
            changes.push(Change::PutSnapshot(self.agreement, self.settlement.snapshot.clone()));
        }
        // Behind what they came to: an intent that outlives its end is settled once more, one that is gone too early is
        // an addition that nobody remembers.
        let ended = std::mem::take(&mut self.settlement.ended);
        changes.extend(ended.into_iter().map(|product| Change::RemoveIntent(self.agreement, product)));
        changes
    }
}

/// What came of one try to create.
enum Tried {
    /// It is known how it ended, or known that it is not known.
    Ended(Outcome, Option<AdditionId>),
    /// It had no effect, and may have one after a while.
    NoEffect { failure: Failure, wait: Duration },
}

/// How long to wait before a write is tried again that had no effect; none where trying again is of no use.
fn passing(error: &PsaError) -> Option<Duration> {
    match error {
        PsaError::Throttled { retry_after } => Some(retry_after.unwrap_or(SHORT_WAIT).clamp(SHORT_WAIT, LONGEST_WAIT)),
        PsaError::Away { retry_after } => Some((*retry_after).clamp(SHORT_WAIT, LONGEST_WAIT)),
        PsaError::NotSent { .. } => Some(SHORT_WAIT),
        PsaError::Unauthorized
        | PsaError::Forbidden { .. }
        | PsaError::NotFound
        | PsaError::Refused { .. }
        | PsaError::Unanswered { .. } => None,
    }
}

/// What is wrong with the answer to a write, if anything.
fn differs(
    answer: &Addition,
    product: PsaProductId,
    quantity: Decimal,
    addition: Option<AdditionId>,
) -> Option<String> {
    let right = answer.product == product && answer.quantity == quantity && addition.is_none_or(|id| id == answer.id);
    (!right).then(|| format!("addition {} of product {} has quantity {}", answer.id, answer.product, answer.quantity))
}
