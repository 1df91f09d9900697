//! The rule by itself.

use super::*;

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Calls at the rate until `until`; returns when the last one left.
fn used(calls_per_minute: &mut AdaptiveRate, mut now: Duration, until: Duration) -> Duration {
    while now < until {
        now += calls_per_minute.interval();
        calls_per_minute.leaves(now, true);
    }
    now
}

#[test]
fn a_new_service_is_given_half_of_the_ceiling_and_all_of_it_within_20_seconds() {
    let mut calls_per_minute = AdaptiveRate::new(900, Duration::ZERO);
    assert_eq!(calls_per_minute.to_remember(), 450);
    used(&mut calls_per_minute, Duration::ZERO, s(20));
    assert_eq!(calls_per_minute.to_remember(), 900);
    used(&mut calls_per_minute, s(20), s(600));
    assert_eq!(calls_per_minute.to_remember(), 900);
}

#[test]
fn a_complaint_halves_the_rate_once_however_many_calls_met_it() {
    let mut calls_per_minute = AdaptiveRate::new(900, Duration::ZERO);
    let now = used(&mut calls_per_minute, Duration::ZERO, s(60));
    let left = calls_per_minute.departure(now, true);
    let heeded = (0..8).filter(|_| calls_per_minute.complained(now, left, None)).count();
    assert_eq!((heeded, calls_per_minute.rate), (1, 450 * UNIT));
    let left = calls_per_minute.departure(now, true);
    assert!(calls_per_minute.complained(now, left, None));
    assert_eq!(calls_per_minute.rate, 225 * UNIT);
}

#[test]
fn what_was_let_through_before_a_pause_tells_the_limit() {
    let mut calls_per_minute = AdaptiveRate::new(900, Duration::ZERO);
    let mut now = Duration::ZERO;
    for _ in 0..121 {
        now += calls_per_minute.interval();
        calls_per_minute.leaves(now, true);
    }
    let left = calls_per_minute.departure(now, true);
    // These are under way when the 121st is refused.
    for ahead in 1..8 {
        calls_per_minute.leaves(now + calls_per_minute.interval() * ahead, true);
    }
    // The vendor's window is a minute: it has room again when the first call is a minute old.
    calls_per_minute.complained(now + s(1), left, Some(s(60) - now));
    assert_eq!(calls_per_minute.known, Some(120 * UNIT));
    assert_eq!(calls_per_minute.rate, 60 * UNIT);
}

#[test]
fn a_pause_in_idle_times_says_nothing_of_the_limit() {
    let mut calls_per_minute = AdaptiveRate::new(900, Duration::ZERO);
    calls_per_minute.leaves(s(50), false);
    let left = calls_per_minute.departure(s(50), false);
    calls_per_minute.complained(s(50), left, Some(s(30)));
    assert_eq!(calls_per_minute.known, Some(450 * UNIT));
}

#[test]
fn the_rate_never_falls_below_its_floor_nor_grows_while_nobody_uses_it() {
    let mut calls_per_minute = AdaptiveRate::new(900, Duration::ZERO);
    for _ in 0..20 {
        let left = calls_per_minute.departure(s(1), false);
        calls_per_minute.complained(s(1), left, Some(s(60)));
    }
    assert_eq!(calls_per_minute.rate, FLOOR * UNIT);
    for minute in 1..60 {
        calls_per_minute.leaves(s(60 * minute), false);
    }
    assert_eq!(calls_per_minute.rate, FLOOR * UNIT);
}

#[test]
fn a_limit_that_was_raised_is_found_within_ten_minutes() {
    let mut calls_per_minute = AdaptiveRate::new(900, Duration::ZERO);
    calls_per_minute.resume(120);
    used(&mut calls_per_minute, Duration::ZERO, s(60));
    assert!(calls_per_minute.to_remember() <= 121, "near a limit it creeps: {}", calls_per_minute.to_remember());
    used(&mut calls_per_minute, s(60), s(600));
    assert_eq!(calls_per_minute.to_remember(), 900);
}

#[test]
fn what_was_learnt_is_gone_on_from() {
    let mut calls_per_minute = AdaptiveRate::new(900, Duration::ZERO);
    calls_per_minute.resume(120);
    assert_eq!((calls_per_minute.rate, calls_per_minute.known), (120 * UNIT, Some(120 * UNIT)));
    calls_per_minute.resume(5000);
    assert_eq!((calls_per_minute.rate, calls_per_minute.known), (900 * UNIT, None));
    calls_per_minute.resume(0);
    assert_eq!(calls_per_minute.rate, FLOOR * UNIT);
}

#[test]
fn each_refused_call_is_made_up_for_before_the_rate_goes_beyond_what_is_known() {
    let mut calls_per_minute = AdaptiveRate::new(900, Duration::ZERO);
    calls_per_minute.resume(120);
    calls_per_minute.leaves(s(1), true);
    let left = calls_per_minute.departure(s(1), true);
    for n in 0..8 {
        assert_eq!(calls_per_minute.complained(s(2), left, None), n == 0);
    }
    let known = calls_per_minute.known.unwrap();
    let mut now = s(2);
    for _ in 0..8 * CALLS_PER_REFUSAL {
        now += calls_per_minute.interval();
        calls_per_minute.leaves(now, true);
        assert!(calls_per_minute.rate <= known, "{} calls a minute after {now:?}", calls_per_minute.to_remember());
    }
    used(&mut calls_per_minute, now, now + s(10));
    assert!(calls_per_minute.rate > known);
}
