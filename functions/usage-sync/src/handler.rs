//! From a message to a slice of work: opening, the lease, and what to send next.

use jiff::{SignedDuration, Timestamp};
use shared::domain::follow_up::FollowUp;
use shared::domain::id::RunId;
use shared::domain::run::{Run, RunState, Stage};
use shared::error::{QueueError, StoreError};
use shared::ports::{Clock, Ids, Queue, SyncMessage};
use shared::store::{Change, Lease, Opened};

use crate::context::SliceParameters;
use crate::errors::WorkError;
use crate::limits::Limits;
use crate::policy::Policy;
use crate::stages::{self, SliceEnd, WorkedSlice};
use crate::world::World;

/// If no slice has begun after this time, the run has stalled: 15 min for a slice, 15 min for the longest queue delay,
/// 15 min of reserve.
const FOLLOW_UP_AFTER: SignedDuration = SignedDuration::from_mins(45);
/// The queue's longest delay.
const LONGEST_DELAY_S: u32 = 900;

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handled {
    /// The run is over: it ended in this slice, or before.
    Over(Box<Run>),
    /// The slice came to its deadline; a message that carries on is queued.
    Continues,
    /// Another worker or run has the partner, a service is throttling, or the settle time is not over; the message is
    /// queued again.
    Waits,
    /// The partner has no settings: there is nothing to sync.
    NoSettings,
}

/// The worker.
#[derive(Clone, Debug)]
pub struct Worker<W> {
    world: W,
    limits: Limits,
    policy: Policy,
}

impl<W: World> Worker<W> {
    /// A worker with all safeguards on.
    #[must_use]
    pub const fn new(world: W, limits: Limits) -> Self {
        Self { world, limits, policy: Policy::guarded() }
    }

    /// A worker that may lack a guard. For tests alone.
    #[cfg(feature = "weakened")]
    #[must_use]
    pub const fn with_policy(world: W, limits: Limits, policy: Policy) -> Self {
        Self { world, limits, policy }
    }

    /// Its ports.
    #[must_use]
    pub const fn world(&self) -> &W {
        &self.world
    }

    /// Works on the message's run until it ends or `deadline` is near.
    ///
    /// # Errors
    /// The slice could not be worked on: deliver the message again.
    pub async fn carry_on(&self, message: &SyncMessage, deadline: Timestamp) -> Result<Handled, WorkError> {
        let partner = message.request.partner;
        let Some(settings) = self.world.store().find_settings(partner).await? else {
            tracing::error!(%partner, "no settings are saved, so there is nothing to sync");
            return Ok(Handled::NoSettings);
        };
        let run = Run::open(message.request.clone(), settings.writes, self.world.clock().now())?;
        let id = run.id.clone();
        match self.world.store().open_run(&run).await? {
            Opened::Existing(run) if run.state.is_over() => return Ok(Handled::Over(run)),
            Opened::Existing(_) | Opened::Fresh => {}
            Opened::Busy(other) => {
                tracing::info!(%partner, run = %id, %other, "another run of this partner is open");
                self.take_up(message, &other).await?;
                return self.wait_for_others(message).await;
            }
        }
        let Some(lease) = self.lease(message).await? else { return self.wait_for_others(message).await };
        // Read under the lease: another worker may have carried the run on since it was opened.
        let run = self.world.store().find_run(partner, &id).await?.unwrap_or(run);
        if run.state.is_over() {
            self.world.store().release_lease(&lease).await?;
            return Ok(Handled::Over(Box::new(run)));
        }
        if let Some(run) = self.cancel_with_its_predecessor(&lease, &run).await? {
            self.world.store().release_lease(&lease).await?;
            return Ok(Handled::Over(Box::new(run)));
        }
        let follow_up_at = self.world.clock().now().saturating_add(FOLLOW_UP_AFTER).unwrap_or(deadline);
        self.world.store().schedule_follow_up(partner, FollowUp::ResumeStalledRun, Some(follow_up_at)).await?;
        let last_try = message.attempt >= self.limits.attempts;
        let (limits, policy) = (&self.limits, self.policy);
        let parameters = SliceParameters { world: &self.world, limits, policy, settings, deadline, last_try };
        let worked = stages::work(&parameters, lease, run).await;
        self.go_on(message, worked, follow_up_at).await
    }

    /// If the current month's run was cancelled before it was superseded, its replacement for the previous month is
    /// cancelled too: the person wanted neither. The cancelled run is over, because a partner has one open run.
    async fn cancel_with_its_predecessor(&self, lease: &Lease, run: &Run) -> Result<Option<Run>, WorkError> {
        let has_begun = !matches!(run.stage, Stage::Customers { page: 1, .. });
        let Some(predecessor) = run.request.may_stand_for()?.filter(|_| !has_begun) else { return Ok(None) };
        let predecessor = self.world.store().find_run(run.request.partner, &predecessor).await?;
        let Some(Run { state: state @ RunState::Cancelled { .. }, .. }) = predecessor else { return Ok(None) };
        tracing::info!(partner = %run.request.partner, run = %run.id, "the run whose place it takes was cancelled");
        let ended_at = Some(self.world.clock().now());
        let run = Run { stage: Stage::Ended, state, ended_at, ..run.clone() };
        self.world.store().commit(lease, lease.expires_at, vec![Change::PutRun(Box::new(run.clone()))]).await?;
        Ok(Some(run))
    }

