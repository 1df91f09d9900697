//! Another quantity than the usage: what each rule bills, for how long, and that the usage is counted as ever.

use rust_decimal::Decimal;
use shared::domain::decision::{Decision, OtherQuantity, Verdict};
use shared::domain::departure::Departure;
use shared::domain::mapping::Combine::{AddUp, TakeLargest};
use shared::domain::outcome::{Hold, Outcome, Waiting, Would};
use shared::domain::plan::{AdditionPlan, Step};
use shared::domain::quantity_override::QuantityRule::{Fixed, Minimum, Minus, Plus};
use shared::domain::quantity_override::{DecisionReason, OverrideKey, QuantityOverride, QuantityRule, TakesQuantity};
use shared::http::Language;

use crate::guards::{decided, moves, update, with};
use crate::world::{World, acme, line, month, psa};

/// ACME's rule for ConnectWise product 70, from October on.
fn rule(rule: QuantityRule, until: &str) -> QuantityOverride {
    QuantityOverride {
        key: OverrideKey {
            customer: acme(),
            product: psa(70),
            from: month("2026-10"),
            at: "2026-10-30T10:00:00Z".parse().unwrap(),
        },
        name: "ACME".into(),
        parts: Vec::new(),
        rule,
        until: month(until),
        reason: DecisionReason::CustomerAgreed,
        note: String::new(),
        who: "Ann".into(),
        reported: None,
    }
}

fn under(mut world: World, one: QuantityOverride) -> World {
    world.overrides.push(one);
    world
}

fn planned(world: &World) -> AdditionPlan {
    world.plan().additions[&psa(70)].clone()
}

/// Decides a hold for another quantity, as a person who sees `billed`.
fn use_quantity(world: &World, rule: QuantityRule, billed: u64) -> World {
    let other = OtherQuantity { rule, until: month("2026-11"), billed: billed.into() };
    let decision =
        Decision { reason: Some(DecisionReason::CustomerAgreed), ..decided(world, Verdict::UseQuantity(other)) };
    let one = QuantityOverride { rule, ..self::rule(rule, "2026-11") };
    under(with(world.clone(), &decision), one)
}

#[test]
fn each_rule_bills_its_quantity_as_long_as_it_lasts_and_the_usage_after_that() {
    let quantity = |n: i64| Decimal::from(n);
    let ten = quantity(10);
    let three = quantity(3);
    for (one, used, billed) in [
        (Fixed(ten), 7, 10),
        (Fixed(ten), 12, 10),
        (Fixed(ten), 0, 10),
        (Fixed(quantity(0)), 7, 0),
        (Minimum(ten), 7, 10),
        (Minimum(ten), 10, 10),
        (Minimum(ten), 12, 12),
        (Minimum(ten), 0, 10),
        (Plus(three), 7, 10),
        (Plus(three), 0, 3),
        (Minus(three), 7, 4),
        (Minus(three), 2, 0),
        (Minus(three), 0, 0),
    ] {
        for (until, counts) in [("2026-12", true), ("2026-11", true), ("2026-10", false)] {
            let world = under(World::with_intercept_x().bills(line(1, 70, "10")).uses("CIX", used), rule(one, until));
            let plan = planned(&world);
            let target = if counts { quantity(billed) } else { used.into() };
            assert_eq!((plan.target, plan.used), (target, Some(used.into())), "{one} of {used} until {until}");
            let shown = plan.overridden();
            assert_eq!(shown.as_ref().map(|shown| (shown.used, shown.billed)), counts.then_some((plan.used, target)));
            assert_eq!(plan.ended.is_some(), !counts, "{one} until {until}");
        }
        let later = QuantityOverride {
            key: OverrideKey { from: month("2026-12"), ..rule(one, "2026-12").key },
            ..rule(one, "2027-02")
        };
        let before = under(World::with_intercept_x().bills(line(1, 70, "10")).uses("CIX", used), later);
        let plan = planned(&before);
        assert_eq!(
            (plan.target, plan.overridden(), plan.ended),
            (used.into(), None, None),
            "not before its first month"
        );
    }
}

#[test]
fn what_is_used_and_what_is_billed_is_said_in_both_languages() {
    let world = under(moves(10, 7), rule(Minimum(10.into()), "2026-12"));
    let shown = planned(&world).overridden().unwrap();
    assert_eq!(Language::English.overridden(&shown), "7 used, 10 billed (minimum)");
    assert_eq!(Language::Italian.overridden(&shown), "7 utilizzati, 10 fatturati (minimo)");
    let unreadable = under(
        World::with_intercept_x().bills(line(1, 70, "8")).reports("CIX", "many"),
        rule(Fixed(10.into()), "2026-12"),
    );
    let shown = planned(&unreadable).overridden().unwrap();
    assert_eq!(Language::English.overridden(&shown), "usage not readable, 10 billed (fixed)");
    assert_eq!(Language::Italian.overridden(&shown), "utilizzo non leggibile, 10 fatturati (fisso)");
    let said: Vec<(String, String)> = [Fixed(10.into()), Minimum(10.into()), Plus(3.into()), Minus(3.into())]
        .map(|one| rule(one, "2026-10"))
        .map(|one| (Language::English.override_ended(&one), Language::Italian.override_ended(&one)))
        .into();
    insta::assert_debug_snapshot!(said);
}

