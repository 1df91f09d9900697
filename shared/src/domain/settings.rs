//! What a partner decides about its sync as a whole.

use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::language::Text;
use super::psa::CancelledDate;
use super::usage::Readings;

/// When the sync runs by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "every", rename_all = "camelCase")]
pub enum Frequency {
    /// With the Sophos monthly invoice: on the month's last day, repeated on the 3rd for the same month.
    #[default]
    SophosInvoice,
    /// Once a month on a day; a day past the month's end is its last.
    Monthly {
        /// The chosen day.
        day: DayOfMonth,
        /// Which month such a run bills.
        month: MonthRule,
    },
    /// Every night, for the current month.
    Nightly,
}

/// Which usage month a run on a chosen day of the month bills.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MonthRule {
    /// From the 25th on the current month, before that the previous one.
    #[default]
    ByDay,
    /// Always the month that the day is in.
    Current,
    /// Always the month before.
    Previous,
}

/// A day of the month, 1 to 31.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "i8", into = "i8")]
pub struct DayOfMonth(i8);

/// A number that is no day of a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a day of the month: choose one from 1 to 31")]
pub struct DayError(i8);

impl From<DayError> for Text {
    fn from(error: DayError) -> Self {
        Self::new(error.to_string(), format!("{} non è un giorno del mese: sceglierne uno da 1 a 31.", error.0))
    }
}

impl DayOfMonth {
    /// The day's number, 1 to 31.
    #[must_use]
    pub const fn get(self) -> i8 {
        self.0
    }
}

impl TryFrom<i8> for DayOfMonth {
    type Error = DayError;

    fn try_from(day: i8) -> Result<Self, DayError> {
        if (1..=31).contains(&day) { Ok(Self(day)) } else { Err(DayError(day)) }
    }
}

impl From<DayOfMonth> for i8 {
    fn from(day: DayOfMonth) -> i8 {
        day.0
    }
}

/// A partner's time zone by its IANA name, such as `Europe/Rome`. A required setting: it decides which month a night is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeZoneName {
    zone: TimeZone,
    name: String,
}

/// A text that names no time zone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a time zone: choose one by its name, such as Europe/Rome")]
pub struct TimeZoneError(String);

impl From<TimeZoneError> for Text {
    fn from(error: TimeZoneError) -> Self {
        let italian = format!("«{}» non è un fuso orario: sceglierne uno con il suo nome, come Europe/Rome.", error.0);
        Self::new(error.to_string(), italian)
    }
}

impl TimeZoneName {
    /// Looks the name up in the time zone database that is built in.
    ///
    /// # Errors
    /// An unknown name.
    pub fn parse(name: &str) -> Result<Self, TimeZoneError> {
        let zone = TimeZone::get(name).map_err(|_| TimeZoneError(name.chars().take(60).collect()))?;
        Ok(Self { zone, name: name.to_owned() })
    }

    /// The zone's rules.
    #[must_use]
    pub const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The name as it was given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl TryFrom<String> for TimeZoneName {
    type Error = TimeZoneError;

    fn try_from(name: String) -> Result<Self, TimeZoneError> {
        Self::parse(&name)
    }
}

impl From<TimeZoneName> for String {
    fn from(zone: TimeZoneName) -> String {
        zone.name
    }
}

/// How far a quantity may move by itself: more than both is held. Both, because a percentage alone would hold every small
/// customer and a number alone every large one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Jump {
    /// Percent of the quantity that ConnectWise has, 0 to 1000.
    pub percent: u32,
    pub units: u32,
}

impl Jump {
    /// Whether a change of `by` units at `from` is more than both. Neither is negative.
    #[must_use]
    pub fn is_exceeded(self, from: Decimal, by: Decimal) -> bool {
        by > Decimal::from(self.units) && by * Decimal::ONE_HUNDRED > from * Decimal::from(self.percent)
    }
}

/// When usage looks unfinished, against the month before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct UnfinishedGuard {
    /// More percent than this of its pairs are gone or newly 0,
    pub percent: u32,
    /// and at least this number of them.
    #[serde(alias = "units")]
    pub pairs: u32,
    /// Or its units are more percent lower than this.
    pub units_percent: u32,
}

impl Default for UnfinishedGuard {
    fn default() -> Self {
        Self { percent: 10, pairs: 5, units_percent: 15 }
    }
}

/// When a decrease waits for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "held", rename_all = "camelCase")]
pub enum DecreaseGuard {
    /// Whatever its size.
    Every,
    /// Above a percentage and a number of units.
    Above(Jump),
}

/// What waits for a person, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Guards {
    pub decrease: DecreaseGuard,
    pub increase: Jump,
    /// A fall to zero of more than this many units waits; a smaller one is written, unless it is the customer's last product.
    pub to_zero_units: u32,
    /// A change of more than so much money on one ConnectWise invoice waits, in the agreement's currency; none: money alone
    /// holds nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Decimal>,
    /// When the month's usage looks unfinished: that of one Sophos product, whose additions then wait, or all of it, and the
    /// whole run waits.
    pub unfinished: UnfinishedGuard,
    /// For how many days of a new month nothing is changed because of it, 0 to 28.
    pub new_month_days: i8,
    /// How usage lines are read that say more than one thing, where nothing else is answered for their Sophos product.
    /// What is not answered waits.
    #[serde(skip_serializing_if = "Readings::is_empty")]
    pub usage_periods: Readings,
    /// What the cancelled date of a ConnectWise addition says.
    pub cancelled_date: CancelledDate,
}

impl Default for Guards {
    fn default() -> Self {
        Self {
            decrease: DecreaseGuard::Above(Jump { percent: 20, units: 5 }),
            increase: Jump { percent: 50, units: 10 },
            to_zero_units: 2,
            amount: None,
            unfinished: UnfinishedGuard::default(),
            new_month_days: 5,
            usage_periods: Readings::default(),
            cancelled_date: CancelledDate::default(),
        }
    }
}

/// A partner's settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// The partner's time zone.
    pub time_zone: TimeZoneName,
    /// When the sync runs by itself.
    pub frequency: Frequency,
    /// Whether runs may write to ConnectWise. Off for a new connection: every run is then a preview.
    pub writes: bool,
    /// What waits for a person.
    #[serde(default)]
    pub guards: Guards,
}
