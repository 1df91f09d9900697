//! What all parts of one simulated world share: its seed, its time, its trace, and its fault profile.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use shared::ports::{Clock, Ids};
use tokio::time::{Instant, sleep_until};

/// The faults of a world, each with how many of a thousand occasions it spoils. A world has some kinds and not others:
/// where everything fails at once, nothing gets far enough to go wrong in an interesting way.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FaultProfile {
    pub(super) crash: u32,
    pub(super) freeze: u32,
    pub(super) slow_psa: u32,
    /// A write has to wait for its turn, or does not get one.
    pub(super) kept_waiting: u32,
    pub(super) slow_table: u32,
    pub(super) lost_after: u32,
    pub(super) lost_before: u32,
    pub(super) late: u32,
    pub(super) refused: u32,
    pub(super) throttled: u32,
    pub(super) wrong_answer: u32,
    pub(super) doubled: u32,
    pub(super) table_away: u32,
    pub(super) table_lost: u32,
    pub(super) table_late: u32,
    pub(super) doubled_message: u32,
    pub(super) reordered: u32,
    pub(super) queue_lost: u32,
    pub(super) source_away: u32,
    pub(super) psa_unread: u32,
    /// How long each call to ConnectWise waits for its turn, in milliseconds: it takes so few.
    pub(super) turn_ms: u64,
}

/// One world's environment. Clones share it.
#[derive(Clone)]
pub(super) struct Environment(Arc<Shared>);

struct Shared {
    chance: Mutex<ChaCha8Rng>,
    /// The longest time between an answer's arrival and its poll.
    unheeded_ms: AtomicU64,
    fault_profile: Mutex<FaultProfile>,
    calm: AtomicBool,
    started: Instant,
    hash: AtomicU64,
    told: Option<Mutex<Vec<String>>>,
    ids: AtomicU64,
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment").finish_non_exhaustive()
    }
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Environment {
    /// The environment of a seed. `told`: whether the trace is also kept as text.
    pub(super) fn new(seed: u64, told: bool) -> Self {
        Self(Arc::new(Shared {
            chance: Mutex::new(ChaCha8Rng::seed_from_u64(seed)),
            unheeded_ms: AtomicU64::new(0),
            fault_profile: Mutex::default(),
            calm: AtomicBool::new(false),
            started: Instant::now(),
            hash: AtomicU64::new(0xcbf2_9ce4_8422_2325),
            told: told.then(Mutex::default),
            ids: AtomicU64::new(0),
        }))
    }

    /// A number in 0..end.
    pub(super) fn below(&self, end: u64) -> u64 {
        if end == 0 { 0 } else { locked(&self.0.chance).random_range(0..end) }
    }

    /// A number of the range, both ends included.
    pub(super) fn between(&self, least: u64, most: u64) -> u64 {
        locked(&self.0.chance).random_range(least..=most)
    }

    /// Whether something of so many in a thousand happens.
    pub(super) fn happens(&self, per_mille: u32) -> bool {
        per_mille > 0 && self.below(1000) < u64::from(per_mille)
    }

    /// One of these, drawn evenly.
    pub(super) fn one_of<T: Copy>(&self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap_or(0)]
    }

    /// The fault profile; without faults once they are over.
    pub(super) fn fault_profile(&self) -> FaultProfile {
        if self.is_calm() { FaultProfile::default() } else { *locked(&self.0.fault_profile) }
    }

    pub(super) fn set_fault_profile(&self, fault_profile: FaultProfile) {
        *locked(&self.0.fault_profile) = fault_profile;
    }

    pub(super) fn calm_down(&self) {
        self.0.calm.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_calm(&self) -> bool {
        self.0.calm.load(Ordering::Relaxed)
    }

    /// Milliseconds since the world began.
    pub(super) fn now_ms(&self) -> u64 {
        u64::try_from(self.0.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The moment of the runtime's clock that is so many milliseconds after the beginning.
    pub(super) fn moment(&self, ms: u64) -> Instant {
        self.0.started + Duration::from_millis(ms)
    }

    /// Puts something that happened into the trace.
    pub(super) fn note(&self, kind: &str, numbers: &[u64]) {
        let mut hash = self.0.hash.load(Ordering::Relaxed);
        let mut mix = |n: u64| hash = (hash ^ n).wrapping_mul(0x0100_0000_01b3).rotate_left(29);
        mix(self.now_ms());
        kind.bytes().for_each(|byte| mix(u64::from(byte)));
        numbers.iter().for_each(|number| mix(*number));
        self.0.hash.store(hash, Ordering::Relaxed);
        if let Some(told) = &self.0.told {
            let ms = self.now_ms();
            locked(told).push(format!("{:>6}.{:03} {kind} {numbers:?}", ms / 1000, ms % 1000));
        }
    }

    /// Puts words into the kept trace alone.
    pub(super) fn say(&self, words: impl FnOnce() -> String) {
        if let Some(told) = &self.0.told {
            let ms = self.now_ms();
            locked(told).push(format!("{:>6}.{:03} {}", ms / 1000, ms % 1000, words()));
        }
    }

    /// Whether the trace is kept as text.
    pub(super) fn prints(&self) -> bool {
        self.0.told.is_some()
    }

    /// The same for two worlds in which the same happened at the same times.
    pub(super) fn hash(&self) -> u64 {
        self.0.hash.load(Ordering::Relaxed)
    }

    /// The trace, if it was kept as text.
    pub(super) fn told(&self) -> Vec<String> {
        self.0.told.as_ref().map(|told| locked(told).clone()).unwrap_or_default()
    }

    /// Waits between so many milliseconds.
    pub(super) async fn pass(&self, least: u64, most: u64) {
        let ready = Instant::now() + Duration::from_millis(self.between(least, most));
        sleep_until(ready).await;
        let unheeded_ms = u64::try_from(ready.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.unheeded_ms.fetch_max(unheeded_ms, Ordering::Relaxed);
    }

    /// The longest that an answer of the table was there before its caller took it.
    pub(super) fn unheeded_ms(&self) -> u64 {
        self.0.unheeded_ms.load(Ordering::Relaxed)
    }
}

/// 28 November 2026, so that a schedule meets the end of a month.
const BEGINNING_S: i64 = 1_795_824_000;

impl Clock for Environment {
    fn now(&self) -> Timestamp {
        let beginning = Timestamp::from_second(BEGINNING_S).unwrap_or(Timestamp::UNIX_EPOCH);
        let passed = SignedDuration::from_millis(i64::try_from(self.now_ms()).unwrap_or(i64::MAX));
        beginning.checked_add(passed).unwrap_or(Timestamp::MAX)
    }
}

impl Ids for Environment {
    fn unique(&self) -> String {
        format!("worker-{}", self.0.ids.fetch_add(1, Ordering::Relaxed))
    }
}
