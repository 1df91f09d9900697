//! What waits for a person, by the partner's settings, and what a person's decision does.

use rust_decimal::Decimal;
use shared::domain::decision::{Decision, Verdict};
use shared::domain::id::AgreementId;
use shared::domain::mapping::Combine::AddUp;
use shared::domain::outcome::{Hold, Outcome, Skip, Would};
use shared::domain::plan::{Step, Unfinished};
use shared::domain::settings::{DecreaseGuard, Guards, Jump};

use crate::world::{AGREEMENT, World, acme, addition_id, day, line, month, psa};

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

fn update(world: &World) -> Option<Would> {
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
fn to_zero_waits_whatever_the_settings() {
    let mut world = moves(3, 0);
    world.guards.decrease = DecreaseGuard::Above(Jump { percent: 1000, units: 1000 });
    assert!(matches!(world.step(70), Step::Hold(Hold::ToZero { .. })));
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
fn usage_that_looks_unfinished_holds_all_that_would_be_written_and_nothing_else() {
    let mut world = moves(12, 13);
    world.unfinished = Some(Unfinished { pairs: 100, lower: 60 });
    let step = world.step(70);
    assert!(matches!(step, Step::Hold(Hold::Unfinished { pairs: 100, lower: 60, .. })), "{step:?}");
    let mut same = moves(12, 12);
    same.unfinished = world.unfinished;
    assert_eq!(same.step(70), Step::Keep { addition: addition_id(1) });
    assert_eq!(decided(&world, Verdict::Release).basis.release, Would::Nothing, "a preview is applied instead");
}

#[test]
fn more_than_a_tenth_of_last_months_pairs_gone_or_lower_looks_unfinished() {
    use shared::domain::plan::LastMonth;
    let judge = |same: usize, lower: usize| {
        let mut last = LastMonth::default();
        for n in 0..same + lower {
            let now = if n < same { 12 } else { 11 };
            let world = moves(12, now);
            let usage = world.usage().of(Some(acme()));
            last.add(&world.snapshot, &usage, month("2026-11"));
        }
        last.judge(Guards::default().unfinished)
    };
    assert_eq!(judge(90, 10), None);
    assert_eq!(judge(89, 11), Some(Unfinished { pairs: 100, lower: 11 }));
    assert_eq!(judge(0, 5), None, "a few pairs are asked about one by one");
    assert_eq!(judge(0, 6), Some(Unfinished { pairs: 6, lower: 6 }));
    let mut last = LastMonth::default();
    let this_month = moves(12, 1);
    last.add(&this_month.snapshot, &this_month.usage().of(Some(acme())), month("2026-10"));
    assert_eq!(last.judge(Jump { percent: 0, units: 0 }), None, "what was written for the month itself says nothing");
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
