//! Needs your decision: what would be written, and why it was not.

mod overlap;
mod usage_lines;
mod words;

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::domain::departure::Departure;
use crate::domain::id::{AdditionId, AgreementId, ProductCode, PsaProductId};
use crate::domain::month::UsageMonth;
use crate::domain::usage::{Doubt, DoubtKind};

pub use overlap::{LineElsewhere, Place};

/// What a held line would do if it were released.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Would {
    /// Create an addition.
    Create {
        /// Its quantity.
        to: Decimal,
        /// Its first day; none where only the quantity is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        begins: Option<Date>,
    },
    /// Set an addition's quantity.
    Update {
        /// The quantity now.
        from: Decimal,
        /// The quantity then.
        to: Decimal,
    },
    /// Look after an addition that has the right quantity.
    Adopt {
        /// Its quantity.
        at: Decimal,
    },
    /// Go on billing what is billed, now that a person knows of it. Only a release does that.
    Keep {
        /// The quantity.
        at: Decimal,
    },
    /// Set an addition's cancelled date.
    End {
        /// Its quantity, which is billed until then.
        at: Decimal,
        on: Date,
    },
    /// Leave it as it is.
    Nothing,
}

impl Would {
    /// The quantity that ConnectWise has of it, and the one that it would have.
    #[must_use]
    pub const fn quantities(self) -> (Decimal, Decimal) {
        match self {
            Self::Create { to, .. } => (Decimal::ZERO, to),
            Self::Update { from, to } => (from, to),
            Self::Adopt { at } | Self::Keep { at } | Self::End { at, .. } => (at, at),
            Self::Nothing => (Decimal::ZERO, Decimal::ZERO),
        }
    }

    /// The first day of an addition that is created, or the cancelled date of one that is ended.
    #[must_use]
    pub const fn date(self) -> Option<Date> {
        match self {
            Self::Create { begins, .. } => begins,
            Self::End { on, .. } => Some(on),
            Self::Update { .. } | Self::Adopt { .. } | Self::Keep { .. } | Self::Nothing => None,
        }
    }

    /// How many units more are billed once it is done; below zero, less.
    #[must_use]
    pub fn units(self) -> Decimal {
        let (from, to) = self.quantities();
        to - from
    }
}

/// What is wrong with one part of a combined product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PartTrouble {
    /// It may not sync outside the Sophos-invoice mode.
    Firewall,
    /// It was used before and is not in this month's usage.
    Vanished,
    /// A line of it has no quantity that can be read.
    Unreadable,
}

