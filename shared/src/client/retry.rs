//! When a call is sent again, as a plain value.

use std::future::Future;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use tokio::time::Instant;

/// How often and for how long a call is attempted.
///
/// The wait before an attempt is random, from zero to a bound that doubles (full jitter); a `Retry-After` is added to
/// it.
#[derive(Clone, Copy, Debug)]
pub struct RetryPolicy {
    /// Attempts in all, the first included; at least one is made.
    pub attempts: u32,
    /// The bound before the second attempt.
    pub first_delay: Duration,
    /// The largest bound.
    pub max_delay: Duration,
    /// The longest `Retry-After` that is obeyed; a longer one ends the call at once.
    pub max_retry_after: Duration,
    /// No attempt starts later than this after the start of the first.
    pub total: Duration,
    /// The call ends within this time, with all its attempts: the last one is cut off. None leaves each attempt the
    /// limits of the HTTP client.
    pub whole: Option<Duration>,
}

impl RetryPolicy {
    /// For reads: 5 attempts within 120 s, `Retry-After` up to 60 s.
    #[must_use]
    pub const fn reads() -> Self {
        Self {
            attempts: 5,
            first_delay: Duration::from_millis(250),
            max_delay: Duration::from_secs(8),
            max_retry_after: Duration::from_secs(60),
            total: Duration::from_secs(120),
            whole: None,
        }
    }

    /// For other writes: 3 attempts within 45 s, `Retry-After` up to 30 s.
    #[must_use]
    pub const fn writes() -> Self {
        Self { attempts: 3, max_retry_after: Duration::from_secs(30), total: Duration::from_secs(45), ..Self::reads() }
    }

    /// For creates and for changes of additions: one attempt, which starts within a second or not at all. The intent
    /// that is stored before such a call is valid from then, and the lease must still be held when the call starts.
    #[must_use]
    pub const fn at_once() -> Self {
        Self { attempts: 1, max_retry_after: Duration::from_secs(1), total: Duration::ZERO, ..Self::reads() }
    }

    /// For calls that a person waits for: 2 attempts that end within 8 s, `Retry-After` up to 2 s.
    #[must_use]
    pub const fn interactive() -> Self {
        Self {
            attempts: 2,
            max_delay: Duration::from_secs(1),
            max_retry_after: Duration::from_secs(2),
            total: Duration::from_secs(8),
            whole: Some(Duration::from_secs(8)),
            ..Self::reads()
        }
    }

    /// Attempts until one succeeds, one fails for good, or this policy is exhausted; then returns the last error. Each
    /// attempt is given the policy with the time that is left.
    pub(super) async fn run<T, E, Attempt>(
        &self,
        verdict: impl Fn(&E) -> Verdict,
        mut attempt: impl FnMut(Self) -> Attempt,
    ) -> Result<T, E>
    where
        Attempt: Future<Output = Result<T, E>>,
        E: std::fmt::Display,
    {
        let start = Instant::now();
        let wait = |error: &E, bound: Option<Duration>| {
            let delay = full_jitter(bound?);
            let wait = match verdict(error) {
                Verdict::Final => None,
                Verdict::Again => Some(delay),
                Verdict::AgainAfter(retry_after) => (retry_after <= self.max_retry_after).then(|| retry_after + delay),
            }?;
            (start.elapsed() + wait <= self.total).then_some(wait)
        };
        let attempt = || attempt(self.after(start.elapsed()));
        attempt
            .retry(self.backoff())
            .adjust(wait)
            .notify(|error, wait| tracing::info!(%error, wait_ms = wait.as_millis(), "a call is tried again"))
            .await
    }

    /// What is left of this policy.
    fn after(&self, elapsed: Duration) -> Self {
        let Some(whole) = self.whole else { return *self };
        let left = whole.saturating_sub(elapsed);
        Self {
            total: self.total.min(left),
            max_retry_after: self.max_retry_after.min(left),
            whole: Some(left),
            ..*self
        }
    }

    fn backoff(&self) -> ExponentialBuilder {
        ExponentialBuilder::new()
            .with_min_delay(self.first_delay)
            .with_max_delay(self.max_delay)
            .with_max_times(self.attempts.saturating_sub(1) as usize)
    }
}

/// What an error means for the next attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// No further attempt.
    Final,
    /// Another attempt may succeed.
    Again,
    /// Another attempt may succeed, but not before this long.
    AgainAfter(Duration),
}

fn full_jitter(bound: Duration) -> Duration {
    let bound_us = u64::try_from(bound.as_micros()).unwrap_or(u64::MAX);
    Duration::from_micros(fastrand::u64(0..=bound_us))
}

#[cfg(test)]
mod tests;
