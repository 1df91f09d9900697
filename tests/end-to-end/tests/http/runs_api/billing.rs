//! What ConnectWise goes on billing though no sync looks after it any more.

use serde_json::{Value, json};
use shared::clock::SystemClock;
use shared::domain::id::{AgreementId, CustomerId};
use shared::ports::Clock;
use shared::store::Change;
use simulators::connectwise::Collection;
use simulators::sophos::{BillingType, Tenant};

use crate::runs_api::world::World;

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
    // As a run does if we bill nothing there any more.
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
        world.stack.sophos.unlink(uuid(customer)).unwrap();
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

/// The rows that end these additions.
fn endings(rows: &[Value], choice: &str) -> Value {
    let one = |row: &Value| {
        json!({
            "agreementId": row["agreementId"], "additionId": row["additionId"], "version": row["version"],
            "choice": choice, "why": "The customer left in October.",
        })
    };
    json!({ "additions": rows.iter().map(one).collect::<Vec<_>>() })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_billed_for_a_customer_that_left_is_ended_from_the_list_by_the_next_run() {
    let (world, customer, rows) = after_it_left(|world, customer| converted(world, customer, BillingType::Term)).await;
    let path = "/v1/sync/still-billing/end";
    let decided = world.post(path, &endings(&rows, "setToZero")).await;
    assert_eq!((decided.status.as_u16(), &decided.body["ended"]), (200, &rows.len().into()), "{}", decided.body);
    let shown = still_billing(&world).await;
    assert!(shown.iter().all(|row| row["ending"]["choice"] == "setToZero" && row["ending"]["who"] == "9f31"));
    let back = world.post(path, &endings(&shown[..1], "leave")).await;
    assert_eq!((back.status.as_u16(), &back.body["ended"]), (200, &0.into()), "{}", back.body);
    assert!(still_billing(&world).await[0]["ending"].is_null());
    world.post(path, &endings(&shown[..1], "setToZero")).await;

    let before = world.stack.psa.writes().len();
    let preview = world.preview(&json!({})).await;
    assert_eq!(world.lines(&preview, "&reason=ended").await.len(), rows.len(), "a preview shows what would be ended");
    assert_eq!(world.stack.psa.writes().len(), before);
    let run = world.sync_now(&json!({})).await;
    assert_eq!(run["counts"]["quantitiesSet"], rows.len(), "{run}");
    assert_eq!(world.stack.psa.writes().len(), before + rows.len());
    let lines = world.lines(&run, "&reason=ended").await;
    assert_eq!(lines.len(), rows.len(), "{lines:?}");
    for line in &lines {
        assert_eq!((&line["customerId"], &line["outcome"]), (&customer.to_string().into(), &"updated".into()));
        assert_eq!(
            (&line["billed"]["change"]["to"], &line["billed"]["change"]["does"]),
            (&"0".into(), &"update".into())
        );
    }
    assert_eq!(still_billing(&world).await, Vec::<Value>::new());
    let again = world.sync_now(&json!({})).await;
    assert_eq!(again["counts"]["quantitiesSet"], 0, "{again}");
    assert_eq!(world.lines(&again, "&reason=ended").await, Vec::<Value>::new(), "told once");
    // The departed customer's last usage still waits.
    let held = world.lines(&again, "&outcome=held").await;
    assert!(held.iter().all(|line| line["reason"] == "leftMonthlyBilling") && held.len() == rows.len(), "{held:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_addition_of_a_product_that_is_off_or_a_customer_nobody_maps_is_ended_as_well() {
    let world = World::open().await;
    let shown = world.preview(&json!({})).await;
    let code = world.lines(&shown, "").await[0]["product"].as_str().unwrap().to_owned();
    world.apply(&shown).await;
    world.toggle(&code, false).await;
    let rows = still_billing(&world).await;
    let decided = world.post("/v1/sync/still-billing/end", &endings(&rows, "setToZero")).await;
    assert_eq!(decided.status, 200, "{}", decided.body);
    let run = world.sync_now(&json!({})).await;
    assert_eq!(run["counts"]["quantitiesSet"], rows.len(), "{run}");
    assert_eq!(still_billing(&world).await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_addition_that_somebody_changed_since_is_not_ended_and_the_run_says_so() {
    let (world, _, rows) = after_it_left(|world, customer| converted(world, customer, BillingType::Term)).await;
    let mut moved = endings(&rows, "setToZero");
    moved["additions"][0]["version"] = "0000000000000000".into();
    let refused = world.post("/v1/sync/still-billing/end", &moved).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (412, "versionMismatch"), "{}", refused.body);
    assert_eq!(refused.body["present"].as_array().unwrap().len(), rows.len());
    let decided = world.post("/v1/sync/still-billing/end", &endings(&rows[..1], "setToZero")).await;
    assert_eq!(decided.status, 200, "{}", decided.body);
    let [agreement, addition] =
        ["agreementId", "additionId"].map(|id| u32::try_from(rows[0][id].as_u64().unwrap()).unwrap());
    world.stack.psa.edit(Collection::Additions, agreement, addition, &json!({ "quantity": 7777 })).unwrap();
    let run = world.sync_now(&json!({})).await;
    assert_eq!(run["counts"]["quantitiesSet"], 0, "{run}");
    let lines = world.lines(&run, "&reason=endMoved").await;
    assert_eq!(lines.len(), 1, "{run}");
    assert!(lines[0]["what"].as_str().unwrap().contains("7777"), "{lines:?}");
}