#[test]
fn another_quantity_was_written_without_being_asked_about_again_and_only_as_it_was_seen() {
    let fallen = moves(100, 7);
    assert!(matches!(fallen.step(70), Step::Hold(Hold::Decrease { .. })));
    let decided = use_quantity(&fallen, Minimum(10.into()), 10);
    assert_eq!(update(&decided), Some(Would::Update { from: 100.into(), to: 10.into() }));

    // More usage, and the minimum is the same: it is what the person saw.
    let again = |used: u64| World { lines: moves(100, used).lines, ..decided.clone() };
    assert_eq!(update(&again(9)), Some(Would::Update { from: 100.into(), to: 10.into() }));
    // Above the minimum it is another quantity.
    assert!(matches!(again(30).step(70), Step::Hold(Hold::Decrease { .. })), "{:?}", again(30).step(70));

    let mut edited = decided.clone();
    edited.additions[0].quantity = 90.into();
    assert!(matches!(edited.step(70), Step::Hold(Hold::HandEdit { .. })), "somebody has changed it since");

    // It is written by now, and this run begins again where the one before died.
    let mut written = decided;
    written.additions[0].quantity = 10.into();
    written.snapshot.written.get_mut(&psa(70)).unwrap().confirmed = 10.into();
    assert!(matches!(written.step(70), Step::Keep { .. }), "{:?}", written.step(70));
}

#[test]
fn an_override_without_its_decision_is_guarded_as_any_other_quantity() {
    let world = under(moves(100, 7), rule(Minimum(10.into()), "2026-12"));
    assert_eq!(world.step(70), Step::Hold(Hold::Decrease { from: 100.into(), to: 10.into() }));
    let plan = planned(&world);
    assert_eq!(plan.overridden().map(|shown| shown.to_string()).as_deref(), Some("7 used, 10 billed (minimum)"));
}

#[test]
fn a_fixed_quantity_decides_lines_that_cannot_be_read_and_no_other_rule_does() {
    let unreadable = || World::with_intercept_x().synced_in_october(70, &[("CIX", 12)]).reports("CIX", "many");
    assert_eq!(
        update(&use_quantity(&unreadable(), Fixed(3.into()), 3)),
        Some(Would::Update { from: 12.into(), to: 3.into() })
    );
    let least = under(unreadable(), rule(Minimum(3.into()), "2026-12"));
    assert!(matches!(least.step(70), Step::Hold(Hold::Unreadable { .. })));
    let vanished = World::with_intercept_x().synced_in_october(70, &[("CIX", 12)]);
    assert!(matches!(vanished.step(70), Step::Hold(Hold::Vanished { .. })));
    assert!(matches!(under(vanished.clone(), rule(Fixed(12.into()), "2026-12")).step(70), Step::Keep { .. }));
    assert!(matches!(under(vanished, rule(Minimum(12.into()), "2026-12")).step(70), Step::Hold(Hold::Vanished { .. })));
    let unruled = || World::new().maps("CIX", 70).maps("XDR", 70).uses("CIX", 4).uses("XDR", 3).bills(line(1, 70, "7"));
    assert!(matches!(unruled().step(70), Step::Hold(Hold::CombineRule { .. })));
    assert!(matches!(under(unruled(), rule(Fixed(7.into()), "2026-12")).step(70), Step::Adopt { .. }));
}

#[test]
fn a_firewall_outside_its_mode_was_billed_because_its_quantity_was_fixed() {
    let world = World::new().nightly().maps_by("CIX", 70, Some(AddUp)).maps_by("XGS", 70, Some(AddUp)).firewall("XGS");
    let world = world.synced_in_october(70, &[("CIX", 4), ("XGS", 1)]).uses("CIX", 4).uses("XGS", 1);
    let fixed = under(world, rule(Fixed(9.into()), "2026-12"));
    assert!(matches!(fixed.step(70), Step::Hold(Hold::Part { .. })), "{:?}", fixed.step(70));
}

#[test]
fn the_largest_part_of_a_combined_product_is_told_by_the_usage_not_by_what_is_billed() {
    let world = World::new().maps_by("CIX", 70, Some(TakeLargest)).maps_by("XDR", 70, Some(TakeLargest));
    let world = world.synced_in_october(70, &[("CIX", 10)]).uses("CIX", 7).uses("XDR", 3);
    let plan = planned(&under(world, rule(Minimum(10.into()), "2026-12")));
    assert_eq!((plan.target, plan.largest().map(ToString::to_string).as_deref()), (10.into(), Some("CIX")));
}

