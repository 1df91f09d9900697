//! What invoices say together: days that two additions bill, and days that none does.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Serialize;

use super::bill::{BillCustomer, LineKind};
use super::period::{Period, day_after, day_before};
use super::{Invoice, InvoiceLine};

/// Days on which one product of one company is billed more than once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BilledTwice {
    /// The company whose agreements these are.
    pub company: u32,
    /// The ConnectWise product.
    pub product: u32,
    pub days: Period,
    /// The additions that bill them, each with its agreement before it; a single one if it bills a day twice.
    pub additions: BTreeSet<(u32, u32)>,
}

/// All days on which two additions bill the same product of the same company, net of credits. Only lines with units
/// that are charged count.
pub fn billed_twice<'a>(invoices: impl IntoIterator<Item = &'a Invoice>) -> Vec<BilledTwice> {
    let mut found = Vec::new();
    for ((company, product), lines) in by_product(invoices) {
        for (days, counts) in covered(&lines) {
            let times: i64 = counts.values().sum();
            if times < 2 {
                continue;
            }
            let additions: BTreeSet<Addition> = counts.into_keys().collect();
            match found.last_mut() {
                Some(BilledTwice { company: c, product: p, days: last, additions: same })
                    if (*c, *p) == (company, product) && *same == additions && day_after(last.last) == days.first =>
                {
                    last.last = days.last;
                }
                _ => found.push(BilledTwice { company, product, days, additions }),
            }
        }
    }
    found
}

/// The days of `within` on which no addition bills `product` of `company`, credits taken off.
///
/// Days that no invoice covers yet are among them: `within` should end with the last period that is invoiced.
pub fn unbilled<'a>(
    invoices: impl IntoIterator<Item = &'a Invoice>,
    company: u32,
    product: u32,
    within: Period,
) -> Vec<Period> {
    let lines = by_product(invoices).remove(&(company, product)).unwrap_or_default();
    let mut rest = vec![within];
    for (days, _) in covered(&lines) {
        rest = rest.into_iter().flat_map(|part| part.without(Some(days))).collect();
    }
    rest
}

/// The days of `within` on which no addition bills `product` of `company`, but for those that a line may have billed that
/// ended on one of the days of `ended`: up to that day, or to the end of its month where the agreement does not prorate.
pub fn left_out<'a>(
    invoices: impl IntoIterator<Item = &'a Invoice>,
    (company, product): (u32, u32),
    within: Period,
    (ended, prorated): (impl IntoIterator<Item = Date>, bool),
) -> Vec<Period> {
    let mut rest = unbilled(invoices, company, product, within);
    for day in ended {
        let last = if prorated { day } else { day.last_of_month() };
        rest = rest.into_iter().flat_map(|part| part.without(Period::of(Date::MIN, last))).collect();
    }
    rest
}

type Line<'a> = (u32, &'a InvoiceLine);

/// An addition: its agreement and its id.
type Addition = (u32, u32);

/// How often each addition bills the same days.
type Counts = BTreeMap<Addition, i64>;

/// The lines of units that a customer pays for, each with its agreement.
fn by_product<'a>(invoices: impl IntoIterator<Item = &'a Invoice>) -> BTreeMap<(u32, u32), Vec<Line<'a>>> {
    let mut lines: BTreeMap<(u32, u32), Vec<Line<'a>>> = BTreeMap::new();
    for invoice in invoices {
        for line in &invoice.lines {
            if line.bill_customer == BillCustomer::Billable && line.units > Decimal::ZERO {
                lines.entry((invoice.company, line.product)).or_default().push((invoice.agreement, line));
            }
        }
    }
    lines
}

/// The days that the lines bill, cut wherever a line begins or ends, and how often each addition bills them.
fn covered(lines: &[Line<'_>]) -> Vec<(Period, Counts)> {
    let mut changes: BTreeMap<Date, Vec<(Addition, i64)>> = BTreeMap::new();
    for (agreement, line) in lines {
        let (addition, sign) = ((*agreement, line.addition), if line.kind == LineKind::Credit { -1 } else { 1 });
        changes.entry(line.days.first).or_default().push((addition, sign));
        changes.entry(day_after(line.days.last)).or_default().push((addition, -sign));
    }
    let mut net: Counts = BTreeMap::new();
    let mut found = Vec::new();
    let mut since = None;
    for (day, changed) in changes {
        if let Some(days) = since.and_then(|first| Period::of(first, day_before(day))) {
            let counts: Counts = net.iter().filter(|(_, n)| **n > 0).map(|(a, n)| (*a, *n)).collect();
            if !counts.is_empty() {
                found.push((days, counts));
            }
        }
        for (addition, sign) in changed {
            *net.entry(addition).or_default() += sign;
        }
        since = Some(day);
    }
    found
}
