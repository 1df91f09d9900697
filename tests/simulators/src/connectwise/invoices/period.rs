//! Billing periods: months, quarters, years and weeks, from any day or along the calendar.

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Days, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
pub struct Period {
    /// The first day.
    pub first: Date,
    /// The last day; not before the first.
    pub last: Date,
}

impl Period {
    /// The days from `first` to `last`; none if `last` is before `first`.
    pub fn of(first: Date, last: Date) -> Option<Self> {
        (first <= last).then_some(Self { first, last })
    }

    /// How many days it has.
    pub fn days(self) -> i64 {
        self.first.duration_until(self.last).as_hours() / 24 + 1
    }

    /// The days that are in both.
    pub fn common(self, other: Self) -> Option<Self> {
        Self::of(self.first.max(other.first), self.last.min(other.last))
    }

    /// The days of this period that are not in `other`, before it and after it.
    pub fn without(self, other: Option<Self>) -> Vec<Self> {
        let Some(common) = other.and_then(|other| self.common(other)) else {
            return vec![self];
        };
        let before = Self::of(self.first, day_before(common.first)).filter(|_| self.first < common.first);
        let after = Self::of(day_after(common.last), self.last).filter(|_| common.last < self.last);
        before.into_iter().chain(after).collect()
    }
}

/// How long a period is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// A number of weeks.
    Weeks(i32),
    /// A number of months that divides a year.
    Months(i32),
}

/// How an agreement's periods follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cycle {
    /// How long each is.
    pub length: Length,
    /// Whether they are those of the calendar (a quarter begins in January, April, July or October), whenever the
    /// agreement began.
    pub calendar: bool,
    /// The day of the month on which each begins, as far as its month has that day.
    pub anchor: i8,
}

impl Cycle {
    /// Months from the first of each month on.
    pub const MONTHLY: Self = Self { length: Length::Months(1), calendar: true, anchor: 1 };

    /// The period that `day` begins; along the calendar, the one in which `day` is.
    pub fn period_at(self, day: Date) -> Period {
        let first = self.first_at(day);
        Period { first, last: day_before(self.after(first, 1)).max(first) }
    }

    /// The period that ends before `day` begins.
    pub fn period_before(self, day: Date) -> Period {
        if self.calendar {
            return self.period_at(day_before(self.first_at(day)));
        }
        let first = self.after(day, -1);
        Period { first, last: day_before(day).max(first) }
    }

    fn first_at(self, day: Date) -> Date {
        match self.length {
            Length::Months(months) if self.calendar => {
                let zero_based = i32::from(day.month()) - 1;
                let month = zero_based - zero_based.rem_euclid(months.max(1)) + 1;
                jiff::civil::date(day.year(), i8::try_from(month).unwrap_or(1), 1)
            }
            Length::Months(_) | Length::Weeks(_) => day,
        }
    }

    /// The first day of the period that is `number` periods after the one that `first` begins.
    fn after(self, first: Date, number: i32) -> Date {
        match self.length {
            Length::Weeks(weeks) => first.saturating_add((weeks * number).weeks()),
            Length::Months(months) => {
                let other = first.first_of_month().saturating_add((months * number).months());
                let day = if self.calendar { 1 } else { self.anchor.clamp(1, other.days_in_month()) };
                other.with().day(day).build().unwrap_or(other)
            }
        }
    }
}

/// The next day, saturating.
pub fn day_after(day: Date) -> Date {
    day.tomorrow().unwrap_or(day)
}

/// The day before; the first day that there is has none and stays.
pub fn day_before(day: Date) -> Date {
    day.yesterday().unwrap_or(day)
}
