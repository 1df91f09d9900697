//! The AIMD rule, without a clock.

use super::*;

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Starts calls at the rate until `until`; returns when the last one started.
fn use_rate(rate: &mut AdaptiveRate, mut now: Duration, until: Duration) -> Duration {
    while now < until {
        now += rate.interval();
        rate.start_call(now, true);
    }
    now
}

#[test]
fn a_new_service_starts_at_half_the_ceiling_and_reaches_it_within_20_seconds() {
    let mut rate = AdaptiveRate::new(900, Duration::ZERO);
    assert_eq!(rate.limit_to_share(), 450);
    use_rate(&mut rate, Duration::ZERO, s(20));
    assert_eq!(rate.limit_to_share(), 900);
    use_rate(&mut rate, s(20), s(600));
    assert_eq!(rate.limit_to_share(), 900);
}

#[test]
fn one_throttling_halves_the_rate_once_however_many_calls_met_it() {
    let mut rate = AdaptiveRate::new(900, Duration::ZERO);
    let now = use_rate(&mut rate, Duration::ZERO, s(60));
    let departure = rate.departure(now, true);
    let news = (0..8).filter(|_| rate.on_throttled(now, departure, None)).count();
    assert_eq!((news, rate.rate), (1, 450 * UNIT));
    let departure = rate.departure(now, true);
    assert!(rate.on_throttled(now, departure, None));
    assert_eq!(rate.rate, 225 * UNIT);
}

#[test]
fn the_calls_before_a_pause_give_the_limit() {
    let mut rate = AdaptiveRate::new(900, Duration::ZERO);
    let mut now = Duration::ZERO;
    for _ in 0..121 {
        now += rate.interval();
        rate.start_call(now, true);
    }
    let departure = rate.departure(now, true);
    // These calls are in flight when the 121st is throttled.
    for ahead in 1..8 {
        rate.start_call(now + rate.interval() * ahead, true);
    }
    // The vendor's window is a minute: it has room again when the first call is a minute old.
    rate.on_throttled(now + s(1), departure, Some(s(60) - now));
    assert_eq!(rate.known_limit, Some(120 * UNIT));
    assert_eq!(rate.rate, 60 * UNIT);
}

#[test]
fn a_pause_in_idle_times_does_not_change_the_known_limit() {
    let mut rate = AdaptiveRate::new(900, Duration::ZERO);
    rate.start_call(s(50), false);
    let departure = rate.departure(s(50), false);
    rate.on_throttled(s(50), departure, Some(s(30)));
    assert_eq!(rate.known_limit, Some(450 * UNIT));
}

#[test]
fn the_rate_stays_above_its_floor_and_does_not_grow_unused() {
    let mut rate = AdaptiveRate::new(900, Duration::ZERO);
    for _ in 0..20 {
        let departure = rate.departure(s(1), false);
        rate.on_throttled(s(1), departure, Some(s(60)));
    }
    assert_eq!(rate.rate, FLOOR * UNIT);
    for minute in 1..60 {
        rate.start_call(s(60 * minute), false);
    }
    assert_eq!(rate.rate, FLOOR * UNIT);
}

#[test]
fn a_limit_that_was_raised_is_found_within_ten_minutes() {
    let mut rate = AdaptiveRate::new(900, Duration::ZERO);
    rate.resume(120);
    use_rate(&mut rate, Duration::ZERO, s(60));
    assert!(rate.limit_to_share() <= 121, "near a limit it creeps: {}", rate.limit_to_share());
    use_rate(&mut rate, s(60), s(600));
    assert_eq!(rate.limit_to_share(), 900);
}

#[test]
fn a_stored_rate_is_resumed_within_floor_and_ceiling() {
    let mut rate = AdaptiveRate::new(900, Duration::ZERO);
    rate.resume(120);
    assert_eq!((rate.rate, rate.known_limit), (120 * UNIT, Some(120 * UNIT)));
    rate.resume(5000);
    assert_eq!((rate.rate, rate.known_limit), (900 * UNIT, None));
    rate.resume(0);
    assert_eq!(rate.rate, FLOOR * UNIT);
}

#[test]
fn each_throttled_call_delays_growth_beyond_the_known_limit() {
    let mut rate = AdaptiveRate::new(900, Duration::ZERO);
    rate.resume(120);
    rate.start_call(s(1), true);
    let departure = rate.departure(s(1), true);
    for n in 0..8 {
        assert_eq!(rate.on_throttled(s(2), departure, None), n == 0);
    }
    let known_limit = rate.known_limit.unwrap();
    let mut now = s(2);
    for _ in 0..8 * CALLS_PER_REFUSAL {
        now += rate.interval();
        rate.start_call(now, true);
        assert!(rate.rate <= known_limit, "{} calls a minute after {now:?}", rate.limit_to_share());
    }
    use_rate(&mut rate, now, now + s(10));
    assert!(rate.rate > known_limit);
}
