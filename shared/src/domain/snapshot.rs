//! What we last wrote to an agreement, and what we set out to write: the memory that tells our own writes from others'.

mod change;
mod intent;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::id::{AdditionId, ProductCode, PsaProductId, RunId};
use super::month::UsageMonth;
use super::outcome::Would;
use super::psa::{Addition, AdditionDetail, CustomerNames};
use super::terms::Terms;
use super::usage::CustomerUsage;

pub use change::SeenChange;
pub use intent::Intent;

/// The parts that made up a quantity: units by Sophos product.
pub type Parts = BTreeMap<ProductCode, u64>;

/// What we wrote for one ConnectWise product of an agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Written {
    /// The addition that carries it.
    pub addition: AdditionId,
    /// The quantity that ConnectWise confirmed.
    pub confirmed: Decimal,
    /// A change on its way: stored before it is sent, removed when its answer is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<Pending>,
    /// Changes that had not taken effect when their settle time was over, the newest last. If one takes effect even
    /// later, it is recognised as ours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub late: Vec<Pending>,
    /// Creations without an answer that were settled by what was found, the newest last: another addition of theirs that
    /// appears later is our own too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settled: Vec<Sought>,
    /// Additions that a creation of ours left beside this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub surplus: Vec<Surplus>,
    /// Writes that took effect and stand in no ledger yet.
    #[serde(default, skip_serializing_if = "UnreportedWrites::is_nothing")]
    pub unreported: UnreportedWrites,
    /// The newest usage month written.
    pub month: UsageMonth,
    /// What made up the quantity.
    pub parts: Parts,
    /// What it came to in money, where the run that wrote it knew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<Terms>,
    /// Its first day, where we created it to begin after the usage month: an earlier line has billed the days until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begins: Option<Date>,
}

/// A change of quantity whose answer is not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pending {
    /// The quantity before.
    pub from: Decimal,
    /// The quantity sent.
    pub to: Decimal,
    /// The run that sent it.
    pub run: RunId,
    /// When it was about to be sent.
    pub at: Timestamp,
}

/// Writes that took effect in ConnectWise and that no run has reported yet. The run that closes the customer's ledger next
/// tells of them, in the same commit that forgets them here: each write stands in exactly one ledger, also where the
/// worker that sent it died before it could say so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UnreportedWrites {
    /// Additions created.
    #[serde(default)]
    pub created: u32,
    /// Quantities set.
    #[serde(default)]
    pub updated: u32,
    /// Additions adopted: no write to ConnectWise, but said once too.
    #[serde(default)]
    pub adopted: u32,
    /// What ConnectWise billed on the addition before the first of them; none where none of them changed that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Decimal>,
    /// The units of surplus additions that were set to 0.
    #[serde(default, skip_serializing_if = "Decimal::is_zero")]
    pub cleared: Decimal,
    /// The first day of the addition that was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begins: Option<Date>,
}

impl UnreportedWrites {
    /// Whether there is nothing to tell.
    #[must_use]
    pub const fn is_nothing(&self) -> bool {
        self.created == 0 && self.updated == 0 && self.adopted == 0
    }

    /// Adds earlier unreported writes.
    pub fn add_earlier(&mut self, earlier: Self) {
        self.created = self.created.saturating_add(earlier.created);
        self.updated = self.updated.saturating_add(earlier.updated);
        self.adopted = self.adopted.saturating_add(earlier.adopted);
        self.from = earlier.from.or(self.from);
        self.cleared = self.cleared.saturating_add(earlier.cleared);
        self.begins = earlier.begins.or(self.begins);
    }

    /// An addition was created that begins on a day.
    pub fn create(&mut self, begins: Date) {
        self.begins = Some(begins);
        self.created = self.created.saturating_add(1);
        self.from.get_or_insert(Decimal::ZERO);
    }

    /// A quantity was set that had been `from`.
    pub fn update(&mut self, from: Decimal) {
        self.updated = self.updated.saturating_add(1);
        self.from.get_or_insert(from);
    }

    /// A surplus addition of `quantity` was set to 0.
    pub fn clear(&mut self, quantity: Decimal) {
        self.updated = self.updated.saturating_add(1);
        self.cleared = self.cleared.saturating_add(quantity);
    }

    /// What all of them together did, now that the addition has the quantity `to`; none where they did nothing.
    #[must_use]
    pub fn did(&self, to: Decimal) -> Option<Would> {
        match self.from {
            Some(from) if self.created > 0 && from.is_zero() && self.cleared.is_zero() => {
                Some(Would::Create { to, begins: self.begins })
            }
            Some(from) => Some(Would::Update { from: from.saturating_add(self.cleared), to }),
            None if !self.cleared.is_zero() => Some(Would::Update { from: self.cleared, to: Decimal::ZERO }),
            None => (self.adopted > 0).then_some(Would::Adopt { at: to }),
        }
    }
}

