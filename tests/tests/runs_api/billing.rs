//! What ConnectWise goes on billing though no sync looks after it any more.

use harness::connectwise::Collection;
use harness::sophos::{BillingType, Tenant};
use serde_json::{Value, json};
use shared::clock::SystemClock;
use shared::domain::id::{AgreementId, CustomerId};
use shared::ports::{Change, Clock, RunStore};

use crate::world::World;

fn uuid(id: impl std::fmt::Display) -> uuid::Uuid {
    id.to_string().parse().unwrap()
}

async fn still_billing(world: &World) -> Vec<Value> {
    let (mut rows, mut key) = (Vec::new(), String::new());
    loop {
        let page = world.get(&format!("/v1/sync/still-billing?pageSize=2{key}")).await;
        assert_eq!(page.status, 200, "{}", page.body);
        rows.extend(page.body["items"].as_array().unwrap().iter().cloned());
        match page.body["pages"]["nextKey"].as_str() {
            Some(next) => key = format!("&pageFromKey={next}"),
            None => return rows,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn additions_of_a_product_that_was_switched_off_are_named_until_it_is_on_again() {
    let world = World::open().await;
    let shown = world.preview(&json!({})).await;
    let lines = world.lines(&shown, "").await;
    let code = lines[0]["product"].as_str().unwrap();
    let of_product = lines.iter().filter(|line| line["product"] == code && line["outcome"] == "created").count();
    world.apply(&shown).await;
    assert_eq!(still_billing(&world).await, Vec::<Value>::new());
    world.toggle(code, false).await;
    let rows = still_billing(&world).await;
    assert_eq!(rows.len(), of_product, "{rows:?}");
    for row in &rows {
        assert_eq!((&row["reason"], &row["products"]), (&"productOff".into(), &json!([code])), "{row}");
        assert!(
            row["customer"].is_string() && row["what"].as_str().unwrap().contains(row["customer"].as_str().unwrap())
        );
    }
    world.toggle(code, true).await;
    assert_eq!(still_billing(&world).await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agreement_that_bills_nothing_of_ours_any_more_is_not_named() {
    let world = World::open().await;
    let shown = world.preview(&json!({})).await;
    let code = world.lines(&shown, "").await[0]["product"].as_str().unwrap().to_owned();
    world.apply(&shown).await;
    world.toggle(&code, false).await;
    let rows = still_billing(&world).await;
    let ended = &rows[0];
    // What a run does that finds nothing of ours billed there any more.
    let (store, partner) = (&world.stack.store, world.stack.demo.partner());
    let lease = store.acquire_lease(partner, "a run", SystemClock.now(), 60).await.unwrap().unwrap();
    let customer = CustomerId::parse(ended["customerId"].as_str().unwrap()).unwrap();
    let agreement = AgreementId::try_from(ended["agreementId"].as_i64().unwrap()).unwrap();
    let gone = vec![Change::RemoveBilledOn(customer, agreement)];
    let lease = store.commit(&lease, lease.expires_at, gone).await.unwrap();
    store.release_lease(&lease).await.unwrap();

    let left: Vec<Value> = rows.iter().filter(|row| row["agreementId"] != ended["agreementId"]).cloned().collect();
    assert!(!left.is_empty(), "one agreement alone shows nothing");
    assert_eq!(still_billing(&world).await, left);
}

/// Everything of the first customer, after it left and a run has seen that.
async fn after_it_left(leave: impl FnOnce(&World, CustomerId)) -> (World, CustomerId, Vec<Value>) {
    let world = World::open().await;
    let shown = world.preview(&json!({})).await;
    world.apply(&shown).await;
    let customer = world.stack.demo.customer(0);
    leave(&world, customer);
    world.sync_now(&json!({})).await;
    let rows = still_billing(&world).await;
    (world, customer, rows)
}

fn converted(world: &World, customer: CustomerId, billing: BillingType) {
    let tenant = Tenant::new(uuid(customer), "Amberquill Bakery").billed_by(billing);
    world.stack.sophos.add_tenant(uuid(world.stack.demo.partner()), tenant);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_that_left_monthly_billing_was_billed_on_and_listed_nowhere() {
    let (world, customer, rows) = after_it_left(|world, customer| converted(world, customer, BillingType::Term)).await;
    assert!(!rows.is_empty());
    for row in &rows {
        assert_eq!((&row["customerId"], &row["reason"]), (&customer.to_string().into(), &"leftMonthlyBilling".into()));
        assert!(row["what"].as_str().unwrap().contains("no longer on monthly billing at Sophos"), "{row}");
        assert!(row["amountPerMonth"].is_string() && row["unitPrice"].is_string(), "no money: {row}");
        assert!(row["company"].is_string() && row["agreement"].is_string(), "no names: {row}");
    }
    converted(&world, customer, BillingType::Usage);
    world.sync_now(&json!({})).await;
    assert_eq!(still_billing(&world).await, Vec::<Value>::new(), "it is back");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_that_sophos_no_longer_lists_is_named_until_its_additions_are_ended() {
    let (world, customer, rows) = after_it_left(|world, customer| {
        world.stack.sophos.remove_tenant(uuid(world.stack.demo.partner()), uuid(customer));
    })
    .await;
    assert!(!rows.is_empty());
    for row in &rows {
        assert_eq!((&row["customerId"], &row["reason"]), (&customer.to_string().into(), &"noLongerListed".into()));
        assert!(row["what"].as_str().unwrap().contains("no longer listed by Sophos"), "{row}");
        // Somebody ends it in ConnectWise.
        let [agreement, addition] =
            ["agreementId", "additionId"].map(|id| u32::try_from(row[id].as_u64().unwrap()).unwrap());
        let ended = json!({ "cancelledDate": "2025-11-01T00:00:00Z" });
        world.stack.psa.edit(Collection::Additions, agreement, addition, &ended).unwrap();
    }
    // A person looks, so that ConnectWise is read.
    let shown = world.preview(&json!({})).await;
    world.apply(&shown).await;
    assert_eq!(still_billing(&world).await, Vec::<Value>::new(), "ended by hand");
}
