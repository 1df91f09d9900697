//! What additions bill of a period. Pure: dates and decimals in, lines out.

use jiff::civil::Date;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};
use shared::domain::psa::Addition;

use super::InvoiceLine;
use super::period::{Period, day_before};
use crate::connectwise::settings::{BegunInside, BillingReadings, CancelledDate, EndedInside, LateDates};

/// An addition as far as invoices are concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdditionTerms {
    pub id: u32,
    /// Its ConnectWise product.
    pub product: u32,
    pub quantity: Decimal,
    /// The units that the agreement includes.
    pub less_included: Decimal,
    /// The price of a unit for a whole period.
    pub price: Decimal,
    pub bill_customer: BillCustomer,
    /// The first day; always in force before its end, if absent.
    pub effective: Option<Date>,
    /// The cancelled date; no end, if absent.
    pub cancelled: Option<Date>,
}

/// How an addition is billed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum BillCustomer {
    /// On the invoice, at its price.
    Billable,
    /// Not on the invoice.
    DoNotBill,
    /// On the invoice, at no price.
    NoCharge,
}

/// Why a line is on an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum LineKind {
    /// Days of the invoice's period.
    Period,
    /// Days of an earlier period that its invoice lacks.
    Late,
    /// Days of an earlier period that its invoice has too many.
    Credit,
}

/// What an agreement says of the days it bills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proration {
    /// Whether an addition that begins or ends inside a period bills for its days.
    pub prorated: bool,
    /// The agreement's first day.
    pub first: Option<Date>,
    /// The agreement's last day.
    pub last: Option<Date>,
    /// The decimals of its currency.
    pub decimals: u32,
}

impl Default for Proration {
    fn default() -> Self {
        Self { prorated: false, first: None, last: None, decimals: 2 }
    }
}

impl From<&Addition> for AdditionTerms {
    fn from(addition: &Addition) -> Self {
        Self {
            id: addition.id.get(),
            product: addition.product.get(),
            quantity: addition.quantity,
            less_included: addition.less_included,
            price: addition.unit_price.unwrap_or_default(),
            bill_customer: match addition.bill_customer.as_str() {
                "NoCharge" => BillCustomer::NoCharge,
                "DoNotBill" => BillCustomer::DoNotBill,
                _ => BillCustomer::Billable,
            },
            effective: addition.effective,
            cancelled: addition.cancelled,
        }
    }
}

impl AdditionTerms {
    /// What exceeds the units included, never below zero.
    pub fn units(&self) -> Decimal {
        (self.quantity - self.less_included).max(Decimal::ZERO)
    }

    /// The days on which it is in force, its agreement's ends disregarded.
    fn in_force(&self, readings: &BillingReadings) -> Option<Period> {
        let last = self.cancelled.map(|cancelled| match readings.cancelled_date {
            CancelledDate::LastBilledDay => cancelled,
            CancelledDate::FirstUnbilledDay => day_before(cancelled),
        });
        Period::of(self.effective.unwrap_or(Date::MIN), last.unwrap_or(Date::MAX))
    }

    /// The days of `period` that it bills.
    pub fn billed_days(&self, readings: &BillingReadings, agreement: &Proration, period: Period) -> Option<Period> {
        let own = self.in_force(readings)?;
        let bounds = Period::of(agreement.first.unwrap_or(Date::MIN), agreement.last.unwrap_or(Date::MAX))?;
        period.common(bounds)?;
        let days = period.common(own)?;
        if agreement.prorated {
            return days.common(bounds);
        }
        match (own.first > period.first, own.last < period.last) {
            // A one-time charge.
            (true, true) => Some(period),
            (true, false) => match readings.begun_inside {
                BegunInside::WholePeriod => Some(period),
                BegunInside::FromTheNextPeriod => None,
                BegunInside::FromItsBeginning => Some(days),
            },
            (false, true) => match readings.ended_inside {
                EndedInside::WholePeriod => Some(period),
                EndedInside::Nothing => None,
                EndedInside::UntilItsEnd => Some(days),
            },
            (false, false) => Some(period),
        }
    }

