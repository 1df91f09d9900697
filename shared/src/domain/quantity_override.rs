//! Another quantity than the usage: a person's rule for one (customer, ConnectWise product), for some usage months.
//!
//! The usage is counted as ever, and ties out to Sophos. The rule changes only what is billed for it.

use std::fmt;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::id::{CustomerId, ProductCode, PsaProductId, RunId};
use super::month::UsageMonth;
use super::outcome::Hold;

/// How the billed quantity follows from the usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "rule", content = "value", rename_all = "camelCase")]
pub enum QuantityRule {
    /// This quantity, whatever is used.
    Fixed(Decimal),
    /// The usage, but at least this quantity.
    Minimum(Decimal),
    /// The usage and this quantity more.
    Plus(Decimal),
    /// The usage and this quantity less, never below 0.
    Minus(Decimal),
}

/// Why a person decided otherwise than the usage says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DecisionReason {
    CustomerAgreed,
    /// Sophos reports the wrong quantity.
    SophosIsWrong,
    /// An exception that will not come again.
    OneOff,
    /// Anything else.
    Other,
}

/// Which override. Of several for one usage month, the one that was decided for the latest month counts, and of those
/// the one that was decided last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OverrideKey {
    pub customer: CustomerId,
    /// The ConnectWise product.
    pub product: PsaProductId,
    /// The first usage month.
    pub from: UsageMonth,
    /// When it was decided.
    pub at: Timestamp,
}

/// Another quantity than the usage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QuantityOverride {
    #[serde(flatten)]
    pub key: OverrideKey,
    /// The customer's name as Sophos had it.
    pub name: String,
    /// The Sophos products that went to the addition.
    pub parts: Vec<ProductCode>,
    /// What is billed.
    #[serde(flatten)]
    pub rule: QuantityRule,
    /// The last usage month.
    pub until: UsageMonth,
    pub reason: DecisionReason,
    /// More about it, in the person's words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Who decided.
    pub who: String,
    /// The run whose ledger said that it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported: Option<RunId>,
}

/// What a quantity is that a person has overridden.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Overridden {
    /// What the usage asks for; none where it cannot be read.
    pub used: Option<Decimal>,
    /// What is billed in its place.
    pub billed: Decimal,
    /// By which decision.
    pub by: QuantityOverride,
}

/// Which rules a hold can be decided with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakesQuantity {
    Any,
    /// Only a fixed quantity: nobody knows what is used.
    FixedOnly,
    /// None: another quantity would not put it right.
    Nothing,
}

impl QuantityRule {
    /// What is billed for this usage; none where that depends on a usage that is not known.
    #[must_use]
    pub fn billed(self, used: Option<Decimal>) -> Option<Decimal> {
        match self {
            Self::Fixed(quantity) => Some(quantity),
            Self::Minimum(least) => used.map(|used| used.max(least)),
            Self::Plus(more) => used.map(|used| used.saturating_add(more)),
            Self::Minus(less) => used.map(|used| used.saturating_sub(less).max(Decimal::ZERO)),
        }
    }

    /// Whether what is billed does not depend on the usage.
    #[must_use]
    pub const fn is_fixed(self) -> bool {
        matches!(self, Self::Fixed(_))
    }

    /// Its number.
    #[must_use]
    pub const fn value(self) -> Decimal {
        match self {
            Self::Fixed(value) | Self::Minimum(value) | Self::Plus(value) | Self::Minus(value) => value,
        }
    }
}

impl DecisionReason {
    /// What a person reads for it.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::CustomerAgreed => "customer agreed",
            Self::SophosIsWrong => "Sophos is wrong",
            Self::OneOff => "one-off",
            Self::Other => "other",
        }
    }
}

impl QuantityOverride {
    /// Whether it is about this usage month.
    #[must_use]
    pub fn covers(&self, month: UsageMonth) -> bool {
        self.key.from <= month && month <= self.until
    }

    /// Whether it ended before this usage month and no run has said so.
    #[must_use]
    pub fn is_unreported_end(&self, month: UsageMonth) -> bool {
        self.until < month && self.reported.is_none()
    }
}