    async fn go_on(
        &self,
        message: &SyncMessage,
        worked: Result<WorkedSlice, WorkError>,
        follow_up_at: Timestamp,
    ) -> Result<Handled, WorkError> {
        let WorkedSlice { lease, end } = match worked {
            Ok(worked) => worked,
            Err(WorkError::Store(StoreError::LeaseLost)) => return self.taken_over(message).await,
            Err(error) => return Err(error),
        };
        let handled = match end {
            SliceEnd::Over(run) => {
                tracing::info!(partner = %message.request.partner, run = %run.id, state = ?run.state, "run over");
                // Before the lease is released: the next run sets its own follow-up, which must not be removed. A
                // worker that dies before this leaves a follow-up that finds no open run.
                let (store, partner) = (self.world.store(), message.request.partner);
                store.end_follow_up(partner, FollowUp::ResumeStalledRun, follow_up_at).await?;
                Handled::Over(run)
            }
            SliceEnd::Deadline => {
                self.send(SyncMessage { attempt: 0, turns: 0, ..message.clone() }, 0).await?;
                Handled::Continues
            }
            SliceEnd::Until(from) => {
                let wait = from.duration_since(self.world.clock().now());
                // Rounds up to whole seconds.
                let delay_s = u32::try_from(wait.as_secs().saturating_add(1)).unwrap_or(0);
                self.send(SyncMessage { attempt: 0, turns: 0, ..message.clone() }, delay_s).await?;
                Handled::Waits
            }
            SliceEnd::Waits { at_least_s, progressed } => {
                let attempt = if progressed { 0 } else { message.attempt };
                let next = SyncMessage { attempt: attempt + 1, turns: 0, ..message.clone() };
                let delay_s = longer_each_time(self.limits.wait_s, attempt);
                self.send(next, delay_s.max(at_least_s)).await?;
                Handled::Waits
            }
        };
        self.world.store().release_lease(&lease).await?;
        Ok(handled)
    }

    async fn lease(&self, message: &SyncMessage) -> Result<Option<Lease>, StoreError> {
        let owner = self.world.ids().unique();
        let (partner, now) = (message.request.partner, self.world.clock().now());
        match self.world.store().acquire_lease(partner, &owner, now, self.limits.lease_s).await? {
            Ok(lease) => Ok(Some(lease)),
            Err(taken) => {
                tracing::info!(%partner, until = %taken.until, "another worker is at this partner");
                Ok(None)
            }
        }
    }

    /// Asks for the open run to be carried on: if its message was lost, the partner's runs would stay blocked. A
    /// superfluous message is harmless.
    async fn take_up(&self, message: &SyncMessage, open: &RunId) -> Result<(), WorkError> {
        let open = self.world.store().find_run(message.request.partner, open).await?;
        if let Some(run) = open.filter(|run| !run.state.is_over()) {
            let first_sent_at = self.world.clock().now();
            self.send(SyncMessage { request: run.request, attempt: 0, turns: 0, first_sent_at }, 0).await?;
        }
        Ok(())
    }

    /// The lease was taken over, perhaps by a person who cancels a run. Then no other message of this run exists, so
    /// this message is queued again until the run is over.
    async fn taken_over(&self, message: &SyncMessage) -> Result<Handled, WorkError> {
        let (partner, id) = (message.request.partner, message.request.id()?);
        tracing::warn!(%partner, run = %id, "somebody else has taken the lease");
        match self.world.store().find_run(partner, &id).await? {
            Some(run) if run.state.is_over() => Ok(Handled::Over(Box::new(run))),
            Some(_) | None => self.wait_for_others(message).await,
        }
    }

    /// Puts the message back until the other one may have ended.
    async fn wait_for_others(&self, message: &SyncMessage) -> Result<Handled, WorkError> {
        if message.turns >= self.limits.turns {
            return Err(WorkError::NoPermit(message.turns));
        }
        let next = SyncMessage { turns: message.turns + 1, ..message.clone() };
        self.send(next, longer_each_time(self.limits.wait_s, message.turns)).await?;
        Ok(Handled::Waits)
    }

    async fn send(&self, message: SyncMessage, delay_s: u32) -> Result<(), QueueError> {
        self.world.queue().send(&message, delay_s.min(LONGEST_DELAY_S)).await
    }
}

const fn longer_each_time(wait_s: u32, times: u32) -> u32 {
    wait_s.saturating_mul(times.saturating_add(1))
}
