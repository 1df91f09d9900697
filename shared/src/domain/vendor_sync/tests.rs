//! What counts as a sign of the vendor's own sync, and what a person may do without a warning.

use rust_decimal::Decimal;

use super::*;
use crate::domain::id::{AdditionId, PsaProductId};
use crate::domain::month::UsageMonth;
use crate::domain::psa::{AdditionDetail, ChangedBy};
use crate::domain::snapshot::{Parts, Written};

const VENDOR: &str = "Sophos_Intercept_X";

fn at(day: i8) -> Timestamp {
    format!("2026-11-{day:02}T02:00:00Z").parse().unwrap()
}

fn line(id: i64, quantity: u32, by: &str, day: i8) -> Addition {
    let changed = Some(ChangedBy { by: by.into(), at: at(day) });
    Addition {
        id: AdditionId::try_from(id).unwrap(),
        product: PsaProductId::try_from(7).unwrap(),
        quantity: quantity.into(),
        less_included: Decimal::ZERO,
        unit_price: None,
        bill_customer: "Billable".into(),
        effective: None,
        cancelled: None,
        detail: AdditionDetail { identifier: VENDOR.into(), changed, ..AdditionDetail::default() },
    }
}

fn named(identifier: &str, mut line: Addition) -> Addition {
    line.detail.identifier = identifier.into();
    line
}

/// What is seen of an agreement after some reads.
fn after(mut snapshot: Snapshot, reads: &[&[Addition]]) -> MembersSeen {
    for additions in reads {
        snapshot.see_changes(additions);
    }
    MembersSeen::of(&snapshot, at(30), day)
}

fn day(at: Timestamp) -> Date {
    at.to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// How many lines count.
fn lines_of(seen: &MembersSeen) -> usize {
    seen.changes.values().map(Vec::len).sum()
}

fn count(additions: &[Addition]) -> usize {
    lines_of(&after(Snapshot::default(), &[additions]))
}

/// A snapshot of an agreement on which we wrote 10 to addition 1.
fn written_by(member: Option<&str>) -> Snapshot {
    let id = AdditionId::try_from(1).unwrap();
    let ours = Written::new(id, Decimal::TEN, UsageMonth::parse("2026-11").unwrap(), Parts::new());
    let written = BTreeMap::from([(PsaProductId::try_from(7).unwrap(), ours)]);
    Snapshot { written, member: member.map(str::to_owned), ..Snapshot::default() }
}

/// A partner with this number of customers, each with the same changes.
fn partner(customers: usize, seen: &MembersSeen) -> Members {
    let mut members = Members::default();
    (0..customers).for_each(|_| members.add(seen));
    members
}

#[test]
fn lines_that_one_member_changed_for_three_customers_were_no_warning() {
    let seen = after(Snapshot::default(), &[&[line(1, 5, "sophosapi", 3), line(2, 9, "sophosapi", 20)]]);
    let found = partner(3, &seen).vendor_sync().unwrap();
    assert_eq!(
        found.in_words(),
        "The ConnectWise member 'sophosapi' has changed 6 Sophos lines of 3 customers since 3 November 2026; the vendor's own \
         usage sync may still be on."
    );
}

#[test]
fn what_a_person_types_in_for_two_customers_was_taken_for_the_vendors_sync() {
    let seen = after(Snapshot::default(), &[&[line(1, 5, "jdoe", 3)]]);
    assert_eq!(partner(2, &seen).vendor_sync(), None);
    let mut members = partner(2, &seen);
    members.add(&after(Snapshot::default(), &[&[line(1, 5, "asmith", 3)]]));
    assert_eq!(members.vendor_sync(), None, "three customers, by two members");
}

#[test]
fn a_line_that_somebody_ended_or_set_to_0_was_taken_for_one_that_the_vendors_sync_bills() {
    let ended = Addition { cancelled: Some(Date::constant(2026, 11, 30)), ..line(1, 5, "jdoe", 3) };
    assert_eq!(count(&[ended, line(2, 0, "jdoe", 3)]), 0);
}

#[test]
fn a_line_that_bills_nothing_of_sophos_was_counted() {
    let other = named("Backup_Server", line(1, 5, "backupapi", 3));
    assert_eq!(count(&[other.clone(), named(" sophos_mtr_standard", line(2, 5, "sophosapi", 3))]), 1);
    let nobody = Addition { detail: AdditionDetail { identifier: VENDOR.into(), ..other.detail.clone() }, ..other };
    let nobody = Addition { detail: AdditionDetail { changed: None, ..nobody.detail }, ..nobody };
    assert_eq!(count(&[nobody]), 0, "ConnectWise does not say who changed it");
}

#[test]
fn a_change_of_a_price_was_taken_for_one_of_the_quantity() {
    let first = [line(1, 5, "sophosapi", 3)];
    let price = [line(1, 5, "jdoe", 10)];
    assert_eq!(lines_of(&after(Snapshot::default(), &[&first, &price])), 0);
    let quantity = [line(1, 6, "sophosapi", 11)];
    let seen = after(Snapshot::default(), &[&first, &price, &quantity, &quantity]);
    let known = BTreeMap::from([("sophosapi".to_owned(), vec![Date::constant(2026, 11, 11)])]);
    assert_eq!(seen.changes, known, "it stays known while it is the last one");
}

#[test]
fn a_change_of_long_ago_was_counted() {
    let mut snapshot = Snapshot::default();
    snapshot.see_changes(&[line(1, 5, "sophosapi", 3)]);
    let lines = |now: &str| lines_of(&MembersSeen::of(&snapshot, now.parse().unwrap(), day));
    assert_eq!((lines("2026-12-08T02:00:00Z"), lines("2026-12-08T02:00:01Z")), (1, 0));
}

#[test]
fn our_own_writes_were_taken_for_somebody_elses() {
    let ours = |quantity, by| [named("SEC-CIXA", line(1, quantity, by, 3))];
    let seen = |member, quantity, by| lines_of(&after(written_by(member), &[&ours(quantity, by)]));
    assert_eq!(seen(Some("usagesync"), 10, "sophosapi"), 0, "the quantity is ours, whoever set the price");
    assert_eq!(seen(Some("usagesync"), 11, "UsageSync"), 0);
    assert_eq!(seen(None, 11, "sophosapi"), 0, "as which member we write is not known");
    assert_eq!(seen(Some("usagesync"), 11, "sophosapi"), 1);
}

#[test]
fn a_line_that_we_wrote_as_another_customers_run_shows_was_counted() {
    let seen = after(Snapshot::default(), &[&[line(1, 5, "usagesync", 3)]]);
    assert!(partner(3, &seen).vendor_sync().is_some(), "nobody knows that this member is ours");
    let mut members = partner(3, &seen);
    members.add(&after(written_by(Some("UsageSync")), &[]));
    assert_eq!(members.vendor_sync(), None);
}
