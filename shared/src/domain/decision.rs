//! What waits for a person, and what a person decided.
//!
//! A hold stands for one (customer, ConnectWise product) and usage month and is refreshed by each run. A decision is about
//! what the person saw, its [`HoldBasis`]: once that has moved, a release no longer counts.

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::id::{AdditionId, AgreementId, CustomerId, ProductCode, PsaProductId, RunId};
use super::month::UsageMonth;
use super::outcome::{Hold, Would};
use super::psa::CustomerNames;
use super::quantity_override::{
    DecisionReason, Overridden, OverrideKey, QuantityOverride, QuantityRule, TakesQuantity,
};
use super::terms::Terms;
use super::usage::Reading;

/// What a decision is about: nothing of it may have moved when a release is carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HoldBasis {
    pub agreement: AgreementId,
    /// The addition in force; none where there is none, or more than one.
    pub addition: Option<AdditionId>,
    /// What ConnectWise bills on it; 0 where there is none.
    pub quantity: Decimal,
    /// What a release does; [`Would::Nothing`] where the hold cannot be released, only put right.
    pub release: Would,
    /// Where usage lines can be read in several ways, what a release does by each of them, instead of `release`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub readings: Vec<Offer>,
    /// The lines elsewhere that bill it, or have ended, with their quantities.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elsewhere: Vec<(AdditionId, Decimal)>,
}

/// One way to read usage lines, and what a release does then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Offer {
    pub reading: Reading,
    /// What is done.
    pub does: Would,
}

impl HoldBasis {
    /// What a release does, by this reading where lines can be read in several ways; [`Would::Nothing`] where it cannot be
    /// released so.
    #[must_use]
    pub fn released(&self, reading: Option<Reading>) -> Would {
        match reading {
            Some(reading) => {
                let offer = self.readings.iter().find(|offer| offer.reading == reading);
                offer.map_or(Would::Nothing, |offer| offer.does)
            }
            None if self.readings.is_empty() => self.release,
            None => Would::Nothing,
        }
    }
}

/// What a person wants done with a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// Write it.
    Release,
    /// Keep what ConnectWise has for this usage month.
    Reject,
    /// Write another quantity than the usage.
    UseQuantity(OtherQuantity),
}

/// Another quantity than the usage, as a person decides it on a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OtherQuantity {
    /// How it follows from the usage.
    #[serde(flatten)]
    pub rule: QuantityRule,
    /// The last usage month for which it counts.
    pub until: UsageMonth,
    /// The quantity that the person saw.
    pub billed: Decimal,
}

/// A person's decision on a hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    pub verdict: Verdict,
    /// Who decided.
    pub who: String,
    /// Why, where it is otherwise than the usage says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<DecisionReason>,
    /// More about it, in their words; may be empty.
    pub why: String,
    pub at: Timestamp,
    /// What they saw.
    pub basis: HoldBasis,
    /// How they read the usage lines; only of a release where there are several ways.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<Reading>,
    /// If the product moves from another agreement: the cancelled date of the additions there. The release
    /// counts once they have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moves: Option<Date>,
}

impl Decision {
    /// Whether it still counts: a release while nothing has moved, a rejection while ConnectWise has what it had.
    #[must_use]
    pub fn counts(&self, basis: &HoldBasis) -> bool {
        let kept = |basis: &HoldBasis| (basis.agreement, basis.addition, basis.quantity);
        match self.verdict {
            // The same quantity, from a day on that the lines elsewhere no longer bill.
            Verdict::Release if let Some(moves) = self.moves => {
                self.basis == *basis || (kept(&self.basis) == kept(basis) && self.follows(moves, basis.release))
            }
            // After the reading is stored, the plan has the same result without a hold.
            Verdict::Release if self.reading.is_some() => {
                let reading = self.reading.filter(|_| !basis.readings.is_empty());
                let same = kept(&self.basis) == kept(basis) && self.basis.elsewhere == basis.elsewhere;
                same && self.basis.released(self.reading) == basis.released(reading)
            }
            Verdict::Release => self.basis == *basis,
            Verdict::Reject => kept(&self.basis) == kept(basis),
            // The hold may have another reason by now: the quantity that is written is the one that the person saw.
            Verdict::UseQuantity(other) => {
                let same = kept(&self.basis) == kept(basis) && self.basis.elsewhere == basis.elsewhere;
                let begins = self.basis.release.date();
                let date = begins.is_none() || begins == basis.release.date();
                let is_written = basis.release != Would::Nothing && basis.release.quantities().1 == other.billed;
                same && date && is_written
            }
        }
    }

