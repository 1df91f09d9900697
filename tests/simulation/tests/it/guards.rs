//! Each guard of the write protocol taken out in turn: the same schedules must go wrong, or the guard is for nothing, or
//! the world is too kind. The fewest random schedules need the lease check: `points.rs` takes it out where a worker is
//! frozen at each await.

use simulation::many;
use usage_sync::policy::{Guard, Policy};

/// Lives schedules without a guard until one goes wrong; returns what is wrong with it.
fn is_missed(guard: Guard, within: u64) -> String {
    let lived = many(0..within, Policy::without(guard), 1, true, &|| {});
    let (seed, wrongs) =
        lived.wrong.first_key_value().unwrap_or_else(|| panic!("{within} schedules are right without it"));
    println!("without {guard:?}: seed {seed} after {} schedules: {wrongs:?}", lived.lived);
    format!("{wrongs:?}")
}

#[test]
fn without_the_settle_time_schedules_go_wrong() {
    is_missed(Guard::Settle, 2_000);
}

#[test]
fn without_the_intent_schedules_go_wrong() {
    is_missed(Guard::Intent, 2_000);
}

#[test]
fn without_the_pending_change_schedules_go_wrong() {
    is_missed(Guard::Pending, 2_000);
}

#[test]
fn without_reading_back_schedules_go_wrong() {
    is_missed(Guard::ReadBack, 2_000);
}

#[test]
fn without_the_check_of_answers_schedules_go_wrong() {
    is_missed(Guard::AnswerCheck, 2_000);
}

#[test]
fn without_the_overlap_rule_days_are_billed_twice() {
    let wrong = is_missed(Guard::Overlap, 2_000);
    assert!(wrong.contains("is billed twice"), "{wrong}");
}
