//! Chosen worlds: a strike at each await in turn, and writes that take longer than an invocation.

use simulation::{Strike, live, slow_reads, slow_turns, slow_writes, strike_at_each_await};
use usage_sync::policy::{Guard, Policy};

#[test]
fn a_create_and_an_update_survive_a_death_at_every_await() {
    let struck = strike_at_each_await(Strike::Death, Policy::guarded()).unwrap();
    println!("{} awaits", struck.points);
    assert!(struck.points > 60, "{} awaits are fewer than a run has", struck.points);
    assert!(struck.wrongs.is_empty(), "{:#?}", struck.wrongs);
}

#[test]
fn a_worker_that_was_frozen_at_any_await_sends_nothing_that_another_one_has_settled() {
    let struck = strike_at_each_await(Strike::Freeze, Policy::guarded()).unwrap();
    assert!(struck.points > 60 && struck.wrongs.is_empty(), "{} awaits: {:#?}", struck.points, struck.wrongs);
    let unchecked = strike_at_each_await(Strike::Freeze, Policy::without(Guard::LeaseCheck)).unwrap();
    assert!(!unchecked.wrongs.is_empty(), "the check right before a write leaves is what keeps it back");
}

#[test]
fn one_customer_with_many_slow_writes_is_carried_on_by_the_next_slice_before_time_is_up() {
    for seed in 0..20 {
        let slow = slow_writes(seed).unwrap();
        assert!(slow.wrongs.is_empty(), "seed {seed}: {:#?}", slow.wrongs);
        assert_eq!(slow.deaths, 0, "seed {seed}: an invocation ran into its time-out");
        assert!(slow.invocations > 1, "seed {seed}: one invocation did it all, which proves nothing");
    }
}

/// The client of the real table gives a call up after 20 s: one that nobody looked after came to nothing though it had
/// been answered, and the slice with it.
#[test]
fn a_call_to_the_table_is_looked_after_while_all_customers_wait_for_connectwise() {
    for seed in 0..3 {
        let slow = slow_reads(seed).unwrap();
        assert!(slow.wrongs.is_empty(), "seed {seed}: {:#?}", slow.wrongs);
        assert!(slow.unheeded_ms < 1_000, "seed {seed}: an answer waited for {} ms", slow.unheeded_ms);
    }
}

/// The list's own wait made it too old by the time a write's turn had come, so that it was asked for again and again until
/// the invocation's time was up.
#[test]
fn a_list_that_waits_long_for_its_turn_is_no_older_for_it() {
    for seed in 0..3 {
        let slow = slow_turns(seed).unwrap();
        assert!(slow.wrongs.is_empty(), "seed {seed}: {:#?}", slow.wrongs);
        assert_eq!(slow.deaths, 0, "seed {seed}: an invocation ran into its time-out");
    }
}

/// Frozen for 142 s while it stored the end of an older intent, after it had looked at the age of its list.
#[test]
fn a_worker_that_was_frozen_before_it_wrote_overwrites_no_hand_edit_made_meanwhile() {
    let lived = live(2_045_904, Policy::guarded(), false).unwrap();
    assert!(lived.wrongs.is_empty(), "{:#?}", lived.wrongs);
}
