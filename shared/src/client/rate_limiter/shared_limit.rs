//! The limit that all clients of one PSA share: its entry in the table, read before calls start.
//!
//! One task holds the store and serves the calls, so that a client needs no type parameter for the table.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{mpsc, oneshot};

use crate::ports::Clock;
use crate::store::{PsaDatabase, Store};
use crate::table::Table;

/// The adaptive rate is written at most this often,
const WRITTEN_EVERY: SignedDuration = SignedDuration::from_secs(30);
/// and only if it is lower than the stored rate by more than this share of it,
const LOWER_SHARE: u32 = 8;
/// or higher by more than this one. A slice of some minutes gains that much, so that a few slices find a raised limit.
const HIGHER_SHARE: u32 = 32;

/// A handle of the task, which ends when the last handle is dropped.
#[derive(Clone, Debug)]
pub(in crate::client) struct SharedLimit(mpsc::Sender<Request>);

/// What the table holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SharedState {
    /// How long no call may start.
    pub(super) pause: Duration,
    /// The rate that other clients found.
    pub(super) calls_per_minute: Option<u32>,
}

#[derive(Debug)]
enum Request {
    Sync { calls_per_minute: Option<u32>, reply: oneshot::Sender<SharedState> },
    Pause { wait: Duration, reply: oneshot::Sender<()> },
}

impl SharedLimit {
    pub(in crate::client) fn open<T, C>(store: Store<T>, clock: C, psa: PsaDatabase) -> Self
    where
        T: Table,
        C: Clock + 'static,
    {
        let (sender, requests) = mpsc::channel(16);
        tokio::spawn(Task { store, clock, psa, written: None }.serve(requests));
        Self(sender)
    }

    /// Reads the shared state, and from time to time writes the rate of this client.
    pub(super) async fn sync(&self, calls_per_minute: Option<u32>) -> SharedState {
        let (reply, received) = oneshot::channel();
        // The task ends only with the runtime, and then no call starts any more.
        match self.0.send(Request::Sync { calls_per_minute, reply }).await {
            Ok(()) => received.await.unwrap_or_default(),
            Err(_) => SharedState::default(),
        }
    }

    /// Pauses all clients for this long; returns when that is stored.
    pub(super) async fn pause(&self, wait: Duration) {
        let (reply, received) = oneshot::channel();
        if self.0.send(Request::Pause { wait, reply }).await.is_ok() {
            received.await.unwrap_or_default();
        }
    }
}

struct Task<T, C> {
    store: Store<T>,
    clock: C,
    psa: PsaDatabase,
    written: Option<Timestamp>,
}

impl<T: Table, C: Clock> Task<T, C> {
    async fn serve(mut self, mut requests: mpsc::Receiver<Request>) {
        while let Some(request) = requests.recv().await {
            // The receiver of a reply is gone where its call was cancelled.
            match request {
                Request::Sync { calls_per_minute, reply } => drop(reply.send(self.sync(calls_per_minute).await)),
                Request::Pause { wait, reply } => {
                    self.pause(wait).await;
                    reply.send(()).ok();
                }
            }
        }
    }

    /// An unreadable table stops no call: the client still obeys the pauses that it meets itself.
    async fn sync(&mut self, calls_per_minute: Option<u32>) -> SharedState {
        let stored = match self.store.find_rate(&self.psa).await {
            Ok(stored) => stored.unwrap_or_default(),
            Err(error) => {
                tracing::warn!(%error, "the shared limit of a ConnectWise could not be read");
                return SharedState::default();
            }
        };
        let now = self.clock.now();
        let is_news = |old: u32, calls_per_minute: u32| match calls_per_minute.checked_sub(old) {
            Some(higher) => higher > old / HIGHER_SHARE,
            None => old - calls_per_minute > old / LOWER_SHARE,
        };
        if let Some(calls_per_minute) = calls_per_minute
            .filter(|calls_per_minute| stored.calls_per_minute.is_none_or(|old| is_news(old, *calls_per_minute)))
        {
            self.write_rate(calls_per_minute, now).await;
        }
        let left = stored.not_before.map_or(SignedDuration::ZERO, |until| until.duration_since(now));
        SharedState { pause: Duration::try_from(left).unwrap_or_default(), calls_per_minute: stored.calls_per_minute }
    }

    async fn write_rate(&mut self, calls_per_minute: u32, now: Timestamp) {
        if self.written.is_some_and(|at| now.duration_since(at) < WRITTEN_EVERY) {
            return;
        }
        self.written = Some(now);
        if let Err(error) = self.store.put_adaptive_rate(&self.psa, calls_per_minute, now).await {
            tracing::warn!(%error, "the adaptive rate of a ConnectWise could not be stored");
        }
    }

    async fn pause(&self, wait: Duration) {
        let now = self.clock.now();
        let until = now.checked_add(wait).unwrap_or(now);
        if let Err(error) = self.store.hold_rate(&self.psa, until, now).await {
            tracing::warn!(%error, "a pause of a ConnectWise could not be stored for the other workers");
        }
    }
}
