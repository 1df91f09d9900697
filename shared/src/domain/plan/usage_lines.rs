//! Usage lines in doubt: what is asked about a part, what its units are by each answer, and when it is one question for all.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Basis, CustomerUsage, Hold, Parts, ProductCode, ProductMapping, Reading, UsageMonth};
use crate::domain::mapping::ProductMappings;
use crate::domain::usage::{DoubtKind, Readings};

/// More lines than this, or more than that share of a fetch, whichever is reached first, are one question.
const MOST_LINES: u64 = 10;
/// In percent.
const MOST_PERCENT: u64 = 10;

/// What the partner answers for all usage lines at once, by kind of doubt.
pub type AskedForAll = BTreeMap<DoubtKind, Question>;

/// How much of the usage is in doubt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Question {
    /// The pairs that wait.
    pub pairs: u64,
    /// Their usage lines.
    pub lines: u64,
    /// All usage lines of the fetch.
    pub of: u64,
}

impl Question {
    /// The question for a person.
    #[must_use]
    pub fn in_words(self, kind: DoubtKind) -> String {
        let Self { pairs, lines, of } = self;
        let what = match kind {
            DoubtKind::DuplicateUsage => {
                "have a line that came more than once, or with two quantities. Does Sophos bill it once, or as often as it came?"
            }
            DoubtKind::OtherPeriod => "have a line for days outside the usage month. Is that how Sophos bills you?",
            DoubtKind::ConsecutivePeriods => {
                "have lines for days that follow one another. Does Sophos bill their sum, the largest on one day, or the last?"
            }
        };
        format!("{pairs} pairs of customer and Sophos product ({lines} of {of} usage lines) {what}")
    }
}

/// Counts what would be held because its usage lines are in doubt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InDoubt(AskedForAll);

impl InDoubt {
    /// Counts the usage of a customer that syncs.
    pub fn add(&mut self, usage: &CustomerUsage, mappings: &ProductMappings, partner: Readings, month: UsageMonth) {
        for (code, usage) in &usage.0 {
            let mapping = code.as_ref().and_then(|code| mappings.find(code));
            let Some(mapping) = mapping.filter(|m| m.syncs_to().is_some() && usage.unreadable.is_empty()) else {
                continue;
            };
            if let Some(doubt) = usage.open_doubts(month, &mapping.readings.or(partner)).first() {
                let question = self.0.entry(doubt.kind()).or_default();
                question.pairs += 1;
                question.lines += u64::from(usage.lines);
            }
        }
    }

    /// The doubts that are asked once for the partner: those with many lines.
    #[must_use]
    pub fn judge(self, of: u64) -> AskedForAll {
        let is_many = |lines: u64| lines > MOST_LINES || lines.saturating_mul(100) > of.saturating_mul(MOST_PERCENT);
        let many = self.0.into_iter().filter(|(_, question)| question.pairs > 1 && is_many(question.lines));
        many.map(|(kind, question)| (kind, Question { of, ..question })).collect()
    }
}

/// What was answered for a product: on its mapping, else by the partner.
fn answers(basis: &Basis<'_>, code: &ProductCode) -> Readings {
    let own = basis.mappings.find(code).map(|mapping: &ProductMapping| mapping.readings).unwrap_or_default();
    own.or(basis.guards.usage_periods)
}

/// A part's units by what was answered, and by `reading` where that leaves something open.
pub(super) fn units(basis: &Basis<'_>, code: &ProductCode, reading: Option<Reading>) -> u64 {
    let Some(usage) = basis.usage.find(code) else { return 0 };
    let answers = answers(basis, code);
    let answers = reading.map_or(answers, |reading| answers.or_read_as(reading));
    usage.units_read(basis.month, &answers)
}

/// The hold of the first part in doubt, if nobody has said how it is to be read. A part that cannot be read at all, or may
/// not sync, comes before: no answer would help.
pub(super) fn hold_on(basis: &Basis<'_>, parts: &Parts, reading: Option<Reading>) -> Option<Hold> {
    let is_stuck = |code: &ProductCode| {
        let firewall = basis.mappings.find(code).is_some_and(|mapping| mapping.firewall);
        (firewall && !basis.invoice_mode) || basis.usage.find(code).is_some_and(|usage| !usage.unreadable.is_empty())
    };
    if reading.is_some() || parts.keys().any(is_stuck) {
        return None;
    }
    let (mut asks, mut first) = (BTreeMap::new(), None);
    for (code, usage) in parts.keys().filter_map(|code| Some((code, basis.usage.find(code)?))) {
        let doubts = usage.open_doubts(basis.month, &answers(basis, code));
        if let Some(doubt) = doubts.first() {
            asks.insert(code.clone(), doubts.iter().map(|doubt| doubt.kind()).collect());
            first.get_or_insert((code.clone(), doubt.clone()));
        }
    }
    let (product, doubt) = first?;
    let for_all = basis.asked.contains_key(&doubt.kind());
    Some(Hold::UsageLines { product, doubt, asks, for_all })
}

/// Whether a hold is about usage lines in doubt: then only a reading releases it.
pub(super) const fn is_in_doubt(hold: &Hold) -> bool {
    matches!(hold, Hold::UsageLines { .. })
}

/// The readings among which a person chooses; none where it is no decision of its own.
pub(super) fn offered(hold: &Hold) -> Vec<Reading> {
    let Hold::UsageLines { asks, for_all: false, .. } = hold else { return Vec::new() };
    let kinds: Vec<DoubtKind> = asks.values().flatten().copied().collect();
    Reading::offered(&kinds)
}
