//! What waits by itself because a new month has begun, what is asked after fifteen days, and what a person has decided
//! meanwhile.

use shared::domain::decision::Verdict;
use shared::domain::month::UsageMonth;
use shared::domain::outcome::{Hold, Outcome, Skip, Waiting};
use shared::domain::plan::Step;
use shared::domain::recall::asks_for_something;

use crate::connectwise::carry_out;
use crate::guards::{decided, moves, with};
use crate::world::{World, addition_id, code, day, line, month, psa};

fn in_december(mut world: World, today: &str) -> World {
    world.month = month("2026-12");
    world.today = day(today);
    world
}

/// With that next ConnectWise invoice.
fn invoiced(mut world: World, next: &str) -> World {
    world.agreement.as_mut().unwrap().next_invoice = Some(day(next));
    world
}

fn waits(world: &World) -> bool {
    matches!(world.step(70), Step::Wait(Waiting::NewMonth { .. }))
}

#[test]
fn in_the_first_days_of_a_month_nothing_is_changed_because_of_it() {
    for now in [11, 13] {
        assert!(waits(&in_december(moves(12, now), "2026-12-01")), "{now}");
        assert!(waits(&in_december(moves(12, now), "2026-12-05")), "{now}");
        let later = in_december(moves(12, now), "2026-12-06").step(70);
        assert!(matches!(later, Step::Update { .. }), "it is written by itself: {later:?}");
        let mut over = moves(12, now);
        over.today = day("2026-12-03");
        assert!(!waits(&over), "the invoice-mode run of the 3rd is for the month that is over");
    }
}

#[test]
fn what_is_created_or_taken_over_in_the_first_days_does_not_wait() {
    let new = in_december(World::with_intercept_x().uses("CIX", 12), "2026-12-01");
    assert!(matches!(new.step(70), Step::Create { .. }), "{:?}", new.step(70));
    let there = in_december(World::with_intercept_x().bills(line(1, 70, "8")).uses("CIX", 12), "2026-12-01");
    assert!(matches!(there.step(70), Step::Hold(Hold::Adopt { .. })), "{:?}", there.step(70));
}

#[test]
fn until_the_month_before_is_invoiced_a_change_waits_by_itself_for_fifteen_days_and_is_then_asked_about() {
    let of = |now, today: &str, next: &str| invoiced(in_december(moves(12, now), today), next);
    for now in [11, 13] {
        assert!(waits(&of(now, "2026-12-09", "2026-12-01")) && waits(&of(now, "2026-12-15", "2026-11-01")), "{now}");
        let invoiced = of(now, "2026-12-09", "2027-01-01").step(70);
        assert!(matches!(invoiced, Step::Update { .. }), "its invoice is made: {invoiced:?}");
        let late = of(now, "2026-12-16", "2026-12-01");
        assert!(matches!(late.step(70), Step::Hold(Hold::NewMonth { .. })), "{:?}", late.step(70));
        let release = decided(&late, Verdict::Release);
        assert!(matches!(with(late, &release).step(70), Step::Update { .. }), "a person can write it");
    }
}

#[test]
fn nothing_waits_for_an_invoice_that_is_not_due_in_the_new_month() {
    let waits_until = |expected: &str, next: &str| {
        let mut world = invoiced(in_december(moves(12, 13), "2026-12-09"), next);
        world.snapshot.invoices.insert(month("2026-10"), day(expected));
        waits(&world)
    };
    assert!(waits_until("2026-12-20", "2026-12-20"));
    assert!(!waits_until("2027-02-01", "2027-02-01"), "two invoices were made ahead: waiting would bring none");
}

#[test]
fn the_reason_names_the_month_that_is_not_invoiced_and_the_day_on_which_the_wait_is_over() {
    let world = invoiced(in_december(moves(12, 13), "2026-12-02"), "2026-12-01");
    world.ends("CIX", "waiting.newMonth", "October 2026 not invoiced yet, waiting: 12 → 13");
    let until = |world: &World| {
        let step = world.step(70);
        let Step::Wait(Waiting::NewMonth { until, .. }) = step else { panic!("{step:?}") };
        until
    };
    assert_eq!(until(&world), day("2026-12-15"));
    let young = in_december(moves(12, 13), "2026-12-02");
    young.ends("CIX", "waiting.newMonth", "the new month has only begun, waiting: 12 → 13");
    assert_eq!(until(&young), day("2026-12-05"));
}

#[test]
fn an_invoice_inside_the_month_that_bills_the_month_before_is_waited_for() {
    let world = |today: &str, next: &str| {
        let mut world = invoiced(in_december(moves(12, 11), today), next);
        world.snapshot.expect_invoice(month("2026-10"), Some(day("2026-12-15")));
        world
    };
    assert!(waits(&world("2026-12-09", "2026-12-15")));
    let moved = world("2026-12-09", "2027-01-15").step(70);
    assert!(matches!(moved, Step::Update { .. }), "its invoice date has moved: {moved:?}");
}

