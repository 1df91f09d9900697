//! The routes of `mappings`, asked as API Gateway asks them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod admission;
mod products;
mod shape;

use axum::Router;
use harness::api::asking::{Asking, options};
use harness::api::mappings_world;
use mappings::app;
use shared::domain::id::{PartnerId, ProductCode, PsaProductId};
use shared::domain::mapping::{Combine, ProductMapping};
use shared::ports::{DiscoveredProduct, MappingStore};
use shared::seal::LocalSeal;
use shared::store::MemoryStore;
use uuid::Uuid;

fn partner(n: u128) -> PartnerId {
    PartnerId::from_uuid(Uuid::from_u128(0xaaaa_0000 << 96 | n))
}

fn reader(n: u128) -> Asking {
    Asking::new(partner(n), "psa/read")
}

fn code(text: &str) -> ProductCode {
    ProductCode::parse(text).unwrap()
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
    let psa = PsaProductId::try_from(7).unwrap();
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

async fn served() -> Router {
    app(mappings_world(store().await, LocalSeal::ephemeral()).unwrap(), options())
}
