//! A run's ledger.

use shared::domain::id::CustomerId;
use shared::domain::ledger::{Billed, CustomerLedger, Line};
use shared::domain::outcome::{Outcome, Would};
use shared::domain::quantity_override::Overridden;
use shared::domain::terms::Terms;
use shared::store::{Change, Store};
use shared::table::Table;

use super::commit;
use crate::on_both_tables;
use crate::values::{code, customer, ledger, partner, product, quantity_override, run};

on_both_tables!(
    an_entry_is_found_by_its_customer,
    an_entry_written_again_replaces_the_one_before,
    entries_come_by_customer_and_the_usage_without_one_last,
    entries_are_listed_by_the_start_of_the_customers_id,
    an_entry_of_a_megabyte_is_split_and_read_back_whole,
    an_entry_that_becomes_shorter_keeps_nothing_of_the_longer_one,
    many_large_entries_are_paged_and_none_is_cut_or_lost,
    a_page_key_that_fits_no_customer_ends_the_list,
    runs_and_partners_never_see_one_anothers_ledgers,
);

async fn put(store: &Store<impl Table>, entries: impl IntoIterator<Item = CustomerLedger>) {
    let run = run(partner(1), 1).id;
    for entry in entries {
        let change = Change::PutLedger(run.clone(), Box::new(entry));
        commit(store, partner(1), vec![change]).await.unwrap();
    }
}

async fn find(store: &Store<impl Table>, customer: Option<CustomerId>) -> Option<CustomerLedger> {
    store.find_ledger(partner(1), &run(partner(1), 1).id, customer).await.unwrap()
}

/// Reads all pages; says how many there were.
async fn list(store: &Store<impl Table>, prefix: &str) -> (Vec<CustomerLedger>, usize) {
    let run = run(partner(1), 1).id;
    let (mut entries, mut pages, mut after) = (Vec::new(), 0, None);
    loop {
        let page = store.list_ledger(partner(1), &run, prefix, after.as_deref()).await.unwrap();
        entries.extend(page.entries);
        pages += 1;
        after = page.next;
        if after.is_none() {
            return (entries, pages);
        }
    }
}

fn of(n: u32) -> CustomerLedger {
    ledger(Some(customer(n)), &format!("customer {n}"))
}

/// An entry of so many lines, with letters that take several bytes.
fn long(customer: Option<CustomerId>, lines: usize) -> CustomerLedger {
    let line = |n: usize| Line {
        code: Some(code(&format!("P-{n}"))),
        units: n as u64,
        usage_lines: 1,
        outcome: Outcome::Updated,
        billed: Some(Billed {
            product: product(7),
            addition: None,
            target: "12.50".parse().unwrap(),
            would: Would::Update { from: "1.5".parse().unwrap(), to: "12.50".parse().unwrap() },
            did: Some(Would::Adopt { at: 3.into() }),
            waiting: Some(Would::Nothing),
            terms: Some(Terms {
                unit_price: Some("3.25".parse().unwrap()),
                less_included: "2".parse().unwrap(),
                billable: true,
            }),
            largest: Some(code("P-1")),
            overridden: (n == 1).then(|| {
                let by = quantity_override(1, 7, "2026-11", "2027-02");
                Box::new(Overridden { used: Some(7.into()), billed: "12.50".parse().unwrap(), by })
            }),
            ended: (n == 1).then(|| Box::new(quantity_override(1, 7, "2026-08", "2026-10"))),
            writes: 2,
        }),
    };
    CustomerLedger {
        lines: (0..lines).map(line).collect(), ..ledger(customer, &"Müller & Søn €😀".repeat(lines / 2))
    }
}

async fn an_entry_is_found_by_its_customer(store: Store<impl Table>) {
    put(&store, [of(1), of(2), ledger(None, "unassigned")]).await;
    assert_eq!(find(&store, Some(customer(2))).await, Some(of(2)));
    assert_eq!(find(&store, None).await, Some(ledger(None, "unassigned")));
    assert_eq!(find(&store, Some(customer(3))).await, None);
}

