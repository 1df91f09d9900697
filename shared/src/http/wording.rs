//! Sentences about holds, lines and runs in the caller's language.
//!
//! The English ones are the domain's own texts. The Italian ones are in `italian`: one match a type without a default
//! arm, so that a new reason does not compile without its sentence.

mod italian;

use jiff::civil::Date;

use super::language::Language;
use crate::domain::departure::Departure;
use crate::domain::landing::Landing;
use crate::domain::month::UsageMonth;
use crate::domain::outcome::{Hold, Outcome};
use crate::domain::plan::Question;
use crate::domain::psa::AgreementFacts;
use crate::domain::quantity_override::{DecisionReason, Overridden, QuantityOverride};
use crate::domain::run::{RunFailure, RunFailureCode};
use crate::domain::usage::{DoubtKind, Unreadable};
use crate::domain::vendor_sync::VendorSync;

impl Language {
    /// Why a pair has this outcome; empty where the outcome needs no reason.
    #[must_use]
    pub fn reason(self, outcome: &Outcome) -> String {
        match self {
            Self::English => outcome.reason(),
            Self::Italian => italian::reason(outcome),
        }
    }

    /// What to do about an outcome; empty where nothing has to be done.
    #[must_use]
    pub fn advice(self, outcome: &Outcome) -> String {
        match self {
            Self::English => outcome.advice(),
            Self::Italian => italian::advice(outcome),
        }
    }

    /// Why a change waits.
    #[must_use]
    pub fn hold(self, hold: &Hold) -> String {
        match self {
            Self::English => hold.to_string(),
            Self::Italian => italian::hold(hold),
        }
    }

    /// How a customer left.
    #[must_use]
    pub fn departure(self, departure: &Departure) -> String {
        match self {
            Self::English => departure.to_string(),
            Self::Italian => italian::departure(departure),
        }
    }

    /// The ConnectWise invoice that bills a quantity of `month`.
    #[must_use]
    pub fn landing(self, month: UsageMonth, landing: Landing, facts: &AgreementFacts) -> String {
        match self {
            Self::English => landing.in_words(month, facts),
            Self::Italian => italian::landing(month, landing, facts),
        }
    }

    /// What is in place of a usage line's quantity.
    #[must_use]
    pub fn unreadable(self, found: &Unreadable) -> String {
        match self {
            Self::English => found.to_string(),
            Self::Italian => italian::unreadable(found),
        }
    }

    /// A question about many usage lines at once.
    #[must_use]
    pub fn question(self, question: Question, kind: DoubtKind) -> String {
        match self {
            Self::English => question.in_words(kind),
            Self::Italian => italian::question(question, kind),
        }
    }

    /// Why a run failed. The English text is stored with the run; the Italian one depends on the code alone.
    #[must_use]
    pub fn run_failure(self, failure: &RunFailure) -> String {
        match self {
            Self::English => failure.what.clone(),
            Self::Italian => italian::run_failure(failure.code).to_owned(),
        }
    }

    /// What to do about a run that failed.
    #[must_use]
    pub const fn run_advice(self, code: RunFailureCode) -> &'static str {
        match self {
            Self::English => code.advice(),
            Self::Italian => italian::run_advice(code),
        }
    }

    /// Why the vendor's own usage sync may still be on.
    #[must_use]
    pub fn vendor_sync(self, sync: &VendorSync) -> String {
        match self {
            Self::English => sync.in_words(),
            Self::Italian => italian::vendor_sync(sync),
        }
    }

    /// A month, for sentences: `November 2026`.
    #[must_use]
    pub fn month(self, month: UsageMonth) -> String {
        match self {
            Self::English => month.in_words(),
            Self::Italian => italian::month(month),
        }
    }

    /// A day, for sentences: `1 December 2026`.
    #[must_use]
    pub fn day(self, day: Date) -> String {
        match self {
            Self::English => day.strftime("%-d %B %Y").to_string(),
            Self::Italian => italian::day(day),
        }
    }

    /// What to do about the vendor's own usage sync.
    #[must_use]
    pub const fn vendor_sync_advice(self, sync: &VendorSync) -> &'static str {
        match self {
            Self::English => sync.advice(),
            Self::Italian => italian::VENDOR_SYNC_ADVICE,
        }
    }

    /// Why a person decided otherwise than the usage says.
    #[must_use]
    pub const fn decision_reason(self, reason: DecisionReason) -> &'static str {
        match self {
            Self::English => reason.in_words(),
            Self::Italian => italian::decision_reason(reason),
        }
    }

    /// What is used and what is billed in its place.
    #[must_use]
    pub fn overridden(self, quantity: &Overridden) -> String {
        match self {
            Self::English => quantity.to_string(),
            Self::Italian => italian::overridden(quantity),
        }
    }

    /// That another quantity than the usage has ended.
    #[must_use]
    pub fn override_ended(self, ended: &QuantityOverride) -> String {
        match self {
            Self::English => ended.ended_in_words(),
            Self::Italian => italian::override_ended(ended),
        }
    }

    /// The text in this language.
    #[must_use]
    pub const fn pick<'a>(self, english: &'a str, italian: &'a str) -> &'a str {
        match self {
            Self::English => english,
            Self::Italian => italian,
        }
    }
}
