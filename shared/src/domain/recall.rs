//! Whether an agreement has to be read again, or what is remembered of it is enough.
//!
//! A nightly run that read every agreement would take a call for each customer to find that nothing has moved. So the plan
//! is made on what was last seen; only where it asks for something, where a write has to be read back, or where it is
//! time to look for other people's edits, ConnectWise is asked.

use jiff::Timestamp;
use jiff::civil::Date;

use super::id::AgreementId;
use super::plan::{CustomerPlan, Step};
use super::psa::Agreement;
use super::run::{ReadFor, RunKind};
use super::schedule::stable_hash;
use super::snapshot::{Intent, Snapshot, Written};

/// Every agreement is read at least once within this number of days.
pub const AUDIT_DAYS: i64 = 7;
/// An agreement is read in every run of this number of days before its ConnectWise invoice, and on the day itself.
const DAYS_BEFORE_INVOICE: i32 = 2;
const SECONDS_A_DAY: i64 = 24 * 60 * 60;

/// Why an agreement has to be read before anything is planned; none when the plan can be made on what is remembered.
/// `today` is the partner's day of the run, which is at `now`.
#[must_use]
pub fn must_read(
    kind: RunKind,
    snapshot: &Snapshot,
    intents: &[Intent],
    agreement: &Agreement,
    now: Timestamp,
    today: Date,
) -> Option<ReadFor> {
    if matches!(kind, RunKind::Preview | RunKind::Apply) {
        return Some(ReadFor::Person);
    }
    if !intents.is_empty() || snapshot.written.values().any(Written::is_under_way) {
        return Some(ReadFor::Settling);
    }
    let Some(seen) = &snapshot.seen else { return Some(ReadFor::Memory) };
    if agreement.next_invoice.is_some_and(|invoice| is_near(invoice, today)) {
        return Some(ReadFor::Invoice);
    }
    is_its_turn(agreement.id, seen.at, now).then_some(ReadFor::Audit)
}

/// Whether a plan made on what is remembered asks for something: then it is made again on what ConnectWise has. `Wait`
/// needs no read: each run plans it again, with the agreement's present invoice date.
#[must_use]
pub fn asks_for_something(plan: &CustomerPlan) -> bool {
    plan.additions
        .values()
        .any(|plan| !matches!(plan.step, Step::Nothing | Step::Keep { .. } | Step::Wait(_) | Step::Skip(_)))
}

fn is_near(invoice: Date, today: Date) -> bool {
    today.until(invoice).is_ok_and(|span| (0..=DAYS_BEFORE_INVOICE).contains(&span.get_days()))
}

/// Spreads the weekly read over the days by a hash of the agreement.
fn is_its_turn(agreement: AgreementId, seen: Timestamp, now: Timestamp) -> bool {
    let day = |at: Timestamp| at.as_second().div_euclid(SECONDS_A_DAY);
    let (seen, today) = (day(seen), day(now));
    let turn = i64::try_from(stable_hash(&agreement.to_string()) % AUDIT_DAYS.unsigned_abs()).unwrap_or(0);
    today - seen >= AUDIT_DAYS || (today > seen && today.rem_euclid(AUDIT_DAYS) == turn)
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;

    use super::*;

    #[test]
    fn every_agreement_has_its_turn_within_a_week_and_about_a_seventh_of_them_a_day() {
        let start: Timestamp = "2026-11-02T02:00:00Z".parse().unwrap();
        let mut seen = vec![start; 700];
        for night in 1..=28 {
            let now = start + (24 * night).hours();
            let mut turns = 0;
            for (n, seen) in (1..).zip(&mut seen) {
                if is_its_turn(AgreementId::try_from(n).unwrap(), *seen, now) {
                    (*seen, turns) = (now, turns + 1);
                }
                assert!(now.duration_since(*seen).as_hours() < 24 * AUDIT_DAYS, "{n} was not seen for a week");
            }
            assert!((60..=140).contains(&turns), "{turns} of 700 in night {night}");
        }
    }

    #[test]
    fn an_agreement_is_read_in_the_two_days_before_its_invoice_and_on_the_day_itself() {
        let invoice = Date::constant(2026, 12, 1);
        let near = [27, 28, 29, 30].map(|day| is_near(invoice, Date::constant(2026, 11, day)));
        assert_eq!(near, [false, false, true, true]);
        assert!(is_near(invoice, invoice) && !is_near(invoice, Date::constant(2026, 12, 2)));
    }
}
