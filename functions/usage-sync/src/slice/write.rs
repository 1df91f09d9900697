//! Writing to one agreement: what is about to be sent is stored first, and an answer that never came is never guessed.

mod answer;
mod cancel;
mod keep;
mod wave;

pub(super) use wave::Carried;

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use shared::domain::id::{AdditionId, AgreementId, CustomerId, PsaProductId};
use shared::domain::outcome::{Outcome, Skip};
use shared::domain::plan::{AdditionPlan, Step};
use shared::domain::psa::Addition;
use shared::domain::run::Run;
use shared::domain::schedule::local_day;
use shared::domain::settle::Settlement;
use shared::domain::snapshot::{Parts, Snapshot, Surplus, UnreportedWrites, Written};
use shared::domain::vendor_sync::MembersSeen;
use shared::ports::Clock;
use shared::store::Lease;

use super::Stages;
use crate::committer::Commits;
use crate::policy::Guard;
use crate::worker::World;

/// A write is sent within this time after it was stored, or not at all: the settle time counts from what was stored.
const FRESH: SignedDuration = SignedDuration::from_secs(2);
/// The ends of intents that fit into one commit beside a snapshot and a ledger entry.
const MOST_AT_ONCE: usize = 30;
/// What has to be left of the lease beyond the longest request, in seconds.
const LEASE_SPARE_S: i64 = 5;

/// The writes of one run to one agreement.
pub(super) struct Writer<'a, W: World> {
    stages: &'a Stages<'a, W>,
    commits: &'a Commits,
    run: &'a Run,
    customer: CustomerId,
    agreement: AgreementId,
    /// Whether the table has it that we write there for this customer.
    marked: bool,
    settlement: Settlement,
    /// The snapshot as the table has it.
    stored: Snapshot,
    /// When the additions were listed that the plan was made on.
    listed_at: Timestamp,
}

impl<'a, W: World> Writer<'a, W> {
    pub(super) fn new(
        stages: &'a Stages<'a, W>,
        run: &'a Run,
        (customer, agreement, marked): (CustomerId, AgreementId, bool),
        (stored, settlement, listed_at): (Snapshot, Settlement, Timestamp),
        commits: &'a Commits,
    ) -> Self {
        Self { stages, commits, run, customer, agreement, marked, settlement, stored, listed_at }
    }

    /// Does what was planned for one product where that takes no write; in a run that may not write, says what would be done.
    /// None: it has to be written.
    fn without_writing(&mut self, product: PsaProductId, plan: &AdditionPlan) -> Option<(Outcome, Option<AdditionId>)> {
        let current = plan.current.map(|(addition, _)| addition);
        Some(match &plan.step {
            Step::Nothing => (Outcome::Unchanged, None),
            Step::Wait(waiting) => (Outcome::Waiting(waiting.clone()), current),
            Step::Hold(hold) => (Outcome::Held(hold.clone()), current),
            Step::Skip(skip) => {
                if let Skip::BilledElsewhere { lines } = skip {
                    let lines = lines.iter().map(|line| line.addition).collect();
                    self.settlement.snapshot.billed_elsewhere.insert(product, lines);
                }
                (Outcome::Skipped(skip.clone()), current)
            }
            Step::Fail(failure) => (Outcome::Failed(failure.clone()), current),
            Step::Keep { addition } => {
                self.remember(product, plan, *addition);
                (self.kept(product), Some(*addition))
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
        })
    }

    /// What is right already may be our own doing that stands in no ledger yet: of a slice, or a run, that did not live to
    /// see its answer.
    fn kept(&self, product: PsaProductId) -> Outcome {
        let unreported = self.settlement.snapshot.written.get(&product).map(|written| written.unreported);
        match unreported.filter(|_| self.run.writes) {
            Some(unreported) if unreported.created > 0 => Outcome::Created,
            Some(unreported) if unreported.updated > 0 => Outcome::Updated,
            Some(unreported) if unreported.adopted > 0 => Outcome::Adopted,
            Some(_) | None => Outcome::Unchanged,
        }
    }

    fn remember(&mut self, product: PsaProductId, plan: &AdditionPlan, addition: AdditionId) {
        let written = &mut self.settlement.snapshot.written;
        let now = plan.as_written(addition, self.run.request.month, written.get(&product));
        written.insert(product, now);
    }

    /// The writes to an addition that no ledger has told of yet; they are forgotten here.
    pub(super) fn take_unreported(&mut self, product: PsaProductId) -> UnreportedWrites {
        self.written(product).map(|written| std::mem::take(&mut written.unreported)).unwrap_or_default()
    }

    fn written(&mut self, product: PsaProductId) -> Option<&mut Written> {
        self.settlement.snapshot.written.get_mut(&product)
    }

    /// What is remembered of an addition whose quantity is about to be set. One that was somebody else's is ours from here
    /// on, because a person has released it.
    fn about_to_set(&mut self, product: PsaProductId, addition: AdditionId, from: Decimal) -> &mut Written {
        let ours = Written::new(addition, from, self.run.request.month, Parts::new());
        let written = self.settlement.snapshot.written.entry(product).or_insert_with(|| ours.clone());
        if written.addition != addition {
            *written = ours.after(Some(written));
        }
        written
    }

    fn surplus(&mut self, product: PsaProductId, addition: AdditionId, change: impl FnOnce(&mut Surplus)) {
        if let Some(surplus) = self.written(product).and_then(|w| w.surplus.iter_mut().find(|s| s.addition == addition))
        {
            change(surplus);
        }
    }

    /// Whoever changed the record of an answer to our own write is the member as which we write.
    fn learn_member(&mut self, answer: &Addition) {
        if let Some(changed) = &answer.detail.changed {
            self.settlement.snapshot.member = Some(changed.by.clone());
        }
    }

    /// Which members changed lines of the agreement.
    pub(super) fn members(&self) -> MembersSeen {
        let day = |at| local_day(self.stages.settings, at);
        MembersSeen::of(&self.settlement.snapshot, self.stages.world.clock().now(), day)
    }

    fn has(&self, guard: Guard) -> bool {
        self.stages.policy.has(guard)
    }

    /// Whether a write may leave now: what was stored for it is fresh, and the lease outlives the request. A worker that
    /// was frozen in between must not send what another one may have settled by now, nor overwrite what people did.
    fn may_send(&self, lease: &Lease, stored_at: Timestamp) -> bool {
        let now = self.stages.world.clock().now();
        let left = lease.expires_at.duration_since(now);
        let needed = SignedDuration::from_secs(self.stages.limits.request_s + LEASE_SPARE_S);
        let in_time = now.duration_since(stored_at) < FRESH && left >= needed && !self.is_out_of_date();
        in_time || !self.has(Guard::LeaseCheck)
    }
}