#[test]
fn of_several_overrides_the_latest_counts_and_the_earlier_one_again_once_it_is_over() {
    let long = rule(Minimum(10.into()), "2027-03");
    let from_november = |n: u64, minute: i64| QuantityOverride {
        key: OverrideKey {
            from: month("2026-11"),
            at: long.key.at + jiff::SignedDuration::from_mins(minute),
            ..long.key
        },
        ..rule(Fixed(n.into()), "2026-11")
    };
    let world = |when: &str| {
        let world = World::with_intercept_x().in_month(when).bills(line(1, 70, "10")).uses("CIX", 7);
        under(under(under(world, from_november(12, 2)), long.clone()), from_november(11, 1))
    };
    assert_eq!(planned(&world("2026-10")).target, 10.into());
    assert_eq!(planned(&world("2026-11")).target, 12.into());
    let after = planned(&world("2026-12"));
    assert_eq!((after.target, after.ended), (10.into(), None), "one that another one takes over from has not ended");
}

#[test]
fn a_fixed_quantity_is_billed_on_an_agreement_that_never_had_the_product() {
    let world = under(World::with_intercept_x(), rule(Fixed(5.into()), "2026-12"));
    assert!(matches!(world.step(70), Step::Create { .. }), "{:?}", world.step(70));
    assert_eq!(world.find_outcome("CIX"), Some(Outcome::Created));
}

#[test]
fn an_end_is_reported_when_the_new_month_is_written_and_not_while_the_month_before_is_kept() {
    let ended = |outcome: &Outcome, world: &World| planned(world).billed(psa(70), None, outcome).ended.is_some();
    let world = under(moves(10, 7), rule(Minimum(10.into()), "2026-10"));
    assert!(ended(&Outcome::Updated, &world));
    let mut early = world.clone();
    early.today = "2026-11-02".parse().unwrap();
    let Step::Wait(waiting) = early.step(70) else { panic!("{:?}", early.step(70)) };
    assert!(!ended(&Outcome::Waiting(waiting), &early));
    assert!(!ended(&Outcome::Unchanged, &early), "the last month's quantity is kept");
    let reported = QuantityOverride {
        reported: shared::domain::id::RunId::parse("20261130T020000Z-scheduled-00000001").ok(),
        ..rule(Minimum(10.into()), "2026-10")
    };
    assert!(!ended(&Outcome::Updated, &under(moves(10, 7), reported)));
}

#[test]
fn a_remapped_product_was_billed_twice_because_its_old_line_had_a_quantity_without_usage() {
    let mut world = World::with_intercept_x().maps("CIX", 71).uses("CIX", 5);
    world = world.bills(line(1, 70, "10")).wrote(70, 1, "2026-10", &[("CIX", 0)]);
    world.snapshot.written.get_mut(&psa(70)).unwrap().confirmed = 10.into();
    assert!(matches!(world.step(71), Step::Hold(Hold::StillBilled { .. })), "{:?}", world.step(71));
}

#[test]
fn another_quantity_answered_also_that_a_customer_which_left_is_billed_elsewhere() {
    let left = |also: Option<Hold>| Hold::LeftMonthlyBilling {
        departure: Departure::NotListed,
        would: Would::Create { to: 7.into(), begins: None },
        also: also.map(Box::new),
    };
    let elsewhere = Hold::BilledElsewhere { lines: Vec::new(), to: 7.into() };
    assert_eq!(left(None).takes_quantity(), TakesQuantity::Any);
    assert_eq!(left(Some(Hold::ToZero { from: 7.into(), last: false })).takes_quantity(), TakesQuantity::Any);
    assert_eq!(elsewhere.takes_quantity(), TakesQuantity::Nothing);
    assert_eq!(left(Some(elsewhere)).takes_quantity(), TakesQuantity::Nothing);
}

#[test]
fn a_run_of_decided_lines_alone_wrote_what_nobody_had_decided() {
    let alone = |world: World| World { decided_alone: true, ..world };
    let waits = |world: World| matches!(world.step(70), Step::Wait(Waiting::NextRun { .. }));
    assert!(waits(alone(moves(10, 9))), "an update within the guards");
    assert!(waits(alone(World::with_intercept_x().uses("CIX", 5))), "a new addition");
    assert!(waits(alone(World::with_intercept_x().bills(line(1, 70, "5")).uses("CIX", 5))), "a line to look after");
    let fallen = moves(100, 7);
    assert!(matches!(alone(fallen.clone()).step(70), Step::Hold(Hold::Decrease { .. })), "what is not decided waits");
    let released = with(fallen.clone(), &decided(&fallen, Verdict::Release));
    assert_eq!(update(&alone(released)), Some(Would::Update { from: 100.into(), to: 7.into() }));
    let kept = with(fallen.clone(), &decided(&fallen, Verdict::Reject));
    assert!(matches!(alone(kept).step(70), Step::Skip(_)));
    let least = use_quantity(&fallen, Minimum(10.into()), 10);
    assert_eq!(update(&alone(least)), Some(Would::Update { from: 100.into(), to: 10.into() }));
    let within_guards = use_quantity(&fallen, Minimum(95.into()), 95);
    assert_eq!(update(&alone(within_guards)), Some(Would::Update { from: 100.into(), to: 95.into() }));
}
