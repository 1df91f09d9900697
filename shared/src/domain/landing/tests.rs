//! Where quantities go: the periods, and the lines of a ledger.

use rust_decimal::Decimal;

use super::*;
use crate::domain::id::{AdditionId, AgreementId, CompanyId, PsaProductId};
use crate::domain::ledger::{Billed, CustomerLedger, Line};
use crate::domain::outcome::{Failure, Hold, Outcome, Skip, Waiting};
use crate::domain::psa::AgreementStatus;

fn month(text: &str) -> UsageMonth {
    UsageMonth::parse(text).unwrap()
}

fn cycle(cycle: &str) -> AgreementFacts {
    AgreementFacts { cycle: Some(cycle.into()), ..AgreementFacts::default() }
}

/// Where November's quantity goes, in words.
fn november(next: &str, facts: &AgreementFacts) -> String {
    let landing = Landing::of(month("2026-11"), next.parse().unwrap(), facts).unwrap();
    let words = landing.in_words(month("2026-11"), facts);
    words.strip_prefix("usage of November 2026 → on the ConnectWise invoice for ").unwrap().to_owned()
}

#[test]
fn usage_of_november_was_shown_on_another_invoice_than_the_one_that_bills_it() {
    let monthly = cycle("Monthly");
    // In advance: November is invoiced, December comes next.
    assert_eq!(november("2026-12-01", &monthly), "December 2026");
    assert_eq!(november("2027-01-01", &monthly), "January 2027");
    // In arrears, or the invoice is late: November's own.
    assert_eq!(november("2026-11-01", &monthly), "November 2026");
    assert_eq!(november("2026-11-01", &AgreementFacts::default()), "November 2026", "a cycle that is not known");
}

#[test]
fn usage_was_shown_on_an_invoice_of_an_earlier_month_that_is_still_to_be_made() {
    let monthly = cycle("Monthly");
    assert_eq!(november("2026-09-01", &monthly), "November 2026");
    assert_eq!(november("2025-12-01", &monthly), "November 2026");
    assert_eq!(november("2026-09-15", &monthly), "the period from 15 Nov 2026");
    assert_eq!(november("2026-08-31", &monthly), "the period from 30 Nov 2026");
}

#[test]
fn a_period_that_is_no_calendar_month_was_named_by_a_month() {
    assert_eq!(november("2026-12-15", &cycle("Monthly")), "the period from 15 Dec 2026");
    assert_eq!(november("2027-01-01", &cycle("Quarterly")), "the period from 1 Jan 2027");
    assert_eq!(november("2026-10-01", &cycle("Quarterly")), "the period from 1 Oct 2026");
    assert_eq!(november("2026-03-01", &cycle("Annual")), "the period from 1 Mar 2026");
    assert_eq!(november("2025-03-01", &cycle("Annual")), "the period from 1 Mar 2026");
    assert_eq!(november("2026-11-20", &cycle("Fortnightly")), "the period from 20 Nov 2026");
}

#[test]
fn an_invoice_was_named_for_an_agreement_of_which_none_is_known() {
    assert_eq!(AgreementLanding::of(month("2026-11"), &agreement(None), &Snapshot::default()), None);
    let once = Agreement { billing_cycle: Some("One Time".into()), ..agreement(Some("2026-12-01")) };
    assert_eq!(AgreementLanding::of(month("2026-11"), &once, &Snapshot::default()), None);
}

fn agreement(next: Option<&str>) -> Agreement {
    Agreement {
        id: AgreementId::try_from(1).unwrap(),
        name: "2026".into(),
        company: CompanyId::try_from(1).unwrap(),
        company_name: "ACME".into(),
        kind: "Managed services".into(),
        status: AgreementStatus::Active,
        start: None,
        end: None,
        next_invoice: next.map(|day| day.parse().unwrap()),
        billing_cycle: Some("Monthly".into()),
        prorated: false,
        currency: None,
        parent: None,
    }
}

/// November's entry of a customer whose agreement has that next invoice, with what was remembered of invoices.
fn entry(next: &str, expected: Option<&str>) -> CustomerLedger {
    let agreement = agreement(Some(next));
    let mut snapshot = Snapshot::default();
    snapshot.expect_invoice(month("2026-11"), expected.map(|day| day.parse().unwrap()));
    let landing = AgreementLanding::of(month("2026-11"), &agreement, &snapshot);
    CustomerLedger { landing, facts: agreement.facts(), ..CustomerLedger::default() }
}

