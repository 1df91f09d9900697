//! Keys of different partners and of different kinds never collide, and ranges include what they must.

use super::*;
use crate::domain::month::UsageMonth;

fn partner() -> PartnerId {
    PartnerId::parse("718b6047-2fbc-4f4b-a143-45ee42bf5d3b").unwrap()
}

fn between(range: Range) -> (String, String) {
    let Range::Between(first, last) = range else { panic!("{range:?}") };
    (first, last)
}

#[test]
fn every_partition_starts_with_the_partner_and_a_delimiter() {
    let run = RunId::parse("20261130T011200Z-scheduled-0123abcd").unwrap();
    let partitions = [
        home(partner()),
        sync(partner()),
        runs(partner()),
        run_rows(partner(), &run),
        credentials(partner()).partition,
        due(partner(), DueFor::FollowUp(FollowUp::RetryFailedRun)).partition,
        holds(partner()),
        attempt(partner(), "00ff").partition,
    ];
    for partition in &partitions {
        assert!(partition.starts_with("P#718b6047-2fbc-4f4b-a143-45ee42bf5d3b#"), "{partition}");
    }
    let distinct: std::collections::BTreeSet<&String> = partitions.iter().collect();
    assert_eq!(distinct.len(), partitions.len());
}

#[test]
fn only_the_partition_of_due_entries_names_a_due_partner() {
    assert_eq!(
        partner_of_due(&due(partner(), DueFor::FollowUp(FollowUp::ResumeStalledRun)).partition),
        Some(partner())
    );
    for other in [home(partner()), sync(partner()), "P##D".to_owned(), String::new()] {
        assert_eq!(partner_of_due(&other), None, "{other}");
    }
}

#[test]
fn removing_a_partner_covers_all_its_partitions_due_entries_first_and_the_lease_last() {
    let leaving = partitions(partner());
    let known = [
        home(partner()),
        sync(partner()),
        runs(partner()),
        credentials(partner()).partition,
        due(partner(), DueFor::FollowUp(FollowUp::ResumeStalledRun)).partition,
    ];
    for partition in known {
        assert!(leaving.contains(&partition), "{partition}");
    }
    assert_eq!(
        (leaving.first(), leaving.last()),
        (Some(&due(partner(), DueFor::FollowUp(FollowUp::ResumeStalledRun)).partition), Some(&sync(partner())))
    );
}

#[test]
fn a_page_of_customers_starts_directly_after_the_last_one() {
    let customer = CustomerId::parse("718b6047-2fbc-4f4b-a143-45ee42bf5d3b").unwrap();
    let next = CustomerId::parse("718b6047-2fbc-4f4b-a143-45ee42bf5d3c").unwrap();
    let (first, last) = between(customer_mappings_after(Some(customer)));
    let sort = |customer| customer_mapping(partner(), customer).sort;
    assert!(sort(customer) < first && first < sort(next) && sort(next) < last);
}

#[test]
fn a_page_of_the_ledger_has_only_customers_with_the_prefix() {
    let (first, last) = between(ledger_range("ab", None).unwrap());
    let within = |sort: &str| (first.as_str()..=last.as_str()).contains(&sort);
    assert!(within("LG#ab000000-0000#0000") && within("LG#abffffff-ffff#9999"));
    assert!(!within("LG#aaffffff#0000") && !within("LG#ac000000#0000") && !within("LG#~#0000"));
    assert_eq!(ledger_range("ab", Some("ac000000")), None);
}

/// DynamoDB refuses an empty text for a key; the embedded table accepts it.
#[test]
fn no_range_of_sort_keys_begins_or_ends_in_an_empty_text() {
    let month = UsageMonth::parse("2026-11").unwrap();
    let ranges = [
        all_holds_after(None),
        hold_range(month, "", None).unwrap(),
        runs_until(None),
        edits_until(None),
        snapshots_after(None),
        known_customers_after(None),
        customer_mappings_after(None),
        ledger_range("", None).unwrap(),
        chunk_range(ChunkKind::Usage, 0, None),
    ];
    for (first, last) in ranges.into_iter().map(between) {
        assert!(!first.is_empty() && first < last, "{first:?} to {last:?}");
    }
}
