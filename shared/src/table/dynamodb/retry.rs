//! Retries of unprocessed keys and of writes that conflict with another transaction.

use std::future::Future;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder, Retryable};

use super::failure::Failure;
use crate::error::StoreError;

/// Eight delays of 20 to 400 ms, each plus up to as much again at random: 2 to 4 seconds, a fraction of any lease.
fn policy() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(20))
        .with_max_delay(Duration::from_millis(400))
        .with_max_times(8)
        .with_jitter()
}

/// Repeats the call with what it has left unprocessed until nothing is left, and returns all results. Waits after a call
/// that made no progress.
pub(super) async fn until_done<T, O, F: Future<Output = Result<(Vec<O>, Vec<T>), StoreError>>>(
    all: Vec<T>,
    mut call: impl FnMut(Vec<T>) -> F,
) -> Result<Vec<O>, StoreError> {
    let mut done = Vec::new();
    let mut left = all;
    let mut delays = policy().build();
    while !left.is_empty() {
        let before = left.len();
        let (some, rest) = call(left).await?;
        done.extend(some);
        left = rest;
        if left.len() < before {
            delays = policy().build();
        } else if let Some(delay) = delays.next() {
            tokio::time::sleep(delay).await;
        } else {
            return Err(StoreError::Unavailable { why: "the table is too busy to take a batch".into() });
        }
    }
    Ok(done)
}

/// Repeats the call while it is contended. Each call is the same, including its nonce and token.
pub(super) async fn while_contended<T, F: Future<Output = Result<T, Failure>>>(
    call: impl FnMut() -> F,
) -> Result<T, Failure> {
    call.retry(policy()).when(|failure| matches!(failure, Failure::Contended(_))).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn unprocessed_keys_are_read_again_until_none_is_left() {
        let mut calls = Vec::new();
        let done = until_done((1..=5).collect(), |left: Vec<u32>| {
            calls.push(left.clone());
            // Each call processes two, but the second one none.
            let taken = if calls.len() == 2 { 0 } else { left.len().min(2) };
            async move { Ok((left[..taken].to_vec(), left[taken..].to_vec())) }
        });
        assert_eq!(done.await, Ok(vec![1, 2, 3, 4, 5]));
        assert_eq!(calls, [vec![1, 2, 3, 4, 5], vec![3, 4, 5], vec![3, 4, 5], vec![5]]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_table_that_processes_nothing_is_a_retryable_error() {
        let mut calls = 0;
        let done = until_done(vec![1], |left: Vec<u32>| {
            calls += 1;
            async move { Ok((Vec::<u32>::new(), left)) }
        });
        let error = done.await.unwrap_err();
        assert!(error.is_retryable(), "{error}");
        assert_eq!(calls, 9);
    }

    #[tokio::test]
    async fn a_failed_call_ends_the_retries() {
        let refused = StoreError::Refused { why: "words".into() };
        let done = until_done(vec![1], |_: Vec<u32>| std::future::ready(Err::<(Vec<u32>, _), _>(refused.clone())));
        assert_eq!(done.await, Err(refused.clone()));
    }
}
