//! Reads the PSA's rows as the terms on which an agreement is invoiced.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::Value;

use super::bill::{AdditionTerms, BillCustomer, Proration};
use super::period::{Cycle, Length};
use crate::connectwise::conditions::to_decimal;
use crate::connectwise::records::{Collection, Row};
use crate::connectwise::state::{State, reference_id};

/// An agreement as far as invoices are concerned.
pub(in crate::connectwise) struct AgreementTerms {
    pub(super) company: u32,
    /// The company that pays, where the agreement names one.
    pub(super) bill_to: Option<u32>,
    /// None where it bills once or never.
    pub(super) cycle: Option<Cycle>,
    pub(super) in_arrears: bool,
    pub(super) next: Option<Date>,
    pub(super) proration: Proration,
    pub(super) currency: Option<String>,
    /// Whether people or its end keep it from being invoiced at all.
    pub(super) inactive: bool,
    /// Whether the server invoices it by itself when its date has come.
    pub(super) automatic: bool,
}

/// A date of a row; its time of day does not move the day.
pub(in crate::connectwise) fn day(row: &Row, field: &str) -> Option<Date> {
    row.get(field)?.as_str()?.get(..10)?.parse().ok()
}

/// A number of a row, exactly as its digits say.
pub(in crate::connectwise) fn decimal(row: &Row, field: &str) -> Option<Decimal> {
    row.get(field).and_then(Value::as_number).and_then(to_decimal)
}

pub(super) fn flag(row: &Row, field: &str) -> bool {
    row.get(field).and_then(Value::as_bool).unwrap_or_default()
}

fn word<'a>(row: &'a Row, field: &str) -> Option<&'a str> {
    row.get(field)?.as_str()
}

/// The record that a reference leads to.
fn referred<'a>(state: &'a State, row: &Row, field: &str, to: Collection) -> Option<&'a Row> {
    state.row(to, 0, reference_id(row, field)?)
}

pub(in crate::connectwise) fn agreement(state: &State, id: u32) -> Option<AgreementTerms> {
    let row = state.row(Collection::Agreements, 0, id)?;
    let cancelled = flag(row, "cancelledFlag").then(|| day(row, "dateCancelled"));
    let ends = day(row, "endDate").filter(|_| !flag(row, "noEndingDateFlag"));
    let status = word(row, "agreementStatus");
    let currency = referred(state, row, "currency", Collection::Currencies);
    let decimals = currency.and_then(|currency| currency.get("numberOfDecimals")?.as_u64());
    Some(AgreementTerms {
        company: reference_id(row, "company")?,
        bill_to: reference_id(row, "billToCompany"),
        cycle: cycle(state, row),
        // What the vendor's words mean is not documented: an assumption of the simulator.
        in_arrears: word(row, "periodType") == Some("Current"),
        next: day(row, "nextInvoiceDate"),
        proration: Proration {
            prorated: flag(row, "prorateFlag"),
            first: day(row, "startDate"),
            last: cancelled.flatten().into_iter().chain(ends).min(),
            decimals: decimals.and_then(|decimals| decimals.try_into().ok()).unwrap_or(2),
        },
        currency: currency.and_then(|currency| currency.get("currencyCode")?.get("name")?.as_str()).map(str::to_owned),
        inactive: status == Some("Inactive") || cancelled == Some(None),
        automatic: flag(row, "autoInvoiceFlag"),
    })
}

/// The cycle that an agreement's billing cycle names; none where it does not bill again and again.
fn cycle(state: &State, row: &Row) -> Option<Cycle> {
    let options = referred(state, row, "billingCycle", Collection::BillingCycles)?.get("billingOptions")?;
    let length = match options.as_str()? {
        "Weekly" => Length::Weeks(1),
        "BiWeekly" => Length::Weeks(2),
        "Monthly" => Length::Months(1),
        "BiMonthly" => Length::Months(2),
        "Quarterly" => Length::Months(3),
        "SemiAnnual" => Length::Months(6),
        "Yearly" => Length::Months(12),
        _ => return None,
    };
    let next = day(row, "nextInvoiceDate")?;
    let began = day(row, "billStartDate").or_else(|| day(row, "startDate"));
    // In a month without the day on which the agreement's periods begin, one began on the month's last.
    let shortened = next.day() == next.days_in_month();
    let anchor = began.map(Date::day).filter(|began| shortened && *began > next.day()).unwrap_or(next.day());
    Some(Cycle { length, calendar: word(row, "invoicingCycle") == Some("CalendarYear"), anchor })
}

/// The additions of an agreement, by id.
pub(super) fn additions(state: &State, agreement: u32) -> Vec<AdditionTerms> {
    state.rows(Collection::Additions, agreement).filter_map(|(id, row)| addition(id, row)).collect()
}

pub(in crate::connectwise) fn addition(id: u32, row: &Row) -> Option<AdditionTerms> {
    Some(AdditionTerms {
        id,
        product: reference_id(row, "product")?,
        quantity: decimal(row, "quantity").unwrap_or_default(),
        less_included: decimal(row, "lessIncluded").unwrap_or_default(),
        price: decimal(row, "unitPrice").unwrap_or_default(),
        bill_customer: match word(row, "billCustomer") {
            Some("NoCharge") => BillCustomer::NoCharge,
            Some("DoNotBill") => BillCustomer::DoNotBill,
            _ => BillCustomer::Billable,
        },
        effective: day(row, "effectiveDate"),
        cancelled: day(row, "cancelledDate"),
    })
}

/// The agreement at the top of an agreement's parents; itself if it has none, or if they lead back to it.
pub(in crate::connectwise) fn root(state: &State, id: u32) -> u32 {
    let mut top = id;
    // A bound, so that cycles of parents end.
    for _ in 0..20 {
        let row = state.row(Collection::Agreements, 0, top);
        match row.and_then(|row| reference_id(row, "parentAgreement")) {
            Some(parent) if state.row(Collection::Agreements, 0, parent).is_some() => top = parent,
            Some(_) | None => return top,
        }
    }
    id
}

/// The agreements that are invoiced together, by the one at the top.
pub(super) fn families(state: &State) -> BTreeMap<u32, Vec<u32>> {
    let mut families: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (id, _) in state.rows(Collection::Agreements, 0) {
        families.entry(root(state, id)).or_default().push(id);
    }
    families
}
