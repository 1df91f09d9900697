//! What goes over the wire: the caller's own partitions, and never a scan.

use std::collections::BTreeSet;

use shared::domain::mapping::{CustomerMapping, ProductMapping};
use shared::domain::psa::CustomerNames;
use shared::domain::settings::{Frequency, Guards, Settings, TimeZoneName};
use shared::domain::sync_status::CustomerSyncStatus;
use shared::ports::Sealed;
use shared::store::{Change, ChunkKind, CustomerEdit, DiscoveredProduct, PsaDatabase, Removal, Store, Subject};
use shared::table::Table;

use super::wired;
use crate::values::{
    after, agreement, author, chunk, code, company, customer, intent, ledger, listed, month, now, over, partner,
    product, run, snapshot,
};

#[tokio::test]
async fn every_call_names_the_partners_own_entries_only() {
    wired(async |wire, store| {
        use_everything(&store).await;
        let mine = format!("P#{}#", partner(1));
        let database = format!("H#{}", database().as_str());
        let calls = wire.calls();
        for call in &calls {
            assert!(!call.keys.is_empty(), "{call:?} names no entry");
            let foreign = call.keys.iter().find(|key| !key.partition.starts_with(&mine) && key.partition != database);
            assert_eq!(foreign, None, "{call:?}");
        }
        let operations: BTreeSet<&str> = calls.iter().map(|call| call.operation.as_str()).collect();
        let expected =
            ["BatchGetItem", "DeleteItem", "GetItem", "PutItem", "Query", "TransactWriteItems", "UpdateItem"];
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
async fn use_everything(store: &Store<impl Table>) {
    let me = partner(1);
    settings(store).await;
    mappings(store).await;
    store.put_due(me, now()).await.unwrap();
    store.find_due(me).await.unwrap();
    store.advance_due(me, now(), after(60)).await.unwrap();
    runs(store).await;
    edits(store).await;
    known(store).await;
    store.claim_psa(me, &database()).await.unwrap();
    store.find_psa_owner(me, &database()).await.unwrap();
    store.release_psa(me, &database()).await.unwrap();
    store.claim_psa(me, &database()).await.unwrap();
    let open = run(me, 1).id;
    assert_eq!(store.remove_partner(me, after(60)).await, Ok(Removal::RunOpen(open.clone())));
    let lease = store.acquire_lease(me, "worker", after(60), 60).await.unwrap().unwrap();
    let over = Change::PutRun(Box::new(over(&run(me, 1))));
    let lease = store.commit(&lease, after(120), vec![over]).await.unwrap();
    store.release_lease(&lease).await.unwrap();
    assert_eq!(store.remove_partner(me, after(60)).await, Ok(Removal::Done));
}

fn database() -> PsaDatabase {
    PsaDatabase::new("api-eu.myconnectwise.net", "acme")
}

async fn edits(store: &Store<impl Table>) {
    let me = partner(1);
    let row = ProductMapping::discovered(code("B"), false);
    store.save_product_mappings(me, &author(0), &[row], None).await.unwrap().unwrap();
    store.find_product_mapping(me, &code("B")).await.unwrap();
    let rows = [CustomerEdit::Remove { customer: customer(1), version: 2 }];
    store.save_customer_mappings(me, &author(1), &rows, None).await.unwrap().unwrap();
    store.find_customer_mapping(me, customer(1)).await.unwrap();
    store.list_customer_mappings_after(me, Some(customer(0)), 10).await.unwrap();
    store.list_company_holders(me, &[company(3)]).await.unwrap();
    let page = store.list_edits(me, Some(&Subject::Customer(customer(1))), None, 10).await.unwrap();
    store.add_edits(me, &page.edits, None).await.unwrap();
}

async fn known(store: &Store<impl Table>) {
    let me = partner(1);
    let seen = DiscoveredProduct { code: code("A"), description: "A".to_owned(), group: "User".to_owned() };
    store.refresh_products(me, month(), now(), &[(seen, 3)]).await.unwrap();
    store.list_seen_products(me).await.unwrap();
    store.refresh_known_customers(me, "0", &[listed(1, "Acme")]).await.unwrap();
    store.refresh_known_customers(me, "", &[]).await.unwrap();
    store.find_known_customer(me, customer(1)).await.unwrap();
    store.list_known_customers(me, Some(customer(1)), 10).await.unwrap();
    store.list_customer_statuses(me, &[customer(1)]).await.unwrap();
}

async fn settings(store: &Store<impl Table>) {
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

async fn mappings(store: &Store<impl Table>) {
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
    store.list_psa_products(me).await.unwrap();
    let names =
        CustomerNames { company: "Acme".to_owned(), agreement: "Managed".to_owned(), ..CustomerNames::default() };
    store.touch_customer(me, customer(1), agreement(5), &names, true).await.unwrap();
}

async fn runs(store: &Store<impl Table>) {
    let (me, run) = (partner(1), run(partner(1), 1));
    store.open_run(&run).await.unwrap();
    let lease = store.acquire_lease(me, "worker", now(), 60).await.unwrap().unwrap();
    let changes = vec![
        Change::PutRun(Box::new(run.clone())),
        Change::PutChunk(run.id.clone(), chunk(0, 1, 0, "[]")),
        Change::PutLedger(run.id.clone(), Box::new(ledger(None, "unassigned"))),
        Change::PutCustomerStatus(
            customer(1),
            Box::new(CustomerSyncStatus::of(&run.id, month(), now(), &ledger(None, "x"))),
        ),
        Change::PutSnapshot(agreement(5), snapshot(1)),
        Change::PutIntent(Box::new(intent(5, 7))),
        Change::RemoveIntent(agreement(5), product(8)),
        Change::PutBilledOn(customer(1), agreement(5)),
        Change::RemoveBilledOn(customer(1), agreement(6)),
    ];
    let lease = store.commit(&lease, after(60), changes).await.unwrap();
    store.release_lease(&lease).await.unwrap();
    store.find_run(me, &run.id).await.unwrap();
    store.list_runs(me, 10).await.unwrap();
    store.list_chunks(me, &run.id, ChunkKind::Usage, 0).await.unwrap();
    store.list_ledger(me, &run.id, "", None).await.unwrap();
    store.find_ledger(me, &run.id, None).await.unwrap();
    store.find_snapshot(me, agreement(5)).await.unwrap();
    store.list_intents(me).await.unwrap();
    store.list_billed_on(me, "").await.unwrap();
}
