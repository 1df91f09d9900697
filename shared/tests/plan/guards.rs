//! What waits for a person, by the partner's settings, and what a person's decision does.

use rust_decimal::Decimal;
use shared::domain::decision::{Decision, Verdict};
use shared::domain::id::AgreementId;
use shared::domain::mapping::Combine::AddUp;
use shared::domain::outcome::{Hold, Outcome, Skip, Would};
use shared::domain::plan::Step;
use shared::domain::settings::{DecreaseGuard, Guards, Jump};

use crate::world::{AGREEMENT, World, day, line, month, number, psa};

/// Intercept X was written at `before` in October and is used `now` in November.
pub(crate) fn moves(before: u64, now: u64) -> World {
    World::with_intercept_x().synced_in_october(70, &[("CIX", before)]).uses("CIX", now)
}

pub(crate) fn decided(world: &World, verdict: Verdict) -> Decision {
    let plan = world.plan();
    let basis = plan.additions[&psa(70)].hold_basis(AgreementId::try_from(AGREEMENT).unwrap());
    Decision {
        verdict,
        who: "Ann".into(),
        reason: None,
        why: "asked".into(),
        at: "2026-11-30T10:00:00Z".parse().unwrap(),
        basis,
        reading: None,
        moves: None,
    }
}

pub(crate) fn with(mut world: World, decision: &Decision) -> World {
    world.decisions.insert(psa(70), decision.clone());
    world
}

pub(crate) fn update(world: &World) -> Option<Would> {
    let plan = &world.plan().additions[&psa(70)];
    Some(plan.would()).filter(|would| *would != Would::Nothing)
}

#[test]
fn a_small_decrease_or_increase_is_written_and_a_large_one_waits() {
    for (before, now, waits) in [
        (100, 95, false),
        (100, 80, false),
        (100, 79, true),
        (10, 5, false),
        (20, 15, false),
        (20, 14, true),
        (10, 20, false),
        (10, 21, true),
        (100, 150, false),
        (100, 151, true),
    ] {
        let step = moves(before, now).step(70);
        assert_eq!(matches!(step, Step::Hold(_)), waits, "{before} → {now}: {step:?}");
        let (falls, rises) =
            (matches!(step, Step::Hold(Hold::Decrease { .. })), matches!(step, Step::Hold(Hold::Increase { .. })));
        assert!(waits || matches!(step, Step::Update { .. }), "{step:?}");
        assert_eq!((falls, rises), (waits && now < before, waits && now > before), "{step:?}");
    }
}

#[test]
fn every_decrease_waits_where_the_partner_says_so() {
    let mut world = moves(100, 99);
    world.guards = Guards { decrease: DecreaseGuard::Every, ..Guards::default() };
    assert!(matches!(world.step(70), Step::Hold(Hold::Decrease { .. })));
    world.guards.decrease = DecreaseGuard::Above(Jump { percent: 0, units: 0 });
    assert!(matches!(world.step(70), Step::Hold(Hold::Decrease { .. })));
}

#[test]
fn to_zero_waits_from_three_units_on_whatever_the_decrease_guard_says() {
    let mut world = moves(3, 0);
    world.guards.decrease = DecreaseGuard::Above(Jump { percent: 1000, units: 1000 });
    assert!(matches!(world.step(70), Step::Hold(Hold::ToZero { .. })));
}

/// Intercept X as in [`moves`], and Server Protection, which went from `before` to `now` as well.
fn two_move(intercept_x: (u64, u64), server: (u64, u64)) -> World {
    let world = moves(intercept_x.0, intercept_x.1).maps("SVR", 71).uses("SVR", server.1);
    let addition = line(2, 71, &server.0.to_string());
    world.bills(addition).wrote(71, 2, "2026-10", &[("SVR", server.0)])
}

#[test]
fn a_small_fall_to_zero_was_held_though_the_customer_still_has_another_product() {
    assert!(matches!(two_move((2, 0), (8, 8)).step(70), Step::Update { .. }), "two units are written");
    assert_eq!(two_move((3, 0), (8, 8)).step(70), Step::Hold(Hold::ToZero { from: 3.into(), last: false }));
    let mut world = two_move((2, 0), (8, 8));
    world.guards.to_zero_units = 1;
    assert_eq!(world.step(70), Step::Hold(Hold::ToZero { from: 2.into(), last: false }), "a setting says how small");
    world.guards = Guards { decrease: DecreaseGuard::Every, ..Guards::default() };
    assert_eq!(world.step(70), Step::Hold(Hold::ToZero { from: 2.into(), last: false }), "every decrease waits");
}

