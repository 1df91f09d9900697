//! The routes of `mappings`, asked as API Gateway asks them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod admission;
mod editors;
mod effects;
mod products;
mod repeated;
mod saves;
mod shape;
mod sheets;
mod shop;
mod suggestions;

use axum::Router;
use local_stack::api::asking::{Answered, Asking, options};
use mappings::{World, app};
use serde_json::Value;
use shared::client::address::{AddressPolicy, AddressRules};
use shared::client::connections::{ConnectionOptions, StoredConnections};
use shared::client::http::{Http, HttpLimits};
use shared::clock::SystemClock;
use shared::domain::id::{PartnerId, ProductCode, PsaProductId};
use shared::domain::mapping::{Combine, ProductMapping};
use shared::ids::UuidV7;
use shared::ports::Ids;
use shared::seal::LocalSeal;
use shared::store::MemoryStore;
use shared::store::{DiscoveredProduct, Store};
use shared::table::Table;
use uuid::Uuid;

fn partner(n: u128) -> PartnerId {
    PartnerId::from_uuid(Uuid::from_u128(0xaaaa_0000 << 96 | n))
}

fn reader(n: u128) -> Asking {
    Asking::new(partner(n), "psa/read")
}

fn writer(n: u128) -> Asking {
    Asking::new(partner(n), "psa/write").claim("email", Some("clerk@example.com"))
}

fn code(text: &str) -> ProductCode {
    ProductCode::parse(text).unwrap()
}

fn psa_id(id: i64) -> PsaProductId {
    PsaProductId::try_from(id).unwrap()
}

/// Five products of partner 1 in all states, one of them saved before any usage named it.
async fn store() -> MemoryStore {
    let store = MemoryStore::default();
    let discovered = [("CIXA", "Intercept X Advanced"), ("FW-1", "Firewall XGS 87"), ("EMAIL", "Email Ünlimited")];
    let discovered = discovered.map(|(name, description)| DiscoveredProduct {
        code: code(name),
        description: description.to_owned(),
        group: "User".to_owned(),
    });
    store.add_discovered_products(partner(1), &discovered).await.unwrap();
    let new = |name| ProductMapping::discovered(code(name), false);
    let psa = psa_id(7);
    let saved = [
        new("CIXA").map_to(psa, Some(Combine::AddUp)),
        new("EMAIL").exclude("sold as a bundle".to_owned()),
        new("SRVC").map_to(psa, None).switch(false).unwrap(),
        new("ZTNA").map_to(psa, None).unmap(),
    ];
    for mapping in saved {
        store.put_product_mapping(partner(1), &mapping).await.unwrap();
    }
    store
}

/// What reaches a simulator of ConnectWise on this machine, for partners that have saved credentials.
fn connections<T: Table>(store: Store<T>, seal: LocalSeal) -> StoredConnections<T, LocalSeal> {
    let policy = AddressPolicy::VendorAndLoopback;
    let http = Http::build(policy, HttpLimits::default()).unwrap();
    let mut how = ConnectionOptions::new(http, AddressRules { policy, ..AddressRules::default() }).unwrap();
    how.connectwise.calls_per_minute = 600_000;
    StoredConnections::new(store, seal, how.interactive())
}

/// The function on a store.
fn serving<T: Table>(store: Store<T>, seal: LocalSeal) -> Router {
    let connections = connections(store.clone(), seal);
    app(World { store, connections, clock: SystemClock, ids: UuidV7 }, options())
}

async fn served() -> Router {
    serving(store().await, LocalSeal::ephemeral())
}

/// Saves with a key of its own.
async fn save(app: &Router, asking: &Asking, body: &Value) -> Answered {
    let key = UuidV7.unique();
    asking.ask(app, "POST /v1/product-mappings/save", &[("idempotency-key", &key)], Some(body)).await
}

/// The row of a product.
async fn row(app: &Router, code: &str) -> Value {
    let answered = reader(1).get(app, &format!("/v1/product-mappings/{code}")).await;
    assert_eq!(answered.status, 200, "{:?}", answered.body);
    answered.body
}

/// The code, pointer and code of each error of a problem, in the order of the pointers.
fn faults(answered: &Answered) -> (u16, String, Vec<(String, String)>) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let errors = answered.body["errors"].as_array().cloned().unwrap_or_default();
    let mut errors: Vec<_> = errors.iter().map(|error| (text(&error["pointer"]), text(&error["code"]))).collect();
    errors.sort();
    (answered.status.as_u16(), answered.code().to_owned(), errors)
}
