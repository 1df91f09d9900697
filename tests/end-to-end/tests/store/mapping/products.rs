//! Product mappings.

use futures::future::join_all;
use shared::domain::mapping::{Combine, ProductMapping};
use shared::store::Store;
use shared::table::Table;

use super::is_conflict;
use crate::on_both_tables;
use crate::values::{code, partner, product};

on_both_tables!(
    each_save_has_the_next_version,
    every_state_of_a_mapping_is_read_back,
    of_many_who_save_the_same_version_one_does,
    a_mapping_that_was_saved_meanwhile_is_a_conflict,
    a_mapping_is_not_made_from_a_version_that_never_was,
    mappings_of_more_than_a_page_are_all_listed,
    partners_never_see_one_anothers_product_mappings,
);

fn mapping() -> ProductMapping {
    ProductMapping::discovered(code("CIXA-MSP"), false)
}

async fn find(store: &Store<impl Table>) -> ProductMapping {
    let mappings = store.list_product_mappings(partner(1)).await.unwrap();
    mappings.find(&code("CIXA-MSP")).unwrap().clone()
}

async fn each_save_has_the_next_version(store: Store<impl Table>) {
    store.put_product_mapping(partner(1), &mapping()).await.unwrap();
    let first = find(&store).await;
    assert_eq!(first, ProductMapping { version: 1, ..mapping() });
    let mapped = first.map_to(product(7), Some(Combine::AddUp));
    store.put_product_mapping(partner(1), &mapped).await.unwrap();
    assert_eq!(find(&store).await, ProductMapping { version: 2, ..mapped });
}

async fn every_state_of_a_mapping_is_read_back(store: Store<impl Table>) {
    let named = |name: &str| ProductMapping::discovered(code(name), name == "FW");
    let states = [
        named("A"),
        named("B").map_to(product(7), None),
        named("C").map_to(product(8), Some(Combine::TakeLargest)).switch(false).unwrap(),
        named("D").map_to(product(9), None).unmap(),
        named("E").exclude("bundled, \"free\"".to_owned()),
        named("FW"),
    ];
    for state in &states {
        store.put_product_mapping(partner(1), state).await.unwrap();
    }
    let read = store.list_product_mappings(partner(1)).await.unwrap();
    let expected = states.map(|state| ProductMapping { version: 1, ..state });
    assert_eq!(read.iter().cloned().collect::<Vec<_>>(), expected);
}

async fn of_many_who_save_the_same_version_one_does(store: Store<impl Table>) {
    for version in 0..3 {
        let mine = |n| ProductMapping { version, ..mapping().map_to(product(n), None) };
        let saving = (1..=8).map(|n| {
            let (store, mine) = (store.clone(), mine(n));
            async move { store.put_product_mapping(partner(1), &mine).await }
        });
        let saved = join_all(saving).await;
        assert_eq!(saved.iter().filter(|saved| saved.is_ok()).count(), 1);
        assert_eq!(saved.iter().filter(|saved| is_conflict(saved)).count(), 7);
        let winner = saved.iter().position(Result::is_ok).unwrap();
        let target = product(i64::try_from(winner).unwrap() + 1);
        assert_eq!(find(&store).await.syncs_to(), Some(target));
    }
}

async fn a_mapping_that_was_saved_meanwhile_is_a_conflict(store: Store<impl Table>) {
    store.put_product_mapping(partner(1), &mapping()).await.unwrap();
    let read = find(&store).await;
    store.put_product_mapping(partner(1), &read).await.unwrap();
    let late = store.put_product_mapping(partner(1), &read).await;
    let words = "the mapping of CIXA-MSP was changed by someone else meanwhile";
    assert_eq!(late.unwrap_err().to_string(), words);
}

async fn a_mapping_is_not_made_from_a_version_that_never_was(store: Store<impl Table>) {
    let invented = ProductMapping { version: 3, ..mapping() };
    assert!(is_conflict(&store.put_product_mapping(partner(1), &invented).await));
    assert_eq!(store.list_product_mappings(partner(1)).await, Ok([].into_iter().collect()));
}

async fn mappings_of_more_than_a_page_are_all_listed(store: Store<impl Table>) {
    let reason = "because ".repeat(10_000);
    for n in 0..40 {
        let excluded = ProductMapping::discovered(code(&format!("P-{n:02}")), false).exclude(reason.clone());
        store.put_product_mapping(partner(1), &excluded).await.unwrap();
    }
    let listed = store.list_product_mappings(partner(1)).await.unwrap();
    assert_eq!(listed.iter().count(), 40);
}

async fn partners_never_see_one_anothers_product_mappings(store: Store<impl Table>) {
    store.put_product_mapping(partner(1), &mapping()).await.unwrap();
    store.put_product_mapping(partner(0x11), &mapping()).await.unwrap();
    let seen = store.list_product_mappings(partner(0x21)).await.unwrap();
    assert_eq!(seen.iter().count(), 0);
    store.put_product_mapping(partner(1), &find(&store).await).await.unwrap();
    let other = store.list_product_mappings(partner(0x11)).await.unwrap();
    assert_eq!(other.find(&code("CIXA-MSP")).unwrap().version, 1);
}
