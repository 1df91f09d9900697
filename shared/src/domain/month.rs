//! The usage month: what a run bills, fixed in the run's id and shown everywhere.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::language::Text;

/// A calendar month, `2026-11`. Years 2000 to 2999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UsageMonth {
    first: Date,
}

/// A text that is no month.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a month: expected a year from 2000 to 2999 and a month, such as 2026-11")]
pub struct MonthError(String);

impl From<MonthError> for Text {
    fn from(error: MonthError) -> Self {
        let italian = format!("«{}» non è un mese: indicare un anno da 2000 a 2999 e un mese, come 2026-11.", error.0);
        Self::new(error.to_string(), italian)
    }
}

impl UsageMonth {
    /// The month of a year.
    ///
    /// # Errors
    /// A month outside 1–12 or a year outside 2000–2999.
    pub fn new(year: i16, month: i8) -> Result<Self, MonthError> {
        let error = || MonthError(format!("{year}-{month:02}"));
        if !(2000..=2999).contains(&year) {
            return Err(error());
        }
        Date::new(year, month, 1).map(|first| Self { first }).map_err(|_| error())
    }

    /// Reads `yyyy-mm`.
    ///
    /// # Errors
    /// Any other text.
    pub fn parse(text: &str) -> Result<Self, MonthError> {
        let error = || MonthError(text.chars().take(20).collect());
        let (year, month) = text.split_once('-').ok_or_else(error)?;
        if year.len() != 4 || month.len() != 2 || !text.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
            return Err(error());
        }
        let (year, month) = (year.parse().map_err(|_| error())?, month.parse().map_err(|_| error())?);
        Self::new(year, month).map_err(|_| error())
    }

    /// The month that a day is in.
    #[must_use]
    pub fn containing(day: Date) -> Self {
        Self { first: day.first_of_month() }
    }

    /// Its first day.
    #[must_use]
    pub fn first_day(self) -> Date {
        self.first
    }

    /// Its last day: the day on which an addition has to be in force to carry this month's usage.
    #[must_use]
    pub fn last_day(self) -> Date {
        self.first.last_of_month()
    }

    /// The year, as Sophos' usage path wants it.
    #[must_use]
    pub fn year(self) -> i16 {
        self.first.year()
    }

    /// The month of the year, 1 to 12.
    #[must_use]
    pub fn month(self) -> i8 {
        self.first.month()
    }

    /// The month before.
    #[must_use]
    pub fn previous(self) -> Self {
        let day = self.first.yesterday().unwrap_or(self.first);
        Self::containing(day)
    }

    /// The month after.
    #[must_use]
    pub fn next(self) -> Self {
        let day = self.last_day().tomorrow().unwrap_or(self.first);
        Self::containing(day)
    }

    /// `November 2026`, for sentences.
    #[must_use]
    pub fn in_words(self) -> String {
        self.first.strftime("%B %Y").to_string()
    }
}

impl fmt::Display for UsageMonth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.month())
    }
}

impl TryFrom<String> for UsageMonth {
    type Error = MonthError;

    fn try_from(text: String) -> Result<Self, MonthError> {
        Self::parse(&text)
    }
}

impl From<UsageMonth> for String {
    fn from(month: UsageMonth) -> String {
        month.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_knows_its_days_and_neighbours() {
        let month = UsageMonth::parse("2028-02").unwrap();
        assert_eq!(month.last_day().to_string(), "2028-02-29");
        assert_eq!(month.previous().to_string(), "2028-01");
        assert_eq!(UsageMonth::parse("2026-12").unwrap().next().to_string(), "2027-01");
        assert_eq!(month.in_words(), "February 2028");
    }

    #[test]
    fn what_is_no_month_is_refused() {
        for text in ["2026-13", "2026-00", "2026-1", "26-01", "1999-12", "2026/11", "", "2026-11-01", "+026-01"] {
            assert!(UsageMonth::parse(text).is_err(), "{text}");
        }
    }
}
