//! Usage lines that say more than one thing wait for a person, who sees what comes of each reading, and are asked once.

use proptest::prelude::*;
use shared::domain::decision::{Decision, Offer, Verdict};
use shared::domain::outcome::{Hold, Would};
use shared::domain::plan::{InDoubt, Question, Step};
use shared::domain::recall::asks_for_something;
use shared::domain::usage::{DoubtKind, LineQuantity, Periods, Reading, Readings, Repeats, UsageLine};

use crate::generated::worlds;
use crate::world::{World, acme, code, line, number, psa, usage_line};

/// ACME's October of 5 was synced; these are November's lines: serial number, days, units.
fn november(lines: &[(&str, (&str, &str), u64)]) -> World {
    let mut world = World::with_intercept_x().synced_in_october(70, &[("CIX", 5)]);
    for (serial, days, units) in lines {
        let bare = usage_line(Some(acme()), Some("CIX"), LineQuantity::Units(*units));
        let (billing_start, billing_end) = (days.0.into(), days.1.into());
        world.lines.push(UsageLine { serial: (*serial).into(), billing_start, billing_end, ..bare });
    }
    world
}

const ALL: (&str, &str) = ("2026-11-01", "2026-11-30");
const FIRST: (&str, &str) = ("2026-11-01", "2026-11-14");
const THEN: (&str, &str) = ("2026-11-15", "2026-11-30");

fn offers(world: &World) -> Vec<Offer> {
    let agreement = world.agreement.as_ref().unwrap().id;
    world.plan().additions[&psa(70)].hold_basis(agreement).readings
}

fn update(to: &str) -> Would {
    Would::Update { from: number("5"), to: number(to) }
}

fn offer(reading: Reading, does: Would) -> Offer {
    Offer { reading, does }
}

fn decide(world: &mut World, verdict: Verdict, reading: Option<Reading>) {
    let agreement = world.agreement.as_ref().unwrap().id;
    let basis = world.plan().additions[&psa(70)].hold_basis(agreement);
    let at = "2026-11-30T10:00:00Z".parse().unwrap();
    let decision =
        Decision { verdict, who: "Ann".into(), reason: None, why: "asked".into(), at, basis, reading, moves: None };
    world.decisions.insert(psa(70), decision);
}

fn remember(world: &mut World, readings: Readings) {
    world.products.get_mut(&code("CIX")).unwrap().readings = readings;
}

#[test]
fn a_line_that_came_twice_is_not_billed_twice() {
    let world = november(&[("X", ALL, 5), ("X", ALL, 5)]);
    let reason = "CIX: Sophos sent one usage line of 5 twice (order 1, line 1, serial X)";
    world.ends("CIX", "held.duplicateUsage", reason);
    let keep = Would::Keep { at: number("5") };
    assert_eq!(offers(&world), [offer(Reading::CountOnce, keep), offer(Reading::AddUp, update("10"))]);
}

#[test]
fn an_order_renewed_in_mid_month_is_not_added_up() {
    let world = november(&[("X", FIRST, 5), ("Y", THEN, 6)]);
    let reason = "CIX: its usage lines are for days that follow one another, 2026-11-01 to 2026-11-14 and 2026-11-15 to 2026-11-30";
    world.ends("CIX", "held.consecutivePeriods", reason);
    let expected = [
        offer(Reading::AddUp, update("11")),
        offer(Reading::LargestOnOneDay, update("6")),
        offer(Reading::LastPeriod, update("6")),
    ];
    assert_eq!(offers(&world), expected);
}

#[test]
fn usage_of_the_next_month_is_not_billed_as_this_ones() {
    let world = november(&[("X", ("2026-12-01", "2026-12-31"), 7)]);
    world.ends(
        "CIX",
        "held.otherPeriod",
        "CIX: usage of 7 is for 2026-12-01 to 2026-12-31, which is not this usage month",
    );
}

