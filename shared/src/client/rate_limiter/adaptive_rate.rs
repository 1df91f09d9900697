//! How many calls a service takes, found by AIMD: a rule without a clock.
//!
//! A throttled call halves the rate. From there the rate climbs within seconds to the known limit, then by small steps
//! that double while nothing is throttled. Near a real limit that costs about one throttled call in two minutes, and a
//! raised limit is found within minutes.

use std::collections::VecDeque;
use std::time::Duration;

/// The unit of all rates here is a thousandth of a call a minute, which avoids floats.
const UNIT: u64 = 1000;
/// The slowest rate, in calls a minute: a service that throttles even this is not available.
const FLOOR: u64 = 12;
/// The limit is estimated from the calls of the last minute, which is the vendor's own window.
const WINDOW: Duration = Duration::from_secs(60);
/// The time of the climb from half of the known limit to all of it.
const CLIMB_TIME: Duration = Duration::from_secs(4);
/// The time of the climb from half of the ceiling to all of it, while no limit is known.
const FIRST_CLIMB_TIME: Duration = Duration::from_secs(15);
/// The first minute at the known limit adds this share of it; each further minute adds twice as much as the last.
const STEP_SHARE: u64 = 128;
/// Each throttled call delays the growth beyond the known limit by this many calls. A slow service with many calls in
/// flight throttles many at once, and is therefore tested less often.
const CALLS_PER_REFUSAL: u64 = 64;

/// The circumstances in which a call started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Departure {
    at: Duration,
    /// The rate's generation at that time.
    generation: u64,
    /// Whether other calls were waiting or in flight. Occasional calls say nothing about the limit.
    busy: bool,
}

/// A rate between [`FLOOR`] and a ceiling.
#[derive(Debug)]
pub(super) struct AdaptiveRate {
    ceiling: u64,
    rate: u64,
    /// The estimate from the last throttled call; `None` before the first.
    known_limit: Option<u64>,
    /// How long the rate has been used since it reached the known limit.
    time_at_limit: Duration,
    /// Calls still to start before the rate may exceed the known limit.
    growth_delay: u64,
    /// Counts the reductions: a call that started before the last one is not news.
    generation: u64,
    /// When the last pause ended.
    pause_ended: Duration,
    /// When the calls of the last minute started.
    started: VecDeque<Duration>,
}

impl AdaptiveRate {
    /// Starts at half of the ceiling (in calls a minute): from there, any limit is found within seconds.
    pub(super) fn new(ceiling: u32, now: Duration) -> Self {
        let ceiling = u64::from(ceiling).max(FLOOR) * UNIT;
        Self {
            ceiling,
            rate: (ceiling / 2).max(FLOOR * UNIT),
            known_limit: None,
            time_at_limit: Duration::ZERO,
            growth_delay: 0,
            generation: 0,
            pause_ended: now,
            started: VecDeque::new(),
        }
    }

    /// Continues with a rate that another worker found.
    pub(super) fn resume(&mut self, calls_per_minute: u32) {
        self.rate = (u64::from(calls_per_minute) * UNIT).clamp(FLOOR * UNIT, self.ceiling);
        self.known_limit = (self.rate < self.ceiling).then_some(self.rate);
        self.time_at_limit = Duration::ZERO;
    }

    /// The rate to start with next time, in calls a minute.
    pub(super) fn limit_to_share(&self) -> u32 {
        let rate = self.rate.max(self.known_limit.unwrap_or_default());
        u32::try_from(rate / UNIT).unwrap_or(u32::MAX)
    }

    pub(super) fn interval(&self) -> Duration {
        Duration::from_micros(60_000_000 * UNIT / self.rate)
    }

    /// The circumstances of a call that starts now, for [`Self::on_throttled`].
    pub(super) fn departure(&self, now: Duration, busy: bool) -> Departure {
        Departure { at: now, generation: self.generation, busy }
    }

    /// Counts a call. The rate grows only where the call `had_to_wait` for it.
    pub(super) fn start_call(&mut self, now: Duration, had_to_wait: bool) {
        let since_last = self.started.back().map_or(Duration::ZERO, |last| now.saturating_sub(*last));
        if had_to_wait {
            // A pause longer than two intervals was not caused by the rate.
            self.grow(since_last.min(self.interval() * 2));
        }
        self.growth_delay = self.growth_delay.saturating_sub(1);
        self.started.push_back(now);
        while self.started.front().is_some_and(|started| *started + WINDOW < now) {
            self.started.pop_front();
        }
    }

    /// A call was throttled, with a pause of `retry_after`. True if that is news, and the rate is halved.
    pub(super) fn on_throttled(&mut self, now: Duration, departure: Departure, retry_after: Option<Duration>) -> bool {
        // The service did not accept it.
        if let Some(refused) = self.started.iter().rposition(|at| *at <= departure.at) {
            self.started.remove(refused);
        }
        self.growth_delay += CALLS_PER_REFUSAL;
        if departure.generation != self.generation {
            return false;
        }
        let accepted = retry_after.filter(|_| departure.busy).and_then(|wait| self.accepted_rate(departure.at, wait));
        // Other clients cause some of the throttling: the known limit falls by at most a quarter at once.
        let least = self.known_limit.map_or(FLOOR * UNIT, |known| known.min(self.rate) / 4 * 3);
        let known = accepted.unwrap_or(self.rate).clamp(least.max(FLOOR * UNIT), self.rate);
        self.known_limit = Some(known);
        self.rate = (known / 2).max(FLOOR * UNIT);
        self.time_at_limit = Duration::ZERO;
        self.generation += 1;
        self.pause_ended = now + retry_after.unwrap_or_default();
        true
    }

    /// The rate that the service certainly accepts: the calls from the last pause to `last`, when the throttled call
    /// started, spread over that time and the coming pause; or those of the minute before, if they are more. The first
    /// measure finds limits by the second; the other one works when pauses follow closely. Later calls are in flight
    /// and will be throttled too.
    fn accepted_rate(&self, last: Duration, retry_after: Duration) -> Option<u64> {
        let before = |started: &&Duration| **started <= last;
        let since = |from| self.started.iter().filter(before).filter(|started| **started >= from).count() as u64 * UNIT;
        let spread = last.saturating_sub(self.pause_ended) + retry_after;
        let over_pause = (since(self.pause_ended) * 60_000).checked_div(u64::try_from(spread.as_millis()).ok()?)?;
        let is_within_window = spread <= WINDOW;
        let in_minute = since(last.saturating_sub(WINDOW));
        Some(if is_within_window { over_pause.max(in_minute) } else { in_minute })
    }

    fn grow(&mut self, used: Duration) {
        let used_ms = u64::try_from(used.as_millis()).unwrap_or_default();
        let share = |whole: u64, of: Duration| whole * used_ms / (of.as_millis() as u64).max(1);
        let grown = match self.known_limit {
            None => self.rate + share(self.ceiling / 2, FIRST_CLIMB_TIME),
            Some(known) if self.rate < known => known.min(self.rate + share(known / 2, CLIMB_TIME)),
            Some(_) if self.growth_delay > 0 => self.rate,
            Some(known) => {
                self.time_at_limit += used;
                let doubled = (self.time_at_limit.as_secs() / 60).min(16);
                self.rate + share((known / STEP_SHARE) << doubled, WINDOW).max(1)
            }
        };
        self.rate = grown.min(self.ceiling);
    }
}

#[cfg(test)]
mod tests;
