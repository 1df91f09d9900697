//! Many people who save the same customers at once.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use shared::store::{CustomerEdit, Store, Subject};
use shared::table::Table;

use super::{companies, edits, mapped, put, remove, save};
use crate::on_both_tables;
use crate::values::{customer, partner};

on_both_tables!(of_many_who_shuffle_companies_none_loses_an_edit_and_no_company_has_two_customers);

/// Who saves, how often each tries, and how many customers and companies there are.
const EDITORS: u32 = 6;
const TRIES: u32 = 20;
const CUSTOMERS: u32 = 5;

/// Each editor reads all customers and saves what it would like of two of them, again and again; what it wants depends
/// on its number and try alone.
async fn edit(store: &Store<impl Table>, editor: u32) -> u64 {
    let mut saved = 0;
    for attempt in 0..TRIES {
        let read = store.list_customer_mappings_after(partner(1), None, 100).await.unwrap();
        let read: BTreeMap<_, _> = read.into_iter().map(|(mapping, _)| (mapping.customer, mapping)).collect();
        let first = (editor + attempt) % CUSTOMERS;
        let row = |n: u32, with: u32| -> CustomerEdit {
            let version = read.get(&customer(n)).map_or(0, |mapping| mapping.version);
            match (editor + 3 * attempt + n) % 7 {
                0 if version > 0 => remove(n, version),
                _ => put(n, version, i64::from(with) + 1),
            }
        };
        let second = (first + 1 + attempt % (CUSTOMERS - 1)) % CUSTOMERS;
        let rows = [row(first, second), row(second, first)];
        saved += save(store, partner(1), &rows).await.map_or(0, |_| 1);
    }
    saved
}

async fn of_many_who_shuffle_companies_none_loses_an_edit_and_no_company_has_two_customers(store: Store<impl Table>) {
    let editing = (0..EDITORS).map(|editor| {
        let store = store.clone();
        async move { edit(&store, editor).await }
    });
    let saved: u64 = join_all(editing).await.into_iter().sum();
    assert!(saved >= u64::from(EDITORS), "too few saves to prove anything: {saved}");
    // Each save has left two edits, and each edit starts where the one before it ended.
    let edits = edits(&store, partner(1)).await;
    assert_eq!(edits.len() as u64, 2 * saved);
    for n in 0..CUSTOMERS {
        let of_customer = edits.iter().filter(|edit| edit.subject == Subject::Customer(customer(n)));
        let befores: Vec<_> = of_customer.clone().filter_map(|edit| edit.before.as_ref()).map(version_of).collect();
        let afters: BTreeSet<_> = of_customer.clone().filter_map(|edit| edit.after.as_ref()).map(version_of).collect();
        assert_eq!(befores.iter().collect::<BTreeSet<_>>().len(), befores.len(), "two edits of one version");
        assert!(befores.iter().all(|before| afters.contains(before)), "an edit of what was never saved");
        let stored = store.find_customer_mapping(partner(1), customer(n)).await.unwrap();
        if let Some((mapping, _)) = stored {
            assert_eq!(afters.last(), Some(&mapping.version), "the last edit is what is stored");
        }
    }
    let mapped_now = companies(&store, partner(1)).await;
    let distinct: BTreeSet<i64> = mapped_now.iter().map(|(_, company)| *company).collect();
    assert_eq!(distinct.len(), mapped_now.len(), "{mapped_now:?}");
    let all: Vec<_> = (1..=i64::from(CUSTOMERS)).map(|n| mapped(0, 0, n).company).collect();
    let holders = store.list_company_holders(partner(1), &all).await.unwrap();
    let expected: BTreeMap<_, _> =
        mapped_now.iter().map(|(n, number)| (mapped(0, 0, *number).company, customer(*n))).collect();
    assert_eq!(holders, expected, "the marks of companies are those of the mappings");
}

fn version_of(mapping: &serde_json::Value) -> u64 {
    mapping["version"].as_u64().unwrap()
}