#[test]
fn two_orders_of_one_period_are_added_up_as_ever_and_so_is_an_impossible_date() {
    let world =
        november(&[("X", ALL, 5), ("Y", ("2026-11-02", "2026-12-01"), 1), ("Z", ("2021-01-31", "2021-04-31"), 1)]);
    world.ends("CIX", "updated", "");
    assert_eq!(world.plan().additions[&psa(70)].target, number("7"));
}

#[test]
fn a_release_writes_the_reading_that_was_chosen_and_is_carried_out_also_once_it_is_remembered() {
    for remembered in [false, true] {
        let mut world = november(&[("X", FIRST, 5), ("Y", THEN, 6)]);
        decide(&mut world, Verdict::Release, Some(Reading::LargestOnOneDay));
        if remembered {
            let periods = Some(Periods::LargestOnOneDay);
            remember(&mut world, Readings { consecutive_periods: periods, ..Readings::default() });
        }
        let plan = world.plan();
        let planned = &plan.additions[&psa(70)];
        assert!(matches!(planned.step, Step::Update { .. }), "{:?}", planned.step);
        assert_eq!((planned.target, planned.parts[&code("CIX")]), (number("6"), 6));
    }
}

#[test]
fn a_released_reading_waited_in_a_run_of_decided_lines_alone_once_it_was_remembered() {
    let usage = |mut world: World| {
        let bare = usage_line(Some(acme()), Some("CIX"), LineQuantity::Units(5));
        let (billing_start, billing_end) = (ALL.0.into(), ALL.1.into());
        world.lines = vec![UsageLine { billing_start, billing_end, ..bare }; 2];
        world
    };
    let creation = usage(World::with_intercept_x());
    let update = november(&[("X", ALL, 5), ("X", ALL, 5)]);
    for world in [creation, update] {
        let mut world = World { decided_alone: true, ..world };
        decide(&mut world, Verdict::Release, Some(Reading::AddUp));
        let remembered = Readings { duplicate_usage: Some(Repeats::AddUp), ..Readings::default() };
        remember(&mut world, remembered);
        assert!(asks_for_something(&world.plan_before_others()), "ConnectWise is asked");
        let planned = &world.plan().additions[&psa(70)];
        assert!(matches!(planned.step, Step::Create { .. } | Step::Update { .. }), "{:?}", planned.step);
        assert_eq!(planned.target, number("10"));
        // It was decided on 10.
        world.lines[0].quantity = LineQuantity::Units(6);
        remember(&mut world, remembered);
        assert!(matches!(world.step(70), Step::Wait(_) | Step::Hold(_)), "{:?}", world.step(70));
    }
}

#[test]
fn a_release_without_a_reading_or_with_one_that_came_to_something_else_writes_nothing() {
    let mut world = november(&[("X", FIRST, 5), ("Y", THEN, 6)]);
    decide(&mut world, Verdict::Release, None);
    assert!(matches!(world.step(70), Step::Hold(Hold::UsageLines { .. })));
    decide(&mut world, Verdict::Release, Some(Reading::LastPeriod));
    world.lines[1].quantity = LineQuantity::Units(8);
    assert!(matches!(world.step(70), Step::Hold(Hold::UsageLines { .. })));
    decide(&mut world, Verdict::Reject, None);
    world.ends("CIX", "skipped.rejected", "Ann rejected the change and keeps 5 this month: asked");
}

#[test]
fn what_was_answered_is_not_asked_again_and_the_products_own_answer_comes_first() {
    let mut world = november(&[("X", ALL, 6), ("X", ALL, 6)]);
    world.guards.usage_periods.duplicate_usage = Some(Repeats::AddUp);
    assert_eq!(world.plan().additions[&psa(70)].target, number("12"));
    remember(&mut world, Readings { duplicate_usage: Some(Repeats::CountOnce), ..Readings::default() });
    world.ends("CIX", "updated", "");
    assert_eq!(world.plan().additions[&psa(70)].target, number("6"));
    // An answer about lines that came twice says nothing of periods.
    world.lines.push(UsageLine {
        billing_start: "2026-12-01".into(),
        billing_end: "2026-12-31".into(),
        ..world.lines[0].clone()
    });
    assert_eq!(world.find_outcome("CIX").unwrap().code(), "held.otherPeriod");
}