/// What an addition of a creation without an answer looks like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sought {
    pub quantity: Decimal,
    pub effective: Date,
    /// The additions of this product that are not it.
    pub seen: Vec<AdditionId>,
}

/// An addition of ours beside the one that is kept: ConnectWise took one creation twice, or much too late.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Surplus {
    pub addition: AdditionId,
    /// The quantity with which it was created.
    pub quantity: Decimal,
    /// When it was last about to be set to 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<Timestamp>,
    /// Whether it is known to have been set to 0.
    #[serde(default)]
    pub cleared: bool,
}

/// How many late changes and settled creations are remembered of one addition.
const REMEMBERED: usize = 4;

impl Written {
    /// An addition as we wrote it, with nothing under way.
    #[must_use]
    pub const fn new(addition: AdditionId, confirmed: Decimal, month: UsageMonth, parts: Parts) -> Self {
        Self {
            addition,
            confirmed,
            pending: None,
            late: Vec::new(),
            settled: Vec::new(),
            surplus: Vec::new(),
            unreported: UnreportedWrites {
                created: 0,
                updated: 0,
                adopted: 0,
                from: None,
                cleared: Decimal::ZERO,
                begins: None,
            },
            month,
            parts,
            terms: None,
            begins: None,
        }
    }

    /// The same with what is remembered of `before`: unreported writes stay unreported, whatever was written since.
    #[must_use]
    pub fn after(mut self, before: Option<&Self>) -> Self {
        if let Some(before) = before {
            self.unreported = before.unreported;
            if before.addition == self.addition {
                (self.late, self.settled) = (before.late.clone(), before.settled.clone());
                self.surplus = before.surplus.clone();
                self.begins = before.begins;
            }
        }
        self
    }

    /// Whether a change of quantity that was sent may still show in ConnectWise.
    #[must_use]
    pub const fn is_under_way(&self) -> bool {
        self.pending.is_some() || !self.late.is_empty()
    }

    /// Whether a quantity found in ConnectWise can result from our writes; any other is a hand edit or another
    /// integration's.
    #[must_use]
    pub fn accounts_for(&self, quantity: Decimal) -> bool {
        let pending = self.pending.as_ref().is_some_and(|p| p.from == quantity || p.to == quantity);
        pending || self.confirmed == quantity || self.late.iter().any(|p| p.to == quantity)
    }

    /// The most that ConnectWise may bill by what we sent: a change whose answer is not known may have taken effect.
    #[must_use]
    pub fn most_billed(&self) -> Decimal {
        self.pending.as_ref().map_or(self.confirmed, |pending| self.confirmed.max(pending.to))
    }

    /// Whether a quantity of the addition is for this Sophos product: one that was used, or any part where none was used
    /// and a person had another quantity billed.
    #[must_use]
    pub fn bills(&self, code: &ProductCode) -> bool {
        self.parts.get(code).is_some_and(|units| *units > 0 || self.parts.values().all(|units| *units == 0))
    }

    /// Remembers a change whose settle time is over, in place of the oldest where there are too many.
    pub(super) fn remember_late(&mut self, pending: Pending) {
        push_newest(&mut self.late, pending);
    }

    /// Remembers a creation that was settled by what was found, in place of the oldest where there are too many.
    pub(super) fn remember_settled(&mut self, sought: Sought) {
        push_newest(&mut self.settled, sought);
    }
}

fn push_newest<T>(list: &mut Vec<T>, newest: T) {
    if list.len() >= REMEMBERED {
        list.remove(0);
    }
    list.push(newest);
}

/// An agreement's additions as they were last read. As long as the plan on them asks for nothing, they need not be read
/// again; a write forgets them, so that the next run reads back what it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Seen {
    /// When ConnectWise was asked.
    pub at: Timestamp,
    /// All additions of the agreement.
    pub additions: Vec<Addition>,
}

/// What we wrote to one agreement, and what we know of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Snapshot {
    /// By ConnectWise product.
    pub written: BTreeMap<PsaProductId, Written>,
    /// Its additions as they were last read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<Seen>,
    /// The names of the agreement and its company when its additions were last read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Option<Box<CustomerNames>>,
    /// By usage month, the day of the ConnectWise invoice that bills what was written for it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub invoices: BTreeMap<UsageMonth, Date>,
    /// By ConnectWise product, the lines of other agreements or products that bill it instead, by a person's decision.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub billed_elsewhere: BTreeMap<PsaProductId, Vec<AdditionId>>,
    /// The ConnectWise member that our writes are made by, as an answer to a write named it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// By addition, the last change of the lines that bill something of Sophos, as it was read.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub changes: BTreeMap<AdditionId, SeenChange>,
}

