//! Waiting by itself: a change that nobody has to decide, because a later run writes it.

use std::fmt;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::Would;
use crate::domain::month::UsageMonth;

/// Why a change waits without a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Waiting {
    /// A new month has begun: the quantity of the month before stays until ConnectWise has invoiced it.
    NewMonth {
        /// The month whose quantity stays.
        written: UsageMonth,
        /// Its quantity.
        from: Decimal,
        /// The new month's usage so far.
        to: Decimal,
        /// The last day on which it can wait.
        until: Date,
        /// Whether ConnectWise has still to invoice `written`; otherwise the new month has only begun.
        awaits_invoice: bool,
    },
    /// The run writes decided lines alone, and nobody had to decide this one.
    NextRun {
        /// What the next run does.
        would: Would,
    },
}

impl Waiting {
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::NewMonth { .. } => "newMonth",
            Self::NextRun { .. } => "nextRun",
        }
    }

    pub(super) fn advice(&self) -> String {
        match self {
            Self::NewMonth { until, awaits_invoice: true, .. } => format!(
                "Nothing: the first run after the ConnectWise invoice writes it. If it is not made by {until}, this needs your decision."
            ),
            Self::NewMonth { until, awaits_invoice: false, .. } => {
                format!("Nothing: the first run after {until} writes it.")
            }
            Self::NextRun { .. } => "Nothing: the next sync writes it.".to_owned(),
        }
    }
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NewMonth { written, from, to, awaits_invoice, .. } => {
                let (from, to) = (from.normalize(), to.normalize());
                if *awaits_invoice {
                    write!(f, "{} not invoiced yet, waiting: {from} → {to}", written.in_words())
                } else {
                    write!(f, "the new month has only begun, waiting: {from} → {to}")
                }
            }
            Self::NextRun { would } => {
                let (from, to) = would.quantities();
                let (from, to) = (from.normalize(), to.normalize());
                write!(f, "only decided lines were written, waiting: {from} → {to}")
            }
        }
    }
}
