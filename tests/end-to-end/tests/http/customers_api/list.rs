//! The list, its filters, and what a row says of the last sync.

use serde_json::{Value, json};
use shared::domain::id::{AgreementId, ProductCode};
use shared::domain::ledger::{CustomerLedger, Line};
use shared::domain::month::UsageMonth;
use shared::domain::outcome::{Failure, Outcome};
use shared::domain::psa::CustomerNames;
use shared::domain::run::{Run, RunKind, RunRequest, RunScope};
use shared::domain::sync_status::CustomerSyncStatus;
use shared::store::{Change, Store};
use shared::table::Table;

use crate::customers_api::world::{World, customer, partner, switch};

/// Notes how the last sync of two customers ended: the first one's failed.
async fn synced(store: &Store<impl Table>) {
    let at = "2026-11-30T01:12:00Z".parse().unwrap();
    let month = UsageMonth::parse("2026-11").unwrap();
    let request = RunRequest {
        partner: partner(),
        kind: RunKind::Now,
        month,
        slot: "1".to_owned(),
        scheduled_at: at,
        preview: None,
        retry_of: None,
        scope: RunScope::default(),
        asked_by: None,
    };
    let run = Run::open(request, true, at).unwrap();
    store.open_run(&run).await.unwrap();
    let lease = store.acquire_lease(partner(), "worker", at, 60).await.unwrap().unwrap();
    let agreement = AgreementId::try_from(812).unwrap();
    let outcomes = [(1, Outcome::Failed(Failure::AgreementGone { agreement })), (2, Outcome::Created)];
    let stamped = outcomes.map(|(n, outcome)| {
        let line =
            Line { code: Some(ProductCode::parse("CIXA").unwrap()), units: 1, usage_lines: 1, outcome, billed: None };
        let ledger = CustomerLedger {
            customer: Some(customer(n)),
            name: "x".to_owned(),
            company: None,
            agreement: None,
            next_invoice: None,
            lines: vec![line],
            created: 0,
            updated: 0,
            ..CustomerLedger::default()
        };
        Change::PutCustomerStatus(customer(n), Box::new(CustomerSyncStatus::of(&run.id, month, at, &ledger)))
    });
    store.commit(&lease, at, stamped.into()).await.unwrap();
}

/// The numbers of the customers of a list.
async fn numbers(world: &World<impl Table>, query: &str) -> Vec<u32> {
    let listed = world.get(&format!("/v1/customer-mappings{query}")).await;
    assert_eq!(listed.status, 200, "{:#}", listed.body);
    numbers_of(&listed.body)
}

fn numbers_of(body: &Value) -> Vec<u32> {
    let id = |row: &Value| row["customerId"].as_str().unwrap().to_owned();
    let number = |id: String| (1..10).find(|n| customer(*n).to_string() == id).unwrap();
    body["items"].as_array().unwrap().iter().map(|row| number(id(row))).collect()
}

#[tokio::test]
async fn list_filters_are_all_usage_sync_available_last_sync_succeeded_or_failed_mapped_and_on() {
    let world = World::new().await;
    world.saved(&[world.map(1, 0, 0), world.map(2, 0, 1)]).await;
    world.saved(&[switch(2, 1, false)]).await;
    synced(&world.store).await;
    for (query, expected) in [
        ("", vec![1, 2, 3, 4]),
        ("?show=all", vec![1, 2, 3, 4]),
        ("?show=available", vec![1, 2, 3]),
        ("?show=succeeded", vec![2]),
        ("?show=failed", vec![1]),
        ("?show=mapped", vec![1, 2]),
        ("?show=unmapped", vec![3, 4]),
        ("?show=on", vec![1]),
        ("?show=off", vec![2, 3, 4]),
        ("?text=DENT", vec![2]),
        ("?text=00000003-", vec![3]),
        ("?show=mapped&text=delta", vec![]),
    ] {
        assert_eq!(numbers(&world, query).await, expected, "{query}");
    }
    let names = CustomerNames {
        company: "Adler Bäckerei".to_owned(),
        agreement: "Rundum".to_owned(),
        ..CustomerNames::default()
    };
    let agreement = AgreementId::try_from(i64::from(world.agreements[0])).unwrap();
    world.store.touch_customer(partner(), customer(1), agreement, &names, false).await.unwrap();
    assert_eq!(numbers(&world, "?text=rundum").await, [1], "by agreement");
    assert_eq!(world.get("/v1/customer-mappings?show=some").await.status, 400);
}

#[tokio::test]
async fn after_a_sync_each_customer_shows_its_status_and_a_failure_what_went_wrong_and_what_to_do() {
    let world = World::new().await;
    synced(&world.store).await;
    let failed = &world.row(1).await["lastSync"];
    assert_eq!((&failed["succeeded"], &failed["month"]), (&false.into(), &"2026-11".into()));
    let failure = &failed["failure"];
    assert!(failure["what"].as_str().unwrap().contains("812"), "{failure:#}");
    assert!(!failure["advice"].as_str().unwrap().is_empty());
    assert_eq!(failure["productCode"], "CIXA");
    let succeeded = &world.row(2).await["lastSync"];
    assert_eq!((&succeeded["succeeded"], succeeded.get("failure")), (&true.into(), None));
    assert_eq!(world.row(3).await.get("lastSync"), None);
}

#[tokio::test]
async fn pages_miss_nobody_whatever_the_filter_and_an_unknown_customer_is_a_404() {
    let world = World::new().await;
    world.saved(&[world.map(2, 0, 1)]).await;
    for (show, expected) in [("all", vec![1, 2, 3, 4]), ("unmapped", vec![1, 3, 4])] {
        let (mut seen, mut key) = (Vec::new(), String::new());
        loop {
            let page = world.get(&format!("/v1/customer-mappings?show={show}&pageSize=1{key}")).await;
            seen.extend(numbers_of(&page.body));
            match page.body["pages"]["nextKey"].as_str() {
                Some(next) => key = format!("&pageFromKey={next}"),
                None => break,
            }
        }
        assert_eq!(seen, expected);
    }
    let unknown = world.get(&format!("/v1/customer-mappings/{}", customer(9))).await;
    assert_eq!((unknown.status.as_u16(), unknown.code()), (404, "notFound"));
    let shown = world.get(&format!("/v1/customer-mappings/{}", customer(4))).await;
    assert_eq!(shown.body, json!({"customerId": customer(4), "name": "Delta", "syncAvailable": false, "version": 0}));
}
