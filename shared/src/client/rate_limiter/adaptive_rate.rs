//! How many calls a service takes, learnt from what it complains of: a rule without a clock.
//!
//! A complaint halves the rate. From there it climbs in seconds to what the service was seen to let through, and beyond
//! that by small steps that double while nothing is heard: near a real limit it complains about once in two minutes,
//! and a limit that was raised is found within minutes.

use std::collections::VecDeque;
use std::time::Duration;

/// Thousandths of a call a minute: the unit of all rates here, so that no float is needed.
const UNIT: u64 = 1000;
/// The slowest rate, in calls a minute: a service that complains even of these is away, not busy.
const FLOOR: u64 = 12;
/// What was let through is judged by the last minute, the vendor's own window.
const WINDOW: Duration = Duration::from_secs(60);
/// From half of what is known to all of it.
const CLIMB: Duration = Duration::from_secs(4);
/// From the first half of the ceiling to all of it, where nothing is known.
const FIRST_CLIMB: Duration = Duration::from_secs(15);
/// The first minute at what is known adds so much of it; each further one twice as much.
const CREEP_SHARE: u64 = 128;
/// Each call refused is made up for by so many that leave before the rate goes beyond what is known again: a slow
/// service, of which much is in flight when it complains, refuses many calls at once, and is tried the more seldom.
const CALLS_PER_REFUSAL: u64 = 64;

/// How a call left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Departure {
    at: Duration,
    /// Counts the complaints that had been heeded.
    generation: u64,
    /// Whether there was more to do than this call. Who calls now and then does not learn a limit from his own calls.
    busy: bool,
}

/// A rate between [`FLOOR`] and a ceiling.
#[derive(Debug)]
pub(super) struct AdaptiveRate {
    ceiling: u64,
    rate: u64,
    /// What the service was seen to let through when it last complained; none while it never has.
    known: Option<u64>,
    /// How long the rate has been used since it came up to what is known.
    quiet: Duration,
    /// Calls still to leave before the rate goes beyond what is known.
    owed: u64,
    /// Counts the complaints that were heeded: calls that left before the last one say nothing new.
    generation: u64,
    /// When calls may have begun again after the last complaint.
    resumed: Duration,
    /// When the calls of the last minute left.
    left: VecDeque<Duration>,
}

impl AdaptiveRate {
    /// Begins with what was learnt before, or with half of the ceiling: a limit far below it is met by a few seconds'
    /// calls, and one far above costs a few seconds. `ceiling` is in calls a minute.
    pub(super) fn new(ceiling: u32, now: Duration) -> Self {
        let ceiling = u64::from(ceiling).max(FLOOR) * UNIT;
        Self {
            ceiling,
            rate: (ceiling / 2).max(FLOOR * UNIT),
            known: None,
            quiet: Duration::ZERO,
            owed: 0,
            generation: 0,
            resumed: now,
            left: VecDeque::new(),
        }
    }

    /// Goes on from what another worker has learnt, in calls a minute.
    pub(super) fn resume(&mut self, calls_per_minute: u32) {
        let calls_per_minute = (u64::from(calls_per_minute) * UNIT).clamp(FLOOR * UNIT, self.ceiling);
        self.rate = calls_per_minute;
        self.known = (calls_per_minute < self.ceiling).then_some(calls_per_minute);
        self.quiet = Duration::ZERO;
    }

    /// What to begin with next time, in calls a minute.
    pub(super) fn to_remember(&self) -> u32 {
        let rate = self.rate.max(self.known.unwrap_or_default());
        u32::try_from(rate / UNIT).unwrap_or(u32::MAX)
    }

    /// The time between two calls.
    pub(super) fn interval(&self) -> Duration {
        Duration::from_micros(60_000_000 * UNIT / self.rate)
    }

    /// What is to be known of a call that leaves, should it meet a complaint.
    pub(super) fn departure(&self, now: Duration, busy: bool) -> Departure {
        Departure { at: now, generation: self.generation, busy }
    }

    /// A call leaves; it had to wait for the rate where `pressed`. A rate that nobody uses does not grow.
    pub(super) fn leaves(&mut self, now: Duration, pressed: bool) {
        let since_last = self.left.back().map_or(Duration::ZERO, |last| now.saturating_sub(*last));
        if pressed {
            // A longer pause than between two calls was not the rate's doing.
            self.grow(since_last.min(self.interval() * 2));
        }
        self.owed = self.owed.saturating_sub(1);
        self.left.push_back(now);
        while self.left.front().is_some_and(|left| *left + WINDOW < now) {
            self.left.pop_front();
        }
    }

    /// A call met a complaint; the service wants to be left alone for `hold`. Says whether that was news.
    pub(super) fn complained(&mut self, now: Duration, left: Departure, hold: Option<Duration>) -> bool {
        // It was not let through.
        if let Some(refused) = self.left.iter().rposition(|at| *at <= left.at) {
            self.left.remove(refused);
        }
        self.owed += CALLS_PER_REFUSAL;
        if left.generation != self.generation {
            return false;
        }
        let passed = hold.filter(|_| left.busy).and_then(|hold| self.let_through(left.at, hold));
        // Where others call too, some complaints are theirs: what was known does not fall by more than a quarter at once.
        let least = self.known.map_or(FLOOR * UNIT, |known| known.min(self.rate) / 4 * 3);
        let known = passed.unwrap_or(self.rate).clamp(least.max(FLOOR * UNIT), self.rate);
        self.known = Some(known);
        self.rate = (known / 2).max(FLOOR * UNIT);
        self.quiet = Duration::ZERO;
        self.generation += 1;
        self.resumed = now + hold.unwrap_or_default();
        true
    }

    /// What is sure to be let through: the calls from the last pause to `last`, when the refused one left, spread over
    /// the pause to come, or those of the minute before it, whichever are more. The first knows limits by the second; the
    /// second, pauses that follow closely. What left later is under way, and to be refused as well.
    fn let_through(&self, last: Duration, hold: Duration) -> Option<u64> {
        let before = |left: &&Duration| **left <= last;
        let since = |from| self.left.iter().filter(before).filter(|left| **left >= from).count() as u64 * UNIT;
        let spread = last.saturating_sub(self.resumed) + hold;
        let over_pause = (since(self.resumed) * 60_000).checked_div(u64::try_from(spread.as_millis()).ok()?)?;
        let counted_wholly = spread <= WINDOW;
        let in_minute = since(last.saturating_sub(WINDOW));
        Some(if counted_wholly { over_pause.max(in_minute) } else { in_minute })
    }

    fn grow(&mut self, used: Duration) {
        let used_ms = u64::try_from(used.as_millis()).unwrap_or_default();
        let share = |whole: u64, of: Duration| whole * used_ms / (of.as_millis() as u64).max(1);
        let grown = match self.known {
            None => self.rate + share(self.ceiling / 2, FIRST_CLIMB),
            Some(known) if self.rate < known => known.min(self.rate + share(known / 2, CLIMB)),
            Some(_) if self.owed > 0 => self.rate,
            Some(known) => {
                self.quiet += used;
                let doubled = (self.quiet.as_secs() / 60).min(16);
                self.rate + share((known / CREEP_SHARE) << doubled, WINDOW).max(1)
            }
        };
        self.rate = grown.min(self.ceiling);
    }
}

#[cfg(test)]
mod tests;
