//! The rule by itself.

use super::*;

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Calls at the rate until `until`; returns when the last one left.
fn used(learnt: &mut Learnt, mut now: Duration, until: Duration) -> Duration {
    while now < until {
        now += learnt.interval();
        learnt.leaves(now, true);
    }
    now
}

#[test]
fn a_new_service_is_given_half_of_the_ceiling_and_all_of_it_within_20_seconds() {
    let mut learnt = Learnt::new(900, Duration::ZERO);
    assert_eq!(learnt.to_remember(), 450);
    used(&mut learnt, Duration::ZERO, s(20));
    assert_eq!(learnt.to_remember(), 900);
    used(&mut learnt, s(20), s(600));
    assert_eq!(learnt.to_remember(), 900);
}

#[test]
fn a_complaint_halves_the_rate_once_however_many_calls_met_it() {
    let mut learnt = Learnt::new(900, Duration::ZERO);
    let now = used(&mut learnt, Duration::ZERO, s(60));
    let left = learnt.departure(now, true);
    let heeded = (0..8).filter(|_| learnt.complained(now, left, None)).count();
    assert_eq!((heeded, learnt.rate), (1, 450 * UNIT));
    let left = learnt.departure(now, true);
    assert!(learnt.complained(now, left, None));
    assert_eq!(learnt.rate, 225 * UNIT);
}

#[test]
fn what_was_let_through_before_a_pause_tells_the_limit() {
    let mut learnt = Learnt::new(900, Duration::ZERO);
    let mut now = Duration::ZERO;
    for _ in 0..121 {
        now += learnt.interval();
        learnt.leaves(now, true);
    }
    let left = learnt.departure(now, true);
    // These are under way when the 121st is refused.
    for ahead in 1..8 {
        learnt.leaves(now + learnt.interval() * ahead, true);
    }
    // The vendor's window is a minute: it has room again when the first call is a minute old.
    learnt.complained(now + s(1), left, Some(s(60) - now));
    assert_eq!(learnt.known, Some(120 * UNIT));
    assert_eq!(learnt.rate, 60 * UNIT);
}

#[test]
fn a_pause_in_idle_times_says_nothing_of_the_limit() {
    let mut learnt = Learnt::new(900, Duration::ZERO);
    learnt.leaves(s(50), false);
    let left = learnt.departure(s(50), false);
    learnt.complained(s(50), left, Some(s(30)));
    assert_eq!(learnt.known, Some(450 * UNIT));
}

#[test]
fn the_rate_never_falls_below_its_floor_nor_grows_while_nobody_uses_it() {
    let mut learnt = Learnt::new(900, Duration::ZERO);
    for _ in 0..20 {
        let left = learnt.departure(s(1), false);
        learnt.complained(s(1), left, Some(s(60)));
    }
    assert_eq!(learnt.rate, FLOOR * UNIT);
    for minute in 1..60 {
        learnt.leaves(s(60 * minute), false);
    }
    assert_eq!(learnt.rate, FLOOR * UNIT);
}

#[test]
fn a_limit_that_was_raised_is_found_within_ten_minutes() {
    let mut learnt = Learnt::new(900, Duration::ZERO);
    learnt.resume(120);
    used(&mut learnt, Duration::ZERO, s(60));
    assert!(learnt.to_remember() <= 121, "near a limit it creeps: {}", learnt.to_remember());
    used(&mut learnt, s(60), s(600));
    assert_eq!(learnt.to_remember(), 900);
}

#[test]
fn what_was_learnt_is_gone_on_from() {
    let mut learnt = Learnt::new(900, Duration::ZERO);
    learnt.resume(120);
    assert_eq!((learnt.rate, learnt.known), (120 * UNIT, Some(120 * UNIT)));
    learnt.resume(5000);
    assert_eq!((learnt.rate, learnt.known), (900 * UNIT, None));
    learnt.resume(0);
    assert_eq!(learnt.rate, FLOOR * UNIT);
}

#[test]
fn each_refused_call_is_made_up_for_before_the_rate_goes_beyond_what_is_known() {
    let mut learnt = Learnt::new(900, Duration::ZERO);
    learnt.resume(120);
    learnt.leaves(s(1), true);
    let left = learnt.departure(s(1), true);
    for n in 0..8 {
        assert_eq!(learnt.complained(s(2), left, None), n == 0);
    }
    let known = learnt.known.unwrap();
    let mut now = s(2);
    for _ in 0..8 * CALLS_PER_REFUSAL {
        now += learnt.interval();
        learnt.leaves(now, true);
        assert!(learnt.rate <= known, "{} calls a minute after {now:?}", learnt.to_remember());
    }
    used(&mut learnt, now, now + s(10));
    assert!(learnt.rate > known);
}
