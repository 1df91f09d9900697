//! What the server fills into a record by itself before it stores it.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::dates;
use super::invoices::terms::decimal;
use super::invoices::wire::number;
use super::path::Scope;
use super::records::{Collection, Row};
use super::state::{State, reference_id};

/// What a new agreement takes from its type where it does not say.
const FROM_TYPE: [&str; 7] =
    ["location", "department", "billingCycle", "billingTerms", "invoicingCycle", "prorateFlag", "autoInvoiceFlag"];

/// Fills in defaults. `sent` are the fields of this call; `before` is the record that is being changed, if any.
pub(super) fn complete(state: &State, now: Timestamp, scope: Scope, row: &mut Row, sent: &Row, before: Option<&Row>) {
    for field in scope.collection.profile().fields {
        if let Some(default) = field.default {
            row.entry(field.name).or_insert_with(|| json!(default));
        }
    }
    match scope.collection {
        Collection::Additions => {
            addition(state, now, row, sent, before);
            number_lines(state, scope.owner, row, before);
        }
        Collection::Catalog => category_of_subcategory(state, row),
        Collection::Agreements if before.is_none() => agreement(state, row),
        Collection::Companies => company(state, row, before),
        Collection::Contacts => name_of_contact(row),
        Collection::Sites => {
            row.insert("company".to_owned(), json!({"id": scope.owner}));
        }
        Collection::Agreements
        | Collection::AgreementTypes
        | Collection::Categories
        | Collection::Subcategories
        | Collection::ProductTypes
        | Collection::UnitsOfMeasure
        | Collection::Manufacturers
        | Collection::Invoices
        | Collection::CompanyStatuses
        | Collection::CompanyTypes
        | Collection::Locations
        | Collection::Departments
        | Collection::BillingCycles
        | Collection::BillingTerms
        | Collection::Currencies => {}
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
    let amount = |field: &str| decimal(row, field).unwrap_or_default();
    let billed = (amount("quantity") - amount("lessIncluded")).max(Decimal::ZERO);
    let (price, cost) = (billed * amount("unitPrice"), billed * amount("unitCost"));
    for (field, value) in [("billedQuantity", billed), ("extPrice", price), ("extCost", cost), ("margin", price - cost)]
    {
        row.insert(field.to_owned(), number(value));
    }
}

/// The lines of an agreement are numbered in the order in which they were added, unless a number is sent along.
fn number_lines(state: &State, agreement: u32, row: &mut Row, before: Option<&Row>) {
    if before.is_none() && !row.contains_key("sequenceNumber") {
        let last =
            state.rows(Collection::Additions, agreement).filter_map(|(_, row)| decimal(row, "sequenceNumber")).max();
        row.insert("sequenceNumber".to_owned(), number(last.unwrap_or_default() + Decimal::ONE));
    }
}

fn category_of_subcategory(state: &State, row: &mut Row) {
    if row.contains_key("category") {
        return;
    }
    let subcategory = reference_id(row, "subcategory").and_then(|id| state.row(Collection::Subcategories, 0, id));
    let category = subcategory.and_then(|subcategory| subcategory.get("category")).cloned();
    row.extend(category.map(|category| ("category".to_owned(), category)));
}

/// A new agreement takes from its type what it does not say, and its company's currency.
fn agreement(state: &State, row: &mut Row) {
    let referred = |collection, field: &str| reference_id(row, field).and_then(|id| state.row(collection, 0, id));
    let kind = referred(Collection::AgreementTypes, "type");
    let company = referred(Collection::Companies, "company");
    let inherited = FROM_TYPE.iter().map(|field| (*field, kind)).chain([("currency", company)]);
    let found: Vec<(String, Value)> =
        inherited.filter_map(|(field, source)| Some((field.to_owned(), source?.get(field)?.clone()))).collect();
    for (field, value) in found {
        row.entry(field).or_insert(value);
    }
}

/// A new company is of the default status and currency; the names of its types are those of the table.
fn company(state: &State, row: &mut Row, before: Option<&Row>) {
    for (field, table) in [("status", Collection::CompanyStatuses), ("currency", Collection::Currencies)] {
        let default = state.rows(table, 0).find(|(_, row)| row.get("defaultFlag") == Some(&json!(true)));
        if let Some((id, _)) = default.or_else(|| state.rows(table, 0).next()).filter(|_| before.is_none()) {
            row.entry(field).or_insert_with(|| json!({ "id": id }));
        }
    }
    for kind in row.get_mut("types").and_then(Value::as_array_mut).into_iter().flatten() {
        let id = kind.get("id").and_then(Value::as_u64).and_then(|id| u32::try_from(id).ok());
        let name = id.and_then(|id| state.row(Collection::CompanyTypes, 0, id)).and_then(|row| row.get("name"));
        if let (Some(id), Some(name)) = (id, name) {
            *kind = json!({"id": id, "name": name});
        }
    }
}

/// What a reference to a contact shows.
fn name_of_contact(row: &mut Row) {
    let names: Vec<&str> = ["firstName", "lastName"].iter().filter_map(|field| row.get(*field)?.as_str()).collect();
    let name = names.join(" ");
    row.insert("name".to_owned(), json!(name.trim()));
}
