//! Stories of combined products: several Sophos products on one ConnectWise product, and never a silent partial sum.

use shared::domain::mapping::Combine::{AddUp, TakeLargest};
use shared::domain::mapping::ProductMapping;
use shared::domain::plan::Step;

use crate::connectwise::carry_out;
use crate::world::{World, addition_id, code, number, psa};

#[test]
fn each_trouble_of_a_part_has_its_own_advice_and_none_is_to_set_a_quantity_that_is_reported_later() {
    let advice = |world: World| world.find_outcome("CIX").unwrap().advice();
    let unreadable = clients_and_servers().uses("CIX", 11).reports("SVR", "-1");
    assert!(advice(unreadable).ends_with("the addition keeps its quantity until the line can be read."));
    let vanished = clients_and_servers().uses("CIX", 11);
    assert!(advice(vanished).contains("Write sets the addition to what the other parts use"));
    let firewall = clients_and_servers().firewall("SVR").nightly().uses("CIX", 11).uses("SVR", 6);
    assert!(advice(firewall).contains("until then the addition keeps its quantity"));
}

/// Clients and servers go to product 70, and both were synced in October: 10 + 5.
fn clients_and_servers() -> World {
    let mapped = World::new().maps_by("CIX", 70, Some(AddUp)).maps_by("SVR", 70, Some(AddUp));
    mapped.synced_in_october(70, &[("CIX", 10), ("SVR", 5)])
}

#[test]
fn parts_add_up_where_the_partner_chose_so() {
    let world = clients_and_servers().uses("CIX", 11).uses("SVR", 6);
    assert_eq!(world.step(70), Step::Update { addition: addition_id(1), from: number("15") });
    assert_eq!(world.plan().additions[&psa(70)].target, number("17"));
    world.ends("SVR", "updated", "");
}

#[test]
fn the_largest_part_counts_where_the_partner_chose_so() {
    let world = World::new().maps_by("CIX", 70, Some(TakeLargest)).maps_by("SVR", 70, Some(TakeLargest));
    let world = world.uses("CIX", 11).uses("SVR", 6);
    assert_eq!(world.plan().additions[&psa(70)].target, number("11"));
    world.ends("SVR", "created", "");
}

#[test]
fn without_a_rule_or_with_two_the_partner_is_asked() {
    let reason = "CIX, SVR go to one ConnectWise product: add up, or take the largest?";
    for (one, other) in [(None, None), (Some(AddUp), None), (Some(AddUp), Some(TakeLargest))] {
        let world = World::new().maps_by("CIX", 70, one).maps_by("SVR", 70, other).uses("CIX", 11).uses("SVR", 6);
        world.ends("CIX", "held.combineRule", reason);
        world.ends("SVR", "held.combineRule", reason);
        let clients_only = World::new().maps_by("CIX", 70, one).maps_by("SVR", 70, other).uses("CIX", 11);
        clients_only.uses("SVR", 0).ends("CIX", "created", "");
    }
}

#[test]
fn a_customer_with_one_of_the_parts_needs_no_rule() {
    let world = World::new().maps("CIX", 70).maps("SVR", 70).uses("CIX", 11);
    assert_eq!(world.plan().additions[&psa(70)].target, number("11"));
    world.ends("CIX", "created", "");
}

#[test]
fn a_part_never_used_counts_nothing() {
    let mapped = World::new().maps_by("CIX", 70, Some(AddUp)).maps_by("SVR", 70, Some(AddUp));
    let world = mapped.synced_in_october(70, &[("CIX", 10)]).uses("CIX", 11);
    world.ends("CIX", "updated", "");
    assert_eq!(world.find_outcome("SVR"), None);
}

#[test]
fn a_part_that_was_written_as_zero_may_be_absent() {
    let mapped = World::new().maps_by("CIX", 70, Some(AddUp)).maps_by("SVR", 70, Some(AddUp));
    let world = mapped.synced_in_october(70, &[("CIX", 10), ("SVR", 0)]).uses("CIX", 11);
    world.ends("CIX", "updated", "");
    world.ends("SVR", "updated", "");
}

#[test]
fn a_part_that_vanished_holds_the_whole_addition_and_is_named() {
    let world = clients_and_servers().uses("CIX", 30);
    let reason = "part SVR of this combined product was used or billed before and has no line in this month's usage";
    world.ends("CIX", "held.part", reason);
    world.ends("SVR", "held.part", reason);
}

#[test]
fn once_a_person_has_set_the_addition_to_what_the_other_parts_use_the_vanished_one_has_left() {
    let mut world = clients_and_servers().uses("CIX", 11);
    world.additions[0].quantity = number("11.00");
    world.ends("CIX", "unchanged", "");
    world.ends("SVR", "unchanged", "");
    let plan = world.plan();
    carry_out(&mut world, &plan);
    assert_eq!(world.snapshot.written[&psa(70)].parts[&code("SVR")], 0);
    world.lines.clear();
    world.clone().uses("CIX", 12).ends("CIX", "updated", "");
    let back = world.uses("CIX", 12).uses("SVR", 2);
    assert_eq!(back.plan().additions[&psa(70)].target, number("14"));
    back.ends("SVR", "updated", "");
}

