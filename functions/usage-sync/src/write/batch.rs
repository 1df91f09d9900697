//! The writes of one customer, in batches: stored in one commit, sent concurrently.
//!
//! Batch size = free slots, which all customers of the slice share; a stored write is therefore sent at once. Many
//! customers with writes take a slot each; a customer that writes alone takes several.

use std::collections::{BTreeMap, VecDeque};
use std::iter::repeat_with;
use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;
use rust_decimal::Decimal;
use shared::domain::id::PsaProductId;
use shared::domain::outcome::{Failure, Outcome, Skip};
use shared::domain::plan::{AdditionPlan, CustomerPlan, Step};
use shared::domain::psa::Addition;
use shared::error::{PsaError, StoreError};
use shared::ports::{Clock, Psa};
use shared::store::Lease;
use tokio::sync::SemaphorePermit;

use super::outcome::{AdditionOutcome, AdditionOutcomes};
use super::permits::{acquire_slots, reserve_permits};
use super::prepared::{PreparedUpdate, PreparedWrite};
use super::response::{LONGEST_WAIT, WriteResult, too_late};
use super::writer::Writer;
use crate::errors::WorkError;
use crate::world::World;

/// Attempts of a write whose response says that it had no effect; then it fails, and the customer may be set aside.
const TRIES: u32 = 6;
/// Attempts of a write that the rate limiter did not let through.
const UNSENT_TRIES: u32 = 30;
/// At most this many writes of a customer go out at once; what is stored for them fits into one commit.
const AT_ONCE: usize = 16;

/// A write that is to be made.
struct Attempt<'p> {
    product: PsaProductId,
    plan: &'p AdditionPlan,
    /// How often it was tried before.
    tries: u32,
    /// Attempts that were not sent.
    unsent: u32,
}

/// How far the writes of a customer came.
pub(crate) enum Progress {
    /// All that was planned is done.
    Done(AdditionOutcomes),
    /// The deadline came first: the next slice does the rest.
    Late,
    /// It took so long that the plan has to be made anew.
    Stale,
}

