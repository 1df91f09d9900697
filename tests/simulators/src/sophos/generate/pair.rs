//! What one customer uses of one product, as order lines.

use std::collections::HashMap;

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::products::Product;
use crate::sophos::tenant::Tenant;
use crate::sophos::usage_row::{ProductGroup, UsageRow};

/// The lines of one customer and one product, after so many months of drift.
pub(super) fn lines(
    tenant: &Tenant,
    number: usize,
    product: &Product,
    months: u32,
    draws: &mut ChaCha8Rng,
) -> Vec<UsageRow> {
    let split = match draws.random_range(0..100) {
        0..8 => 2,
        8..10 => 3,
        _ => 1,
    };
    let serial: u64 = draws.random();
    let quantity = quantity(product, months, draws);
    let lines = if quantity < split { 1 } else { split };
    let line = |place: i64| {
        let share = quantity / lines + if place == 0 { quantity % lines } else { 0 };
        UsageRow {
            product_description: product.description.clone(),
            product_group: product.group,
            sku: product.sku.clone(),
            unit_price: Some(product.unit_price),
            order_number: format!("OrderID-{:09}", 204_000_000 + number),
            order_line_item_number: format!("OrderLine-{:08}", 10 * number as i64 + place),
            serial_number: serial_number(serial.wrapping_add(place.unsigned_abs())),
            external_id: Some(external_id(tenant.id)),
            ..UsageRow::new(tenant.id, product.code.clone(), share)
        }
    };
    (0..lines).map(line).collect()
}

/// A start by the product's group, and one step of drift a month. It never falls below 1.
fn quantity(product: &Product, months: u32, draws: &mut ChaCha8Rng) -> i64 {
    let start = match product.group {
        ProductGroup::User => draws.random_range(3..=60),
        ProductGroup::Server => draws.random_range(1..=12),
        ProductGroup::Device => draws.random_range(1..=40),
    };
    (0..months).fold(start, |quantity: i64, _| {
        let draw: u32 = draws.random();
        let step = i64::from(draw >> 16);
        match draw % 100 {
            0..15 => quantity + 1 + step % 5,
            15..19 => (quantity - 1 - step % 3).max(1),
            _ => quantity,
        }
    })
}

/// Writes into each line what its order line holds altogether, over all customers: quantity and net price.
pub(super) fn total_up_order_lines(rows: &mut [UsageRow]) {
    let mut totals: HashMap<String, i64> = HashMap::new();
    for row in rows.iter() {
        *totals.entry(row.order_line_item_number.clone()).or_default() += row.billable_quantity;
    }
    for row in rows {
        let ordered = totals.get(&row.order_line_item_number).copied();
        row.ordered_quantity = ordered;
        row.net_price = row.unit_price.zip(ordered).map(|(price, ordered)| price * Decimal::from(ordered));
    }
}

fn serial_number(draw: u64) -> String {
    format!("C01{:012X}", draw >> 16)
}

/// The customer's id in the billing system: another one, and always the same for the same customer.
fn external_id(tenant_id: Uuid) -> Uuid {
    uuid::Builder::from_random_bytes(tenant_id.as_u128().rotate_left(36).to_be_bytes()).into_uuid()
}