    /// Whether a run writes something for it.
    #[must_use]
    pub const fn writes(&self) -> bool {
        matches!(self.verdict, Verdict::Release | Verdict::UseQuantity(_))
    }

    /// Whether a plan without a hold writes what the person decided: its reading is remembered by now, the lines
    /// elsewhere have ended, or the guards let it pass.
    #[must_use]
    pub fn is_planned(&self, basis: &HoldBasis, would: Would) -> bool {
        let kept = |basis: &HoldBasis| (basis.agreement, basis.addition, basis.quantity);
        let same = match self.verdict {
            Verdict::Reject => false,
            Verdict::UseQuantity(other) => would.quantities().1 == other.billed,
            Verdict::Release => {
                would == self.basis.released(self.reading) || self.moves.is_some_and(|moves| self.follows(moves, would))
            }
        };
        same && would != Would::Nothing && kept(&self.basis) == kept(basis)
    }

    /// Whether a line begins with the quantity of the hold, after the last day of the lines that it takes the place of.
    fn follows(&self, moves: Date, would: Would) -> bool {
        matches!((self.basis.release, would), (Would::Create { to: then, .. }, Would::Create { to: now, begins })
            if then == now && begins.is_some_and(|begins| begins > moves))
    }

    /// The override that a decision for another quantity makes of a hold.
    #[must_use]
    pub fn quantity_override(&self, hold: &StandingHold) -> Option<QuantityOverride> {
        let Verdict::UseQuantity(OtherQuantity { rule, until, .. }) = self.verdict else { return None };
        Some(QuantityOverride {
            key: self.override_key(hold.key)?,
            name: hold.name.clone(),
            parts: hold.parts.clone(),
            rule,
            until,
            reason: self.reason.unwrap_or(DecisionReason::Other),
            note: self.why.clone(),
            who: self.who.clone(),
            reported: None,
        })
    }

    /// The key of that override.
    #[must_use]
    pub const fn override_key(&self, hold: HoldKey) -> Option<OverrideKey> {
        let HoldKey { month, customer, product } = hold;
        match self.verdict {
            Verdict::UseQuantity(_) => Some(OverrideKey { customer, product, from: month, at: self.at }),
            Verdict::Release | Verdict::Reject => None,
        }
    }
}

/// Which hold: one for each (customer, ConnectWise product) and usage month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HoldKey {
    pub month: UsageMonth,
    pub customer: CustomerId,
    /// The ConnectWise product.
    pub product: PsaProductId,
}

impl HoldKey {
    /// Its name, also in the key of a page of holds: month, customer and ConnectWise product.
    #[must_use]
    pub fn name(self) -> String {
        let Self { month, customer, product } = self;
        format!("{month}#{customer}#{product}#")
    }

    /// The key of which this is the name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let mut parts = name.strip_suffix('#')?.split('#');
        let (month, customer, product) = (parts.next()?, parts.next()?, parts.next()?);
        let key = Self {
            month: UsageMonth::parse(month).ok()?,
            customer: CustomerId::parse(customer).ok()?,
            product: product.parse::<i64>().ok()?.try_into().ok()?,
        };
        // Only what is written in the one way that the table has.
        (key.name() == name).then_some(key)
    }
}

/// A hold as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StandingHold {
    #[serde(flatten)]
    pub key: HoldKey,
    /// The customer's name as Sophos has it.
    pub name: String,
    /// The Sophos products that go to the addition.
    pub parts: Vec<ProductCode>,
    /// Why it waits.
    pub hold: Hold,
    /// What a decision would be about.
    pub basis: HoldBasis,
    /// The agreement's next ConnectWise invoice when the hold was first seen. If it is made before a decision,
    /// it lacks the change.
    pub invoice: Option<Date>,
    /// That date when it was last seen.
    pub next_invoice: Option<Date>,
    /// The run that saw it last.
    pub run: RunId,
    /// When it was first seen.
    pub since: Timestamp,
    /// When it was last seen.
    pub seen_at: Timestamp,
    /// What is shown beside it.
    #[serde(default)]
    pub facts: HoldFacts,
    /// What a person decided, if anybody has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
}

