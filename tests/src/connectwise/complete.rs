//! What the server fills into a record by itself before it stores it.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::conditions::to_decimal;
use super::dates;
use super::records::{Collection, Row};
use super::state::{State, reference_id};

/// Fills in defaults. `sent` are the fields of this call; `before` is the record that is being changed, if any.
pub(super) fn complete(
    state: &State,
    now: Timestamp,
    collection: Collection,
    row: &mut Row,
    sent: &Row,
    before: Option<&Row>,
) {
    for field in collection.profile().fields {
        if let Some(default) = field.default {
            row.entry(field.name).or_insert_with(|| json!(default));
        }
    }
    match collection {
        Collection::Additions => addition(state, now, row, sent, before),
        Collection::Catalog => category_of_subcategory(state, row),
        Collection::Companies
        | Collection::Agreements
        | Collection::AgreementTypes
        | Collection::Categories
        | Collection::Subcategories
        | Collection::ProductTypes
        | Collection::UnitsOfMeasure
        | Collection::Manufacturers
        | Collection::Invoices => {}
    }
}

/// A new addition, and one whose product changes, takes price, cost and description from the catalog unless they are
/// sent along.
fn addition(state: &State, now: Timestamp, row: &mut Row, sent: &Row, before: Option<&Row>) {
    let product = reference_id(row, "product");
    let other_product = before.is_none_or(|before| reference_id(before, "product") != product);
    if let Some(item) = product.and_then(|id| state.row(Collection::Catalog, 0, id)).filter(|_| other_product) {
        for (field, source) in [("unitPrice", "price"), ("unitCost", "cost"), ("description", "description")] {
            if sent.get(field).is_none_or(Value::is_null) {
                row.remove(field);
                row.extend(item.get(source).map(|value| (field.to_owned(), value.clone())));
            }
        }
    }
    row.entry("effectiveDate").or_insert_with(|| json!(dates::day_of(now)));
    for field in ["quantity", "lessIncluded"] {
        row.entry(field).or_insert_with(|| json!(0.0));
    }
    let amount = |field: &str| row.get(field).and_then(Value::as_number).and_then(to_decimal).unwrap_or_default();
    let billed = (amount("quantity") - amount("lessIncluded")).max(Decimal::ZERO);
    // Through its digits, so that 0.1 stays 0.1.
    let billed: f64 = billed.to_string().parse().unwrap_or_default();
    row.insert("billedQuantity".to_owned(), json!(billed));
}

fn category_of_subcategory(state: &State, row: &mut Row) {
    if row.contains_key("category") {
        return;
    }
    let subcategory = reference_id(row, "subcategory").and_then(|id| state.row(Collection::Subcategories, 0, id));
    let category = subcategory.and_then(|subcategory| subcategory.get("category")).cloned();
    row.extend(category.map(|category| ("category".to_owned(), category)));
}
