//! Counting a run: outcomes, writes, and the tie-out of units and usage lines per product.
//!
//! Usage is counted when it is fetched, outcomes when they are written to the ledger. The two meet at the end of the run:
//! a unit that was lost on the way shows, and so does a line of none.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::ledger::{Billed, CustomerLedger};
use super::outcome::{Bucket, Outcome, SkipKind, Would};
use super::terms::Terms;
use super::usage::{LineQuantity, UsageLine};

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
        self.unchanged + self.created + self.updated + self.adopted + self.held + self.skipped + self.failed
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
                Outcome::Held(_) => &mut self.held,
                Outcome::Skipped(_) => &mut self.skipped,
                Outcome::Failed(_) => &mut self.failed,
            } += 1;
        }
    }
}

/// The most Sophos products that a run counts: its entry in the table has at most 400 KB, and no partner has so many.
pub const MOST_PRODUCTS: usize = 1_000;
/// How many of them keep their description in the run.
const MOST_DESCRIBED: usize = 500;
/// How much of a description a run keeps. Sophos' own have fewer than 150 characters.
const DESCRIPTION_BYTES: usize = 150;

/// The units of one Sophos product: usage = synced + held + failed + off + unmapped + unassigned.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProductTally {
    /// What Sophos calls it, as far as `DESCRIPTION_BYTES` go; empty beyond the first `MOST_DESCRIBED` products.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Units in the usage as it was fetched.
    #[serde(skip_serializing_if = "is_zero")]
    pub usage: u64,
    /// Usage lines as they were fetched.
    #[serde(skip_serializing_if = "is_zero")]
    pub lines: u64,
    /// Usage lines behind what is in the ledger.
    #[serde(skip_serializing_if = "is_zero")]
    pub lines_accounted: u64,
    /// Fetched usage lines whose quantity could not be read; they count no units.
    #[serde(skip_serializing_if = "is_zero")]
    pub unreadable: u64,
    /// Units that ConnectWise bills.
    #[serde(skip_serializing_if = "is_zero")]
    pub synced: u64,
    /// Units that wait for a person.
    #[serde(skip_serializing_if = "is_zero")]
    pub held: u64,
    /// Units that could not be synced.
    #[serde(skip_serializing_if = "is_zero")]
    pub failed: u64,
    /// Units switched off or excluded.
    #[serde(skip_serializing_if = "is_zero")]
    pub off: u64,
    /// Units of products or customers that are not mapped.
    #[serde(skip_serializing_if = "is_zero")]
    pub unmapped: u64,
    /// Units without a customer or a product.
    #[serde(skip_serializing_if = "is_zero")]
    pub unassigned: u64,
    /// What is not synced, by its reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub not_billed: BTreeMap<SkipKind, NotBilled>,
}

/// Usage that is not synced, of one Sophos product and for one reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NotBilled {
    /// How many customers; 0 for usage that names none.
    pub customers: u64,
    /// Their units.
    pub units: u64,
}

impl ProductTally {
    /// What Sophos calls it in this usage, where that is not what it was known as.
    #[must_use]
    pub fn renamed_from(&self, known: &str) -> Option<&str> {
        let is_other = !self.description.is_empty() && self.description != beginning(known);
        is_other.then_some(self.description.as_str())
    }

    /// Units that have an outcome.
    #[must_use]
    pub const fn accounted(&self) -> u64 {
        self.synced + self.held + self.failed + self.off + self.unmapped + self.unassigned
    }

    fn bucket(&mut self, bucket: Bucket) -> &mut u64 {
        match bucket {
            Bucket::Synced => &mut self.synced,
            Bucket::Held => &mut self.held,
            Bucket::Failed => &mut self.failed,
            Bucket::Off => &mut self.off,
            Bucket::Unmapped => &mut self.unmapped,
            Bucket::Unassigned => &mut self.unassigned,
        }
    }
}

