//! The ways in which usage lines can be read that say more than one thing, and what a partner has answered.

use serde::{Deserialize, Serialize};

/// What lines of one pair can be in doubt about. They are asked in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DoubtKind {
    /// One line came more than once.
    DuplicateUsage,
    /// A line is for days outside the usage month.
    OtherPeriod,
    /// Lines follow one another: no day belongs to all of them.
    ConsecutivePeriods,
}

impl DoubtKind {
    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::DuplicateUsage => "duplicateUsage",
            Self::OtherPeriod => "otherPeriod",
            Self::ConsecutivePeriods => "consecutivePeriods",
        }
    }
}

/// How the lines of a pair become its quantity, as a person chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reading {
    /// Every line counts once, and all of them are added up.
    CountOnce,
    /// All lines as they came are added up.
    AddUp,
    /// The largest sum on any one day; every line counts once.
    LargestOnOneDay,
    /// Those that end last; every line counts once.
    LastPeriod,
}

/// How a line that came more than once counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Repeats {
    /// Once; with its largest quantity where it has several.
    CountOnce,
    /// As often as it came.
    AddUp,
}

/// How lines of different periods become one quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Periods {
    /// Their sum.
    AddUp,
    /// The largest sum on any one day.
    LargestOnOneDay,
    /// The sum of those that end last.
    LastPeriod,
}

/// What was answered, for a Sophos product or for a partner; what was not is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Readings {
    /// Of lines that come more than once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duplicate_usage: Option<Repeats>,
    /// Of lines for days outside the usage month.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_period: Option<Periods>,
    /// Of lines that follow one another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consecutive_periods: Option<Periods>,
}

impl Reading {
    const fn repeats(self) -> Repeats {
        match self {
            Self::AddUp => Repeats::AddUp,
            Self::CountOnce | Self::LargestOnOneDay | Self::LastPeriod => Repeats::CountOnce,
        }
    }

    const fn periods(self) -> Periods {
        match self {
            Self::AddUp | Self::CountOnce => Periods::AddUp,
            Self::LargestOnOneDay => Periods::LargestOnOneDay,
            Self::LastPeriod => Periods::LastPeriod,
        }
    }

    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::CountOnce => "countOnce",
            Self::AddUp => "addUp",
            Self::LargestOnOneDay => "largestOnOneDay",
            Self::LastPeriod => "lastPeriod",
        }
    }

    /// The readings among which a person chooses, where these are the doubts.
    #[must_use]
    pub fn offered(doubts: &[DoubtKind]) -> Vec<Self> {
        let repeated = doubts.contains(&DoubtKind::DuplicateUsage);
        let of_periods = doubts.iter().any(|kind| *kind != DoubtKind::DuplicateUsage);
        let once = repeated.then_some(Self::CountOnce);
        let periods = of_periods.then_some([Self::LargestOnOneDay, Self::LastPeriod]);
        once.into_iter().chain([Self::AddUp]).chain(periods.into_iter().flatten()).collect()
    }
}

impl Readings {
    /// Whether nothing was answered.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.duplicate_usage.is_none() && self.other_period.is_none() && self.consecutive_periods.is_none()
    }

    /// Whether this kind of doubt was answered.
    #[must_use]
    pub const fn answers(&self, kind: DoubtKind) -> bool {
        match kind {
            DoubtKind::DuplicateUsage => self.duplicate_usage.is_some(),
            DoubtKind::OtherPeriod => self.other_period.is_some(),
            DoubtKind::ConsecutivePeriods => self.consecutive_periods.is_some(),
        }
    }

    /// These answers, and those of `others` to what these leave open.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        Self {
            duplicate_usage: self.duplicate_usage.or(others.duplicate_usage),
            other_period: self.other_period.or(others.other_period),
            consecutive_periods: self.consecutive_periods.or(others.consecutive_periods),
        }
    }

    /// These answers, and what `reading` answers to what they leave open.
    #[must_use]
    pub fn or_read_as(self, reading: Reading) -> Self {
        let periods = Some(reading.periods());
        let all =
            Self { duplicate_usage: Some(reading.repeats()), other_period: periods, consecutive_periods: periods };
        self.or(all)
    }

    /// These answers with `reading` as the one to these doubts.
    #[must_use]
    pub fn answered(mut self, doubts: &[DoubtKind], reading: Reading) -> Self {
        for kind in doubts {
            match kind {
                DoubtKind::DuplicateUsage => self.duplicate_usage = Some(reading.repeats()),
                DoubtKind::OtherPeriod => self.other_period = Some(reading.periods()),
                DoubtKind::ConsecutivePeriods => self.consecutive_periods = Some(reading.periods()),
            }
        }
        self
    }
}
