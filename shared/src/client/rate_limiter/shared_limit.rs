//! Where all who call one PSA tell one another to leave it alone: its entry in the table, read before calls leave.
//!
//! One task holds the store; the calls ask it. So a client needs no type parameter for a table that only some have.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{mpsc, oneshot};

use crate::ports::Clock;
use crate::store::{PsaDatabase, Store};
use crate::table::Table;

/// What is learnt is written back at most this often,
const WRITTEN_EVERY: SignedDuration = SignedDuration::from_secs(30);
/// and only where it is lower by more than this share of what stands,
const LOWER_SHARE: u32 = 8;
/// or higher by more than this one: what a slice of some minutes gains, so that many of them find a limit that was raised.
const HIGHER_SHARE: u32 = 32;

/// The way to the task. It ends when the last of these is dropped.
#[derive(Clone, Debug)]
pub(in crate::client) struct SharedLimit(mpsc::Sender<Ask>);

/// What stands on the board.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// For how long nobody may call.
    pub(super) hold: Duration,
    /// How many calls a minute others have learnt that it takes.
    pub(super) calls_per_minute: Option<u32>,
}

#[derive(Debug)]
enum Ask {
    FollowUp { calls_per_minute: Option<u32>, answer: oneshot::Sender<Seen> },
    Hold { wait: Duration, answer: oneshot::Sender<()> },
}

impl SharedLimit {
    /// The board of a PSA in a table.
    pub(in crate::client) fn open<T, C>(store: Store<T>, clock: C, psa: PsaDatabase) -> Self
    where
        T: Table,
        C: Clock + 'static,
    {
        let (asks, asked) = mpsc::channel(16);
        tokio::spawn(Keeper { store, clock, psa, written: None }.serve(asked));
        Self(asks)
    }

    /// What stands there now; what this client has `learnt` is written beside it from time to time.
    pub(super) async fn look(&self, calls_per_minute: Option<u32>) -> Seen {
        let (answer, answered) = oneshot::channel();
        // The task ends only with the runtime: then nobody calls any more.
        match self.0.send(Ask::FollowUp { calls_per_minute, answer }).await {
            Ok(()) => answered.await.unwrap_or_default(),
            Err(_) => Seen::default(),
        }
    }

    /// Lets nobody call for this long; returns when that stands there.
    pub(super) async fn hold(&self, wait: Duration) {
        let (answer, answered) = oneshot::channel();
        if self.0.send(Ask::Hold { wait, answer }).await.is_ok() {
            answered.await.unwrap_or_default();
        }
    }
}

/// The task.
struct Keeper<T, C> {
    store: Store<T>,
    clock: C,
    psa: PsaDatabase,
    written: Option<Timestamp>,
}

impl<T: Table, C: Clock> Keeper<T, C> {
    async fn serve(mut self, mut asked: mpsc::Receiver<Ask>) {
        while let Some(ask) = asked.recv().await {
            // Who asked may have gone: its call was given up.
            match ask {
                Ask::FollowUp { calls_per_minute, answer } => drop(answer.send(self.look(calls_per_minute).await)),
                Ask::Hold { wait, answer } => {
                    self.hold(wait).await;
                    answer.send(()).ok();
                }
            }
        }
    }

    /// A table that is away keeps nobody from calling: what this client has met itself holds all the same.
    async fn look(&mut self, calls_per_minute: Option<u32>) -> Seen {
        let rate = match self.store.find_rate(&self.psa).await {
            Ok(rate) => rate.unwrap_or_default(),
            Err(error) => {
                tracing::warn!(%error, "whether ConnectWise is to be left alone could not be read");
                return Seen::default();
            }
        };
        let now = self.clock.now();
        let is_news = |old: u32, calls_per_minute: u32| match calls_per_minute.checked_sub(old) {
            Some(higher) => higher > old / HIGHER_SHARE,
            None => old - calls_per_minute > old / LOWER_SHARE,
        };
        if let Some(calls_per_minute) = calls_per_minute
            .filter(|calls_per_minute| rate.calls_per_minute.is_none_or(|old| is_news(old, *calls_per_minute)))
        {
            self.remember(calls_per_minute, now).await;
        }
        let left = rate.not_before.map_or(SignedDuration::ZERO, |until| until.duration_since(now));
        Seen { hold: Duration::try_from(left).unwrap_or_default(), calls_per_minute: rate.calls_per_minute }
    }

    async fn remember(&mut self, calls_per_minute: u32, now: Timestamp) {
        if self.written.is_some_and(|at| now.duration_since(at) < WRITTEN_EVERY) {
            return;
        }
        self.written = Some(now);
        if let Err(error) = self.store.put_adaptive_rate(&self.psa, calls_per_minute, now).await {
            tracing::warn!(%error, "how many calls ConnectWise takes could not be kept");
        }
    }

    async fn hold(&self, wait: Duration) {
        let now = self.clock.now();
        let until = now.checked_add(wait).unwrap_or(now);
        if let Err(error) = self.store.hold_rate(&self.psa, until, now).await {
            tracing::warn!(%error, "other workers could not be told to leave ConnectWise alone");
        }
    }
}
