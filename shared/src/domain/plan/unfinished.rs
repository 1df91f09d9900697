//! Whether a month's usage as a whole looks unfinished: too much of what was written for the month before is gone or lower.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::domain::month::UsageMonth;
use crate::domain::settings::Jump;
use crate::domain::snapshot::Snapshot;
use crate::domain::usage::CustomerUsage;

/// The usage looks unfinished.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Unfinished {
    /// The pairs written for an earlier month.
    pub pairs: u64,
    /// Those among them that vanished or are lower.
    pub lower: u64,
}

/// Counts what became of the pairs that were written for an earlier month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LastMonth {
    pairs: u64,
    lower: u64,
}

impl LastMonth {
    /// Counts one customer, by what was written to its agreement and its usage of `month`. What was written for `month`
    /// itself says nothing.
    pub fn add(&mut self, written: &Snapshot, usage: &CustomerUsage, month: UsageMonth) {
        for written in written.written.values().filter(|written| written.month < month) {
            for (code, units) in written.parts.iter().filter(|(_, units)| **units > 0) {
                self.pairs += 1;
                // A line that cannot be read is held by itself.
                let lower = usage.find(code).is_none_or(|now| now.unreadable.is_empty() && now.units < *units);
                self.lower += u64::from(lower);
            }
        }
    }

    /// Whether it is too much.
    #[must_use]
    pub fn judge(self, most: Jump) -> Option<Unfinished> {
        let too_much = most.is_exceeded(Decimal::from(self.pairs), Decimal::from(self.lower));
        too_much.then_some(Unfinished { pairs: self.pairs, lower: self.lower })
    }
}
