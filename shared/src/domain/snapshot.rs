//! What we last wrote to an agreement, and what we set out to write: the memory that tells our own writes from others'.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::id::{AdditionId, AgreementId, ProductCode, PsaProductId, RunId};
use super::month::UsageMonth;
use super::psa::Addition;

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
    /// The newest usage month written.
    pub month: UsageMonth,
    /// What made up the quantity.
    pub parts: Parts,
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

impl Written {
    /// Whether a quantity found in ConnectWise can be our own doing; any other is a hand edit or another integration's.
    #[must_use]
    pub fn accounts_for(&self, quantity: Decimal) -> bool {
        let pending = self.pending.as_ref().is_some_and(|p| p.from == quantity || p.to == quantity);
        pending || self.confirmed == quantity
    }
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
    /// By usage month, the day of the ConnectWise invoice that bills what was written for it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub invoices: BTreeMap<UsageMonth, Date>,
}

/// For so many months it is remembered which ConnectWise invoice bills them.
const INVOICES_KEPT: usize = 3;
/// More additions than this are read each time instead of remembered: a table entry has its limits.
const MOST_SEEN: usize = 200;

impl Snapshot {
    /// The units of a Sophos product last written, with their month, wherever it was mapped to.
    #[must_use]
    pub fn last_of(&self, code: &ProductCode) -> Option<(UsageMonth, u64)> {
        self.written.values().filter_map(|w| w.parts.get(code).map(|units| (w.month, *units))).max()
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

    /// Remembers the additions as they were read at `at`, unless there are too many.
    pub fn see(&mut self, at: Timestamp, additions: &[Addition]) {
        self.seen = (additions.len() <= MOST_SEEN).then(|| Seen { at, additions: additions.to_vec() });
    }

    /// Every Sophos product that was written before.
    pub fn codes(&self) -> impl Iterator<Item = &ProductCode> {
        self.written.values().flat_map(|w| w.parts.keys())
    }
}

/// The intent to create an addition: committed before the request is sent, because ConnectWise would take a second
/// request for a second line. As long as it stands, nobody creates this product on this agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Intent {
    /// The agreement.
    pub agreement: AgreementId,
    /// The product of the new addition.
    pub product: PsaProductId,
    /// Its quantity.
    pub quantity: Decimal,
    /// Its effective date.
    pub effective: Date,
    /// What makes up the quantity.
    pub parts: Parts,
    /// The usage month.
    pub month: UsageMonth,
    /// The agreement's additions of this product that were seen before.
    pub seen: Vec<AdditionId>,
    /// The run that meant to create it.
    pub run: RunId,
    /// When it was committed; the settle time counts from here.
    pub at: Timestamp,
}

impl Intent {
    /// What the snapshot remembers once the addition is known to be there.
    #[must_use]
    pub fn as_written(&self, addition: AdditionId) -> Written {
        Written { addition, confirmed: self.quantity, pending: None, month: self.month, parts: self.parts.clone() }
    }
}
