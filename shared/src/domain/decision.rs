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
use super::terms::Terms;
use super::usage::Reading;

/// What a decision is about: nothing of it may have moved when a release is carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HoldBasis {
    /// The agreement.
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
    /// The reading.
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
}

/// A person's decision on a hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// What to do.
    pub verdict: Verdict,
    /// Who decided.
    pub who: String,
    /// Why, in their words.
    pub why: String,
    /// When.
    pub at: Timestamp,
    /// What they saw.
    pub basis: HoldBasis,
    /// How they read the usage lines; only of a release where there are several ways.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<Reading>,
    /// Of a product that is billed elsewhere and moves here: the cancelled date that the lines there get. The release
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
                let after = |begins: Option<Date>| begins.is_some_and(|begins| begins > moves);
                let follows = matches!((self.basis.release, basis.release), (Would::Create { to: then, .. },
                    Would::Create { to: now, begins }) if then == now && after(begins));
                self.basis == *basis || (kept(&self.basis) == kept(basis) && follows)
            }
            // Once the reading is remembered, the same comes of the lines without a question.
            Verdict::Release if self.reading.is_some() => {
                let reading = self.reading.filter(|_| !basis.readings.is_empty());
                let same = kept(&self.basis) == kept(basis) && self.basis.elsewhere == basis.elsewhere;
                same && self.basis.released(self.reading) == basis.released(reading)
            }
            Verdict::Release => self.basis == *basis,
            Verdict::Reject => kept(&self.basis) == kept(basis),
        }
    }
}

/// Which hold: one for each (customer, ConnectWise product) and usage month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HoldKey {
    /// The usage month.
    pub month: UsageMonth,
    /// The customer.
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
}

/// A hold as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StandingHold {
    /// Which.
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
    /// The agreement's next ConnectWise invoice when the hold was first seen: the one that bills without it once it is made.
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
}

/// How long there is to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "due", rename_all = "camelCase")]
pub enum HoldDue {
    /// So many days to the next ConnectWise invoice; 0 from its day on, as long as it is not known to be made.
    In {
        /// Days.
        days: i32,
    },
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

    /// The hold once its agreement's next ConnectWise invoice is known to be another.
    #[must_use]
    pub fn with_next_invoice(self, next_invoice: Option<Date>) -> Self {
        Self { invoice: self.invoice.or(next_invoice), next_invoice, ..self }
    }

    /// The hold as a run sees it again: what was decided stays as long as it counts, and so does the invoice that it is
    /// about.
    #[must_use]
    pub fn refreshed_from(self, before: Option<&Self>) -> Self {
        let Some(before) = before else { return self };
        let decision = before.decision.clone().filter(|decision| decision.counts(&self.basis));
        Self { since: before.since, invoice: before.invoice.or(self.invoice), decision, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hold() -> StandingHold {
        let at: Timestamp = "2026-11-30T02:00:00Z".parse().unwrap();
        let (from, to) = (Decimal::from(12), Decimal::ONE);
        StandingHold {
            key: HoldKey {
                month: UsageMonth::parse("2026-11").unwrap(),
                customer: CustomerId::parse("718b6047-2fbc-4f4b-a143-45ee42bf5d3b").unwrap(),
                product: PsaProductId::try_from(70).unwrap(),
            },
            name: "ACME".into(),
            parts: Vec::new(),
            hold: Hold::Decrease { from, to },
            basis: HoldBasis {
                agreement: AgreementId::try_from(5).unwrap(),
                addition: AdditionId::try_from(9).ok(),
                quantity: from,
                release: Would::Update { from, to },
                readings: Vec::new(),
                elsewhere: Vec::new(),
            },
            invoice: Some(Date::constant(2026, 12, 1)),
            next_invoice: Some(Date::constant(2026, 12, 1)),
            run: RunId::parse("20261130T020000Z-scheduled-00000001").unwrap(),
            since: at,
            seen_at: at,
            facts: HoldFacts::default(),
            decision: None,
        }
    }

    fn decided(verdict: Verdict) -> StandingHold {
        let hold = hold();
        let decision = Decision {
            verdict,
            who: "billing".into(),
            why: "asked the customer".into(),
            at: hold.since,
            basis: hold.basis.clone(),
            reading: None,
            moves: None,
        };
        StandingHold { decision: Some(decision), ..hold }
    }

    #[test]
    fn a_hold_counts_the_days_to_the_connectwise_invoice_and_is_missed_once_it_is_made() {
        let day = |month, day| Date::constant(2026, month, day);
        assert_eq!(hold().due(day(11, 28)), HoldDue::In { days: 3 });
        assert_eq!(hold().due(day(12, 1)), HoldDue::In { days: 0 });
        assert_eq!(hold().due(day(12, 2)), HoldDue::In { days: 0 }, "the invoice is late, the line is not");
        let moved = StandingHold { next_invoice: Some(day(12, 31)), ..hold() };
        assert_eq!(moved.due(day(11, 30)), HoldDue::Missed, "invoiced ahead of its day");
        let deleted = moved.with_next_invoice(Some(day(12, 1)));
        assert_eq!(deleted.due(day(12, 2)), HoldDue::In { days: 0 }, "the invoice was deleted to be made again");
        let unknown = StandingHold { invoice: None, next_invoice: None, ..hold() };
        assert_eq!(unknown.due(day(12, 2)), HoldDue::Unknown);
    }

    #[test]
    fn a_release_counts_only_while_nothing_has_moved_and_a_rejection_while_connectwise_has_what_it_had() {
        let more_usage = |mut hold: StandingHold| {
            hold.basis.release = Would::Update { from: Decimal::from(12), to: Decimal::TWO };
            hold
        };
        let edited = |mut hold: StandingHold| {
            hold.basis.quantity = Decimal::TEN;
            hold
        };
        let stands = |verdict, now: StandingHold| now.refreshed_from(Some(&decided(verdict))).decision.is_some();
        assert!(stands(Verdict::Release, hold()) && stands(Verdict::Reject, hold()));
        assert!(!stands(Verdict::Release, more_usage(hold())) && stands(Verdict::Reject, more_usage(hold())));
        assert!(!stands(Verdict::Release, edited(hold())) && !stands(Verdict::Reject, edited(hold())));
    }
}