    fn line(&self, kind: LineKind, days: Period, period: Period, decimals: u32) -> InvoiceLine {
        let whole = match self.bill_customer {
            BillCustomer::Billable => self.units() * self.price,
            BillCustomer::NoCharge | BillCustomer::DoNotBill => Decimal::ZERO,
        };
        InvoiceLine {
            addition: self.id,
            product: self.product,
            kind,
            bill_customer: self.bill_customer,
            days,
            units: self.units(),
            price: self.price,
            amount: share(whole, days, period, decimals),
        }
    }
}

/// The lines of the invoice for `period`. `earlier` are the invoices that the agreement has.
///
/// An addition that is not billed has no line; one of no units has one of amount 0.
pub fn lines<'a>(
    readings: &BillingReadings,
    agreement: &Proration,
    period: Period,
    additions: &[AdditionTerms],
    earlier: impl Iterator<Item = (Period, &'a [InvoiceLine])>,
) -> Vec<InvoiceLine> {
    let billed = || additions.iter().filter(|addition| addition.bill_customer != BillCustomer::DoNotBill);
    let mut lines = Vec::new();
    if agreement.prorated && readings.late_dates == LateDates::OnTheNextInvoice {
        let earlier: Vec<(Period, &[InvoiceLine])> = earlier.collect();
        for addition in billed() {
            for (then, _) in &earlier {
                late(readings, agreement, addition, *then, &earlier, &mut lines);
            }
        }
    }
    lines.extend(billed().filter_map(|addition| {
        let days = addition.billed_days(readings, agreement, period)?;
        Some(addition.line(LineKind::Period, days, period, agreement.decimals))
    }));
    lines
}

/// Bills and credits what the dates of an addition say of a period that was invoiced before.
fn late(
    readings: &BillingReadings,
    agreement: &Proration,
    addition: &AdditionTerms,
    then: Period,
    earlier: &[(Period, &[InvoiceLine])],
    lines: &mut Vec<InvoiceLine>,
) {
    let due = addition.billed_days(readings, agreement, then);
    let of_addition = || earlier.iter().flat_map(|(_, lines)| lines.iter()).filter(|line| line.addition == addition.id);
    let mut had: Vec<(Period, &InvoiceLine)> = Vec::new();
    for line in of_addition().filter(|line| line.days.common(then).is_some()) {
        match line.kind {
            LineKind::Period | LineKind::Late => had.push((line.days, line)),
            LineKind::Credit => {
                let less =
                    |(days, of): (Period, _)| days.without(Some(line.days)).into_iter().map(move |left| (left, of));
                had = had.into_iter().flat_map(less).collect();
            }
        }
    }
    let missing = had.iter().fold(due.into_iter().collect(), |rest: Vec<Period>, (days, _)| {
        rest.into_iter().flat_map(|part| part.without(Some(*days))).collect()
    });
    lines.extend(missing.into_iter().map(|days| addition.line(LineKind::Late, days, then, agreement.decimals)));
    for (days, line) in had {
        lines.extend(days.without(due).into_iter().map(|days| credit(line, days, then, agreement.decimals)));
    }
}

/// Gives back what a line billed for some of its days.
fn credit(line: &InvoiceLine, days: Period, then: Period, decimals: u32) -> InvoiceLine {
    let amount = match line.bill_customer {
        BillCustomer::Billable => share(line.units * line.price, days, then, decimals),
        BillCustomer::NoCharge | BillCustomer::DoNotBill => Decimal::ZERO,
    };
    InvoiceLine { kind: LineKind::Credit, days, amount: -amount, ..line.clone() }
}

/// The part of a whole period's amount that falls on `days`.
fn share(whole: Decimal, days: Period, period: Period, decimals: u32) -> Decimal {
    let part = whole * Decimal::from(days.days()) / Decimal::from(period.days());
    part.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero)
}