fn line(outcome: Outcome, would: Would) -> Line {
    let waits = matches!(outcome, Outcome::Held(_) | Outcome::Waiting(_));
    let billed = Billed {
        product: PsaProductId::try_from(1).unwrap(),
        addition: AdditionId::try_from(1).ok(),
        target: Decimal::TEN,
        would: if waits { Would::Nothing } else { would },
        did: None,
        waiting: waits.then_some(would),
        terms: None,
        largest: None,
        overridden: None,
        ended: None,
        writes: 0,
    };
    Line { code: None, units: 10, usage_lines: 1, outcome, billed: Some(billed) }
}

fn lands(entry: &CustomerLedger, outcome: Outcome, would: Would) -> Option<String> {
    let landing = entry.landing(&line(outcome, would))?;
    let made = if landing.made { "made " } else { "" };
    Some(format!("{made}{}", landing.starts))
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

const RISE: Would = Would::Update { from: Decimal::ONE, to: Decimal::TEN };

#[test]
fn a_repeated_run_said_of_what_is_invoiced_already_that_it_goes_on_the_next_invoice() {
    let made = entry("2027-01-01", Some("2026-12-01"));
    assert_eq!(lands(&made, Outcome::Unchanged, Would::Nothing), some("made 2026-12-01"));
    let created = Would::Create { to: Decimal::ONE, begins: None };
    assert_eq!(lands(&made, Outcome::Created, created), some("2027-01-01"), "it was not there yet");
    let on = Date::constant(2026, 12, 1);
    let late = Hold::Late { on, invoiced: Decimal::ONE, to: Decimal::TEN };
    assert_eq!(lands(&made, Outcome::Held(late), RISE), None, "it is on no invoice");
    let deleted = entry("2026-12-01", Some("2026-12-01"));
    assert_eq!(lands(&deleted, Outcome::Unchanged, Would::Nothing), some("2026-12-01"), "it is to be made again");
}

#[test]
fn what_waits_for_the_invoice_of_the_month_before_was_shown_on_that_invoice() {
    let next = entry("2026-11-01", None);
    let (written, until) = (month("2026-10"), Date::constant(2026, 11, 15));
    let (from, to) = (Decimal::ONE, Decimal::TEN);
    let waits = |awaits_invoice| Outcome::Waiting(Waiting::NewMonth { written, from, to, until, awaits_invoice });
    assert_eq!(lands(&next, waits(true), RISE), some("2026-12-01"));
    assert_eq!(lands(&next, waits(false), RISE), some("2026-11-01"));
    assert_eq!(lands(&next, Outcome::Updated, RISE), some("2026-11-01"));
}

#[test]
fn an_addition_that_begins_later_was_shown_on_an_invoice_of_days_before_it() {
    let next = entry("2026-11-01", None);
    let begins = |day: &str| Would::Create { to: Decimal::ONE, begins: day.parse().ok() };
    let ended = || Outcome::Held(Hold::Ambiguous { additions: Vec::new() });
    assert_eq!(lands(&next, Outcome::Created, begins("2026-11-17")), some("2026-11-01"));
    assert_eq!(lands(&next, Outcome::Created, begins("2026-12-01")), some("2026-12-01"));
    assert_eq!(lands(&next, ended(), begins("2027-01-01")), some("2027-01-01"));
}

#[test]
fn what_is_not_synced_was_shown_on_an_invoice() {
    let next = entry("2026-12-01", None);
    assert_eq!(lands(&next, Outcome::Skipped(Skip::ProductUnmapped), Would::Nothing), None);
    assert_eq!(lands(&next, Outcome::Failed(Failure::Unknown), RISE), None);
    let nothing = Line { billed: None, ..line(Outcome::Unchanged, Would::Nothing) };
    assert_eq!(next.landing(&nothing), None);
}

#[test]
fn the_first_day_of_a_far_period_was_counted_wrong() {
    for years in [1, 7, 300] {
        let first = Date::constant(1900, 1, 31).saturating_add(Span::new().years(years));
        for months in 0..30 {
            let day = first.saturating_add(Span::new().months(months).days(3));
            let starts = period_with(first, day, &cycle("Quarterly"));
            let next = after(starts, &cycle("Quarterly"));
            assert!(starts <= day && day < next, "from {first}, on {day}: {starts} to {next}");
        }
    }
}