#[test]
fn what_is_absent_in_the_first_days_has_not_vanished_yet() {
    let absent = || World::with_intercept_x().synced_in_october(70, &[("CIX", 12)]);
    assert!(waits(&in_december(absent(), "2026-12-02")));
    assert!(matches!(in_december(absent(), "2026-12-09").step(70), Step::Hold(Hold::Vanished { .. })));
}

#[test]
fn usage_lines_in_doubt_are_not_asked_about_while_nothing_is_written_anyway() {
    let twice = |today: &str| {
        let mut world = in_december(moves(12, 13), today);
        world.lines.push(world.lines[0].clone());
        world
    };
    assert!(waits(&twice("2026-12-02")), "{:?}", twice("2026-12-02").step(70));
    assert!(matches!(twice("2026-12-09").step(70), Step::Hold(Hold::UsageLines { .. })));
}

#[test]
fn a_quantity_that_was_right_on_the_first_was_taken_for_the_new_months_and_changed_on_the_second() {
    let mut world = in_december(moves(12, 12), "2026-12-01");
    let plan = world.plan();
    assert_eq!(plan.additions[&psa(70)].step, Step::Keep { addition: addition_id(1) });
    carry_out(&mut world, &plan);
    let mut second = world.uses("CIX", 1);
    second.today = day("2026-12-02");
    assert!(waits(&second), "{:?}", second.step(70));
    second.today = day("2026-12-06");
    let plan = second.plan();
    carry_out(&mut second, &plan);
    assert_eq!(second.snapshot.written[&psa(70)].month, month("2026-12"));
}

#[test]
fn what_waits_asks_for_no_call_until_its_time_has_come() {
    let at = |today: &str| asks_for_something(&in_december(moves(12, 13), today).plan());
    assert!(!at("2026-12-05"));
    assert!(at("2026-12-06"), "an agreement that is remembered slept past the end of the wait");
}

#[test]
fn a_decision_on_an_earlier_hold_of_the_month_counts_while_the_change_waits_and_after() {
    let hold = in_december(moves(12, 30), "2026-12-06");
    assert!(matches!(hold.step(70), Step::Hold(Hold::Increase { .. })));
    let (release, reject) = (decided(&hold, Verdict::Release), decided(&hold, Verdict::Reject));
    let waiting = || in_december(moves(12, 30), "2026-12-05");
    assert!(waits(&waiting()));
    assert!(matches!(with(waiting(), &release).step(70), Step::Update { .. }));
    assert!(waits(&with(waiting(), &reject)), "nothing is written either way");
    let after = with(hold, &reject).find_outcome("CIX");
    assert!(matches!(after, Some(Outcome::Skipped(Skip::Rejected { .. }))), "{after:?}");
}

#[test]
fn a_change_by_hand_is_asked_about_in_the_first_days_too() {
    let mut edited = in_december(moves(12, 13), "2026-12-02");
    edited.additions[0].quantity = 9.into();
    assert!(matches!(edited.step(70), Step::Hold(Hold::HandEdit { .. })));
    let release = decided(&edited, Verdict::Release);
    assert!(matches!(with(edited, &release).step(70), Step::Update { .. }), "who has seen it can write it at once");
}

#[test]
fn a_part_that_left_is_asked_about_once_the_wait_is_over() {
    let world = |today: &str| {
        let written = World::new().maps("CIX", 70).synced_in_october(70, &[("CIX", 9), ("SVR", 3)]);
        in_december(written.uses("CIX", 9), today)
    };
    assert!(waits(&world("2026-12-02")), "{:?}", world("2026-12-02").step(70));
    let Step::Hold(Hold::PartsChanged { left, .. }) = world("2026-12-06").step(70) else {
        panic!("{:?}", world("2026-12-06").step(70))
    };
    assert_eq!(left, [code("SVR")]);
}

#[test]
fn the_invoice_that_bills_a_month_is_the_first_one_on_or_after_its_last_day() {
    let mut world = World::new();
    for seen in ["2026-11-01", "2026-12-01", "2027-01-01"] {
        world.snapshot.expect_invoice(month("2026-11"), Some(day(seen)));
    }
    let awaits = |next: &str| world.snapshot.awaits_invoice(month("2026-11"), Some(day(next)));
    assert!(awaits("2026-12-01") && !awaits("2027-01-01"));
    assert!(!world.snapshot.awaits_invoice(UsageMonth::parse("2026-10").unwrap(), Some(day("2026-12-01"))));
}
