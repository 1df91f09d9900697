//! A circuit breaker: stops calls to a service that does not answer, and later lets one call test it.

use std::time::Duration;

use tokio::time::Instant;

/// This many failed calls in a row open the breaker. It is more than the attempts of one call, so that one record that
/// makes a server fail does not look like a server that is down.
const FAILURES: u32 = 10;
/// How long the breaker stays open.
pub(super) const OPEN_FOR: Duration = Duration::from_secs(30);
/// The wait that other calls are given while one call tests the service.
const WHILE_PROBING: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(super) struct Breaker {
    failures: u32,
    open_until: Option<Instant>,
    probing: bool,
}

impl Breaker {
    /// Whether a call may start, or how long not. True for the one call that tests an open breaker.
    pub(super) fn admit(&mut self, now: Instant) -> Result<bool, Duration> {
        if let Some(wait) = self.blocked_for(now) {
            return Err(wait);
        }
        self.probing = self.open_until.is_some();
        Ok(self.probing)
    }

    /// How long no call may start, if none may.
    pub(super) fn blocked_for(&self, now: Instant) -> Option<Duration> {
        let until = self.open_until?;
        if now < until { Some(until - now) } else { self.probing.then_some(WHILE_PROBING) }
    }

    /// The testing call has ended, whatever its outcome.
    pub(super) fn end_probe(&mut self) {
        self.probing = false;
    }

    pub(super) fn succeeded(&mut self) {
        self.failures = 0;
        self.open_until = None;
    }

    /// Counts a failed call. True when that opens the breaker for [`OPEN_FOR`].
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
    fn an_answer_resets_the_failure_count() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        for _ in 0..5 {
            assert!((1..FAILURES).all(|_| !breaker.failed(now, false)));
            breaker.succeeded();
        }
        assert_eq!(breaker.admit(now), Ok(false));
    }

    #[test]
    fn one_call_tests_the_service_after_the_open_time() {
        let now = Instant::now();
        let mut breaker = opened(now);
        assert_eq!(breaker.admit(now + OPEN_FOR / 2), Err(OPEN_FOR / 2));
        assert_eq!(breaker.admit(now + OPEN_FOR), Ok(true));
        assert_eq!(breaker.admit(now + OPEN_FOR), Err(WHILE_PROBING));
        breaker.end_probe();
        breaker.succeeded();
        assert_eq!(breaker.admit(now + OPEN_FOR), Ok(false));
    }

    #[test]
    fn a_failed_test_call_opens_the_breaker_again() {
        let now = Instant::now();
        let mut breaker = opened(now);
        let later = now + OPEN_FOR;
        assert_eq!(breaker.admit(later), Ok(true));
        breaker.end_probe();
        assert!(breaker.failed(later, true));
        assert_eq!(breaker.admit(later), Err(OPEN_FOR));
    }

    #[test]
    fn a_cancelled_test_call_leaves_the_test_to_the_next_call() {
        let now = Instant::now();
        let mut breaker = opened(now);
        assert_eq!(breaker.admit(now + OPEN_FOR), Ok(true));
        breaker.end_probe();
        assert_eq!(breaker.admit(now + OPEN_FOR), Ok(true));
    }
}
