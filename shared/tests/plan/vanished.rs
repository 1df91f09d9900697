//! Stories of usage that is not there: reported as zero, vanished, and never used are three things.

use crate::connectwise::carry_out;
use crate::world::{World, code, line, number, psa};

#[test]
fn written_before_and_absent_waits_and_names_the_last_month() {
    let world = World::with_intercept_x().synced_in_october(70, &[("CIX", 12)]);
    world.ends("CIX", "held.vanished", "CIX: 12 in October 2026, no line in this month's usage");
}

#[test]
fn billed_and_never_written_waits_as_well() {
    let world = World::with_intercept_x().bills(line(1, 70, "9.00"));
    world.ends("CIX", "held.vanished", "CIX: ConnectWise bills 9, no line in this month's usage");
}

#[test]
fn never_used_and_not_billed_is_nothing_at_all() {
    assert!(World::with_intercept_x().plan().rows.is_empty());
    assert!(World::with_intercept_x().bills(line(1, 70, "0")).plan().rows.is_empty());
}

#[test]
fn an_addition_that_somebody_ended_has_nothing_left_to_vanish_from() {
    let world = World::with_intercept_x().wrote(70, 1, "2026-10", &[("CIX", 12)]);
    world.ends("CIX", "unchanged", "");
}

#[test]
fn once_the_addition_is_set_to_zero_by_hand_nothing_waits_any_more() {
    let mut world = World::with_intercept_x().synced_in_october(70, &[("CIX", 12)]);
    assert!(world.find_outcome("CIX").unwrap().advice().contains("Write sets it to 0"));
    world.additions[0].quantity = number("0.00");
    world.ends("CIX", "unchanged", "");
    let plan = world.plan();
    carry_out(&mut world, &plan);
    assert_eq!(world.snapshot.written[&psa(70)].parts[&code("CIX")], 0);
    world.ends("CIX", "unchanged", "");
    world.uses("CIX", 3).ends("CIX", "updated", "");
}

#[test]
fn written_as_zero_and_absent_is_nothing_new() {
    World::with_intercept_x().synced_in_october(70, &[("CIX", 0)]).ends("CIX", "unchanged", "");
}

#[test]
fn reported_as_zero_is_a_fall_to_zero_and_not_a_vanishing() {
    let world = World::with_intercept_x().synced_in_october(70, &[("CIX", 12)]).uses("CIX", 0);
    world.ends(
        "CIX",
        "held.toZero",
        "the quantity would fall to zero, 12 → 0, and no other product is billed to this customer",
    );
}

#[test]
fn a_product_that_is_off_cannot_vanish() {
    let world = World::with_intercept_x().synced_in_october(70, &[("CIX", 12)]).switched_off("CIX");
    world.ends("CIX", "skipped.productOff", "the product's sync is off; ConnectWise goes on billing the last quantity");
}