#[test]
fn a_line_that_cannot_be_read_comes_before_lines_in_doubt() {
    let world = november(&[("X", ALL, 5), ("X", ALL, 5)]).reports("CIX", "-3");
    world.ends("CIX", "held.unreadable", "a usage line has -3, which is below zero");
}

#[test]
fn what_no_reading_would_change_comes_before_the_question() {
    let twice = || november(&[("X", ALL, 5), ("X", ALL, 5)]);
    let world = twice().bills(line(2, 70, "5"));
    assert_eq!(world.find_outcome("CIX").unwrap().code(), "held.ambiguous");
    assert_eq!(offers(&world), []);
    let mut world = twice();
    world.unsettled.insert(psa(70));
    assert_eq!(world.find_outcome("CIX").unwrap().code(), "failed.unsettled");
}

#[test]
fn what_is_one_question_for_all_cannot_be_released_by_itself() {
    let mut world = november(&[("X", ALL, 5), ("X", ALL, 5)]);
    world.asked.insert(DoubtKind::DuplicateUsage, Question { pairs: 30, lines: 60, of: 100 });
    let hold = world.find_outcome("CIX").unwrap();
    assert_eq!(hold.code(), "held.duplicateUsage");
    assert!(hold.advice().contains("Readings of usage lines"), "{}", hold.advice());
    assert_eq!(offers(&world), []);
}

#[test]
fn many_lines_in_doubt_are_one_question_and_one_pair_never_is() {
    let count = |pairs: usize, of: u64| {
        let world = november(&[("X", ALL, 5), ("X", ALL, 5)]);
        let mappings = world.products.values().cloned().collect();
        let mut in_doubt = InDoubt::default();
        for _ in 0..pairs {
            in_doubt.add(&world.usage().of(Some(acme())), &mappings, Readings::default(), world.month);
        }
        in_doubt.judge(of).get(&DoubtKind::DuplicateUsage).copied()
    };
    assert_eq!(count(1, 2), None);
    assert_eq!(count(2, 40), None, "4 lines are 10 % of 40, not more");
    assert_eq!(count(2, 39), Some(Question { pairs: 2, lines: 4, of: 39 }));
    assert_eq!(count(5, 100_000), None, "10 lines");
    assert_eq!(count(6, 100_000), Some(Question { pairs: 6, lines: 12, of: 100_000 }));
}

#[test]
fn lines_of_what_does_not_sync_or_is_answered_are_no_question() {
    let ask = |world: &World, partner| {
        let mut in_doubt = InDoubt::default();
        let mappings = world.products.values().cloned().collect();
        for _ in 0..6 {
            in_doubt.add(&world.usage().of(Some(acme())), &mappings, partner, world.month);
        }
        in_doubt.judge(12).len()
    };
    let world = || november(&[("X", ALL, 5), ("X", ALL, 5)]);
    let answered = Readings { duplicate_usage: Some(Repeats::CountOnce), ..Readings::default() };
    assert_eq!(ask(&world(), Readings::default()), 1);
    assert_eq!(ask(&world(), answered), 0);
    assert_eq!(ask(&world().switched_off("CIX"), Readings::default()), 0);
    let mut own = world();
    remember(&mut own, answered);
    assert_eq!(ask(&own, Readings::default()), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn the_order_of_usage_lines_never_changes_the_plan(
        (world, lines) in worlds().prop_flat_map(|world| {
            let lines = Just(world.lines.clone()).prop_shuffle();
            (Just(world), lines)
        }),
    ) {
        let plan = world.plan();
        let shuffled = World { lines, ..world };
        prop_assert_eq!(plan.additions, shuffled.plan().additions);
    }
}
