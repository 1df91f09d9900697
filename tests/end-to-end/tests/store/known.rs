//! What runs saw: products, customers, and how customers' syncs ended.

use shared::domain::id::CustomerId;
use shared::domain::month::UsageMonth;
use shared::domain::psa::PsaProduct;
use shared::domain::sync_status::CustomerSyncStatus;
use shared::error::StoreError;
use shared::store::{Change, DiscoveredProduct, KnownPsaProduct, SeenProduct, Sighting, Store};
use shared::table::Table;

use super::on_both_tables;
use super::values::{after, agreement, code, company, customer, ledger, listed, month, now, partner, product, run};

on_both_tables!(
    a_product_shows_when_it_was_seen_and_its_units_last,
    a_product_that_was_only_discovered_shows_no_sighting,
    an_older_month_does_not_hide_what_a_later_one_showed,
    a_renamed_product_shows_its_new_name,
    known_customers_are_those_of_the_last_refresh,
    a_refresh_leaves_customers_of_other_prefixes_alone,
    pages_of_known_customers_join_up,
    a_customer_shows_how_its_last_sync_ended,
    a_status_leaves_the_mapping_as_it_is,
    a_connectwise_product_is_kept_as_it_was_seen_last,
    partners_never_see_what_others_runs_saw,
);

fn discovered(name: &str, description: &str) -> DiscoveredProduct {
    DiscoveredProduct { code: code(name), description: description.to_owned(), group: "User".to_owned() }
}

fn of(text: &str) -> UsageMonth {
    UsageMonth::parse(text).unwrap()
}

async fn refresh(store: &Store<impl Table>, month: &str, s: i64, name: &str, units: u64) {
    let seen = [(discovered(name, "x"), units)];
    store.refresh_products(partner(1), of(month), after(s), &seen).await.unwrap();
}

async fn sighting(store: &Store<impl Table>, name: &str) -> Option<Sighting> {
    let products = store.list_seen_products(partner(1)).await.unwrap();
    products.into_iter().find(|seen| seen.product.code == code(name)).unwrap().seen
}

async fn a_product_shows_when_it_was_seen_and_its_units_last(store: Store<impl Table>) {
    for (month, s, units) in [("2026-09", 1, 4), ("2026-10", 2, 5), ("2026-10", 3, 6)] {
        refresh(&store, month, s, "A", units).await;
    }
    let expected =
        Sighting { first_month: of("2026-09"), last_month: of("2026-10"), last_units: 6, last_seen_at: after(3) };
    assert_eq!(sighting(&store, "A").await, Some(expected));
    assert_eq!(store.list_discovered_products(partner(1)).await, Ok(vec![discovered("A", "x")]));
}

async fn a_product_that_was_only_discovered_shows_no_sighting(store: Store<impl Table>) {
    store.add_discovered_products(partner(1), &[discovered("A", "x"), discovered("B", "x")]).await.unwrap();
    refresh(&store, "2026-10", 1, "B", 3).await;
    let listed = store.list_seen_products(partner(1)).await.unwrap();
    assert_eq!(listed[0], SeenProduct { product: discovered("A", "x"), seen: None });
    assert_eq!(listed[1].seen.map(|seen| seen.last_units), Some(3));
    // Discovered again, it keeps what was seen of it.
    store.add_discovered_products(partner(1), &[discovered("B", "x")]).await.unwrap();
    assert_eq!(sighting(&store, "B").await.map(|seen| seen.last_units), Some(3));
}

async fn an_older_month_does_not_hide_what_a_later_one_showed(store: Store<impl Table>) {
    refresh(&store, "2026-10", 1, "A", 5).await;
    refresh(&store, "2026-09", 2, "A", 4).await;
    let expected =
        Sighting { first_month: of("2026-09"), last_month: of("2026-10"), last_units: 5, last_seen_at: after(1) };
    assert_eq!(sighting(&store, "A").await, Some(expected));
}

async fn a_connectwise_product_is_kept_as_it_was_seen_last(store: Store<impl Table>) {
    let seen = |id: i64, identifier: &str, gone| KnownPsaProduct {
        product: PsaProduct {
            id: product(id),
            identifier: identifier.to_owned(),
            description: "Managed".to_owned(),
            class: "Service".to_owned(),
            bundle: false,
            inactive: false,
            price: Some("4.50".parse().unwrap()),
        },
        gone,
    };
    store.put_psa_products(partner(1), &[]).await.unwrap();
    store.put_psa_products(partner(1), &[seen(10, "A", false), seen(9, "B", false)]).await.unwrap();
    store.put_psa_products(partner(1), &[seen(10, "A-2", true)]).await.unwrap();
    let expected = [seen(9, "B", false), seen(10, "A-2", true)].map(|seen| (seen.product.id, seen));
    assert_eq!(store.list_psa_products(partner(1)).await, Ok(expected.into()));
    assert_eq!(store.list_psa_products(partner(2)).await, Ok([].into()));
}

