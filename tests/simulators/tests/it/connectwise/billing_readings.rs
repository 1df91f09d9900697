//! Each switch of what the vendor documents nothing about bills as it says (issue 18, part 4; `?` in the facts).

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::json;
use simulators::connectwise::invoices::{AdditionTerms, BillCustomer, Period, Proration, bill};
use simulators::connectwise::{
    ArrearsDate, BegunInside, BillingReadings, CancelledDate, Collection, EndedInside, LateDates, Settings,
};
use std::collections::BTreeSet;

use crate::connectwise::world::World;

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

const UNPRORATED: Proration = Proration { prorated: false, first: None, last: None, decimals: 2 };
const PRORATED: Proration = Proration { prorated: true, ..UNPRORATED };

fn november() -> Period {
    Period { first: day("2025-11-01"), last: day("2025-11-30") }
}

/// The days of November that an addition of 30 units at 1.00 bills, and the amount.
fn billed(readings: BillingReadings, agreement: Proration, from: &str, to: Option<&str>) -> Option<(String, Decimal)> {
    let addition = AdditionTerms {
        id: 1,
        product: 1,
        quantity: Decimal::from(30),
        less_included: Decimal::ZERO,
        price: Decimal::ONE,
        bill_customer: BillCustomer::Billable,
        effective: Some(day(from)),
        cancelled: to.map(day),
    };
    let lines = bill::lines(&readings, &agreement, november(), &[addition], std::iter::empty());
    let line = lines.first()?;
    Some((format!("{}/{}", line.days.first, line.days.last), line.amount))
}

fn days(days: &str, amount: i64) -> Option<(String, Decimal)> {
    Some((days.to_owned(), Decimal::from(amount)))
}

const WHOLE: &str = "2025-11-01/2025-11-30";

#[test]
fn the_cancelled_date_is_the_last_billed_or_the_first_unbilled_day() {
    let with = |cancelled_date| BillingReadings { cancelled_date, ..BillingReadings::default() };
    let (last, first) = (with(CancelledDate::LastBilledDay), with(CancelledDate::FirstUnbilledDay));
    let until = |readings, to| billed(readings, PRORATED, "2025-01-01", Some(to));
    assert_eq!(until(last, "2025-11-16"), days("2025-11-01/2025-11-16", 16));
    assert_eq!(until(first, "2025-11-16"), days("2025-11-01/2025-11-15", 15));
    assert_eq!(until(last, "2025-11-01"), days("2025-11-01/2025-11-01", 1));
    assert_eq!(until(first, "2025-11-01"), None);
    assert_eq!(until(first, "2025-12-01"), days(WHOLE, 30));
    // A line that ends on the day on which it begins has no day left.
    assert_eq!(billed(first, UNPRORATED, "2025-11-10", Some("2025-11-10")), None);
}

#[test]
fn a_line_that_ends_inside_the_period_bills_the_whole_of_it_nothing_or_until_its_end() {
    let until = |ended_inside, agreement| {
        let readings = BillingReadings { ended_inside, ..BillingReadings::default() };
        billed(readings, agreement, "2025-01-01", Some("2025-11-16"))
    };
    assert_eq!(until(EndedInside::WholePeriod, UNPRORATED), days(WHOLE, 30));
    assert_eq!(until(EndedInside::Nothing, UNPRORATED), None);
    assert_eq!(until(EndedInside::UntilItsEnd, UNPRORATED), days("2025-11-01/2025-11-16", 16));
    for reading in [EndedInside::WholePeriod, EndedInside::Nothing, EndedInside::UntilItsEnd] {
        assert_eq!(until(reading, PRORATED), days("2025-11-01/2025-11-16", 16), "proration is documented");
        let whole = BillingReadings { ended_inside: reading, ..BillingReadings::default() };
        assert_eq!(billed(whole, UNPRORATED, "2025-01-01", Some("2025-11-30")), days(WHOLE, 30));
        assert_eq!(billed(whole, UNPRORATED, "2025-11-03", Some("2025-11-16")), days(WHOLE, 30), "one-time charge");
    }
}

