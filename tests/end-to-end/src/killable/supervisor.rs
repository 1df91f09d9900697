//! The queue in front of killable workers, and who kills them.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;
use std::io;
use std::process::Stdio;

use jiff::{SignedDuration, Timestamp};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use shared::clock::SystemClock;
use shared::ports::{Clock, SyncMessage};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};

use super::{KillableWorld, Order, Told};

/// When a message whose worker died comes again, in seconds: sometimes before the lease has run out, sometimes when an
/// answer that was lost is settled already.
const VISIBILITY_S: std::ops::RangeInclusive<i64> = 20..=200;
/// More deliveries than any plan needs: a run that never ends is found out.
const MOST_DELIVERIES: u64 = 2000;

/// When a worker dies: while the service's call of this number, from 1, is being answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kill {
    /// A call to Sophos Central.
    AtSophosCall(u64),
    AtConnectWiseCall(u64),
}

/// What it took to work everything off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Worked {
    /// Messages given to a worker.
    pub deliveries: u64,
    /// Workers killed.
    pub kills: u64,
    /// The most memory that a worker had in use which came to its end, in KiB.
    pub peak_kib: u64,
    /// What workers said that gave their message back.
    pub failures: Vec<String>,
}

/// A worker could not be started or spoken to.
#[derive(Debug, thiserror::Error)]
pub enum KillableError {
    #[error("a worker's process could not be started or spoken to: {0}")]
    Process(#[from] io::Error),
    /// What it said.
    #[error("a worker cannot be understood: {0}")]
    Message(#[from] serde_json::Error),
    /// It never comes to an end.
    #[error("after {MOST_DELIVERIES} deliveries there are still messages")]
    Endless,
}

/// The queue and the plan of who dies.
pub struct Supervisor<'a> {
    world: &'a KillableWorld,
    program: OsString,
    kills: VecDeque<Kill>,
    draws: ChaCha8Rng,
    /// By when it is due and in which order it was sent.
    waiting: BTreeMap<(Timestamp, u64), SyncMessage>,
    sent: u64,
    ahead: SignedDuration,
}

impl<'a> Supervisor<'a> {
    /// A queue whose workers are processes of `program`, killed by this plan; the seed draws when a message comes again.
    #[must_use]
    pub fn new(world: &'a KillableWorld, program: impl Into<OsString>, kills: Vec<Kill>, seed: u64) -> Self {
        Self {
            world,
            program: program.into(),
            kills: kills.into(),
            draws: ChaCha8Rng::seed_from_u64(seed),
            waiting: BTreeMap::new(),
            sent: 0,
            ahead: SignedDuration::ZERO,
        }
    }

    /// The time that the workers are told.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let now = SystemClock.now();
        now.checked_add(self.ahead).unwrap_or(now)
    }

    /// Puts a message into the queue.
    pub fn send(&mut self, message: SyncMessage, delay: SignedDuration) {
        let now = self.now();
        self.sent += 1;
        self.waiting.insert((now.checked_add(delay).unwrap_or(now), self.sent), message);
    }

    /// Has every message worked off, those that come of it too.
    ///
    /// # Errors
    /// [`KillableError`].
    pub async fn work_off(&mut self) -> Result<Worked, KillableError> {
        let mut worked = Worked::default();
        while let Some(((due, _), message)) = self.waiting.pop_first() {
            self.ahead += due.duration_since(self.now()).max(SignedDuration::ZERO);
            worked.deliveries += 1;
            if worked.deliveries > MOST_DELIVERIES {
                return Err(KillableError::Endless);
            }
            match self.deliver(&message, &mut worked.peak_kib).await? {
                Ended::Done => continue,
                Ended::Killed => worked.kills += 1,
                Ended::Failed(why) => worked.failures.push(why),
            }
            let visible_in = SignedDuration::from_secs(self.draws.random_range(VISIBILITY_S));
            self.send(message, visible_in);
        }
        Ok(worked)
    }

    async fn deliver(&mut self, message: &SyncMessage, peak_kib: &mut u64) -> Result<Ended, KillableError> {
        let ahead_ms = i64::try_from(self.ahead.as_millis()).unwrap_or(i64::MAX);
        let order = Order { addresses: self.world.addresses.clone(), message: message.clone(), ahead_ms };
        let mut process =
            Command::new(&self.program).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        if let Some(mut stdin) = process.stdin.take() {
            stdin.write_all(serde_json::to_string(&order)?.as_bytes()).await?;
        }
        let ended = self.watch(&mut process, peak_kib).await?;
        process.wait().await?;
        if ended == Ended::Killed {
            self.kills.pop_front();
        }
        Ok(ended)
    }

    /// Listens until the process is gone, and kills it when it is time.
    async fn watch(&mut self, process: &mut Child, peak_kib: &mut u64) -> Result<Ended, KillableError> {
        let stdout = process.stdout.take().ok_or_else(|| io::Error::from(io::ErrorKind::BrokenPipe))?;
        let mut lines = BufReader::new(stdout).lines();
        let mut ended = None;
        let mut alive = true;
        let mut time_to_die = std::pin::pin!(time_to_die(self.world, self.kills.front().copied()));
        loop {
            let line = tokio::select! {
                biased;
                line = lines.next_line() => line?,
                () = &mut time_to_die, if alive => {
                    process.start_kill()?;
                    alive = false;
                    continue;
                }
            };
            // What it said before it died counts, as a message that it had sent does.
            match line.as_deref().map(serde_json::from_str).transpose() {
                Ok(Some(Told::Sent { message, delay_s })) => {
                    self.send(message, SignedDuration::from_secs(i64::from(delay_s)));
                }
                Ok(Some(Told::Peak { kib })) => *peak_kib = kib.max(*peak_kib),
                Ok(Some(Told::Done)) => ended = Some(Ended::Done),
                Ok(Some(Told::Failed { why })) => ended = Some(Ended::Failed(why)),
                Ok(None) => break,
                // Killed in the middle of a line.
                Err(_) if !alive => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(match (ended, alive) {
            (Some(ended), _) => ended,
            (None, false) => Ended::Killed,
            (None, true) => Ended::Failed("the worker ended without a word".to_owned()),
        })
    }
}

/// How a worker ended.
#[derive(Debug, PartialEq, Eq)]
enum Ended {
    Done,
    Killed,
    Failed(String),
}

async fn time_to_die(world: &KillableWorld, kill: Option<Kill>) {
    match kill {
        Some(Kill::AtSophosCall(call)) => world.sophos.gate().counters().reached(call).await,
        Some(Kill::AtConnectWiseCall(call)) => world.psa.gate().counters().reached(call).await,
        None => std::future::pending().await,
    }
}
