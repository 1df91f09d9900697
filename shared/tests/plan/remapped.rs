//! Stories of a Sophos product that was mapped to another ConnectWise product: nobody pays for it twice.

use shared::domain::mapping::Combine::AddUp;
use shared::domain::psa::Addition;

use crate::connectwise::carry_out;
use crate::world::{World, addition_id, day, line, number, psa};

/// Intercept X was billed on product 70 in October, 8 of them, and goes to product 71 now.
fn remapped() -> World {
    World::with_intercept_x().synced_in_october(70, &[("CIX", 8)]).maps("CIX", 71)
}

const STILL_BILLED: &str = "CIX is still billed on addition 1 of ConnectWise product 70 (8)";

#[test]
fn a_new_addition_waits_until_the_old_one_is_out_of_the_way() {
    let world = remapped().uses("CIX", 9);
    world.ends("CIX", "held.stillBilled", STILL_BILLED);
    world.clone().maps("CIX", 70).ends("CIX", "updated", "");
    let mut set_to_zero = world.clone();
    set_to_zero.additions[0].quantity = number("0.00");
    set_to_zero.ends("CIX", "created", "");
    let mut cancelled = world;
    cancelled.additions[0].cancelled = Some(day("2026-11-30"));
    let reason =
        "addition 1 (8 of ConnectWise product 70) ended on 2026-11-30; a new one of 9 would begin on 2026-12-01";
    cancelled.ends("CIX", "held.endedInMonth", reason);
    cancelled.additions[0].cancelled = Some(day("2026-10-31"));
    cancelled.ends("CIX", "created", "");
    cancelled.additions[0].cancelled = Some(day("2026-12-01"));
    cancelled.ends("CIX", "held.stillBilled", STILL_BILLED);
}

#[test]
fn an_addition_of_the_new_product_is_neither_adopted_nor_raised_meanwhile() {
    let world = remapped().uses("CIX", 9);
    world.clone().bills(line(2, 71, "9")).ends("CIX", "held.stillBilled", STILL_BILLED);
    let ours = world.bills(line(2, 71, "3")).wrote(71, 2, "2026-10", &[("CIX", 3)]);
    ours.ends("CIX", "held.stillBilled", STILL_BILLED);
    let mut right = ours;
    right.additions[1].quantity = number("9");
    right.ends("CIX", "unchanged", "");
}

#[test]
fn the_first_run_shows_it_too() {
    remapped().first_run().uses("CIX", 9).ends("CIX", "held.stillBilled", STILL_BILLED);
}

#[test]
fn a_part_that_left_a_combined_product_waits_until_that_one_is_right_without_it() {
    let mapped = World::new().maps_by("CIX", 70, Some(AddUp)).maps_by("SVR", 70, Some(AddUp));
    let mut world =
        mapped.synced_in_october(70, &[("CIX", 8), ("SVR", 5)]).maps("CIX", 71).uses("CIX", 8).uses("SVR", 5);
    world.ends("CIX", "held.stillBilled", "CIX is still billed on addition 1 of ConnectWise product 70 (13)");
    world.ends("SVR", "held.partsChanged", "CIX no longer counts here, 13 → 5");
    world.additions[0].quantity = number("5");
    world.ends("CIX", "created", "");
    world.ends("SVR", "unchanged", "");
    let plan = world.plan();
    carry_out(&mut world, &plan);
    world.ends("CIX", "unchanged", "");
}

#[test]
fn what_was_written_as_zero_or_to_another_addition_is_not_billed_there() {
    let zero = World::new().maps_by("CIX", 71, None).maps("SVR", 70).uses("CIX", 9).uses("SVR", 5);
    zero.synced_in_october(70, &[("CIX", 0), ("SVR", 5)]).ends("CIX", "created", "");
    let mut typed_in = remapped().uses("CIX", 9);
    typed_in.additions[0] = Addition { id: addition_id(4), ..line(1, 70, "8") };
    typed_in.ends("CIX", "created", "");
    assert!(!typed_in.plan().additions.contains_key(&psa(70)));
}
