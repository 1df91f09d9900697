//! What a run comes to in units and in money: for each outcome, and in each currency by itself.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::domain::ledger::{Billed, CustomerLedger, Line};
use crate::domain::outcome::{Outcome, OutcomeKind, Would};
use crate::domain::terms::Terms;

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
    // Removes zero sums, so that interrupted and uninterrupted runs give equal totals.
    if sum.is_zero() {
        amounts.remove(currency);
    } else {
        amounts.insert(currency.to_owned(), sum);
    }
}

/// What ended in one way. Each addition is counted once, however many Sophos products it bills.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Total {
    /// Pairs of customer and Sophos product.
    pub pairs: u64,
    /// Their units in the usage.
    pub units: u64,
    /// Writes to ConnectWise on their additions. One that no line accounts for is in the run's counts alone.
    pub writes: u64,
    /// What was done; of what waits, is held or has failed: what would be done.
    pub change: Difference,
    /// What one invoice bills for the usage of their additions, net of the units that agreements include.
    pub amounts: Amounts,
    /// Additions that are in no amount, because ConnectWise does not tell their price.
    pub without_price: u64,
}

impl Total {
    fn add_addition(&mut self, outcome: &Outcome, billed: &Billed, currency: Option<&str>) {
        let terms = billed.terms.as_ref();
        self.writes += u64::from(billed.writes);
        self.change.add(planned(outcome, billed), terms, currency);
        match terms.and_then(|terms| terms.amount(billed.target)) {
            Some(amount) => add_amount(&mut self.amounts, currency, amount),
            None => self.without_price += u64::from(!billed.target.is_zero()),
        }
    }
}

/// What was done to an addition that ended so, or is still to be done.
fn planned(outcome: &Outcome, billed: &Billed) -> Would {
    match outcome {
        Outcome::Waiting(_) | Outcome::Held(_) => billed.waiting.unwrap_or(Would::Nothing),
        Outcome::Unchanged | Outcome::Created | Outcome::Updated | Outcome::Adopted | Outcome::Failed(_) => {
            billed.would
        }
        Outcome::Skipped(_) => Would::Nothing,
    }
}

/// What a run comes to in units and in money.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Billing {
    /// What was done; in a preview, what would be.
    pub done: Difference,
    /// The totals of each outcome that occurs.
    pub outcomes: BTreeMap<OutcomeKind, Total>,
}

impl Billing {
    /// The total of one outcome.
    #[must_use]
    pub fn total(&self, of: OutcomeKind) -> Total {
        self.outcomes.get(&of).cloned().unwrap_or_default()
    }

    pub(super) fn add(&mut self, ledger: &CustomerLedger) {
        let (mut counted, currency) = (BTreeSet::new(), ledger.facts.currency.as_deref());
        for line in &ledger.lines {
            let first = line.billed.as_ref().filter(|billed| counted.insert(billed.product));
            self.add_line(line, first, currency);
        }
        for ended in &ledger.ended {
            // An addition on another agreement may have another currency.
            let is_here = ledger.agreement.as_ref().is_some_and(|(agreement, _)| *agreement == ended.agreement);
            self.add_line(&ended.line, ended.line.billed.as_ref(), currency.filter(|_| is_here));
        }
    }

    /// `billed` is the line's addition, where no earlier line has counted it.
    fn add_line(&mut self, line: &Line, billed: Option<&Billed>, currency: Option<&str>) {
        let total = self.outcomes.entry(line.outcome.kind()).or_default();
        total.pairs += 1;
        total.units += line.units;
        let Some(billed) = billed else { return };
        total.add_addition(&line.outcome, billed, currency);
        let terms = billed.terms.as_ref();
        self.done.add(billed.did.unwrap_or(Would::Nothing), terms, currency);
        match line.outcome {
            Outcome::Unchanged | Outcome::Created | Outcome::Updated | Outcome::Adopted | Outcome::Held(_) => {
                // Also where something is held: a surplus addition was set to 0.
                self.done.add(billed.would, terms, currency);
            }
            Outcome::Waiting(_) | Outcome::Skipped(_) | Outcome::Failed(_) => {}
        }
    }
}
