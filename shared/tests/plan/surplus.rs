//! Additions of ours beside the one that is kept: set to 0 while nobody has touched them, and held until a person ends them.

use rust_decimal::Decimal;
use shared::domain::plan::Step;
use shared::domain::snapshot::Surplus;

use crate::world::{World, addition_id, day, line, psa};

/// Additions 1 and 2 of one creation, the second with this quantity by now.
fn doubled(quantity: &str) -> World {
    let mut world = World::with_intercept_x().uses("CIX", 14).bills(line(1, 70, "12")).bills(line(2, 70, quantity));
    world = world.wrote(70, 1, "2026-11", &[("CIX", 12)]);
    let surplus = Surplus { addition: addition_id(2), quantity: Decimal::from(12), sent: None, cleared: false };
    world.snapshot.written.get_mut(&psa(70)).unwrap().surplus.push(surplus);
    world
}

#[test]
fn a_surplus_addition_is_set_to_0_and_held_and_never_deleted() {
    let plan = doubled("12").plan().additions[&psa(70)].clone();
    let Step::Clear { addition, from, hold } = plan.step else { panic!("{:?}", plan.step) };
    assert_eq!((addition, from), (addition_id(2), Decimal::from(12)));
    assert!(hold.to_string().ends_with("1 is kept, 2 is surplus and has 0"), "{hold}");
    doubled("0").ends(
        "CIX",
        "held.surplus",
        "ConnectWise has two additions for one that we created with 12: 1 is kept, 2 is surplus and has 0",
    );
}

#[test]
fn a_second_addition_that_begins_next_month_like_ours_is_seen_this_month() {
    let mut world = doubled("12").uses("CIX", 12);
    world.additions.iter_mut().for_each(|addition| addition.effective = Some(day("2026-12-01")));
    world.snapshot.written.get_mut(&psa(70)).unwrap().begins = Some(day("2026-12-01"));
    assert!(matches!(world.step(70), Step::Clear { .. }), "{:?}", world.step(70));
    // One that nobody knows for the second of ours may be a person's.
    world.snapshot.written.get_mut(&psa(70)).unwrap().surplus.clear();
    world.ends("CIX", "held.ambiguous", "additions 1, 2 are in force at once");
}

#[test]
fn a_surplus_addition_to_which_a_person_gave_a_quantity_is_left_alone() {
    let plan = doubled("5").plan().additions[&psa(70)].clone();
    assert!(matches!(plan.step, Step::Hold(_)), "{:?}", plan.step);
}

#[test]
fn nothing_is_set_to_0_while_it_may_still_take_effect() {
    let unsettled = World { unsettled: [psa(70)].into(), ..doubled("12") };
    unsettled.ends("CIX", "failed.unsettled", "a change sent earlier has no known end yet");
}
