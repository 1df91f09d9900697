//! Stories of one Sophos product: the four states, its lines, and what is wrong with the ConnectWise product.

use shared::domain::mapping::ProductMapping;
use shared::domain::outcome::{Bucket, Outcome, Skip};
use shared::domain::plan::{Fate, Row, Step, unassigned_rows};
use shared::domain::usage::{LineQuantity, UsageTotals};

use crate::world::{World, acme, code, line, number, psa, usage_line};

#[test]
fn a_product_that_nobody_mapped_reaches_connectwise_with_nothing() {
    let reason = "the Sophos product is not mapped; nothing of it reaches ConnectWise";
    World::new().uses("CIX", 12).ends("CIX", "skipped.productUnmapped", reason);
    let discovered = World::new().uses("CIX", 12).with_mapping("CIX", |mapping| mapping);
    discovered.ends("CIX", "skipped.productUnmapped", reason);
}

#[test]
fn a_removed_mapping_stays_off_and_says_so() {
    let world = World::with_intercept_x().uses("CIX", 12).with_mapping("CIX", ProductMapping::unmap);
    world.ends("CIX", "skipped.mappingRemoved", "the mapping is gone and its sync is off");
    assert!(world.plan().additions.is_empty());
}

#[test]
fn a_product_that_is_off_goes_on_being_billed_at_its_last_quantity() {
    let world = World::with_intercept_x().synced_in_october(70, &[("CIX", 8)]).uses("CIX", 12).switched_off("CIX");
    world.ends("CIX", "skipped.productOff", "the product's sync is off; ConnectWise goes on billing the last quantity");
    assert!(world.plan().additions.is_empty());
}

#[test]
fn an_excluded_product_tells_the_reason_that_was_given() {
    let exclude = |mapping: ProductMapping| mapping.exclude("part of the flat fee".into());
    let world = World::with_intercept_x().uses("CIX", 12).with_mapping("CIX", exclude);
    world.ends("CIX", "skipped.excluded", "you decided not to bill it: part of the flat fee");
}

#[test]
fn a_mapping_that_moved_under_the_run_is_skipped_and_named() {
    let mut world = World::with_intercept_x().uses("CIX", 12);
    world.catalogue.clear();
    world.ends("CIX", "skipped.mappingMoved", "its mapping was changed while the run was under way");
}

#[test]
fn several_lines_of_one_product_are_one_quantity() {
    let world = World::with_intercept_x().uses("CIX", 5).uses("CIX", 4).uses("CIX", 3);
    let plan = world.plan();
    assert_eq!(plan.additions[&psa(70)].target, number("12"));
    let [Row { usage: Some(usage), .. }] = plan.rows.as_slice() else { panic!("{:?}", plan.rows) };
    assert_eq!((usage.units, usage.lines), (12, 3));
    world.ends("CIX", "created", "");
}

#[test]
fn one_line_that_cannot_be_read_holds_the_product_whatever_the_others_say() {
    let world = World::with_intercept_x().synced_in_october(70, &[("CIX", 8)]);
    let readings = [
        ("-3", "a usage line has -3, which is below zero"),
        ("2.5", "a usage line has 2.5, which is not a whole number"),
        ("null", "a usage line has no quantity"),
        ("\"many\"", "a usage line has \"many\", which is not a number"),
        ("1e300", "a usage line has 1e300, which is more than any line can have"),
    ];
    for (quantity, reason) in readings {
        world.clone().uses("CIX", 12).reports("CIX", quantity).ends("CIX", "held.unreadable", reason);
    }
}

#[test]
fn sums_of_the_largest_lines_stay_exact() {
    let world = World::with_intercept_x().synced_in_october(70, &[("CIX", 8)]);
    let world = (0..1000).fold(world, |world, _| world.uses("CIX", 10_000_000));
    assert_eq!(world.plan().additions[&psa(70)].target, number("10000000000"));
    let reason = "the quantity would rise by more than usual, 8 → 10000000000";
    world.ends("CIX", "held.increase", reason);
}

#[test]
fn a_line_without_a_product_code_is_kept_in_sight() {
    let mut world = World::with_intercept_x();
    world.lines.push(usage_line(Some(acme()), None, LineQuantity::Units(4)));
    let rows = world.plan().rows;
    assert_eq!(rows.len(), 1);
    assert_eq!((&rows[0].code, &rows[0].fate), (&None, &Fate::Ends(Outcome::Skipped(Skip::NoProductCode))));
}

#[test]
fn usage_without_a_customer_is_unassigned() {
    let lines = [
        usage_line(None, Some("CIX"), LineQuantity::Units(4)),
        usage_line(None, None, LineQuantity::Units(2)),
        usage_line(Some(acme()), Some("CIX"), LineQuantity::Units(9)),
    ];
    let rows = unassigned_rows(&lines.iter().collect::<UsageTotals>().of(None));
    let ends: Vec<_> = rows
        .iter()
        .map(|row| match &row.fate {
            Fate::Ends(outcome) => (row.code.clone(), outcome.code(), outcome.bucket()),
            Fate::With(product) => panic!("with {product}"),
        })
        .collect();
    let expected = [
        (None, "skipped.unassigned".to_owned(), Bucket::Unassigned),
        (Some(code("CIX")), "skipped.unassigned".to_owned(), Bucket::Unassigned),
    ];
    assert_eq!(ends, expected);
}

#[test]
fn a_firewall_alone_syncs_with_the_sophos_invoice_only() {
    let world = World::with_intercept_x().firewall("CIX").uses("CIX", 2);
    world.ends("CIX", "created", "");
    let reason = "Sophos Firewall products sync only with the Sophos monthly invoice";
    world.nightly().ends("CIX", "skipped.firewall", reason);
}

#[test]
fn a_connectwise_product_that_was_deleted_retired_or_made_a_bundle_pauses_the_sync() {
    let world = World::with_intercept_x().synced_in_october(70, &[("CIX", 8)]).uses("CIX", 12);
    let deleted = world.clone().without_psa_product(70);
    deleted.ends("CIX", "failed.psaProductGone", "the mapped ConnectWise product 70 no longer exists");
    let inactive = world.clone().with_psa_product(70, |product| product.inactive = true);
    inactive.ends("CIX", "failed.psaProductInactive", "the ConnectWise product SOPHOS-70 is inactive");
    let bundle = world.with_psa_product(70, |product| product.bundle = true);
    let reason = "the ConnectWise product SOPHOS-70 is of class Bundle, which no addition can have";
    bundle.ends("CIX", "failed.psaProductBundle", reason);
}

#[test]
fn a_renamed_connectwise_product_changes_nothing() {
    let world = World::with_intercept_x().synced_in_october(70, &[("CIX", 8)]).uses("CIX", 12);
    let renamed = world.clone().with_psa_product(70, |product| product.identifier = "ACME-SHIELD".into());
    assert_eq!(renamed.plan(), world.plan());
}

#[test]
fn nobody_writes_where_an_earlier_write_has_no_known_end() {
    let mut world = World::with_intercept_x().uses("CIX", 12);
    world.unsettled.insert(psa(70));
    world.ends("CIX", "failed.unsettled", "a change sent earlier has no known end yet");
}

#[test]
fn an_addition_of_a_product_that_is_not_mapped_is_left_alone() {
    let world = World::with_intercept_x().uses("CIX", 12).bills(line(1, 71, "3"));
    assert_eq!(world.plan().additions.keys().copied().collect::<Vec<_>>(), [psa(70)]);
    assert!(matches!(world.step(70), Step::Create { .. }));
}
