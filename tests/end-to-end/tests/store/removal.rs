//! Partners who leave: nothing of theirs stays, and nothing of others goes.

use shared::domain::id::PartnerId;
use shared::domain::settings::{Frequency, Guards, Settings, TimeZoneName};
use shared::domain::sync_status::CustomerSyncStatus;
use shared::ports::Sealed;
use shared::store::{
    Change, ChunkKind, CustomerEdit, DiscoveredProduct, Limited, PsaClaim, PsaDatabase, PsaOwner, Removal,
    SavedAlertSettings, Store,
};
use shared::table::PARTITION_KEY;
use shared::table::Table;
use simulators::table::LocalTable;

use super::alert::alert;
use super::on_both_tables;
use super::values::{
    after, agreement, author, chunk, code, company, customer, intent, ledger, listed, month, now, over, partner,
    quantity_override, run, snapshot,
};

on_both_tables!(
    nothing_stays_of_a_partner_and_nothing_goes_of_another,
    a_partner_with_an_open_run_stays,
    a_partner_whose_lease_a_worker_has_stays,
    a_partner_of_whom_nothing_is_stored_is_done,
    a_removed_partner_may_come_back,
);

fn database(n: u128) -> PsaDatabase {
    PsaDatabase::new("api-eu.myconnectwise.net", &format!("company{n}"))
}

/// Stores something of every kind for partner `n`.
async fn fill(store: &Store<impl Table>, n: u128) {
    let me = partner(n);
    let time_zone = TimeZoneName::parse("UTC").unwrap();
    let settings = Settings { time_zone, frequency: Frequency::Nightly, writes: false, guards: Guards::default() };
    store.put_settings(me, &settings).await.unwrap();
    store.put_credentials(me, &Sealed("sealed".to_owned())).await.unwrap();
    store.put_due(me, now()).await.unwrap();
    let product = shared::domain::mapping::ProductMapping::discovered(code("A"), false);
    store.save_product_mappings(me, &author(0), &[product], None).await.unwrap().unwrap();
    let mapping = shared::domain::mapping::CustomerMapping::new(customer(1), company(3), agreement(5));
    store.save_customer_mappings(me, &author(1), &[CustomerEdit::Put(mapping)], None).await.unwrap().unwrap();
    let seen = DiscoveredProduct { code: code("A"), description: "A".to_owned(), group: "User".to_owned() };
    store.refresh_products(me, month(), now(), &[(seen, 1)]).await.unwrap();
    store.refresh_known_customers(me, "", &[listed(1, "Acme")]).await.unwrap();
    assert_eq!(store.claim_psa(me, &database(n)).await, Ok(PsaClaim::Claimed));
    let unset = store.find_alert_settings(me).await.unwrap();
    let alerts = SavedAlertSettings { webhook: Some(Sealed("sealed".to_owned())), ..SavedAlertSettings::default() };
    assert_eq!(store.save_alert_settings(me, &author(2), &unset, &alerts).await, Ok(true));
    assert_eq!(store.raise_alert(me, &alert(1)).await, Ok(true));
    assert!(store.count(me, Limited::Previews, now()).await.unwrap().is_ok());
    for slot in 1..=2 {
        let run = run(me, slot);
        store.open_run(&run).await.unwrap();
        let ledger = ledger(Some(customer(1)), "Acme");
        let stamp = CustomerSyncStatus::of(&run.id, month(), now(), &ledger);
        let mut changes = vec![
            Change::PutRun(Box::new(over(&run))),
            Change::PutChunk(run.id.clone(), chunk(0, 1, 0, "[]")),
            Change::PutLedger(run.id.clone(), Box::new(ledger)),
            Change::PutCustomerStatus(customer(1), Box::new(stamp)),
            Change::PutSnapshot(agreement(5), snapshot(1)),
            Change::PutBilledOn(customer(1), agreement(5)),
            Change::PutOverride(Box::new(quantity_override(1, 7, "2026-11", "2027-02"))),
        ];
        changes.extend((slot == 1).then(|| Change::PutIntent(Box::new(intent(5, 7)))));
        let lease = store.acquire_lease(me, "worker", now(), 60).await.unwrap().unwrap();
        let lease = store.commit(&lease, after(60), changes).await.unwrap();
        store.release_lease(&lease).await.unwrap();
    }
}

/// Calls again until nothing is left; says how many calls it took.
async fn remove(store: &Store<impl Table>, partner: PartnerId) -> usize {
    for calls in 1..50 {
        match store.remove_partner(partner, after(100)).await.unwrap() {
            Removal::Done => return calls,
            Removal::More => {}
            busy @ (Removal::RunOpen(_) | Removal::Leased { .. }) => panic!("{busy:?}"),
        }
    }
    panic!("a removal without end");
}