/// How many months the ConnectWise invoice that bills them is remembered.
const INVOICES_KEPT: usize = 3;
/// More additions than this are read each time instead of remembered: a table entry has its limits.
const MOST_SEEN: usize = 200;

impl Snapshot {
    /// The units of a Sophos product last written, with their month, wherever it was mapped to.
    #[must_use]
    pub fn last_of(&self, code: &ProductCode) -> Option<(UsageMonth, u64)> {
        self.written.values().filter_map(|w| w.parts.get(code).map(|units| (w.month, *units))).max()
    }

    /// Whether the units of a Sophos product that was written are others by now. One never written does not count.
    #[must_use]
    pub fn differs_from(&self, usage: &CustomerUsage) -> bool {
        let parts = self.written.values().flat_map(|written| &written.parts);
        parts.into_iter().any(|(code, units)| usage.find(code).map_or(0, |now| now.units) != *units)
    }

    /// Remembers the ConnectWise invoice that bills `month`: the earliest known to come on or after the month's last day.
    pub fn expect_invoice(&mut self, month: UsageMonth, next_invoice: Option<Date>) {
        let Some(date) = next_invoice.filter(|date| *date >= month.last_day()) else { return };
        self.invoices.entry(month).and_modify(|known| *known = date.min(*known)).or_insert(date);
        while self.invoices.len() > INVOICES_KEPT {
            self.invoices.pop_first();
        }
    }

    /// Whether what was written for `month` still waits for its ConnectWise invoice, seen by the agreement's next one.
    #[must_use]
    pub fn awaits_invoice(&self, month: UsageMonth, next_invoice: Option<Date>) -> bool {
        matches!((self.invoices.get(&month), next_invoice), (Some(expected), Some(next)) if next <= *expected)
    }

    /// The day of the ConnectWise invoice that bills what was written for `month`, if it has been made: the agreement's next
    /// one is a later one then.
    #[must_use]
    pub fn invoice_made(&self, month: UsageMonth, next_invoice: Option<Date>) -> Option<Date> {
        let expected = self.invoices.get(&month).copied();
        expected.filter(|expected| next_invoice.is_some_and(|next| next > *expected))
    }

    /// Remembers the additions as they were read at `at`, unless there are too many. Their details are not kept: whatever
    /// needs them reads the agreement.
    pub fn see(&mut self, at: Timestamp, additions: &[Addition]) {
        self.see_changes(additions);
        let without_detail = |addition: &Addition| Addition { detail: AdditionDetail::default(), ..addition.clone() };
        let remembered = || Seen { at, additions: additions.iter().map(without_detail).collect() };
        self.seen = (additions.len() <= MOST_SEEN).then(remembered);
    }

    /// Every Sophos product that was written before.
    pub fn codes(&self) -> impl Iterator<Item = &ProductCode> {
        self.written.values().flat_map(|w| w.parts.keys())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::usage::PairUsage;

    #[test]
    fn usage_differs_where_a_part_that_was_written_has_other_units_or_is_gone() {
        let code = |text: &str| ProductCode::parse(text).unwrap();
        let usage = |units: &[(&str, u64)]| {
            let pair =
                |(text, units): &(&str, u64)| (Some(code(text)), PairUsage { units: *units, ..Default::default() });
            CustomerUsage(units.iter().map(pair).collect())
        };
        let parts = Parts::from([(code("CIX"), 10), (code("MDR"), 5)]);
        let month = UsageMonth::parse("2026-11").unwrap();
        let addition = AdditionId::try_from(1).unwrap();
        let product = PsaProductId::try_from(7).unwrap();
        let written = Written::new(addition, Decimal::from(15), month, parts);
        let snapshot = Snapshot { written: BTreeMap::from([(product, written)]), ..Snapshot::default() };
        assert!(!snapshot.differs_from(&usage(&[("CIX", 10), ("MDR", 5), ("NEVER-WRITTEN", 3)])));
        assert!(snapshot.differs_from(&usage(&[("CIX", 10), ("MDR", 6)])));
        assert!(snapshot.differs_from(&usage(&[("CIX", 10)])));
        assert!(!Snapshot::default().differs_from(&usage(&[("CIX", 10)])));
    }
}