#[test]
fn a_line_that_begins_inside_the_period_bills_the_whole_of_it_nothing_yet_or_from_its_beginning() {
    let from = |begun_inside, agreement| {
        let readings = BillingReadings { begun_inside, ..BillingReadings::default() };
        billed(readings, agreement, "2025-11-17", None)
    };
    assert_eq!(from(BegunInside::WholePeriod, UNPRORATED), days(WHOLE, 30));
    assert_eq!(from(BegunInside::FromTheNextPeriod, UNPRORATED), None);
    assert_eq!(from(BegunInside::FromItsBeginning, UNPRORATED), days("2025-11-17/2025-11-30", 14));
    for reading in [BegunInside::WholePeriod, BegunInside::FromTheNextPeriod, BegunInside::FromItsBeginning] {
        assert_eq!(from(reading, PRORATED), days("2025-11-17/2025-11-30", 14), "proration is documented");
        let readings = BillingReadings { begun_inside: reading, ..BillingReadings::default() };
        assert_eq!(billed(readings, UNPRORATED, "2025-11-01", None), days(WHOLE, 30));
    }
}

async fn world(billing: BillingReadings) -> World {
    let world = World::with(Settings { billing, ..Settings::default() }).await;
    let fields = json!({"nextInvoiceDate": "2025-11-01", "prorateFlag": true});
    world.psa.edit(Collection::Agreements, 0, 1, &fields).unwrap();
    world
}

#[tokio::test]
async fn in_arrears_the_next_invoice_date_is_the_periods_first_day_or_the_day_after_the_period_before() {
    for (arrears_date, from, next) in [
        (ArrearsDate::FirstDayOfPeriod, "2025-11-01", "2025-12-01"),
        (ArrearsDate::DayAfterPeriod, "2025-10-01", "2025-12-01"),
    ] {
        let world = world(BillingReadings { arrears_date, ..BillingReadings::default() }).await;
        world.psa.edit(Collection::Agreements, 0, 1, &json!({"periodType": "Current"})).unwrap();
        let made = world.psa.make_invoice(1).unwrap();
        assert_eq!(made[0].period.first, day(from));
        assert_eq!(made[0].date.yesterday().unwrap(), made[0].period.last, "made when the period is over");
        let agreement = world.psa.record(Collection::Agreements, 0, 1).unwrap();
        assert_eq!(agreement["nextInvoiceDate"], format!("{next}T00:00:00Z"));
        world.psa.delete_invoice(made[0].id).unwrap();
        let agreement = world.psa.record(Collection::Agreements, 0, 1).unwrap();
        assert_eq!(agreement["nextInvoiceDate"], "2025-11-01T00:00:00Z");
    }
}

#[tokio::test]
async fn a_start_in_an_invoiced_period_is_billed_on_the_next_invoice_or_never() {
    for (late_dates, lines) in [(LateDates::OnTheNextInvoice, 2), (LateDates::Never, 1)] {
        let world = world(BillingReadings { late_dates, ..BillingReadings::default() }).await;
        world.psa.make_invoice(1).unwrap();
        world.psa.add_addition(1, 1, 1, json!({"effectiveDate": "2025-11-10"})).unwrap();
        assert_eq!(world.psa.make_invoice(1).unwrap()[0].lines.len(), lines, "{late_dates:?}");
    }
}

#[test]
fn every_reading_is_drawn_and_a_seed_draws_the_same_again() {
    let drawn = |seed| BillingReadings::drawn(seed);
    let all: Vec<BillingReadings> = (0..500).map(drawn).collect();
    assert_eq!(all, (0..500).map(drawn).collect::<Vec<_>>());
    let kinds: BTreeSet<String> = all.iter().map(|one| format!("{one:?}")).collect();
    assert_eq!(kinds.len(), 2 * 3 * 3 * 2 * 2);
    assert_eq!(BillingReadings::default().cancelled_date, CancelledDate::LastBilledDay);
}
