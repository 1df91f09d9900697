//! Stories of the customer: whether it syncs at all, before anything is read in ConnectWise.

use shared::domain::plan::is_read;

use crate::world::World;

fn acme_uses_twelve() -> World {
    World::with_intercept_x().uses("CIX", 12)
}

#[test]
fn a_customer_that_nobody_mapped_is_not_synced() {
    let mut world = acme_uses_twelve();
    world.mapping = None;
    let reason = "the Sophos customer is not mapped to a ConnectWise company";
    world.ends("CIX", "skipped.customerUnmapped", reason);
}

#[test]
fn a_customer_that_is_off_goes_on_being_billed_at_its_last_quantities() {
    let mut world = acme_uses_twelve();
    world.mapping.as_mut().unwrap().sync = false;
    let reason = "the customer's sync is off; ConnectWise goes on billing the last quantity";
    world.ends("CIX", "skipped.customerOff", reason);
}

#[test]
fn what_was_written_before_is_named_for_a_customer_that_syncs_no_more() {
    let written = || World::with_intercept_x().synced_in_october(70, &[("CIX", 8)]).uses("SVR", 3);
    let mut off = written();
    off.mapping.as_mut().unwrap().sync = false;
    let reason = "the customer's sync is off; ConnectWise goes on billing the last quantity";
    off.ends("CIX", "skipped.customerOff", reason);
    off.ends("SVR", "skipped.customerOff", reason);
    assert_eq!(off.plan().rows.len(), 2, "a pair has one row");
}

#[test]
fn only_msp_flex_customers_sync() {
    for billing in ["term", "trial", "Usage", ""] {
        let mut world = acme_uses_twelve();
        world.customer.as_mut().unwrap().billing = billing.into();
        let reason = format!("the customer is not on MSP Flex (its billing type is {billing})");
        world.ends("CIX", "skipped.notFlex", &reason);
    }
}

#[test]
fn nobody_is_told_to_map_or_switch_on_a_customer_that_cannot_sync() {
    let mut world = acme_uses_twelve();
    world.customer.as_mut().unwrap().billing = "term".into();
    let reason = "the customer is not on MSP Flex (its billing type is term)";
    world.mapping.as_mut().unwrap().sync = false;
    world.ends("CIX", "skipped.notFlex", reason);
    world.mapping = None;
    world.ends("CIX", "skipped.notFlex", reason);
}

#[test]
fn a_mapped_customer_that_sophos_no_longer_lists_is_a_failure() {
    let mut world = acme_uses_twelve();
    world.customer = None;
    world.ends("CIX", "failed.customerNotListed", "Sophos no longer lists this customer");
}

#[test]
fn connectwise_is_read_only_for_customers_that_sync() {
    let world = acme_uses_twelve();
    let (mapping, customer) = (world.mapping.as_ref(), world.customer.as_ref());
    assert!(is_read(mapping, customer));
    assert!(!is_read(None, customer) && !is_read(mapping, None));
}
