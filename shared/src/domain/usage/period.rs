//! The period that a usage line is for, read leniently: a date that no calendar knows is no reason to lose the line.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::month::UsageMonth;

/// How many characters a day has, `2026-11-30`; what follows, such as a time, does not count.
const DAY_CHARS: usize = 10;

/// The days that a usage line is for, the first and the last one included.
///
/// Sophos' days may be off by one, so one day more or less never makes a difference here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Period {
    /// Its first day.
    pub first: Date,
    /// Its last day, not before the first.
    pub last: Date,
}

impl Period {
    /// Reads the two dates of a line. None where one of them is missing or impossible, or the last comes before the first:
    /// such a line is for all days.
    #[must_use]
    pub fn read(first: &str, last: &str) -> Option<Self> {
        let (first, last) = (day(first)?, day(last)?);
        (first <= last).then_some(Self { first, last })
    }

    /// Whether more than one day of it lies before the month, or more than one after it.
    #[must_use]
    pub fn is_outside(self, month: UsageMonth) -> bool {
        let before = month.first_day().yesterday().unwrap_or(Date::MIN);
        let after = month.last_day().tomorrow().unwrap_or(Date::MAX);
        self.first < before || self.last > after
    }

    /// The first day behind those that are surely its own: its last day, which may be the next one's first, is not one of
    /// them. A period of one day has that day.
    pub(super) fn sure_end(self) -> Date {
        self.last.max(self.first.tomorrow().unwrap_or(self.first))
    }

    /// Whether it ends with the period that ends on `last`, give or take a day.
    pub(super) fn ends_with(self, last: Date) -> bool {
        self.last >= last.yesterday().unwrap_or(last)
    }
}

fn day(text: &str) -> Option<Date> {
    text.trim().get(..DAY_CHARS)?.parse().ok()
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.first, self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_impossible_missing_or_reversed_date_is_no_period() {
        for (first, last) in [
            ("2021-01-31", "2021-04-31"),
            ("", "2026-11-30"),
            ("2026-11-01", ""),
            ("2026-11-30", "2026-11-01"),
            ("2026-13-01", "2026-13-30"),
            ("null", "[]"),
            ("ä2026-11-01", "2026-11-30"),
        ] {
            assert_eq!(Period::read(first, last), None, "{first} {last}");
        }
        let read = Period::read(" 2026-11-01T00:00:00Z", "2026-11-30 ").map(|period| period.to_string());
        assert_eq!(read.as_deref(), Some("2026-11-01 to 2026-11-30"));
    }

    #[test]
    fn one_day_outside_the_month_is_not_outside() {
        let november = UsageMonth::parse("2026-11").unwrap();
        let outside = |first, last| Period::read(first, last).unwrap().is_outside(november);
        assert!(!outside("2026-11-01", "2026-11-30") && !outside("2026-10-31", "2026-11-29"));
        assert!(!outside("2026-11-02", "2026-12-01") && !outside("2026-11-14", "2026-11-14"));
        assert!(outside("2026-12-01", "2026-12-31") && outside("2026-10-01", "2026-10-31"));
        assert!(outside("2026-10-30", "2026-11-30") && outside("2026-11-01", "2026-12-02"));
    }
}