async fn is_there(store: &Store<impl Table>, n: u128) -> Vec<bool> {
    let me = partner(n);
    let run = run(me, 1).id;
    vec![
        store.find_settings(me).await.unwrap().is_some(),
        store.find_credentials(me).await.unwrap().is_some(),
        store.find_due(me).await.unwrap().is_some(),
        store.find_product_mapping(me, &code("A")).await.unwrap().is_some(),
        store.find_customer_mapping(me, customer(1)).await.unwrap().is_some(),
        !store.list_company_holders(me, &[company(3)]).await.unwrap().is_empty(),
        !store.list_seen_products(me).await.unwrap().is_empty(),
        store.find_known_customer(me, customer(1)).await.unwrap().is_some(),
        !store.list_customer_statuses(me, &[customer(1)]).await.unwrap().is_empty(),
        !store.list_edits(me, None, None, 10).await.unwrap().edits.is_empty(),
        store.find_psa_owner(me, &database(n)).await.unwrap() == PsaOwner::Asker,
        !store.list_runs(me, 10).await.unwrap().is_empty(),
        !store.list_chunks(me, &run, ChunkKind::Usage, 0).await.unwrap().is_empty(),
        store.find_ledger(me, &run, Some(customer(1))).await.unwrap().is_some(),
        store.find_snapshot(me, agreement(5)).await.unwrap() == snapshot(1),
        !store.list_intents(me).await.unwrap().is_empty(),
        !store.list_billed_on(me, "").await.unwrap().is_empty(),
        !store.list_overrides(me, "").await.unwrap().is_empty(),
        store.find_alert_settings(me).await.unwrap().value.is_some(),
        !store.list_alerts(me, None, 10).await.unwrap().alerts.is_empty(),
    ]
}

async fn nothing_stays_of_a_partner_and_nothing_goes_of_another(store: Store<impl Table>) {
    for n in [1, 0x11] {
        fill(&store, n).await;
        assert_eq!(is_there(&store, n).await, [true; 20]);
    }
    remove(&store, partner(1)).await;
    assert_eq!(is_there(&store, 1).await, [false; 20]);
    assert_eq!(is_there(&store, 0x11).await, [true; 20]);
    assert_eq!(store.claim_psa(partner(2), &database(1)).await, Ok(PsaClaim::Claimed));
}

async fn a_partner_with_an_open_run_stays(store: Store<impl Table>) {
    fill(&store, 1).await;
    let open = run(partner(1), 3);
    store.open_run(&open).await.unwrap();
    assert_eq!(store.remove_partner(partner(1), after(100)).await, Ok(Removal::RunOpen(open.id.clone())));
    assert_eq!(is_there(&store, 1).await, [true; 20]);
    // The refused removal does not keep the run's worker away.
    let lease = store.acquire_lease(partner(1), "worker", after(100), 60).await.unwrap().unwrap();
    let lease = store.commit(&lease, after(160), vec![Change::PutRun(Box::new(over(&open)))]).await.unwrap();
    store.release_lease(&lease).await.unwrap();
    remove(&store, partner(1)).await;
}

async fn a_partner_whose_lease_a_worker_has_stays(store: Store<impl Table>) {
    fill(&store, 1).await;
    store.acquire_lease(partner(1), "worker", after(90), 60).await.unwrap().unwrap();
    assert_eq!(store.remove_partner(partner(1), after(100)).await, Ok(Removal::Leased { until: after(150) }));
    assert_eq!(is_there(&store, 1).await, [true; 20]);
    assert_eq!(store.remove_partner(partner(1), after(150)).await, Ok(Removal::Done));
}

async fn a_partner_of_whom_nothing_is_stored_is_done(store: Store<impl Table>) {
    assert_eq!(remove(&store, partner(1)).await, 1);
}

async fn a_removed_partner_may_come_back(store: Store<impl Table>) {
    for _ in 0..2 {
        fill(&store, 1).await;
        assert_eq!(is_there(&store, 1).await, [true; 20]);
        remove(&store, partner(1)).await;
    }
}

#[tokio::test]
async fn a_large_partner_is_removed_in_steps_and_not_one_entry_of_it_stays_in_the_table() {
    let table = LocalTable::in_memory().await.unwrap();
    let store = table.store();
    for n in [1, 0x11] {
        fill(&store, n).await;
    }
    let run = run(partner(1), 1).id;
    let mut lease = store.acquire_lease(partner(1), "worker", now(), 60).await.unwrap().unwrap();
    for page in 2..14 {
        let part = |part| Change::PutChunk(run.clone(), chunk(0, page, part, "[]"));
        lease = store.commit(&lease, after(60), (0..99).map(part).collect()).await.unwrap();
    }
    store.release_lease(&lease).await.unwrap();
    assert!(remove(&store, partner(1)).await > 1, "1,188 chunks are too many for one step");
    let left = table.client().scan().table_name(table.name()).send().await.unwrap();
    let left: Vec<String> = left.items().iter().map(|entry| entry[PARTITION_KEY].as_s().unwrap().clone()).collect();
    let others = [format!("P#{}#", partner(0x11)), format!("H#{}", database(0x11).as_str())];
    assert!(left.iter().all(|partition| others.iter().any(|other| partition.starts_with(other))), "{left:?}");
    assert!(!left.is_empty());
    table.stop().await.unwrap();
}