async fn an_entry_written_again_replaces_the_one_before(store: Store<impl Table>) {
    put(&store, [of(1), ledger(Some(customer(1)), "renamed")]).await;
    assert_eq!(list(&store, "").await.0, [ledger(Some(customer(1)), "renamed")]);
}

async fn entries_come_by_customer_and_the_usage_without_one_last(store: Store<impl Table>) {
    let unassigned = ledger(None, "unassigned");
    put(&store, [unassigned.clone(), of(0xffff_ffff), of(1), of(0x10)]).await;
    assert_eq!(list(&store, "").await.0, [of(1), of(0x10), of(0xffff_ffff), unassigned]);
}

async fn entries_are_listed_by_the_start_of_the_customers_id(store: Store<impl Table>) {
    let all = [0x1000_0000, 0x1f00_0000, 0xf000_0000].map(of);
    put(&store, all.clone()).await;
    put(&store, [ledger(None, "unassigned")]).await;
    assert_eq!(list(&store, "1").await.0, all[..2]);
    assert_eq!(list(&store, "1f").await.0, all[1..2]);
    assert_eq!(list(&store, "f").await.0, all[2..]);
    assert_eq!(list(&store, "0").await.0, []);
}

async fn an_entry_of_a_megabyte_is_split_and_read_back_whole(store: Store<impl Table>) {
    let large = long(Some(customer(2)), 6_000);
    assert!(serde_json::to_string(&large).unwrap().len() > 1_000_000);
    put(&store, [of(1), large.clone(), of(3)]).await;
    assert_eq!(find(&store, Some(customer(2))).await, Some(large.clone()));
    assert_eq!(list(&store, "").await.0, [of(1), large, of(3)]);
}

async fn an_entry_that_becomes_shorter_keeps_nothing_of_the_longer_one(store: Store<impl Table>) {
    let (longer, shorter) = (long(Some(customer(2)), 6_000), long(Some(customer(2)), 3_000));
    put(&store, [longer, of(3)]).await;
    for again in [shorter, of(2)] {
        put(&store, [again.clone()]).await;
        assert_eq!(find(&store, Some(customer(2))).await, Some(again.clone()));
        assert_eq!(list(&store, "").await.0, [again, of(3)]);
    }
}

async fn many_large_entries_are_paged_and_none_is_cut_or_lost(store: Store<impl Table>) {
    let entries: Vec<CustomerLedger> = (1..=120)
        .map(|n| if n % 12 == 0 { long(Some(customer(n)), 2_000) } else { of(n) })
        .chain([long(None, 2_500)])
        .collect();
    put(&store, entries.clone()).await;
    let (read, pages) = list(&store, "").await;
    assert_eq!(read.len(), entries.len());
    assert!(read == entries, "an entry came back changed");
    assert!(pages > 1, "all of it came in one page");
}

async fn a_page_key_that_fits_no_customer_ends_the_list(store: Store<impl Table>) {
    put(&store, [of(1), of(0xa000_0000), ledger(None, "unassigned")]).await;
    let run = run(partner(1), 1).id;
    for (prefix, after) in [("0", "b"), ("", "~"), ("", "zzzz"), ("a", "~")] {
        let page = store.list_ledger(partner(1), &run, prefix, Some(after)).await.unwrap();
        assert!(page.next.is_none(), "{prefix:?} {after:?}");
        let expected = if after == "zzzz" { 1 } else { 0 };
        assert_eq!(page.entries.len(), expected, "{prefix:?} {after:?}");
    }
}

async fn runs_and_partners_never_see_one_anothers_ledgers(store: Store<impl Table>) {
    put(&store, [of(1)]).await;
    let (mine, other) = (run(partner(1), 1).id, run(partner(1), 2).id);
    assert_eq!(store.find_ledger(partner(1), &other, Some(customer(1))).await, Ok(None));
    assert_eq!(store.find_ledger(partner(0x11), &mine, Some(customer(1))).await, Ok(None));
    let page = store.list_ledger(partner(0x11), &mine, "", None).await.unwrap();
    assert_eq!((page.entries, page.next), (vec![], None));
}