/// The override of a product that counts in a usage month.
#[must_use]
pub fn in_effect(
    overrides: &[QuantityOverride],
    product: PsaProductId,
    month: UsageMonth,
) -> Option<&QuantityOverride> {
    let covers = |one: &&QuantityOverride| one.key.product == product && one.covers(month);
    overrides.iter().filter(covers).max_by_key(|one| one.key)
}

/// The override of a product that has ended before a usage month, if none counts in it and no run has said so yet.
#[must_use]
pub fn just_ended(
    overrides: &[QuantityOverride],
    product: PsaProductId,
    month: UsageMonth,
) -> Option<&QuantityOverride> {
    if in_effect(overrides, product, month).is_some() {
        return None;
    }
    let ended = |one: &&QuantityOverride| one.key.product == product && one.is_unreported_end(month);
    overrides.iter().filter(ended).max_by_key(|one| (one.until, one.key))
}

impl Hold {
    /// Which rules for another quantity it can be decided with.
    #[must_use]
    pub fn takes_quantity(&self) -> TakesQuantity {
        use super::outcome::PartTrouble;
        match self {
            Self::Adopt { .. }
            | Self::Decrease { .. }
            | Self::Increase { .. }
            | Self::NewMonth { .. }
            | Self::ProductUnfinished { .. }
            | Self::ToZero { .. }
            | Self::Amount { .. }
            | Self::Vanished { .. }
            | Self::Part { trouble: PartTrouble::Vanished, .. }
            | Self::PartsChanged { .. }
            | Self::ZeroPrice { .. }
            | Self::HandEdit { .. }
            | Self::AdditionGone { .. }
            | Self::EndedInMonth { .. }
            | Self::LeftMonthlyBilling { also: None, .. } => TakesQuantity::Any,
            // A question that no quantity answers stays one beside another.
            Self::LeftMonthlyBilling { also: Some(also), .. } => also.takes_quantity(),
            Self::Unreadable { .. }
            | Self::Part { trouble: PartTrouble::Unreadable, .. }
            | Self::UsageLines { .. }
            | Self::CombineRule { .. } => TakesQuantity::FixedOnly,
            Self::Unfinished { .. }
            | Self::Part { trouble: PartTrouble::Firewall, .. }
            | Self::Ambiguous { .. }
            | Self::Surplus { .. }
            | Self::BilledElsewhere { .. }
            | Self::StillBilled { .. }
            | Self::NotYetInForce { .. }
            | Self::FormerAgreement { .. }
            | Self::FirstRun { .. }
            | Self::Late { .. }
            | Self::OlderMonth { .. }
            | Self::Moved { .. } => TakesQuantity::Nothing,
        }
    }
}

impl fmt::Display for QuantityRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(_) => f.write_str("fixed"),
            Self::Minimum(_) => f.write_str("minimum"),
            Self::Plus(more) => write!(f, "plus {}", more.normalize()),
            Self::Minus(less) => write!(f, "minus {}", less.normalize()),
        }
    }
}

impl fmt::Display for Overridden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let billed = self.billed.normalize();
        match self.used {
            Some(used) => write!(f, "{} used, {billed} billed ({})", used.normalize(), self.by.rule),
            None => write!(f, "usage not readable, {billed} billed ({})", self.by.rule),
        }
    }
}

impl QuantityOverride {
    /// The note of the run that finds it ended.
    #[must_use]
    pub fn ended_in_words(&self) -> String {
        let (value, until) = (self.rule.value().normalize(), self.until.in_words());
        let what = match self.rule {
            QuantityRule::Fixed(_) => format!("the fixed quantity of {value}"),
            QuantityRule::Minimum(_) => format!("the minimum of {value}"),
            QuantityRule::Plus(_) => format!("the {value} on top of the usage"),
            QuantityRule::Minus(_) => format!("the {value} off the usage"),
        };
        format!("{what} ended with {until}; the usage is billed again")
    }
}
