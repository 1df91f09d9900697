//! ConnectWise's invoices: what a partner's customers are billed, which is what a test that judges money reads.
//!
//! [`period`] cuts time into billing periods, [`bill`] says what the additions of an agreement bill of a period (pure, on
//! dates and decimals alone: a simulation calls it a million times), [`judge`] finds days that were billed twice or not
//! at all. `maker` makes the invoices of a simulated PSA, `wire` and `admin` show them.

pub(super) mod admin;
pub mod bill;
pub mod judge;
mod maker;
pub mod period;
pub(super) mod prorated;
pub(super) mod terms;
pub(super) mod wire;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

pub(super) use maker::make_automatic;

pub use bill::{AdditionTerms, BillCustomer, LineKind, Proration};
pub use period::Period;

/// The invoice of one agreement for one period. Nothing alters it once it is made; it can only be deleted.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Invoice {
    /// Its id, never used twice.
    pub id: u32,
    /// The agreement whose additions it bills.
    pub agreement: u32,
    /// The agreement's company: whose additions these are.
    pub company: u32,
    /// The company that pays.
    pub bill_to: u32,
    /// The invoice with which it was made and is deleted: its parent agreement's, or itself.
    pub made_with: u32,
    pub date: Date,
    /// The period that it bills.
    pub period: Period,
    /// The currency's code or name, where the agreement has one. Amounts in two currencies never add up.
    pub currency: Option<String>,
    /// What it bills.
    pub lines: Vec<InvoiceLine>,
    /// The agreement's next invoice date before it was made, to which its deletion goes back.
    pub date_before: Date,
}

/// A line of an invoice.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InvoiceLine {
    /// The addition that it bills.
    pub addition: u32,
    /// The addition's ConnectWise product when the invoice was made.
    pub product: u32,
    pub kind: LineKind,
    /// Whether the customer pays for it.
    pub bill_customer: BillCustomer,
    /// The days that it bills.
    pub days: Period,
    /// What exceeds the units included, never below zero.
    pub units: Decimal,
    /// The price of a unit for a whole period.
    pub price: Decimal,
    /// What it costs the customer, rounded to the currency's decimals; below zero for a credit.
    pub amount: Decimal,
}

impl Invoice {
    /// The sum of its lines.
    pub fn total(&self) -> Decimal {
        self.lines.iter().map(|line| line.amount).sum()
    }
}
