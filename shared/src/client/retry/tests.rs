//! The retry policy on paused time: how many attempts it makes, and when.

use std::cell::RefCell;

use super::*;

const POLICY: RetryPolicy = RetryPolicy::reads();

/// Runs attempts that always fail with this verdict; returns the start of each.
async fn attempts(policy: RetryPolicy, verdict: Verdict, takes: Duration) -> Vec<Duration> {
    let start = Instant::now();
    let starts = RefCell::new(Vec::new());
    let outcome: Result<(), &str> = policy
        .run(
            |_| verdict,
            |_| async {
                starts.borrow_mut().push(start.elapsed());
                tokio::time::sleep(takes).await;
                Err("no")
            },
        )
        .await;
    assert_eq!(outcome, Err("no"));
    starts.into_inner()
}

fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

#[tokio::test(start_paused = true)]
async fn a_final_error_ends_the_call_after_one_attempt() {
    assert_eq!(attempts(POLICY, Verdict::Final, Duration::ZERO).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_transient_error_is_retried_as_often_as_the_policy_allows_within_its_bounds() {
    for _ in 0..200 {
        let starts = attempts(POLICY, Verdict::Again, Duration::ZERO).await;
        assert_eq!(starts.len(), 5);
        // A timer's millisecond is added to each bound.
        for (pair, bound_ms) in starts.windows(2).zip([251, 501, 1001, 2001]) {
            assert!(pair[1] - pair[0] <= Duration::from_millis(bound_ms), "{starts:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn no_attempt_starts_before_a_retry_after_is_over() {
    let starts = attempts(POLICY, Verdict::AgainAfter(seconds(20)), Duration::ZERO).await;
    assert_eq!(starts.len(), 5);
    for pair in starts.windows(2) {
        assert!(pair[1] - pair[0] >= seconds(20), "{starts:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_beyond_the_cap_ends_the_call_at_once() {
    let starts = attempts(POLICY, Verdict::AgainAfter(seconds(61)), Duration::ZERO).await;
    assert_eq!(starts.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn no_attempt_starts_after_the_total_time() {
    let starts = attempts(POLICY, Verdict::Again, seconds(50)).await;
    assert_eq!(starts.len(), 3, "{starts:?}");
    assert!(starts.iter().all(|start| *start <= POLICY.total));
}

#[tokio::test(start_paused = true)]
async fn a_success_ends_the_attempts() {
    let made = RefCell::new(0);
    let outcome = POLICY
        .run(
            |_: &&str| Verdict::Again,
            |_| async {
                *made.borrow_mut() += 1;
                if *made.borrow() < 3 { Err("no") } else { Ok("yes") }
            },
        )
        .await;
    assert_eq!((outcome, made.into_inner()), (Ok("yes"), 3));
}

#[test]
fn the_jitter_is_full() {
    let bound = seconds(8);
    let draws: Vec<Duration> = (0..2000).map(|_| full_jitter(bound)).collect();
    assert!(draws.iter().all(|draw| *draw <= bound));
    assert!(draws.iter().any(|draw| *draw < seconds(2)) && draws.iter().any(|draw| *draw > seconds(6)));
    assert_eq!(full_jitter(Duration::ZERO), Duration::ZERO);
}