/// As much of a description as a run keeps.
fn beginning(description: &str) -> &str {
    let ends = description.char_indices().map(|(at, c)| at + c.len_utf8());
    let end = ends.take_while(|end| *end <= DESCRIPTION_BYTES).last().unwrap_or_default();
    description.split_at_checked(end).map_or(description, |(kept, _)| kept)
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a field over by reference")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Amounts by the code of their currency; under the empty text those whose currency ConnectWise does not tell.
pub type Amounts = BTreeMap<String, Decimal>;

/// What a run changes in units and in money, each addition counted once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// Units more; less below zero.
    pub units: Decimal,
    /// Net of the units that agreements include, never added up over two currencies.
    #[serde(default)]
    pub amounts: Amounts,
    /// Additions whose price ConnectWise does not tell: their amounts are not in it.
    pub without_price: u64,
}

impl Difference {
    /// Adds what `would` changes, in this currency.
    pub fn add(&mut self, would: Would, terms: Option<&Terms>, currency: Option<&str>) {
        self.units = self.units.saturating_add(would.units());
        match terms.and_then(|terms| terms.difference(would)) {
            Some(amount) if amount.is_zero() => {}
            Some(amount) => add_amount(&mut self.amounts, currency, amount),
            None => self.without_price += u64::from(would.units() != Decimal::ZERO),
        }
    }
}

/// Adds an amount to those of its currency.
pub fn add_amount(amounts: &mut Amounts, currency: Option<&str>, amount: Decimal) {
    let currency = currency.unwrap_or_default();
    let sum = amounts.get(currency).copied().unwrap_or_default().saturating_add(amount);
    // What cancels out is none: a run that was disturbed comes to the same as one that was not.
    if sum.is_zero() {
        amounts.remove(currency);
    } else {
        amounts.insert(currency.to_owned(), sum);
    }
}

/// What became of the differences that a run found; in a preview, what would.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Billing {
    /// Done.
    pub done: Difference,
    /// Waits for a person.
    pub waiting: Difference,
    /// Not done, because something is wrong.
    pub failed: Difference,
}

impl Billing {
    fn add(&mut self, ledger: &CustomerLedger) {
        let (mut counted, currency) = (BTreeSet::new(), ledger.facts.currency.as_deref());
        for line in &ledger.lines {
            if let Some(billed) = line.billed.as_ref().filter(|billed| counted.insert(billed.product)) {
                self.add_line(&line.outcome, billed, currency);
            }
        }
        for line in ledger.ended.iter().map(|ended| &ended.line) {
            if let Some(billed) = &line.billed {
                self.add_line(&line.outcome, billed, currency);
            }
        }
    }

    fn add_line(&mut self, outcome: &Outcome, billed: &Billed, currency: Option<&str>) {
        let terms = billed.terms.as_ref();
        self.done.add(billed.did.unwrap_or(Would::Nothing), terms, currency);
        match outcome.bucket() {
            Bucket::Synced => self.done.add(billed.would, terms, currency),
            Bucket::Failed => self.failed.add(billed.would, terms, currency),
            Bucket::Held => {
                self.waiting.add(billed.waiting.unwrap_or(Would::Nothing), terms, currency);
                // Beside a surplus addition that is set to 0, something waits as well.
                self.done.add(billed.would, terms, currency);
            }
            Bucket::Off | Bucket::Unmapped | Bucket::Unassigned => {}
        }
    }
}

/// A run's counts and its tie-out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    /// Pairs and writes.
    pub counts: Counts,
    /// What changes in units and in money.
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
        if is_described && product.description.is_empty() {
            beginning(&line.description).clone_into(&mut product.description);
        }
        product.lines += 1;
        match line.quantity {
            LineQuantity::Units(units) => product.usage += units,
            LineQuantity::Unreadable(_) => product.unreadable += 1,
        }
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
            *product.bucket(line.outcome.bucket()) += line.units;
            if let Outcome::Skipped(skip) = &line.outcome {
                let not_billed = product.not_billed.entry(skip.kind()).or_default();
                not_billed.customers += u64::from(ledger.customer.is_some());
                not_billed.units += line.units;
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
