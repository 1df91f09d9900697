//! From a message to a slice of work: opening, the lease, and what to send next.

use jiff::{SignedDuration, Timestamp};
use shared::domain::follow_up::FollowUp;
use shared::domain::id::{IdError, RunId};
use shared::domain::run::{Run, RunState, Stage};
use shared::error::{PsaError, QueueError, StoreError};
use shared::ports::{Clock, Connections, Ids, Queue, SyncMessage};
use shared::store::{Change, Lease, Opened, Store};
use shared::table::Table;

use crate::policy::Policy;
use crate::slice::{Slice, SliceEnd};

/// The numbers that bound a slice.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many calls to ConnectWise are in flight, as its client is made. Half as many customers again are worked on at
    /// once: some of them are at the table.
    pub in_flight: usize,
    /// How long a lease lasts, in seconds; it is renewed long before.
    pub lease_s: u32,
    /// How long after a write was sent its effect can still appear in ConnectWise, in seconds.
    pub settle_s: i64,
    /// The longest that one request to ConnectWise can take, in seconds. A create is sent only with this and five
    /// seconds more left on the lease.
    pub request_s: i64,
    /// A slice starts nothing new when the deadline is nearer than this, in seconds.
    pub margin_s: i64,
    /// How long a message waits that has to wait, in seconds; each time a little longer.
    pub wait_s: u32,
    /// How long a write waits that ConnectWise put off without saying for how long, in milliseconds; each time twice as
    /// long, up to 10 s.
    pub retry_ms: u64,
    /// How many times in a row a service may be away before the run ends as failed.
    pub attempts: u32,
    /// How many times in a row a message may wait for another worker or another run before it is left to the dead
    /// letters; with the longest delay of 15 minutes, 100 times are a day.
    pub turns: u32,
}

impl Limits {
    /// How many customers are worked on at once, and how many writes may be stored and not answered: while some are at
    /// the table, the others keep ConnectWise busy; its client holds to `in_flight`.
    pub(crate) const fn at_once(&self) -> usize {
        self.in_flight + self.in_flight.div_ceil(2)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            in_flight: 8,
            lease_s: 90,
            settle_s: 120,
            request_s: 30,
            margin_s: 60,
            wait_s: 30,
            retry_ms: 500,
            attempts: 8,
            turns: 100,
        }
    }
}

/// What a worker needs of the world, as one parameter.
pub trait World: Send + Sync {
    /// The table.
    type Table: Table;
    /// The two services.
    type Connections: Connections;
    /// The queue that messages come from.
    type Queue: Queue;
    /// The wall clock.
    type Clock: Clock;
    /// Where ids come from.
    type Ids: Ids;

    /// What is stored.
    fn store(&self) -> &Store<Self::Table>;
    /// The two services.
    fn connections(&self) -> &Self::Connections;
    /// The queue.
    fn queue(&self) -> &Self::Queue;
    /// The wall clock.
    fn clock(&self) -> &Self::Clock;
    /// Where ids come from.
    fn ids(&self) -> &Self::Ids;
}

/// The client of ConnectWise in a world.
pub(crate) type PsaOf<W> = <<W as World>::Connections as Connections>::Psa;

/// A world put together from its parts.
#[derive(Clone, Debug)]
pub struct Adapters<T, C, Q, K, I> {
    /// The table.
    pub store: Store<T>,
    /// The two services.
    pub connections: C,
    /// The queue.
    pub queue: Q,
    /// The wall clock.
    pub clock: K,
    /// Where ids come from.
    pub ids: I,
}