#[test]
fn another_quantity_set_by_hand_decides_nothing_about_a_vanished_part() {
    let reason = "part SVR of this combined product was used or billed before and has no line in this month's usage";
    let mut world = clients_and_servers().uses("CIX", 11);
    world.additions[0].quantity = number("12");
    world.ends("CIX", "held.part", reason);
    // What we wrote ourselves is nobody's decision.
    let ours = clients_and_servers().uses("CIX", 15);
    ours.ends("CIX", "held.part", reason);
    let mut typed_in = clients_and_servers().uses("CIX", 11);
    typed_in.additions[0] = crate::world::line(2, 70, "11");
    typed_in.ends("CIX", "held.part", reason);
    let mut unreadable = clients_and_servers().uses("CIX", 11).reports("SVR", "-1");
    unreadable.additions[0].quantity = number("11");
    let reason = "part SVR of this combined product has a line whose quantity cannot be read";
    unreadable.ends("CIX", "held.part", reason);
}

#[test]
fn a_part_that_vanished_holds_even_where_the_rest_would_be_a_new_addition() {
    let moved = World::new().maps_by("CIX", 71, Some(AddUp)).maps_by("SVR", 71, Some(AddUp));
    let world = moved.synced_in_october(70, &[("SVR", 5)]).uses("CIX", 10);
    let reason = "part SVR of this combined product was used or billed before and has no line in this month's usage";
    world.ends("CIX", "held.part", reason);
}

#[test]
fn a_combined_product_that_is_billed_and_not_used_at_all_waits() {
    let mapped = World::new().maps_by("CIX", 70, Some(AddUp)).maps_by("SVR", 70, Some(AddUp));
    let world = mapped.bills(crate::world::line(1, 70, "9"));
    let reason = "part CIX of this combined product was used or billed before and has no line in this month's usage";
    world.ends("CIX", "held.part", reason);
    world.ends("SVR", "held.part", reason);
}

#[test]
fn a_part_with_a_line_that_cannot_be_read_holds_the_whole_addition() {
    let world = clients_and_servers().uses("CIX", 30).uses("SVR", 5).reports("SVR", "-1");
    world.ends("CIX", "held.part", "part SVR of this combined product has a line whose quantity cannot be read");
}

#[test]
fn a_firewall_part_holds_the_whole_addition_outside_the_sophos_invoice_mode() {
    let world = clients_and_servers().firewall("SVR").uses("CIX", 11).uses("SVR", 6);
    world.ends("CIX", "updated", "");
    let reason = "part SVR of this combined product may sync with the Sophos monthly invoice only";
    world.clone().nightly().ends("CIX", "held.part", reason);
    world.nightly().ends("SVR", "held.part", reason);
    let mapped = World::new().maps_by("CIX", 70, Some(AddUp)).maps_by("SVR", 70, Some(AddUp)).firewall("SVR");
    let unused = mapped.nightly().synced_in_october(70, &[("CIX", 10), ("SVR", 0)]).uses("CIX", 11);
    unused.ends("CIX", "updated", "");
}

#[test]
fn a_part_that_was_switched_off_leaves_the_sum_and_the_next_write_is_held_whatever_its_size() {
    let world = clients_and_servers().switched_off("SVR").uses("SVR", 5);
    world.clone().uses("CIX", 10).ends("CIX", "held.partsChanged", "SVR no longer counts here, 15 → 10");
    world.clone().uses("CIX", 40).ends("CIX", "held.partsChanged", "SVR no longer counts here, 15 → 40");
    let reason = "the product's sync is off; ConnectWise goes on billing the last quantity";
    world.uses("CIX", 10).ends("SVR", "skipped.productOff", reason);
}

#[test]
fn a_part_that_was_excluded_or_unmapped_leaves_the_sum_as_well() {
    let reason = "SVR no longer counts here, 15 → 10";
    let world = clients_and_servers().uses("CIX", 10).uses("SVR", 5);
    let excluded = world.clone().with_mapping("SVR", |mapping| mapping.exclude("free of charge".into()));
    excluded.ends("CIX", "held.partsChanged", reason);
    world.with_mapping("SVR", ProductMapping::unmap).ends("CIX", "held.partsChanged", reason);
}

#[test]
fn a_part_that_never_counted_leaves_without_a_question() {
    let mapped = World::new().maps_by("CIX", 70, Some(AddUp)).maps_by("SVR", 70, Some(AddUp)).switched_off("SVR");
    mapped.synced_in_october(70, &[("CIX", 10), ("SVR", 0)]).uses("CIX", 11).ends("CIX", "updated", "");
}

#[test]
fn once_a_person_has_set_what_is_left_the_sync_goes_on() {
    let mut world = clients_and_servers().switched_off("SVR").uses("CIX", 10);
    world.additions[0].quantity = number("10");
    world.ends("CIX", "unchanged", "");
}
