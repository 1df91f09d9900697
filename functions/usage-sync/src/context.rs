//! What the stages of a slice share: the world, the bounds, the run as it is written, and how far the slice came.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use shared::domain::id::CustomerId;
use shared::domain::run::{Run, RunFailureCode};
use shared::domain::settings::Settings;
use shared::domain::usage::UsageTotals;
use shared::error::PsaError;
use shared::ports::Clock;
use shared::store::{Change, Chunk};
use tokio::sync::{OnceCell, Semaphore};

use crate::committer::Committer;
use crate::errors::{StageError, WorkError, is_throttling, never};
use crate::limits::{Limits, is_near};
use crate::policy::{Guard, Policy};
use crate::scope::CustomerScope;
use crate::world::{PsaOf, World};

/// How long after it began a run may still read lists: the longest one takes four slices of a quarter of an hour.
const READ_FOR: SignedDuration = SignedDuration::from_hours(6);

/// What a slice is started with.
pub(crate) struct SliceParameters<'a, W> {
    pub(crate) world: &'a W,
    pub(crate) limits: &'a Limits,
    pub(crate) policy: Policy,
    pub(crate) settings: Settings,
    pub(crate) deadline: Timestamp,
    /// Whether this is the last attempt: a throttling service then ends the run.
    pub(crate) last_try: bool,
}

/// What all stages share, also those that ask only Sophos and the table.
pub(crate) struct SliceContext<'a, W: World> {
    pub(crate) world: &'a W,
    pub(crate) limits: &'a Limits,
    pub(crate) policy: Policy,
    pub(crate) settings: &'a Settings,
    deadline: Timestamp,
    pub(crate) committer: &'a Committer<'a, W>,
    last_try: bool,
    /// Whether this slice has got anything done. One that has not goes on whatever the deadline: otherwise slices that
    /// do nothing would follow one another for ever.
    worked: AtomicBool,
    /// Whether it has sent a write or closed a customer, which is more than to have begun one.
    progressed: AtomicBool,
    /// A write that is stored and has no response yet holds one of these.
    pub(crate) write_slots: Semaphore,
    scope: OnceCell<CustomerScope>,
    /// The first bucket's usage as the check summed it, until that bucket is loaded.
    pub(crate) summed: SummedCache,
}

/// What the stages share once ConnectWise is connected to.
pub(crate) struct ConnectedSlice<'a, W: World> {
    pub(crate) context: &'a SliceContext<'a, W>,
    pub(crate) psa: &'a PsaOf<W>,
}

impl<'a, W: World> SliceContext<'a, W> {
    pub(crate) fn new(parameters: &'a SliceParameters<'a, W>, committer: &'a Committer<'a, W>) -> Self {
        let &SliceParameters { world, limits, policy, ref settings, deadline, last_try } = parameters;
        Self {
            world,
            limits,
            policy,
            settings,
            deadline,
            committer,
            last_try,
            worked: AtomicBool::new(false),
            progressed: AtomicBool::new(false),
            write_slots: Semaphore::new(limits.at_once()),
            scope: OnceCell::new(),
            summed: SummedCache::default(),
        }
    }

    /// The customers that the run is about.
    pub(crate) async fn scope(&self, run: &Run) -> Result<&CustomerScope, WorkError> {
        self.scope.get_or_try_init(|| CustomerScope::of(self.world, run)).await
    }

    /// Stores the chunks of one page and moves the run on, in one commit.
    pub(crate) async fn store_page(
        &self,
        run: &Run,
        chunks: Vec<Chunk>,
        change: impl FnOnce(&mut Run),
    ) -> Result<(), StageError> {
        let changes = chunks.into_iter().map(|chunk| Change::PutChunk(run.id.clone(), chunk)).collect();
        self.committer.put_run(changes, change).await?;
        self.mark_worked();
        Ok(())
    }

    /// Whether the lists of both services may still be read: each of them comes to an end long before.
    pub(crate) fn reads_in_time(&self, run: &Run) -> Result<(), StageError> {
        let reading = self.world.clock().now().duration_since(run.opened_at);
        if reading > READ_FOR {
            let hours = READ_FOR.as_hours();
            let what = format!("The lists of Sophos and ConnectWise had not ended {hours} hours after the run began");
            return Err(never(RunFailureCode::ListTooLong, what));
        }
        Ok(())
    }

    /// Whether the slice is given back because of what ConnectWise answered.
    pub(crate) const fn gives_back(&self, error: &PsaError) -> bool {
        !self.last_try && is_throttling(error)
    }

    /// How long after a write was sent its effect can still appear, in seconds.
    pub(crate) fn settle_s(&self) -> i64 {
        if self.policy.has(Guard::Settle) { self.limits.settle_s } else { 0 }
    }

    /// Whether the next stage, page or customer is left to the next slice.
    pub(crate) fn is_late(&self) -> bool {
        self.worked.load(Ordering::Relaxed) && self.is_near_the_end()
    }

    pub(crate) fn mark_worked(&self) {
        self.worked.store(true, Ordering::Relaxed);
    }

    /// Whether no further write may be begun: the deadline is near, and the slice has progressed.
    pub(crate) fn must_stop(&self) -> bool {
        self.has_progressed() && self.is_near_the_end()
    }

    pub(crate) fn has_progressed(&self) -> bool {
        self.progressed.load(Ordering::Relaxed)
    }

    pub(crate) fn mark_progressed(&self) {
        self.progressed.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_near_the_end(&self) -> bool {
        is_near(self.world.clock().now(), self.deadline, self.limits)
    }
}

/// A bucket's usage as the check summed it.
pub(crate) struct SummedBucket {
    pub(crate) usage: UsageTotals,
    /// The customers whose usage differs from what was written.
    pub(crate) changed: BTreeSet<CustomerId>,
}

/// One summed bucket, from the check to the sync. Only one, so that memory is bounded.
#[derive(Default)]
pub(crate) struct SummedCache(Mutex<Option<SummedBucket>>);

impl SummedCache {
    pub(crate) fn put(&self, summed: SummedBucket) {
        // A poisoned lock holds a whole value all the same: it is only ever replaced as one.
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(summed);
    }

    pub(crate) fn take(&self) -> Option<SummedBucket> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
