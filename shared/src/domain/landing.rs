//! On which ConnectWise invoice a quantity of a usage month goes.
//!
//! ConnectWise invoices an agreement period by period, and the agreement's next invoice date is the first day of the period
//! that comes next. What is written before an invoice is made is billed by it.

mod shown;

use jiff::Span;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::month::UsageMonth;
use super::outcome::Would;
use super::psa::{Agreement, AgreementFacts};
use super::snapshot::Snapshot;

/// The ConnectWise invoices of an agreement that bill a usage month, as a run found them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AgreementLanding {
    /// The first day of the period whose invoice bills what is written now.
    pub open: Date,
    /// The first day of the period whose invoice was made with what had been written for the usage month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<Date>,
}

impl AgreementLanding {
    /// The invoices of an agreement that bill `month`; none where ConnectWise does not say when it invoices, or bills one
    /// single time.
    #[must_use]
    pub fn of(month: UsageMonth, agreement: &Agreement, snapshot: &Snapshot) -> Option<Self> {
        let next = agreement.next_invoice?;
        let open = Landing::of(month, next, &agreement.facts())?.starts;
        Some(Self { open, made: snapshot.invoice_made(month, Some(next)) })
    }
}

/// The ConnectWise invoice on which a quantity goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Landing {
    /// The first day of the period that the invoice bills.
    pub starts: Date,
    /// Whether the invoice was made with the quantity.
    pub made: bool,
}

impl Landing {
    /// Where a quantity of `month` goes on an agreement with that next invoice: on the invoice of the period that holds the
    /// month's last day, or on the next one where that begins later. None where the agreement bills one single time.
    #[must_use]
    pub fn of(month: UsageMonth, next_invoice: Date, facts: &AgreementFacts) -> Option<Self> {
        let starts = period_with(next_invoice, month.last_day(), facts);
        (!facts.never_recurs()).then_some(Self { starts, made: false })
    }

    /// The same for an addition that is created: no invoice of a period before `begins` bills it.
    #[must_use]
    fn beginning(self, begins: Option<Date>, facts: &AgreementFacts) -> Self {
        let starts = begins.map_or(self.starts, |begins| period_with(self.starts, begins, facts));
        Self { starts, ..self }
    }

    /// Where what a release writes goes.
    #[must_use]
    pub fn of_release(self, release: Would, facts: &AgreementFacts) -> Self {
        self.beginning(begins(release), facts)
    }

    /// The calendar month that the invoice bills; none where it bills another period.
    #[must_use]
    pub fn month(self, facts: &AgreementFacts) -> Option<UsageMonth> {
        (self.starts.day() == 1 && !facts.is_not_monthly()).then(|| UsageMonth::containing(self.starts))
    }

    /// The same in one sentence.
    #[must_use]
    pub fn in_words(self, month: UsageMonth, facts: &AgreementFacts) -> String {
        let usage = month.in_words();
        let invoice = match self.month(facts) {
            Some(billed) => format!("the ConnectWise invoice for {}", billed.in_words()),
            None => format!("the ConnectWise invoice for the period from {}", self.starts.strftime("%-d %b %Y")),
        };
        if self.made {
            format!("usage of {usage} was on {invoice}")
        } else {
            format!("usage of {usage} → on {invoice}")
        }
    }
}

/// The first day of a new addition.
const fn begins(would: Would) -> Option<Date> {
    match would {
        Would::Create { begins, .. } => begins,
        Would::Nothing | Would::Adopt { .. } | Would::Keep { .. } | Would::Update { .. } | Would::End { .. } => None,
    }
}

/// The first day of the period that holds `day`, counted from one that starts on `first`; that one where it starts later.
fn period_with(first: Date, day: Date, facts: &AgreementFacts) -> Date {
    let months = |date: Date| i32::from(date.year()) * 12 + i32::from(date.month());
    let periods = (months(day) - months(first)) / months_of(facts);
    let latest = forward(first, periods, facts);
    let starts = if latest > day { forward(first, periods - 1, facts) } else { latest };
    starts.max(first)
}

/// The first day of the period after the one that starts on `first`.
fn after(first: Date, facts: &AgreementFacts) -> Date {
    forward(first, 1, facts)
}

fn forward(first: Date, periods: i32, facts: &AgreementFacts) -> Date {
    let span = Span::new().try_months(periods.saturating_mul(months_of(facts)));
    span.ok().and_then(|span| first.checked_add(span).ok()).unwrap_or(first)
}

/// How many months one invoice bills. A cycle that is shorter, or that this release does not know, counts as a month.
fn months_of(facts: &AgreementFacts) -> i32 {
    facts.months().and_then(|months| i32::try_from(months).ok()).unwrap_or(1)
}

#[cfg(test)]
mod tests;
