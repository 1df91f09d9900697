//! Customer mappings: versions, prefixes, and one customer a company.

use futures::future::join_all;
use shared::domain::mapping::CustomerMapping;
use shared::store::Store;
use shared::table::Table;

use super::{is_conflict, mapped, stored};
use crate::on_both_tables;
use crate::values::{agreement, company, customer, partner};

on_both_tables!(
    each_save_of_a_customer_has_the_next_version,
    a_customer_saved_meanwhile_is_a_conflict,
    customers_are_listed_by_the_start_of_their_id,
    a_company_that_another_customer_has_is_a_conflict,
    of_two_customers_who_want_a_company_one_gets_it,
    a_customer_may_be_saved_with_its_own_company_again,
    a_company_is_free_again_when_its_customer_moves,
    companies_whose_numbers_start_alike_are_different,
    partners_may_have_the_same_customers_and_companies,
);

async fn each_save_of_a_customer_has_the_next_version(store: Store<impl Table>) {
    let mut mapping = mapped(1, 3, 5);
    mapping.applied = Some(agreement(5));
    store.put_customer_mapping(partner(1), &mapping).await.unwrap();
    mapping.version = 1;
    assert_eq!(stored(&store, partner(1), customer(1)).await, Some((mapping.clone(), None)));
    mapping.sync = false;
    store.put_customer_mapping(partner(1), &mapping).await.unwrap();
    mapping.version = 2;
    assert_eq!(stored(&store, partner(1), customer(1)).await, Some((mapping, None)));
}

async fn a_customer_saved_meanwhile_is_a_conflict(store: Store<impl Table>) {
    store.put_customer_mapping(partner(1), &mapped(1, 3, 5)).await.unwrap();
    for version in [0, 2] {
        let late = CustomerMapping { version, ..mapped(1, 4, 6) };
        let error = store.put_customer_mapping(partner(1), &late).await.unwrap_err();
        let words = format!("the mapping of customer {} was changed by someone else meanwhile", customer(1));
        assert_eq!(error.to_string(), words);
    }
    assert_eq!(stored(&store, partner(1), customer(1)).await.unwrap().0.company, company(3));
    // The refused saves claimed nothing.
    store.put_customer_mapping(partner(1), &mapped(2, 4, 6)).await.unwrap();
}

async fn customers_are_listed_by_the_start_of_their_id(store: Store<impl Table>) {
    for n in [0x2f, 0x11, 0x10, 0x1f] {
        let company = i64::from(n);
        store.put_customer_mapping(partner(1), &mapped(n, company, 5)).await.unwrap();
    }
    for (prefix, expected) in [
        ("", vec![0x10, 0x11, 0x1f, 0x2f]),
        ("0000001", vec![0x10, 0x11, 0x1f]),
        ("00000011", vec![0x11]),
        ("00000012", vec![]),
        ("f", vec![]),
    ] {
        let listed = store.list_customer_mappings(partner(1), prefix).await.unwrap();
        let listed: Vec<_> = listed.into_iter().map(|(mapping, _)| mapping.customer).collect();
        assert_eq!(listed, expected.into_iter().map(customer).collect::<Vec<_>>(), "{prefix:?}");
    }
}

async fn a_company_that_another_customer_has_is_a_conflict(store: Store<impl Table>) {
    store.put_customer_mapping(partner(1), &mapped(1, 3, 5)).await.unwrap();
    let error = store.put_customer_mapping(partner(1), &mapped(2, 3, 5)).await.unwrap_err();
    let words = "the customer that company 3 is mapped to was changed by someone else meanwhile";
    assert_eq!(error.to_string(), words);
    assert_eq!(stored(&store, partner(1), customer(2)).await, None);
}

async fn of_two_customers_who_want_a_company_one_gets_it(store: Store<impl Table>) {
    let wanting = (1..=8).map(|n| {
        let store = store.clone();
        async move { store.put_customer_mapping(partner(1), &mapped(n, 3, 5)).await }
    });
    let got = join_all(wanting).await;
    assert_eq!(got.iter().filter(|got| got.is_ok()).count(), 1, "{got:?}");
    assert_eq!(got.iter().filter(|got| is_conflict(got)).count(), 7, "{got:?}");
    assert_eq!(store.list_customer_mappings(partner(1), "").await.unwrap().len(), 1);
}

async fn a_customer_may_be_saved_with_its_own_company_again(store: Store<impl Table>) {
    for version in 0..3 {
        let mapping = CustomerMapping { version, ..mapped(1, 3, 5) };
        store.put_customer_mapping(partner(1), &mapping).await.unwrap();
    }
    assert!(is_conflict(&store.put_customer_mapping(partner(1), &mapped(2, 3, 5)).await));
}

async fn a_company_is_free_again_when_its_customer_moves(store: Store<impl Table>) {
    store.put_customer_mapping(partner(1), &mapped(1, 3, 5)).await.unwrap();
    let moved = CustomerMapping { version: 1, ..mapped(1, 4, 6) };
    store.put_customer_mapping(partner(1), &moved).await.unwrap();
    store.put_customer_mapping(partner(1), &mapped(2, 3, 5)).await.unwrap();
    assert!(is_conflict(&store.put_customer_mapping(partner(1), &mapped(3, 4, 6)).await));
}

async fn companies_whose_numbers_start_alike_are_different(store: Store<impl Table>) {
    for (n, number) in [(1, 1), (2, 12), (3, 123)] {
        store.put_customer_mapping(partner(1), &mapped(n, number, 5)).await.unwrap();
    }
    assert_eq!(store.list_customer_mappings(partner(1), "").await.unwrap().len(), 3);
}

async fn partners_may_have_the_same_customers_and_companies(store: Store<impl Table>) {
    store.put_customer_mapping(partner(1), &mapped(1, 3, 5)).await.unwrap();
    store.put_customer_mapping(partner(0x11), &mapped(1, 3, 5)).await.unwrap();
    assert_eq!(store.list_customer_mappings(partner(0x21), "").await, Ok(vec![]));
    let moved = CustomerMapping { version: 1, ..mapped(1, 4, 5) };
    store.put_customer_mapping(partner(1), &moved).await.unwrap();
    assert_eq!(stored(&store, partner(0x11), customer(1)).await.unwrap().0.company, company(3));
    assert!(is_conflict(&store.put_customer_mapping(partner(0x11), &mapped(2, 3, 5)).await));
}