async fn a_renamed_product_shows_its_new_name(store: Store<impl Table>) {
    refresh(&store, "2026-10", 1, "A", 5).await;
    let renamed = [(discovered("A", "renamed"), 5)];
    store.refresh_products(partner(1), of("2026-10"), after(2), &renamed).await.unwrap();
    assert_eq!(store.list_discovered_products(partner(1)).await, Ok(vec![discovered("A", "renamed")]));
}

async fn known_customers_are_those_of_the_last_refresh(store: Store<impl Table>) {
    let first: Vec<_> = (1..=30).map(|n| listed(n, "first")).collect();
    store.refresh_known_customers(partner(1), "", &first).await.unwrap();
    assert_eq!(store.list_known_customers(partner(1), None, 100).await, Ok(first));
    let second = [listed(40, "new"), listed(2, "second"), listed(1, "first")];
    store.refresh_known_customers(partner(1), "", &second).await.unwrap();
    let expected = vec![listed(1, "first"), listed(2, "second"), listed(40, "new")];
    assert_eq!(store.list_known_customers(partner(1), None, 100).await, Ok(expected));
    assert_eq!(store.find_known_customer(partner(1), customer(2)).await, Ok(Some(listed(2, "second"))));
    assert_eq!(store.find_known_customer(partner(1), customer(3)).await, Ok(None));
}

async fn a_refresh_leaves_customers_of_other_prefixes_alone(store: Store<impl Table>) {
    let all = [listed(0x11, "x"), listed(0x12, "x"), listed(0x21, "x")];
    store.refresh_known_customers(partner(1), "", &all).await.unwrap();
    store.refresh_known_customers(partner(1), "0000001", &[listed(0x12, "y")]).await.unwrap();
    let expected = vec![listed(0x12, "y"), listed(0x21, "x")];
    assert_eq!(store.list_known_customers(partner(1), None, 100).await, Ok(expected.clone()));
    let foreign = store.refresh_known_customers(partner(1), "0000001", &[listed(0x21, "z")]).await;
    assert!(matches!(foreign, Err(StoreError::Refused { .. })), "{foreign:?}");
    assert_eq!(store.list_known_customers(partner(1), None, 100).await, Ok(expected));
}

async fn pages_of_known_customers_join_up(store: Store<impl Table>) {
    let all: Vec<_> = (1..=5).map(|n| listed(n, "x")).collect();
    store.refresh_known_customers(partner(1), "", &all).await.unwrap();
    let mut read = Vec::new();
    for expected in [2, 2, 1, 0] {
        let after: Option<CustomerId> = read.last().map(|customer: &shared::domain::customer::Customer| customer.id);
        let page = store.list_known_customers(partner(1), after, 2).await.unwrap();
        assert_eq!(page.len(), expected);
        read.extend(page);
    }
    assert_eq!(read, all);
}

/// Commits a status of a customer.
async fn commit(store: &Store<impl Table>, slot: i64, n: u32) -> CustomerSyncStatus {
    let run = run(partner(1), slot).id;
    let stamp = CustomerSyncStatus::of(&run, month(), after(slot), &ledger(Some(customer(n)), "Acme"));
    let lease = store.acquire_lease(partner(1), "worker", now(), 60).await.unwrap().unwrap();
    let changes = vec![
        Change::PutLedger(run, Box::new(ledger(Some(customer(n)), "Acme"))),
        Change::PutCustomerStatus(customer(n), Box::new(stamp.clone())),
    ];
    store.commit(&lease, after(60), changes).await.unwrap();
    stamp
}

async fn a_customer_shows_how_its_last_sync_ended(store: Store<impl Table>) {
    commit(&store, 1, 1).await;
    let (last, other) = (commit(&store, 2, 1).await, commit(&store, 3, 2).await);
    let asked = [customer(1), customer(2), customer(3), customer(1)];
    let found = store.list_customer_statuses(partner(1), &asked).await;
    assert_eq!(found, Ok([(customer(1), last), (customer(2), other)].into()));
    // More than one call of the table takes.
    let many: Vec<_> = (1..=250).map(customer).collect();
    assert_eq!(store.list_customer_statuses(partner(1), &many).await.unwrap().len(), 2);
}

async fn a_status_leaves_the_mapping_as_it_is(store: Store<impl Table>) {
    let mapping = shared::domain::mapping::CustomerMapping::new(customer(1), company(3), agreement(5));
    store.put_customer_mapping(partner(1), &mapping).await.unwrap();
    commit(&store, 1, 1).await;
    let (stored, _) = store.find_customer_mapping(partner(1), customer(1)).await.unwrap().unwrap();
    assert_eq!(stored.version, 1);
}

async fn partners_never_see_what_others_runs_saw(store: Store<impl Table>) {
    refresh(&store, "2026-10", 1, "A", 5).await;
    store.refresh_known_customers(partner(1), "", &[listed(1, "x")]).await.unwrap();
    commit(&store, 1, 1).await;
    let other = partner(0x11);
    assert_eq!(store.list_seen_products(other).await, Ok(vec![]));
    assert_eq!(store.list_known_customers(other, None, 10).await, Ok(vec![]));
    assert_eq!(store.list_customer_statuses(other, &[customer(1)]).await, Ok([].into()));
}