/// What a run knew of a hold beyond what decides it: names and money, so that a list asks nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HoldFacts {
    /// Company and agreement.
    pub names: CustomerNames,
    /// What its quantity comes to in money, where the run has seen that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terms: Option<Terms>,
    /// Where an earlier decision replaces the usage: what is used and what is billed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overridden: Option<Box<Overridden>>,
    /// The override that has ended, so that the usage is billed again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Box<QuantityOverride>>,
}

/// How long there is to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "due", rename_all = "camelCase")]
pub enum HoldDue {
    /// The days to the next ConnectWise invoice; 0 from its day on, as long as it is not known to be made.
    In { days: i32 },
    /// The ConnectWise invoice was made without it.
    Missed,
    /// ConnectWise does not say when it invoices.
    Unknown,
}

impl StandingHold {
    /// How long there is to decide, seen from `today`.
    #[must_use]
    pub fn due(&self, today: Date) -> HoldDue {
        match (self.invoice, self.next_invoice) {
            (Some(first), Some(next)) if next > first => HoldDue::Missed,
            (Some(first), _) => HoldDue::In { days: today.until(first).map_or(0, |span| span.get_days()).max(0) },
            (None, _) => HoldDue::Unknown,
        }
    }

    /// What the usage asks for; none where that is not known.
    #[must_use]
    pub fn used(&self) -> Option<Decimal> {
        match &self.facts.overridden {
            Some(overridden) => overridden.used,
            None if self.hold.takes_quantity() == TakesQuantity::FixedOnly => None,
            None if self.basis.release == Would::Nothing => None,
            None => Some(self.basis.release.quantities().1),
        }
    }

    /// The quantity that is billed by a rule in place of the usage; none where it cannot be decided by that rule.
    #[must_use]
    pub fn billed_by(&self, rule: QuantityRule) -> Option<Decimal> {
        match self.hold.takes_quantity() {
            TakesQuantity::Any if self.basis.release != Would::Nothing => rule.billed(self.used()),
            TakesQuantity::FixedOnly => rule.billed(None),
            TakesQuantity::Any | TakesQuantity::Nothing => None,
        }
    }

    /// What a rule writes in place of the usage; [`Would::Nothing`] where it cannot be decided by that rule.
    #[must_use]
    pub fn written_by(&self, rule: QuantityRule) -> Would {
        let Some(to) = self.billed_by(rule) else { return Would::Nothing };
        match (self.basis.addition, self.basis.quantity) {
            (Some(_), from) if from == to => Would::Keep { at: from },
            (Some(_), from) => Would::Update { from, to },
            (None, _) if to.is_zero() => Would::Nothing,
            (None, _) => Would::Create { to, begins: self.basis.release.date() },
        }
    }

    /// What is written by a decision.
    #[must_use]
    pub fn written_after(&self, decision: &Decision) -> Would {
        match decision.verdict {
            Verdict::Release => self.basis.released(decision.reading),
            Verdict::Reject => Would::Nothing,
            Verdict::UseQuantity(other) => self.written_by(other.rule),
        }
    }

    /// The hold once its agreement's next ConnectWise invoice is known to be another.
    #[must_use]
    pub fn with_next_invoice(self, next_invoice: Option<Date>) -> Self {
        Self { invoice: self.invoice.or(next_invoice), next_invoice, ..self }
    }

    /// The hold as a run sees it again: keeps a valid decision and the first invoice.
    #[must_use]
    pub fn refreshed_from(self, before: Option<&Self>) -> Self {
        let Some(before) = before else { return self };
        let decision = before.decision.clone().filter(|decision| decision.counts(&self.basis));
        // One run reports the end of an override; whoever decides later still has to know of it.
        let ended = self.facts.ended.or_else(|| before.facts.ended.clone());
        let facts = HoldFacts { ended, ..self.facts };
        Self { since: before.since, invoice: before.invoice.or(self.invoice), decision, facts, ..self }
    }
}

#[cfg(test)]
mod tests;
