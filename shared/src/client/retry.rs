//! When a call is sent again, as a value that one can read.

use std::future::Future;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use tokio::time::Instant;

/// How often and for how long a call is tried.
///
/// Between two attempts lies a random time from zero to a bound that doubles (full jitter); a `Retry-After` is waited
/// for on top of it.
#[derive(Clone, Copy, Debug)]
pub struct RetryPolicy {
    /// Attempts in all, the first included; at least one is made.
    pub attempts: u32,
    /// The bound before the second attempt.
    pub first_delay: Duration,
    /// What the bound grows to.
    pub max_delay: Duration,
    /// The longest `Retry-After` that is waited for; a longer one ends the call at once.
    pub max_retry_after: Duration,
    /// No attempt starts later than this after the first.
    pub total: Duration,
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
        }
    }

    /// For other writes: 3 attempts within 45 s, `Retry-After` up to 30 s.
    #[must_use]
    pub const fn writes() -> Self {
        Self { attempts: 3, max_retry_after: Duration::from_secs(30), total: Duration::from_secs(45), ..Self::reads() }
    }

    /// For what creates something, and for changes of additions: one attempt, which leaves within a second or not at all.
    /// What was stored about it before counts from then, and who holds the lease must be known when it leaves.
    #[must_use]
    pub const fn at_once() -> Self {
        Self { attempts: 1, max_retry_after: Duration::from_secs(1), total: Duration::ZERO, ..Self::reads() }
    }

    /// For calls that a person waits for: 2 attempts within 8 s, `Retry-After` up to 2 s.
    #[must_use]
    pub const fn interactive() -> Self {
        Self {
            attempts: 2,
            max_delay: Duration::from_secs(1),
            max_retry_after: Duration::from_secs(2),
            total: Duration::from_secs(8),
            ..Self::reads()
        }
    }

    /// Makes attempts until one succeeds, one fails for good, or this policy is used up; then the last error it is.
    pub(super) async fn run<T, E, Attempt>(
        &self,
        verdict: impl Fn(&E) -> Verdict,
        attempt: impl FnMut() -> Attempt,
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
                Verdict::AgainAfter(wish) => (wish <= self.max_retry_after).then(|| wish + delay),
            }?;
            (start.elapsed() + wait <= self.total).then_some(wait)
        };
        attempt
            .retry(self.bounds())
            .adjust(wait)
            .notify(|error, wait| tracing::info!(%error, wait_ms = wait.as_millis(), "a call is tried again"))
            .await
    }

    fn bounds(&self) -> ExponentialBuilder {
        ExponentialBuilder::new()
            .with_min_delay(self.first_delay)
            .with_max_delay(self.max_delay)
            .with_max_times(self.attempts.saturating_sub(1) as usize)
    }
}

/// What an error means for the next attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// There is none.
    Final,
    /// It may help.
    Again,
    /// It may help, but not before this long.
    AgainAfter(Duration),
}

fn full_jitter(bound: Duration) -> Duration {
    let bound_us = u64::try_from(bound.as_micros()).unwrap_or(u64::MAX);
    Duration::from_micros(fastrand::u64(0..=bound_us))
}

#[cfg(test)]
mod tests;
