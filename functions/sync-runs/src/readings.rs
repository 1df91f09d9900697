//! Usage lines in doubt on the wire: the readings that a hold offers, and the questions of a run.

use serde::{Deserialize, Serialize};
use shared::domain::decision::{HoldBasis, Offer, StandingHold};
use shared::domain::plan::{AskedForAll, Question};
use shared::domain::psa::CancelledDate;
use shared::domain::usage::{DoubtKind, Reading};
use shared::http::Language;
use utoipa::ToSchema;

use crate::change::QuantityChange;

/// How usage lines in doubt become a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ReadingName {
    /// Every line counts once, and all of them are added up.
    CountOnce,
    /// All lines as they came are added up.
    AddUp,
    /// The largest sum on any one day.
    LargestOnOneDay,
    /// Those that end last.
    LastPeriod,
}

impl ReadingName {
    pub(crate) const fn reading(self) -> Reading {
        match self {
            Self::CountOnce => Reading::CountOnce,
            Self::AddUp => Reading::AddUp,
            Self::LargestOnOneDay => Reading::LargestOnOneDay,
            Self::LastPeriod => Reading::LastPeriod,
        }
    }

    pub(crate) const fn of(reading: Reading) -> Self {
        match reading {
            Reading::CountOnce => Self::CountOnce,
            Reading::AddUp => Self::AddUp,
            Reading::LargestOnOneDay => Self::LargestOnOneDay,
            Reading::LastPeriod => Self::LastPeriod,
        }
    }
}

/// A reading, and what a release by it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReadingOffered {
    /// The reading: send it with the decision.
    reading: ReadingName,
    /// What a release does then.
    release: QuantityChange,
}

impl ReadingOffered {
    pub(crate) fn of(offer: &Offer, hold: &StandingHold) -> Option<Self> {
        let facts = &hold.facts;
        let release = QuantityChange::of(offer.does, facts.terms.as_ref(), &facts.names.facts)?;
        Some(Self { reading: ReadingName::of(offer.reading), release })
    }
}

/// The readings that a hold offers, in words: `countOnce (5), addUp (10)`.
pub(crate) fn in_words(basis: &HoldBasis) -> String {
    let word = |offer: &Offer| format!("{} ({})", offer.reading.word(), offer.does.quantities().1.normalize());
    basis.readings.iter().map(word).collect::<Vec<_>>().join(", ")
}

/// Usage lines with more than one meaning, too many to ask one by one, so that they are one question. What it concerns waits until
/// `usagePeriods` of the sync settings answers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UsageQuestion {
    /// `duplicateUsage`, `otherPeriod` or `consecutivePeriods`: the member of `usagePeriods` that answers it.
    about: &'static str,
    /// Pairs of customer and Sophos product that wait for the answer.
    pairs: u64,
    /// Their usage lines.
    lines: u64,
    /// All usage lines that the run has read.
    of_lines: u64,
    /// The question.
    what: String,
}

impl UsageQuestion {
    pub(crate) fn all(asked: &AskedForAll, language: Language) -> Vec<Self> {
        asked.iter().map(|(kind, question)| Self::of(*kind, *question, language)).collect()
    }

    fn of(kind: DoubtKind, question: Question, language: Language) -> Self {
        let Question { pairs, lines, of } = question;
        Self { about: kind.word(), pairs, lines, of_lines: of, what: language.question(question, kind) }
    }
}

/// What the cancelled date of a ConnectWise addition says; the vendor documents neither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum CancelledDateReading {
    /// Not known.
    #[default]
    Unknown,
    /// The last day that is billed.
    LastBilledDay,
    /// The first day that is not billed.
    FirstUnbilledDay,
}

impl From<CancelledDate> for CancelledDateReading {
    fn from(reading: CancelledDate) -> Self {
        match reading {
            CancelledDate::Unknown => Self::Unknown,
            CancelledDate::LastBilledDay => Self::LastBilledDay,
            CancelledDate::FirstUnbilledDay => Self::FirstUnbilledDay,
        }
    }
}

impl From<CancelledDateReading> for CancelledDate {
    fn from(reading: CancelledDateReading) -> Self {
        match reading {
            CancelledDateReading::Unknown => Self::Unknown,
            CancelledDateReading::LastBilledDay => Self::LastBilledDay,
            CancelledDateReading::FirstUnbilledDay => Self::FirstUnbilledDay,
        }
    }
}