#[test]
fn a_small_fall_to_zero_that_leaves_nothing_billed_was_written_unseen() {
    let last = |from: u64| Step::Hold(Hold::ToZero { from: from.into(), last: true });
    assert_eq!(moves(2, 0).step(70), last(2));
    let together = two_move((2, 0), (1, 0));
    assert_eq!((together.step(70), together.step(71)), (last(2), last(1)), "two that fall together are the last ones");
    let one_is_large = two_move((2, 0), (9, 0));
    assert_eq!((one_is_large.step(70), one_is_large.step(71)), (last(2), last(9)));
    let beside_what_is_not_ours = moves(2, 0).bills(line(2, 71, "9")).maps("SVR", 71).uses("SVR", 12);
    assert_eq!(beside_what_is_not_ours.step(70), last(2), "we do not look after the other one yet");
    let beside_a_new_one = moves(2, 0).maps("SVR", 71).uses("SVR", 4);
    assert!(matches!(beside_a_new_one.step(70), Step::Update { .. }));
    let release = decided(&moves(2, 0), Verdict::Release);
    assert_eq!(update(&with(moves(2, 0), &release)), Some(Would::Update { from: 2.into(), to: 0.into() }));
}

#[test]
fn a_change_of_more_money_than_the_partner_lets_it_was_written() {
    let with_most = |mut world: World, most: i64| {
        world.guards.amount = Some(most.into());
        world.step(70)
    };
    let four_fifty = |world: World| World { additions: priced(world.additions.clone()), ..world };
    let rise = || four_fifty(moves(100, 110));
    assert!(matches!(rise().step(70), Step::Update { .. }), "by default money alone holds nothing");
    assert!(matches!(with_most(rise(), 45), Step::Update { .. }), "ten more at 4.50 are 45.00");
    let (from, to, by, most) = (100.into(), 110.into(), number("45.00"), 44.into());
    assert_eq!(with_most(rise(), 44), Step::Hold(Hold::Amount { from, to, by, most }));
    assert!(
        matches!(with_most(four_fifty(moves(110, 100)), 44), Step::Hold(Hold::Amount { .. })),
        "less as well as more"
    );
    let new = World::with_intercept_x().uses("CIX", 10);
    assert!(matches!(with_most(new, 44), Step::Hold(Hold::Amount { .. })), "a new addition is a change too");
    let mut not_billed = rise();
    not_billed.additions[0].bill_customer = "DoNotBill".into();
    assert!(matches!(with_most(not_billed, 44), Step::Update { .. }), "what nobody pays comes to nothing");
}

fn priced(mut additions: Vec<shared::domain::psa::Addition>) -> Vec<shared::domain::psa::Addition> {
    additions.iter_mut().for_each(|addition| addition.unit_price = Some(number("4.50")));
    additions
}

#[test]
fn a_release_writes_what_was_shown_and_only_that() {
    let release = decided(&moves(100, 10), Verdict::Release);
    assert_eq!(release.basis.release, Would::Update { from: 100.into(), to: 10.into() });
    let (from, to) = (Decimal::from(100), Decimal::from(10));
    assert_eq!(update(&with(moves(100, 10), &release)), Some(Would::Update { from, to }));
    assert_eq!(update(&with(moves(100, 9), &release)), None, "the usage has moved");
    let mut edited = with(moves(100, 10), &release);
    edited.additions[0].quantity = 99.into();
    assert_eq!(update(&edited), None, "the addition has moved");
}

#[test]
fn a_released_hold_is_written_once_and_then_unchanged() {
    let release = decided(&moves(12, 0), Verdict::Release);
    let world = with(moves(12, 0), &release);
    assert_eq!(update(&world), Some(Would::Update { from: 12.into(), to: 0.into() }));
    let mut written = with(moves(0, 0), &release);
    written.additions[0].quantity = 0.into();
    assert_eq!(update(&written), None);
}

#[test]
fn vanished_is_released_to_zero_and_a_vanished_part_to_what_the_others_use() {
    let absent = World::with_intercept_x().synced_in_october(70, &[("CIX", 12)]);
    assert!(matches!(absent.step(70), Step::Hold(Hold::Vanished { .. })));
    let release = decided(&absent, Verdict::Release);
    assert_eq!(update(&with(absent, &release)), Some(Would::Update { from: 12.into(), to: 0.into() }));

    let part = World::new()
        .maps_by("CIX", 70, Some(AddUp))
        .maps_by("SVR", 70, Some(AddUp))
        .synced_in_october(70, &[("CIX", 12), ("SVR", 3)])
        .uses("CIX", 12);
    assert!(matches!(part.step(70), Step::Hold(Hold::Part { .. })));
    let release = decided(&part, Verdict::Release);
    assert_eq!(update(&with(part, &release)), Some(Would::Update { from: 15.into(), to: 12.into() }));
}

