//! Sentences about holds, lines and runs in the language of whoever asked.
//!
//! English is what the domain's types say of themselves. Italian is in `italian`: one match a type, without a default, so
//! that a reason that is added does not compile before it has its sentence.

mod italian;

use super::language::Language;
use crate::domain::departure::Departure;
use crate::domain::landing::Landing;
use crate::domain::month::UsageMonth;
use crate::domain::outcome::{Hold, Outcome};
use crate::domain::plan::Question;
use crate::domain::psa::AgreementFacts;
use crate::domain::run::{RunFailure, RunFailureCode};
use crate::domain::usage::{DoubtKind, Unreadable};
use crate::domain::vendor_sync::VendorSync;

impl Language {
    /// Why a pair ended as it did; empty where the outcome says it all.
    #[must_use]
    pub fn reason(self, outcome: &Outcome) -> String {
        match self {
            Self::English => outcome.reason(),
            Self::Italian => italian::reason(outcome),
        }
    }

    /// What to do about it; empty where there is nothing to do.
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

    /// How a customer has left.
    #[must_use]
    pub fn departure(self, departure: &Departure) -> String {
        match self {
            Self::English => departure.to_string(),
            Self::Italian => italian::departure(departure),
        }
    }

    /// On which ConnectWise invoice a quantity of `month` goes.
    #[must_use]
    pub fn landing(self, month: UsageMonth, landing: Landing, facts: &AgreementFacts) -> String {
        match self {
            Self::English => landing.in_words(month, facts),
            Self::Italian => italian::landing(month, landing, facts),
        }
    }

    /// What stands where a usage line's quantity should be.
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

    /// Why a run came to nothing. A run keeps its own words, which are English; in Italian it is what the code says.
    #[must_use]
    pub fn run_failure(self, failure: &RunFailure) -> String {
        match self {
            Self::English => failure.what.clone(),
            Self::Italian => italian::run_failure(failure.code).to_owned(),
        }
    }

    /// What to do about a run that came to nothing.
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

    /// What to do about it.
    #[must_use]
    pub const fn vendor_sync_advice(self, sync: &VendorSync) -> &'static str {
        match self {
            Self::English => sync.advice(),
            Self::Italian => italian::VENDOR_SYNC_ADVICE,
        }
    }

    /// Chooses between a text in English and the same in Italian.
    #[must_use]
    pub const fn pick<'a>(self, english: &'a str, italian: &'a str) -> &'a str {
        match self {
            Self::English => english,
            Self::Italian => italian,
        }
    }
}