impl<W: World> Writer<'_, W> {
    /// Does what was planned, product by product.
    pub(crate) async fn carry_out(&mut self, planned: &CustomerPlan) -> Result<Progress, WorkError> {
        let slice = self.slice;
        let mut done = BTreeMap::new();
        let mut todo = VecDeque::new();
        for (product, plan) in &planned.additions {
            match self.outcome_without_write(*product, plan) {
                Some(outcome) => drop(done.insert(*product, outcome)),
                None => todo.push_back(Attempt { product: *product, plan, tries: 0, unsent: 0 }),
            }
        }
        let mut most = AT_ONCE;
        while !todo.is_empty() {
            if slice.context.must_stop() {
                return Ok(Progress::Late);
            }
            let slots = acquire_slots(slice.context, most.min(todo.len())).await;
            let permits = reserve_permits(slice, slots.len()).await?;
            // Once more: slots and permits may have taken their time.
            if slice.context.must_stop() {
                return Ok(Progress::Late);
            }
            if self.is_out_of_date() {
                return Ok(Progress::Stale);
            }
            let batch: Vec<Attempt<'_>> = todo.drain(..permits.min(todo.len())).collect();
            let Some(results) = self.write_batch(&batch, slots).await? else {
                // Nothing was sent, because one product has an intent already. Single writes show which.
                batch.into_iter().rev().for_each(|attempt| todo.push_front(attempt));
                most = 1;
                continue;
            };
            let mut pause = Duration::ZERO;
            for (attempt, result) in batch.into_iter().zip(results) {
                let Attempt { product, plan, mut tries, mut unsent } = attempt;
                match result {
                    WriteResult::Ended(outcome, addition) => {
                        done.insert(product, AdditionOutcome::of(product, plan, outcome, addition));
                    }
                    WriteResult::NoEffect { wait, sent, .. } if tries + 1 < TRIES && unsent + 1 < UNSENT_TRIES => {
                        pause = pause.max(longer_each_time(wait, tries));
                        let count = if sent { &mut tries } else { &mut unsent };
                        *count += 1;
                        todo.push_back(Attempt { product, plan, tries, unsent });
                    }
                    WriteResult::NoEffect { failure, .. } => {
                        done.insert(product, AdditionOutcome::of(product, plan, Outcome::Failed(failure), None));
                    }
                }
            }
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
        }
        self.report_writes(&mut done);
        Ok(Progress::Done(done))
    }

    /// Does what was planned for one product where that takes no write; in a run that may not write, what would be
    /// done. None: it has to be written.
    fn outcome_without_write(&mut self, product: PsaProductId, plan: &AdditionPlan) -> Option<AdditionOutcome> {
        let current = plan.current.map(|(addition, _)| addition);
        let (outcome, addition) = match &plan.step {
            Step::Nothing => (Outcome::Unchanged, None),
            Step::Wait(waiting) => (Outcome::Waiting(waiting.clone()), current),
            Step::Hold(hold) => (Outcome::Held(hold.clone()), current),
            Step::Skip(skip) => {
                if let Skip::BilledElsewhere { lines } = skip {
                    let lines = lines.iter().map(|line| line.addition).collect();
                    self.basis.settlement.snapshot.billed_elsewhere.insert(product, lines);
                }
                (Outcome::Skipped(skip.clone()), current)
            }
            Step::Fail(failure) => (Outcome::Failed(failure.clone()), current),
            Step::Keep { addition } => {
                self.remember(product, plan, *addition);
                (self.outcome_of_unchanged(product), Some(*addition))
            }
            Step::Adopt { addition } => {
                self.remember(product, plan, *addition);
                if let Some(written) = self.written(product) {
                    written.unreported.adopted += 1;
                }
                (Outcome::Adopted, Some(*addition))
            }
            Step::Update { addition, .. } if !self.run.writes => (Outcome::Updated, Some(*addition)),
            Step::Create { .. } if !self.run.writes => (Outcome::Created, None),
            Step::Clear { addition, hold, .. } if !self.run.writes => (Outcome::Held(hold.clone()), Some(*addition)),
            Step::Update { .. } | Step::Create { .. } | Step::Clear { .. } => return None,
        };
        Some(AdditionOutcome::of(product, plan, outcome, addition))
    }

    /// An unchanged addition may be an earlier write of ours that no ledger has reported.
    fn outcome_of_unchanged(&self, product: PsaProductId) -> Outcome {
        let unreported = self.basis.settlement.snapshot.written.get(&product).map(|written| written.unreported);
        match unreported.filter(|_| self.run.writes) {
            Some(unreported) if unreported.created > 0 => Outcome::Created,
            Some(unreported) if unreported.updated > 0 => Outcome::Updated,
            Some(unreported) if unreported.adopted > 0 => Outcome::Adopted,
            Some(_) | None => Outcome::Unchanged,
        }
    }

    /// The result of each write; none when nothing was sent, for one of several met another write to the same product.
    async fn write_batch(
        &mut self,
        batch: &[Attempt<'_>],
        slots: Vec<SemaphorePermit<'_>>,
    ) -> Result<Option<Vec<WriteResult>>, WorkError> {
        if batch.iter().any(|attempt| self.basis.settlement.ended.contains(&attempt.product)) {
            // Removes the lapsed intent before a new one is stored.
            self.flush(Vec::new()).await?;
        }
        // What was seen of the agreement is out of date from here on.
        self.basis.settlement.snapshot.seen = None;
        let at = self.slice.context.world.clock().now();
        let snapshot_before = self.basis.settlement.snapshot.clone();
        let mut changes = Vec::new();
        let mut writes: Vec<PreparedWrite<'_>> = Vec::new();
        for attempt in batch {
            let Some(write) = self.prepare(attempt.product, attempt.plan, at, &mut changes) else {
                // The results are matched with the attempts by their place.
                return Err(WorkError::Unusable(format!("nothing is to be written of {}", attempt.product)));
            };
            writes.push(write);
        }
        let lease = match self.flush(changes).await {
            Ok(lease) => lease,
            Err(StoreError::Conflict { .. }) => {
                // Nothing of it is under way.
                self.basis.settlement.snapshot = snapshot_before;
                // The run that stored the other intent settles it.
                let unsettled = WriteResult::Ended(Outcome::Failed(Failure::Unsettled), None);
                return Ok((batch.len() == 1).then(|| vec![unsettled]));
            }
            Err(error) => return Err(error.into()),
        };
        let (this, lease) = (&*self, &lease);
        let send = |(write, slot)| async move {
            let response = this.send(write, lease, at).await;
            // Another customer's write may be stored while this one's neighbours still wait for their responses.
            drop(slot);
            response
        };
        let slots = slots.into_iter().map(Some).chain(repeat_with(|| None));
        let responses = join_all(writes.iter().zip(slots).map(send)).await;
        Ok(Some(writes.iter().zip(responses).map(|(write, response)| self.result_of(write, response)).collect()))
    }

    async fn send(&self, write: &PreparedWrite<'_>, lease: &Lease, at: Timestamp) -> Result<Addition, PsaError> {
        if !self.may_send(lease, at) {
            return Err(too_late());
        }
        self.slice.context.mark_progressed();
        let (psa, agreement) = (self.slice.psa, self.target.agreement);
        match write {
            PreparedWrite::Create { new, .. } => psa.create_addition(agreement, new).await,
            PreparedWrite::Update(PreparedUpdate { plan, addition, .. }) => {
                psa.set_quantity(agreement, *addition, plan.target).await
            }
            PreparedWrite::Clear { addition, .. } => psa.set_quantity(agreement, *addition, Decimal::ZERO).await,
        }
    }
}

/// A wait that doubles with each try, up to [`LONGEST_WAIT`]; one that is longer by itself stays as it is.
fn longer_each_time(wait: Duration, tries: u32) -> Duration {
    wait.saturating_mul(1 << tries.min(TRIES)).min(LONGEST_WAIT).max(wait)
}