#[test]
fn a_vanished_part_is_held_at_the_quantity_billed_and_a_release_says_that_it_is_right() {
    let world = World::new()
        .maps_by("CIX", 70, Some(AddUp))
        .maps_by("SVR", 70, Some(AddUp))
        .synced_in_october(70, &[("CIX", 9)])
        .uses("SVR", 9);
    assert!(matches!(world.step(70), Step::Hold(Hold::Part { .. })));
    let release = decided(&world, Verdict::Release);
    assert_eq!(release.basis.release, Would::Keep { at: 9.into() });
    let released = with(world, &release);
    assert!(matches!(released.step(70), Step::Keep { .. }), "{:?}", released.step(70));
    assert_eq!(released.find_outcome("CIX"), Some(Outcome::Unchanged));
}

#[test]
fn an_adoption_a_hand_edit_and_a_zero_price_can_be_released() {
    let adopt = World::with_intercept_x().bills(line(1, 70, "8")).uses("CIX", 12);
    let release = decided(&adopt, Verdict::Release);
    assert_eq!(update(&with(adopt, &release)), Some(Would::Update { from: 8.into(), to: 12.into() }));

    let mut edited = moves(12, 13);
    edited.additions[0].quantity = 9.into();
    let release = decided(&edited, Verdict::Release);
    assert_eq!(update(&with(edited, &release)), Some(Would::Update { from: 9.into(), to: 13.into() }));

    let free = World::with_intercept_x().with_psa_product(70, |product| product.price = None).uses("CIX", 12);
    let release = decided(&free, Verdict::Release);
    assert_eq!(update(&with(free, &release)), Some(Would::Create { to: 12.into(), begins: Some(day("2026-11-01")) }));
}

#[test]
fn what_only_putting_right_helps_cannot_be_released() {
    let two = World::with_intercept_x().bills(line(1, 70, "8")).bills(line(2, 70, "4")).uses("CIX", 12);
    let unreadable = World::with_intercept_x().bills(line(1, 70, "8")).reports("CIX", "many");
    for world in [two, unreadable] {
        assert!(matches!(world.step(70), Step::Hold(_)), "{:?}", world.step(70));
        let release = decided(&world, Verdict::Release);
        assert_eq!(release.basis.release, Would::Nothing);
        assert_eq!(update(&with(world, &release)), None);
    }
}

#[test]
fn a_rejection_keeps_what_connectwise_has_for_the_month_whatever_the_usage_does() {
    let reject = decided(&moves(100, 10), Verdict::Reject);
    for now in [10, 9, 99, 101] {
        let world = with(moves(100, now), &reject);
        let outcome = world.find_outcome("CIX").unwrap();
        assert!(matches!(outcome, Outcome::Skipped(Skip::Rejected { .. })), "{now}: {outcome:?}");
    }
    assert_eq!(with(moves(100, 100), &reject).find_outcome("CIX"), Some(Outcome::Unchanged));
    let mut edited = with(moves(100, 10), &reject);
    edited.additions[0].quantity = 90.into();
    assert!(matches!(edited.find_outcome("CIX"), Some(Outcome::Held(_))), "somebody has changed it since");
}

#[test]
fn usage_that_came_after_the_month_was_invoiced_was_written_where_no_invoice_bills_it() {
    let world = |used: u64, next_invoice: &str| {
        let mut world = moves(8, used);
        world.snapshot.expect_invoice(month("2026-11"), Some(day("2026-12-01")));
        world.agreement.as_mut().unwrap().next_invoice = Some(day(next_invoice));
        world
    };
    assert!(matches!(world(12, "2026-12-01").step(70), Step::Update { .. }), "not invoiced yet");
    let late = world(12, "2027-01-01");
    assert_eq!(late.step(70), Step::Hold(Hold::Late { on: day("2026-12-01"), invoiced: 8.into(), to: 12.into() }));
    let done_by_hand = decided(&late, Verdict::Reject);
    assert_eq!(done_by_hand.basis.release, Would::Nothing, "no decision writes it");
    assert!(matches!(with(late, &done_by_hand).step(70), Step::Skip(Skip::Rejected { .. })), "it is ticked off");
    assert!(matches!(world(8, "2027-01-01").step(70), Step::Keep { .. }));
}
