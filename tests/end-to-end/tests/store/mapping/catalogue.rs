//! The catalogue of Sophos products.

use futures::future::join_all;
use shared::store::{DiscoveredProduct, Store};
use shared::table::Table;

use crate::on_both_tables;
use crate::values::{code, partner};

on_both_tables!(
    known_products_are_left_as_they_are,
    a_product_named_twice_in_one_go_is_added_once,
    several_runs_may_discover_at_once,
    discovery_maps_nothing,
    partners_never_see_one_anothers_catalogue,
);

fn discovered(name: &str, description: &str) -> DiscoveredProduct {
    DiscoveredProduct { code: code(name), description: description.to_owned(), group: "User".to_owned() }
}

async fn known_products_are_left_as_they_are(store: Store<impl Table>) {
    let first = [discovered("B", "first"), discovered("A", "first")];
    store.add_discovered_products(partner(1), &first).await.unwrap();
    let second = [discovered("B", "second"), discovered("C", "second")];
    store.add_discovered_products(partner(1), &second).await.unwrap();
    let expected = vec![discovered("A", "first"), discovered("B", "first"), discovered("C", "second")];
    assert_eq!(store.list_discovered_products(partner(1)).await, Ok(expected));
}

async fn a_product_named_twice_in_one_go_is_added_once(store: Store<impl Table>) {
    let twice = [discovered("A", "once"), discovered("A", "once")];
    store.add_discovered_products(partner(1), &twice).await.unwrap();
    assert_eq!(store.list_discovered_products(partner(1)).await.unwrap().len(), 1);
}

async fn several_runs_may_discover_at_once(store: Store<impl Table>) {
    let products: Vec<DiscoveredProduct> = (0..30).map(|n| discovered(&format!("P-{n}"), "x")).collect();
    let adding = join_all((0..4).map(|_| store.add_discovered_products(partner(1), &products))).await;
    assert!(adding.iter().all(Result::is_ok), "{adding:?}");
    assert_eq!(store.list_discovered_products(partner(1)).await.unwrap().len(), 30);
}

async fn discovery_maps_nothing(store: Store<impl Table>) {
    store.add_discovered_products(partner(1), &[discovered("A", "x")]).await.unwrap();
    assert_eq!(store.list_product_mappings(partner(1)).await.unwrap().iter().count(), 0);
}

async fn partners_never_see_one_anothers_catalogue(store: Store<impl Table>) {
    store.add_discovered_products(partner(1), &[discovered("A", "x")]).await.unwrap();
    assert_eq!(store.list_discovered_products(partner(0x11)).await, Ok(vec![]));
}