/// Why a change waits for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Hold {
    /// An addition exists that we never wrote, at another quantity.
    Adopt {
        addition: AdditionId,
        /// Its quantity.
        from: Decimal,
        /// The usage.
        to: Decimal,
        unit_price: Option<Decimal>,
        /// How many the agreement includes.
        less_included: Decimal,
        /// Its `billCustomer`.
        bill_customer: String,
    },
    /// The quantity would fall.
    Decrease {
        /// The quantity now.
        from: Decimal,
        /// The usage.
        to: Decimal,
    },
    /// The quantity would rise by more than the partner lets it.
    Increase {
        /// The quantity now.
        from: Decimal,
        /// The usage.
        to: Decimal,
    },
    /// ConnectWise has still not invoiced the month before, though the time in which a change waits by itself is over.
    NewMonth {
        /// The month whose quantity ConnectWise still has to invoice.
        written: UsageMonth,
        /// The quantity now.
        from: Decimal,
        /// The new month's usage.
        to: Decimal,
    },
    /// So much of last month's usage is gone that the whole run waits.
    Unfinished {
        /// The pairs of last month.
        pairs: u64,
        /// Those among them that vanished or are newly 0.
        #[serde(alias = "lower")]
        gone: u64,
        /// The units of last month.
        #[serde(default)]
        before: u64,
        /// The units of the same products now.
        #[serde(default)]
        now: u64,
        /// What would be done.
        would: Would,
    },
    /// So much of last month's usage of one Sophos product is gone that all additions with it wait for one decision.
    ProductUnfinished {
        /// The Sophos product.
        product: ProductCode,
        /// The customers that it was written for last month.
        pairs: u64,
        /// Those among them where it vanished or is newly 0.
        gone: u64,
        /// What a release does.
        would: Would,
    },
    /// The quantity would fall to zero.
    ToZero {
        /// The quantity now.
        from: Decimal,
        /// Whether the customer is then billed for no product any more that we look after.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        last: bool,
    },
    /// The amount of one ConnectWise invoice would change by more than the partner lets it, in the agreement's currency.
    Amount {
        /// The quantity now; 0 where a new addition would be created.
        from: Decimal,
        /// The usage.
        to: Decimal,
        /// How much more would be billed; less below zero.
        by: Decimal,
        /// The most that the partner lets it change by itself.
        most: Decimal,
    },
    /// Used or billed before, and absent from this month's complete usage.
    Vanished {
        /// The Sophos product.
        product: ProductCode,
        /// Its last month and units, where we wrote them.
        last: Option<(UsageMonth, u64)>,
        /// What ConnectWise bills now.
        billed: Option<Decimal>,
    },
    /// A part of a combined product is in trouble; the whole addition waits.
    Part {
        /// The part.
        product: ProductCode,
        /// What is wrong with it.
        trouble: PartTrouble,
    },
    /// Parts that made up the last quantity no longer go to this ConnectWise product.
    PartsChanged {
        /// The parts that left.
        left: Vec<ProductCode>,
        /// The quantity now.
        from: Decimal,
        /// The sum of the parts that stay.
        to: Decimal,
    },
    /// A line's quantity could not be read.
    Unreadable {
        /// What stood there.
        found: String,
    },
    /// The usage lines of a part do not say what its quantity is.
    UsageLines {
        /// The part.
        product: ProductCode,
        doubt: Doubt,
        /// All that a decision answers, by part.
        asks: BTreeMap<ProductCode, Vec<DoubtKind>>,
        /// Whether the lines in doubt are too many to ask one by one: the partner answers for all of them at once.
        for_all: bool,
    },
    /// Several Sophos products go to one ConnectWise product and nobody has said how to combine them.
    CombineRule { parts: Vec<ProductCode> },
    /// More than one addition is in force on the last day of the usage month.
    Ambiguous { additions: Vec<AdditionId> },
    /// An addition of ours exists beside the one that is kept. We set it to 0; a person ends it.
    Surplus {
        kept: AdditionId,
        addition: AdditionId,
        /// The quantity with which it was created.
        created: Decimal,
        /// Its quantity after this run; more than 0 where a person has changed it.
        left: Decimal,
    },
    /// The new addition would have no price.
    ZeroPrice {
        /// The usage.
        to: Decimal,
    },
    /// The quantity in ConnectWise is not the one we wrote.
    HandEdit {
        /// What we wrote.
        written: Decimal,
        /// What is there now.
        found: Decimal,
        /// The usage.
        to: Decimal,
    },
    /// The addition that we wrote is no longer in force.
    AdditionGone {
        addition: AdditionId,
        /// The usage.
        to: Decimal,
    },
    /// The product's addition ended during the month after billing some days; a new one must start after them.
    EndedInMonth {
        /// The addition that has ended.
        line: LineElsewhere,
        /// Its cancelled date.
        on: Date,
        /// The usage.
        to: Decimal,
        /// The first day of the new addition.
        begins: Date,
    },
    /// Before an addition is created: another line bills the company for the product already.
    BilledElsewhere {
        /// The lines that bill it, the largest first; at least one.
        lines: Vec<LineElsewhere>,
        /// The usage.
        to: Decimal,
    },
    /// A part was mapped here from another ConnectWise product, whose addition still bills it.
    StillBilled {
        /// The part.
        product: ProductCode,
        /// The other ConnectWise product.
        on: PsaProductId,
        addition: AdditionId,
        /// The quantity of that addition.
        quantity: Decimal,
    },
    /// The addition takes effect only after the usage month.
    NotYetInForce {
        addition: AdditionId,
        /// Its first day.
        from: Date,
        /// The usage.
        to: Decimal,
    },
    /// The customer's former agreement still bills it.
    FormerAgreement {
        /// The former agreement.
        agreement: AgreementId,
        addition: AdditionId,
        /// What it bills.
        quantity: Decimal,
    },
    /// The customer's first run, or the first after its agreement changed.
    FirstRun {
        /// What would be done.
        would: Would,
    },
    /// The customer has left, and Sophos billed it in the month or ConnectWise bills what we wrote for it.
    LeftMonthlyBilling {
        /// How it has left.
        departure: Departure,
        /// What a release does: it writes this month's quantity.
        would: Would,
        /// Why it would wait even if the customer had not left.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        also: Option<Box<Hold>>,
    },
    /// The agreement was invoiced since the month's quantity was written: what is written now would be on no invoice of it.
    Late {
        /// The day of that ConnectWise invoice.
        on: Date,
        /// The quantity that was invoiced.
        invoiced: Decimal,
        /// The usage.
        to: Decimal,
    },
    /// A later month has been written already.
    OlderMonth {
        /// The newest month written.
        written: UsageMonth,
        /// The quantity on the older month's last day; 0 where no addition was in force.
        from: Decimal,
        /// The older month's usage.
        to: Decimal,
    },
    /// What would be done now is not what the preview showed.
    Moved {
        /// What the preview showed.
        shown: Would,
        /// What would be done now.
        now: Would,
    },
}

impl Hold {
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Adopt { .. } => "adopt",
            Self::Decrease { .. } => "decrease",
            Self::Increase { .. } => "increase",
            Self::NewMonth { .. } => "newMonth",
            Self::Unfinished { .. } => "unfinished",
            Self::ProductUnfinished { .. } => "productUnfinished",
            Self::ToZero { .. } => "toZero",
            Self::Amount { .. } => "amount",
            Self::Vanished { .. } => "vanished",
            Self::Part { .. } => "part",
            Self::PartsChanged { .. } => "partsChanged",
            Self::Unreadable { .. } => "unreadable",
            Self::UsageLines { doubt, .. } => doubt.kind().word(),
            Self::CombineRule { .. } => "combineRule",
            Self::Ambiguous { .. } => "ambiguous",
            Self::Surplus { .. } => "surplus",
            Self::ZeroPrice { .. } => "zeroPrice",
            Self::HandEdit { .. } => "handEdit",
            Self::AdditionGone { .. } => "additionGone",
            Self::EndedInMonth { .. } => "endedInMonth",
            Self::BilledElsewhere { .. } => "billedElsewhere",
            Self::StillBilled { .. } => "stillBilled",
            Self::NotYetInForce { .. } => "notYetInForce",
            Self::FormerAgreement { .. } => "formerAgreement",
            Self::FirstRun { .. } => "firstRun",
            Self::LeftMonthlyBilling { .. } => "leftMonthlyBilling",
            Self::Late { .. } => "late",
            Self::OlderMonth { .. } => "olderMonth",
            Self::Moved { .. } => "moved",
        }
    }
}
