//! Usage lines in doubt, in the words of the page.

use std::fmt;

use super::Hold;
use crate::domain::id::ProductCode;
use crate::domain::usage::{Doubt, DoubtKind};

impl Hold {
    /// Whether it waits for an answer that is given for all such lines at once, and not for a decision of its own.
    #[must_use]
    pub const fn is_asked_for_all(&self) -> bool {
        matches!(self, Self::UsageLines { for_all: true, .. })
    }

    /// The Sophos product whose usage looks unfinished: all holds with it are one decision.
    #[must_use]
    pub const fn product_in_question(&self) -> Option<&ProductCode> {
        if let Self::ProductUnfinished { product, .. } = self { Some(product) } else { None }
    }
}

/// What to do about lines in doubt.
pub(super) const fn advice(kind: DoubtKind, for_all: bool) -> &'static str {
    if for_all {
        return "Many usage lines of this month are like that. Look at them, and answer once for all of them under Settings, Readings of usage lines, or for one Sophos product on its mapping; the next run does it.";
    }
    match kind {
        DoubtKind::DuplicateUsage => {
            "Look at its usage lines, and choose Write with the reading that is right: count once, or add up. The reading is remembered for this Sophos product and used for its other customers too. Choose Keep to leave what ConnectWise bills this month."
        }
        DoubtKind::OtherPeriod | DoubtKind::ConsecutivePeriods => {
            "Look at its usage lines, and choose Write with the reading that is right: add up, largest on one day, or last period. The reading is remembered for this Sophos product and used for its other customers too. Choose Keep to leave what ConnectWise bills this month."
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DuplicateUsage { line, copies, least, most } if least == most => {
                let times = if *copies == 2 { "twice".to_owned() } else { format!("{copies} times") };
                write!(f, "Sophos sent one usage line of {least} {times} ({line})")
            }
            Self::DuplicateUsage { line, least, most, .. } => {
                write!(f, "Sophos sent two quantities for one usage line, {least} and {most} ({line})")
            }
            Self::OtherPeriod { period, units } => {
                write!(f, "usage of {units} is for {period}, which is not this usage month")
            }
            Self::ConsecutivePeriods { first, then } => {
                write!(f, "its usage lines are for days that follow one another, {first} and {then}")
            }
        }
    }
}
