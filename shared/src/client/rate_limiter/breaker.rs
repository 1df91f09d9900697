//! Stops calling a service that does not answer, and lets one call find out whether it does again.

use std::time::Duration;

use tokio::time::Instant;

/// So many calls in a row without a usable answer, and the service is away. More than one call is ever repeated, so
/// that one record that a server chokes on is not taken for a server that is down.
const FAILURES: u32 = 10;
/// How long nothing is sent then.
pub(super) const OPEN_FOR: Duration = Duration::from_secs(30);
/// Who comes while one call is finding out is told to come again after this long.
const WHILE_PROBING: Duration = Duration::from_secs(1);

/// What may be sent.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    failures: u32,
    open_until: Option<Instant>,
    probing: bool,
}

impl Breaker {
    /// Whether a call may leave; else how long the service is taken to be away. True for the one call that finds out.
    pub(super) fn admit(&mut self, now: Instant) -> Result<bool, Duration> {
        if let Some(wait) = self.closed_for(now) {
            return Err(wait);
        }
        self.probing = self.open_until.is_some();
        Ok(self.probing)
    }

    /// How long nothing may leave, if so.
    pub(super) fn closed_for(&self, now: Instant) -> Option<Duration> {
        let until = self.open_until?;
        if now < until { Some(until - now) } else { self.probing.then_some(WHILE_PROBING) }
    }

    /// The call that was to find out is over, whatever it found.
    pub(super) fn probed(&mut self) {
        self.probing = false;
    }

    /// The service answered.
    pub(super) fn succeeded(&mut self) {
        self.failures = 0;
        self.open_until = None;
    }

    /// A call came to nothing. True when no other one is to be sent for [`OPEN_FOR`].
    pub(super) fn failed(&mut self, now: Instant, probe: bool) -> bool {
        self.failures = self.failures.saturating_add(1);
        let opens = probe || (self.open_until.is_none() && self.failures >= FAILURES);
        if opens {
            self.open_until = Some(now + OPEN_FOR);
        }
        opens
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(now: Instant) -> Breaker {
        let mut breaker = Breaker::default();
        let opens: Vec<bool> = (0..FAILURES).map(|_| breaker.failed(now, false)).collect();
        assert_eq!(opens.iter().filter(|opens| **opens).count(), 1);
        breaker
    }

    #[test]
    fn an_answer_in_between_starts_the_count_again() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        for _ in 0..5 {
            assert!((1..FAILURES).all(|_| !breaker.failed(now, false)));
            breaker.succeeded();
        }
        assert_eq!(breaker.admit(now), Ok(false));
    }

    #[test]
    fn when_it_has_been_open_for_its_time_one_call_finds_out() {
        let now = Instant::now();
        let mut breaker = opened(now);
        assert_eq!(breaker.admit(now + OPEN_FOR / 2), Err(OPEN_FOR / 2));
        assert_eq!(breaker.admit(now + OPEN_FOR), Ok(true));
        assert_eq!(breaker.admit(now + OPEN_FOR), Err(WHILE_PROBING));
        breaker.probed();
        breaker.succeeded();
        assert_eq!(breaker.admit(now + OPEN_FOR), Ok(false));
    }

    #[test]
    fn a_call_that_finds_it_still_away_opens_it_again() {
        let now = Instant::now();
        let mut breaker = opened(now);
        let later = now + OPEN_FOR;
        assert_eq!(breaker.admit(later), Ok(true));
        breaker.probed();
        assert!(breaker.failed(later, true));
        assert_eq!(breaker.admit(later), Err(OPEN_FOR));
    }

    #[test]
    fn a_call_that_was_to_find_out_and_was_given_up_leaves_it_to_the_next() {
        let now = Instant::now();
        let mut breaker = opened(now);
        assert_eq!(breaker.admit(now + OPEN_FOR), Ok(true));
        breaker.probed();
        assert_eq!(breaker.admit(now + OPEN_FOR), Ok(true));
    }
}
