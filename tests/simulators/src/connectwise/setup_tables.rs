//! The setup tables that every server of the vendor has before anyone enters anything: billing cycles, statuses and the like.

use serde_json::{Value, json};

use super::operations::stamp;
use super::records::Collection;
use super::state::State;

/// The id of the monthly billing cycle.
pub(super) const MONTHLY: u32 = 2;

const COMPANY_TYPES: [&str; 8] =
    ["Prospect", "Partner", "Competitor", "Supplier", "Subcontractor", "Former customer", "Customer", "Vendor"];

/// Enters them into an empty state. Their ids are those of the order here, from 1 on.
pub(super) fn enter(state: &mut State) {
    let tables = [
        (Collection::BillingCycles, billing_cycles()),
        (Collection::BillingTerms, billing_terms()),
        (Collection::Currencies, currencies()),
        (Collection::CompanyStatuses, named(&["Active", "Inactive", "Not-Approved", "Delinquent"])),
        (Collection::CompanyTypes, named(&COMPANY_TYPES)),
        (Collection::Locations, locations()),
        (Collection::Departments, departments()),
    ];
    for (collection, rows) in tables {
        for row in rows {
            let Value::Object(mut row) = row else { continue };
            stamp(&mut row, None, "2020-01-01T00:00:00Z", "setup");
            let id = state.take_id(collection);
            state.put(collection, 0, id, row);
        }
    }
}

fn billing_cycles() -> Vec<Value> {
    let cycles = [
        ("W", "Weekly", "Weekly"),
        ("M", "Monthly", "Monthly"),
        ("Q", "Quarterly", "Quarterly"),
        ("S", "Semi-annual", "SemiAnnual"),
        ("BW", "Bi-weekly", "BiWeekly"),
        ("BM", "Bi-monthly", "BiMonthly"),
        ("A", "Annual", "Yearly"),
        ("O", "One time", "NotRecurring"),
    ];
    let cycle = |(identifier, name, options): (&str, &str, &str)| json!({"identifier": identifier, "name": name, "defaultFlag": name == "Monthly", "billingOptions": options});
    cycles.into_iter().map(cycle).collect()
}

fn billing_terms() -> Vec<Value> {
    let term = |(name, days): (&str, u32)| json!({"name": name, "dueDays": days, "defaultFlag": days == 30});
    [("Due on receipt", 0), ("Net 15", 15), ("Net 30", 30)].into_iter().map(term).collect()
}

fn currencies() -> Vec<Value> {
    let currency = |(id, code, name, symbol): (u32, &str, &str, &str)| {
        json!({
            "currencyIdentifier": code,
            "name": name,
            "symbol": symbol,
            "displaySymbolFlag": true,
            "currencyCode": {"id": id, "name": code},
            "thousandsSeparator": ",",
            "decimalSeparator": ".",
            "numberOfDecimals": 2,
        })
    };
    [(1, "USD", "US Dollars", "$"), (2, "EUR", "Euro", "\u{20ac}")].into_iter().map(currency).collect()
}

fn locations() -> Vec<Value> {
    let location =
        |name: &&str| json!({"name": name, "structureLevel": {"id": 2, "name": "Location"}, "locationFlag": true});
    ["Headquarters", "North branch"].iter().map(location).collect()
}

fn departments() -> Vec<Value> {
    let department = |(identifier, name): (&str, &str)| json!({"identifier": identifier, "name": name});
    [("Service", "Professional services"), ("Managed", "Managed services")].into_iter().map(department).collect()
}

fn named(names: &[&str]) -> Vec<Value> {
    names.iter().enumerate().map(|(place, name)| json!({"name": name, "defaultFlag": place == 0})).collect()
}
