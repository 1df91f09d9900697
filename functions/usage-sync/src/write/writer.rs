//! The writes of one run to one agreement: what is known of it, and whether a write may be sent now.

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use shared::domain::id::{AdditionId, AgreementId, CustomerId, PsaProductId};
use shared::domain::plan::AdditionPlan;
use shared::domain::psa::Addition;
use shared::domain::run::Run;
use shared::domain::schedule::local_day;
use shared::domain::settle::Settlement;
use shared::domain::snapshot::{Parts, Snapshot, Surplus, UnreportedWrites, Written};
use shared::domain::vendor_sync::MembersSeen;
use shared::ports::Clock;
use shared::store::Lease;

use crate::committer::Commits;
use crate::context::ConnectedSlice;
use crate::policy::Guard;
use crate::world::World;

/// A write is sent within this time after it was stored, or not at all: the settle time counts from what was stored.
const FRESH: SignedDuration = SignedDuration::from_secs(2);
/// What has to be left of the lease beyond the longest request, in seconds.
const LEASE_SPARE_S: i64 = 5;
/// Nothing is written on a list of additions that is older: a person may have changed them since.
const LIST_GOOD_FOR: SignedDuration = SignedDuration::from_mins(2);

/// The customer and the agreement that is written to.
pub(crate) struct WriteTarget {
    pub(crate) customer: CustomerId,
    pub(crate) agreement: AgreementId,
    /// Whether `PutBilledOn` is stored already.
    pub(crate) is_marked: bool,
}

/// What is known of an agreement before the first write.
pub(crate) struct AgreementBasis {
    /// The snapshot as the table has it.
    pub(crate) stored: Snapshot,
    /// The snapshot after earlier writes were settled.
    pub(crate) settlement: Settlement,
    /// When the additions were listed that the plan was made on.
    pub(crate) listed_at: Timestamp,
}

/// The writes of one run to one agreement.
pub(crate) struct Writer<'a, W: World> {
    pub(super) slice: &'a ConnectedSlice<'a, W>,
    pub(super) run: &'a Run,
    pub(super) commits: &'a Commits,
    pub(super) target: WriteTarget,
    pub(super) basis: AgreementBasis,
}

impl<'a, W: World> Writer<'a, W> {
    pub(crate) const fn new(
        slice: &'a ConnectedSlice<'a, W>,
        run: &'a Run,
        commits: &'a Commits,
        target: WriteTarget,
        basis: AgreementBasis,
    ) -> Self {
        Self { slice, run, commits, target, basis }
    }

    /// Remembers an addition as the plan has it.
    pub(super) fn remember(&mut self, product: PsaProductId, plan: &AdditionPlan, addition: AdditionId) {
        let written = &mut self.basis.settlement.snapshot.written;
        let now = plan.as_written(addition, self.run.request.month, written.get(&product));
        written.insert(product, now);
    }

    /// What is remembered of the addition for a product.
    pub(super) fn written(&mut self, product: PsaProductId) -> Option<&mut Written> {
        self.basis.settlement.snapshot.written.get_mut(&product)
    }

    /// The writes to an addition that no ledger has yet; they are forgotten here.
    pub(crate) fn take_unreported(&mut self, product: PsaProductId) -> UnreportedWrites {
        self.written(product).map(|written| std::mem::take(&mut written.unreported)).unwrap_or_default()
    }

    /// Changes what is remembered of a surplus addition.
    pub(super) fn change_surplus(
        &mut self,
        product: PsaProductId,
        addition: AdditionId,
        change: impl FnOnce(&mut Surplus),
    ) {
        if let Some(surplus) = self.written(product).and_then(|w| w.surplus.iter_mut().find(|s| s.addition == addition))
        {
            change(surplus);
        }
    }

    /// What is remembered of an addition whose quantity is about to be set. An addition that we did not create becomes
    /// ours, because a person released the hold.
    pub(super) fn take_over(&mut self, product: PsaProductId, addition: AdditionId, from: Decimal) -> &mut Written {
        let ours = Written::new(addition, from, self.run.request.month, Parts::new());
        let written = self.basis.settlement.snapshot.written.entry(product).or_insert_with(|| ours.clone());
        if written.addition != addition {
            *written = ours.after(Some(written));
        }
        written
    }

    /// Learns the name of our API member from the response to a write.
    pub(super) fn learn_member(&mut self, response: &Addition) {
        if let Some(changed) = &response.detail.changed {
            self.basis.settlement.snapshot.member = Some(changed.by.clone());
        }
    }

    /// Which members changed lines of the agreement.
    pub(crate) fn members(&self) -> MembersSeen {
        let context = self.slice.context;
        let day = |at| local_day(context.settings, at);
        MembersSeen::of(&self.basis.settlement.snapshot, context.world.clock().now(), day)
    }

    pub(super) fn has(&self, guard: Guard) -> bool {
        self.slice.context.policy.has(guard)
    }

    /// Whether a write may leave now: what was stored for it is fresh, and the lease outlives the request. A worker
    /// that was frozen in between must not send what another one may have settled by now, nor overwrite what people
    /// did.
    pub(super) fn may_send(&self, lease: &Lease, stored_at: Timestamp) -> bool {
        let context = self.slice.context;
        let now = context.world.clock().now();
        let left = lease.expires_at.duration_since(now);
        let needed = SignedDuration::from_secs(context.limits.request_s + LEASE_SPARE_S);
        let in_time = now.duration_since(stored_at) < FRESH && left >= needed && !self.is_out_of_date();
        in_time || !self.has(Guard::LeaseCheck)
    }

    /// Whether what the plan was made on is too old to write by.
    pub(super) fn is_out_of_date(&self) -> bool {
        self.slice.context.world.clock().now().duration_since(self.basis.listed_at) > LIST_GOOD_FOR
    }
}
