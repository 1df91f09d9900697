//! Counting a run: outcomes, writes, and the tie-out of units and usage lines per product.
//!
//! Usage is counted when it is fetched, outcomes when they are written to the ledger. Compared at the end of the run,
//! so that a lost unit or line is found.

mod billing;
mod product;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ledger::CustomerLedger;
use super::outcome::Outcome;
use super::usage::{LineQuantity, UsageLine};

pub use billing::{Amounts, Billing, Difference, Total, add_amount};
pub use product::{NotBilled, ProductTally};

/// How many pairs ended how, and how many writes there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Pairs unchanged.
    pub unchanged: u64,
    /// Pairs on a new addition.
    pub created: u64,
    /// Pairs on an addition whose quantity was set.
    pub updated: u64,
    /// Pairs on an addition that is looked after from now on.
    pub adopted: u64,
    /// Pairs that wait by themselves.
    #[serde(default)]
    pub waiting: u64,
    /// Pairs that wait for a person.
    pub held: u64,
    /// Pairs not synced by a decision.
    pub skipped: u64,
    /// Pairs not synced because something is wrong.
    pub failed: u64,
    /// Customers in the ledger; the usage without a customer is none.
    pub customers: u64,
    /// Additions created in ConnectWise.
    pub additions_created: u64,
    /// Quantities set in ConnectWise.
    pub quantities_set: u64,
}

impl Counts {
    /// One customer's.
    #[must_use]
    pub fn of(ledger: &CustomerLedger) -> Self {
        let mut counts = Self::default();
        counts.add(ledger);
        counts
    }

    /// All pairs of the ledger.
    #[must_use]
    pub const fn pairs(&self) -> u64 {
        self.unchanged
            + self.created
            + self.updated
            + self.adopted
            + self.waiting
            + self.held
            + self.skipped
            + self.failed
    }

    /// All writes to ConnectWise.
    #[must_use]
    pub const fn writes(&self) -> u64 {
        self.additions_created + self.quantities_set
    }

    fn add(&mut self, ledger: &CustomerLedger) {
        self.customers += u64::from(ledger.customer.is_some());
        self.additions_created += u64::from(ledger.created);
        self.quantities_set += u64::from(ledger.updated);
        for line in ledger.all_lines() {
            *match line.outcome {
                Outcome::Unchanged => &mut self.unchanged,
                Outcome::Created => &mut self.created,
                Outcome::Updated => &mut self.updated,
                Outcome::Adopted => &mut self.adopted,
                Outcome::Waiting(_) => &mut self.waiting,
                Outcome::Held(_) => &mut self.held,
                Outcome::Skipped(_) => &mut self.skipped,
                Outcome::Failed(_) => &mut self.failed,
            } += 1;
        }
    }
}

/// The most Sophos products that a run counts: its entry in the table has at most 400 KB, and no partner has as many as that.
pub const MOST_PRODUCTS: usize = 1_000;
/// How many of them keep their description in the run.
const MOST_DESCRIBED: usize = 500;

/// A run's counts and its tie-out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    /// Pairs and writes.
    pub counts: Counts,
    /// What it comes to in units and in money.
    #[serde(default)]
    pub billing: Billing,
    /// Units by product code; under the empty text those of lines without one.
    pub products: BTreeMap<String, ProductTally>,
}

/// A product whose units or lines do not tie out: a defect of this program, never of the usage.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{}: units {usage}, lines {lines} in the usage; units {accounted}, lines {lines_accounted} in the ledger",
    if product.is_empty() { "usage without a product code" } else { product }
)]
pub struct TieOutBreak {
    /// The product code; empty for the lines without one.
    pub product: String,
    /// Units fetched.
    pub usage: u64,
    /// Units with an outcome.
    pub accounted: u64,
    /// Lines fetched.
    pub lines: u64,
    /// Lines behind what has an outcome.
    pub lines_accounted: u64,
}

impl Tally {
    /// Counts a usage line as it is fetched.
    pub fn add_usage(&mut self, line: &UsageLine) {
        let code = line.pair.product.as_ref().map_or_else(String::new, ToString::to_string);
        let is_described = self.products.len() <= MOST_DESCRIBED;
        let product = self.products.entry(code).or_default();
        if is_described {
            product.describe(&line.description);
        }
        product.lines += 1;
        match line.quantity {
            LineQuantity::Units(units) => product.usage += units,
            LineQuantity::Unreadable(_) => product.unreadable += 1,
        }
    }

    /// Whether Sophos reported anything: figures of no usage at all say nothing.
    #[must_use]
    pub fn has_usage(&self) -> bool {
        self.products.values().any(|product| product.lines > 0)
    }

    /// The same usage with nothing in the ledger yet: for a run that works on another run's usage.
    #[must_use]
    pub fn usage_only(&self) -> Self {
        let usage = |product: &ProductTally| ProductTally {
            description: product.description.clone(),
            usage: product.usage,
            lines: product.lines,
            unreadable: product.unreadable,
            ..ProductTally::default()
        };
        let products = self.products.iter().map(|(code, product)| (code.clone(), usage(product))).collect();
        Self { products, ..Self::default() }
    }

    /// Counts a customer as it is written to the ledger.
    pub fn add_ledger(&mut self, ledger: &CustomerLedger) {
        self.counts.add(ledger);
        self.billing.add(ledger);
        for line in &ledger.lines {
            let code = line.code.as_ref().map_or_else(String::new, ToString::to_string);
            let product = self.products.entry(code).or_default();
            product.lines_accounted += u64::from(line.usage_lines);
            product.add_units(line.bucket(), line.units);
            if let Outcome::Skipped(skip) = &line.outcome {
                let currency = ledger.facts.currency.as_deref();
                product.add_not_billed(skip.kind(), ledger.customer.is_some(), line.units, currency);
            }
        }
    }

    /// Checks that no unit and no usage line was lost.
    ///
    /// # Errors
    /// The products whose units or lines do not tie out.
    pub fn tie_out(&self) -> Result<(), Vec<TieOutBreak>> {
        let broken = |(code, tally): (&String, &ProductTally)| {
            let ties = tally.usage == tally.accounted() && tally.lines == tally.lines_accounted;
            (!ties).then(|| TieOutBreak {
                product: code.clone(),
                usage: tally.usage,
                accounted: tally.accounted(),
                lines: tally.lines,
                lines_accounted: tally.lines_accounted,
            })
        };
        let breaks: Vec<TieOutBreak> = self.products.iter().filter_map(broken).collect();
        if breaks.is_empty() { Ok(()) } else { Err(breaks) }
    }
}
