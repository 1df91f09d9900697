//! What goes over the wire: the caller's own partitions, and never a scan.

use std::collections::BTreeSet;

use shared::domain::mapping::{CustomerMapping, ProductMapping};
use shared::domain::settings::{Frequency, Guards, Settings, TimeZoneName};
use shared::ports::{Change, ChunkKind, CustomerNames, DiscoveredProduct, DueStore, Sealed};

use super::wired;
use crate::Store;
use crate::values::{
    after, agreement, chunk, code, company, customer, intent, ledger, now, partner, product, run, snapshot,
};

#[tokio::test]
async fn every_call_names_the_partners_own_entries_only() {
    wired(async |wire, store| {
        use_everything(&store).await;
        let mine = format!("P#{}#", partner(1));
        let calls = wire.calls();
        for call in &calls {
            assert!(!call.keys.is_empty(), "{call:?} names no entry");
            let foreign = call.keys.iter().find(|key| !key.partition.starts_with(&mine));
            assert_eq!(foreign, None, "{call:?}");
        }
        let operations: BTreeSet<&str> = calls.iter().map(|call| call.operation.as_str()).collect();
        let expected = ["GetItem", "PutItem", "Query", "TransactWriteItems", "UpdateItem"];
        assert_eq!(operations, expected.into());
    })
    .await;
}

#[tokio::test]
async fn the_due_index_is_asked_for_one_shard() {
    wired(async |wire, store| {
        store.list_due(3, now(), 10).await.unwrap();
        let calls = wire.calls();
        assert_eq!((calls.len(), calls[0].keys[0].partition.as_str()), (1, "DUE#3"));
    })
    .await;
}

/// Calls every method that is about one partner.
async fn use_everything(store: &impl Store) {
    let me = partner(1);
    settings(store).await;
    mappings(store).await;
    store.put_due(me, now()).await.unwrap();
    store.find_due(me).await.unwrap();
    store.advance_due(me, now(), after(60)).await.unwrap();
    runs(store).await;
}

async fn settings(store: &impl Store) {
    let me = partner(1);
    let settings = Settings {
        time_zone: TimeZoneName::parse("UTC").unwrap(),
        frequency: Frequency::Nightly,
        writes: false,
        guards: Guards::default(),
    };
    store.put_settings(me, &settings).await.unwrap();
    store.find_settings(me).await.unwrap();
    store.put_credentials(me, &Sealed("sealed".to_owned())).await.unwrap();
    store.find_credentials(me).await.unwrap();
}

async fn mappings(store: &impl Store) {
    let me = partner(1);
    let mapping = ProductMapping::discovered(code("A"), false);
    store.put_product_mapping(me, &mapping).await.unwrap();
    store.list_product_mappings(me).await.unwrap();
    let discovered = DiscoveredProduct { code: code("A"), description: "A".to_owned(), group: "User".to_owned() };
    store.add_discovered_products(me, &[discovered]).await.unwrap();
    let mut mapping = CustomerMapping::new(customer(1), company(3), agreement(5));
    store.put_customer_mapping(me, &mapping).await.unwrap();
    mapping = CustomerMapping { version: 1, company: company(4), ..mapping };
    store.put_customer_mapping(me, &mapping).await.unwrap();
    store.list_customer_mappings(me, "00").await.unwrap();
    let names = CustomerNames { company: "Acme".to_owned(), agreement: "Managed".to_owned() };
    store.touch_customer(me, customer(1), agreement(5), &names, true).await.unwrap();
}

async fn runs(store: &impl Store) {
    let (me, run) = (partner(1), run(partner(1), 1));
    store.open_run(&run).await.unwrap();
    let lease = store.acquire_lease(me, "worker", now(), 60).await.unwrap().unwrap();
    let changes = vec![
        Change::PutRun(Box::new(run.clone())),
        Change::PutChunk(run.id.clone(), chunk(0, 1, 0, "[]")),
        Change::PutLedger(run.id.clone(), Box::new(ledger(None, "unassigned"))),
        Change::PutSnapshot(agreement(5), snapshot(1)),
        Change::PutIntent(Box::new(intent(5, 7))),
        Change::RemoveIntent(agreement(5), product(8)),
    ];
    let lease = store.commit(&lease, after(60), changes).await.unwrap();
    store.release_lease(&lease).await.unwrap();
    store.find_run(me, &run.id).await.unwrap();
    store.list_runs(me, 10).await.unwrap();
    store.list_chunks(me, &run.id, ChunkKind::Usage, 0).await.unwrap();
    store.list_ledger(me, &run.id, "", None).await.unwrap();
    store.find_ledger(me, &run.id, None).await.unwrap();
    store.find_snapshot(me, agreement(5)).await.unwrap();
    store.list_intents(me, agreement(5)).await.unwrap();
}