impl<T, C, Q, K, I> World for Adapters<T, C, Q, K, I>
where
    T: Table,
    C: Connections,
    Q: Queue,
    K: Clock,
    I: Ids,
{
    type Table = T;
    type Connections = C;
    type Queue = Q;
    type Clock = K;
    type Ids = I;

    fn store(&self) -> &Store<T> {
        &self.store
    }

    fn connections(&self) -> &C {
        &self.connections
    }

    fn queue(&self) -> &Q {
        &self.queue
    }

    fn clock(&self) -> &K {
        &self.clock
    }

    fn ids(&self) -> &I {
        &self.ids
    }
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handled {
    /// The run is over: it ended in this slice, or before.
    Over(Box<Run>),
    /// The slice came to its deadline; a message that carries on is queued.
    Continues,
    /// Another worker or another run is at it, or a service wants to be left alone; the message is queued again.
    Waits,
    /// The partner has no settings: there is nothing to sync.
    NoSettings,
}

/// A slice that could not be worked on. The message has to be delivered again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorkError {
    /// The table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The next message could not be queued.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// A request whose run id cannot be formed.
    #[error(transparent)]
    Request(#[from] IdError),
    /// It waited too often for its turn: delivered again and again, it ends among the dead letters. Its run, if it is
    /// open, is taken up by the partner's next one.
    #[error("waited {0} times for another run of this partner to end")]
    NoPermit(u32),
    /// ConnectWise has to be left alone; the slice is given back.
    #[error(transparent)]
    LeaveAlone(PsaError),
    /// What the run keeps in the table cannot be read.
    #[error("what the run had read before cannot be read back: {0}")]
    Chunk(String),
}

/// The worker.
#[derive(Clone, Debug)]
pub struct Worker<W> {
    world: W,
    limits: Limits,
    policy: Policy,
}

impl<W: World> Worker<W> {
    /// A worker in a world, with all its guards.
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

    /// The world that it works in.
    #[must_use]
    pub const fn world(&self) -> &W {
        &self.world
    }

    /// Works on the message's run until it ends or `deadline` is near.
    ///
    /// # Errors
    /// [`WorkError`]: deliver the message again.
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
                return self.wait_for_turn(message).await;
            }
        }
        let Some(lease) = self.lease(message).await? else { return self.wait_for_turn(message).await };
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
        let look = self.world.clock().now().saturating_add(FOLLOW_UP_AFTER).unwrap_or(deadline);
        self.world.store().schedule_follow_up(partner, FollowUp::ResumeStalledRun, Some(look)).await?;
        let last_try = message.attempt >= self.limits.attempts;
        let (limits, policy) = (&self.limits, self.policy);
        let slice = Slice { world: &self.world, limits, policy, settings, deadline, last_try };
        self.go_on(message, slice.work(lease, run).await, look).await
    }

    /// Ends a run that takes the place of one which was cancelled before it could make way: whoever cancelled that one
    /// wants neither. It is over by now, for of a partner's runs one alone is open.
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
        worked: Result<(Lease, SliceEnd), WorkError>,
        look: Timestamp,
    ) -> Result<Handled, WorkError> {
        let (lease, end) = match worked {
            Ok(worked) => worked,
            Err(WorkError::Store(StoreError::LeaseLost)) => return self.taken_over(message).await,
            Err(error) => return Err(error),
        };
        let handled = match end {
            SliceEnd::Over(run) => {
                tracing::info!(partner = %message.request.partner, run = %run.id, state = ?run.state, "run over");
                // Under the lease: the look of the partner's next run is not this one. A worker that dies before leaves a
                // look that finds no open run.
                self.world.store().end_follow_up(message.request.partner, FollowUp::ResumeStalledRun, look).await?;
                Handled::Over(run)
            }
            SliceEnd::Deadline => {
                self.send(SyncMessage { attempt: 0, turns: 0, ..message.clone() }, 0).await?;
                Handled::Continues
            }
            SliceEnd::Until(from) => {
                let wait = from.duration_since(self.world.clock().now());
                // A second begun is one more to wait.
                let delay_s = u32::try_from(wait.as_secs().saturating_add(1)).unwrap_or(0);
                self.send(SyncMessage { attempt: 0, turns: 0, ..message.clone() }, delay_s).await?;
                Handled::Waits
            }
            SliceEnd::Waits { at_least_s, got_on } => {
                let attempt = if got_on { 0 } else { message.attempt };
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

    /// Asks for the open run to be carried on: should its own message have been lost, nothing of this partner would ever
    /// run again. A message too many changes nothing.
    async fn take_up(&self, message: &SyncMessage, open: &RunId) -> Result<(), WorkError> {
        let open = self.world.store().find_run(message.request.partner, open).await?;
        if let Some(run) = open.filter(|run| !run.state.is_over()) {
            let first_sent_at = self.world.clock().now();
            self.send(SyncMessage { request: run.request, attempt: 0, turns: 0, first_sent_at }, 0).await?;
        }
        Ok(())
    }

    /// Somebody else has the lease by now. That may be a person who cancels this run or the one before it: nobody else has
    /// a message of this run then, so this one stays until the run is over.
    async fn taken_over(&self, message: &SyncMessage) -> Result<Handled, WorkError> {
        let (partner, id) = (message.request.partner, message.request.id()?);
        tracing::warn!(%partner, run = %id, "somebody else has taken the lease");
        match self.world.store().find_run(partner, &id).await? {
            Some(run) if run.state.is_over() => Ok(Handled::Over(Box::new(run))),
            Some(_) | None => self.wait_for_turn(message).await,
        }
    }

    /// Puts the message back until the other one may have ended.
    async fn wait_for_turn(&self, message: &SyncMessage) -> Result<Handled, WorkError> {
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

/// A run whose next slice has not begun by then has stopped without a word: the longest slice and the longest delay, and
/// some time for a queue that is slow.
const FOLLOW_UP_AFTER: SignedDuration = SignedDuration::from_mins(45);
/// The queue's longest delay.
const LONGEST_DELAY_S: u32 = 900;

const fn longer_each_time(wait_s: u32, times: u32) -> u32 {
    wait_s.saturating_mul(times.saturating_add(1))
}

/// Whether `deadline` is so near that nothing new may be started.
pub(crate) fn is_near(now: Timestamp, deadline: Timestamp, limits: &Limits) -> bool {
    deadline.duration_since(now) < SignedDuration::from_secs(limits.margin_s)
}
