//! How ambiguous usage lines are read, on the wire: the same type for a partner and for a Sophos product.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::usage::{Periods, Readings, Repeats};

/// How usage lines are read that say more than one thing. What is left out is `ask`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LineReadings {
    /// Sophos sends one usage line more than once, or with two quantities.
    #[serde(default)]
    duplicate_usage: RepeatedLines,
    /// A usage line is for days outside the usage month.
    #[serde(default)]
    other_period: LinePeriods,
    /// The usage lines of one customer and product are for days that follow one another.
    #[serde(default)]
    consecutive_periods: LinePeriods,
}

/// How a line that came more than once counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum RepeatedLines {
    /// What it concerns waits for a decision.
    #[default]
    Ask,
    /// Once; with its largest quantity where it has two.
    CountOnce,
    /// As often as it came.
    AddUp,
}

/// How lines of different periods become one quantity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum LinePeriods {
    /// What it concerns waits for a decision.
    #[default]
    Ask,
    /// Their sum.
    AddUp,
    /// The largest sum on any one day.
    LargestOnOneDay,
    /// The sum of those that end last.
    LastPeriod,
}

impl From<Readings> for LineReadings {
    fn from(readings: Readings) -> Self {
        let periods = |periods| match periods {
            None => LinePeriods::Ask,
            Some(Periods::AddUp) => LinePeriods::AddUp,
            Some(Periods::LargestOnOneDay) => LinePeriods::LargestOnOneDay,
            Some(Periods::LastPeriod) => LinePeriods::LastPeriod,
        };
        let duplicate_usage = match readings.duplicate_usage {
            None => RepeatedLines::Ask,
            Some(Repeats::CountOnce) => RepeatedLines::CountOnce,
            Some(Repeats::AddUp) => RepeatedLines::AddUp,
        };
        let (other_period, consecutive_periods) =
            (periods(readings.other_period), periods(readings.consecutive_periods));
        Self { duplicate_usage, other_period, consecutive_periods }
    }
}

impl From<LineReadings> for Readings {
    fn from(shown: LineReadings) -> Self {
        let periods = |periods| match periods {
            LinePeriods::Ask => None,
            LinePeriods::AddUp => Some(Periods::AddUp),
            LinePeriods::LargestOnOneDay => Some(Periods::LargestOnOneDay),
            LinePeriods::LastPeriod => Some(Periods::LastPeriod),
        };
        let duplicate_usage = match shown.duplicate_usage {
            RepeatedLines::Ask => None,
            RepeatedLines::CountOnce => Some(Repeats::CountOnce),
            RepeatedLines::AddUp => Some(Repeats::AddUp),
        };
        let (other_period, consecutive_periods) = (periods(shown.other_period), periods(shown.consecutive_periods));
        Self { duplicate_usage, other_period, consecutive_periods }
    }
}
