//! The overview: one request that says how things are, and what is not billed.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::runs_api::world::{World, id_of};

async fn overview(world: &World) -> Value {
    let shown = world.get("/v1/sync/overview").await;
    assert_eq!(shown.status, 200, "{}", shown.body);
    shown.body
}

fn decimal(value: &Value) -> Decimal {
    value.as_str().unwrap_or_else(|| panic!("no number: {value}")).parse().unwrap()
}

fn sum(values: impl Iterator<Item = Decimal>) -> Decimal {
    values.sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_partner_sees_what_is_set_up_and_what_is_still_to_do() {
    let world = World::open().await;
    let shown = overview(&world).await;
    let list = &shown["checklist"];
    let (customers, products) = (&list["customers"], &list["products"]);
    assert_eq!(
        (&customers["of"], &customers["complete"]),
        (&json!(0), &json!(true)),
        "no run has seen a customer: {list}"
    );
    assert_eq!((&products["mapped"], &products["of"]), (&json!(3), &json!(3)), "{list}");
    assert_eq!((&list["previewMade"], &list["applied"]), (&json!(false), &json!(false)));
    assert!(shown["lastRun"].is_null() && shown["lastPreview"].is_null() && shown["changes"].is_null(), "{shown}");
    assert_eq!(shown["toDecide"]["lines"], 0);
    let preview = world.preview(&json!({})).await;
    let shown = overview(&world).await;
    assert_eq!(shown["month"], "2025-11");
    assert_eq!((&shown["checklist"]["previewMade"], &shown["checklist"]["applied"]), (&json!(true), &json!(false)));
    assert_eq!(shown["checklist"]["customers"], json!({ "mapped": 5, "of": 5, "complete": true }));
    assert_eq!((&shown["lastPreview"]["runId"], &shown["changes"]["wrote"]), (&preview["runId"], &json!(false)));
    assert_eq!(shown["changes"]["change"], preview["done"]);
    world.apply(&preview).await;
    let shown = overview(&world).await;
    assert_eq!((&shown["checklist"]["applied"], &shown["changes"]["wrote"]), (&json!(true), &json!(true)));
    assert_eq!((&shown["lastRun"]["kind"], &shown["writes"]), (&json!("apply"), &json!(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_counted_in_units_and_money_as_the_list_of_holds_has_it() {
    let world = World::open().await;
    let shown = world.preview(&json!({})).await;
    world.apply(&shown).await;
    world.usage_times(|units| units / 10);
    world.sync_now(&json!({})).await;
    let holds = world.get("/v1/sync/holds?pageSize=500").await.body;
    let holds = holds["items"].as_array().unwrap();
    let waits = overview(&world).await["toDecide"].clone();
    assert_eq!(waits["lines"], holds.len());
    let units = sum(holds.iter().map(|hold| decimal(&hold["release"]["units"])));
    let amount = sum(holds.iter().map(|hold| decimal(&hold["release"]["amount"])));
    assert!(units < Decimal::ZERO && amount < Decimal::ZERO, "{waits}");
    assert_eq!(decimal(&waits["change"]["units"]), units);
    let amounts = waits["change"]["amounts"].as_array().unwrap();
    assert_eq!((amounts.len(), decimal(&amounts[0]["amount"])), (1, amount));
    assert_eq!(amounts[0]["currency"], holds[0]["currency"]);
    let by_reason = waits["byReason"].as_array().unwrap();
    assert_eq!(sum(by_reason.iter().map(|reason| reason["lines"].as_u64().unwrap().into())), holds.len().into());
    // What is decided no longer waits.
    let first = &holds[0];
    let decision = json!({ "month": first["month"], "customerId": first["customerId"], "verdict": "reject",
        "psaProductId": first["psaProductId"], "version": first["version"], "reason": "customerAgreed" });
    let decided = world.post("/v1/sync/holds/decisions", &json!({ "decisions": [decision] })).await;
    assert_eq!(decided.status, 200, "{}", decided.body);
    let waits = overview(&world).await["toDecide"].clone();
    assert_eq!((&waits["lines"], &waits["decided"]), (&json!(holds.len() - 1), &json!(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_billed_is_listed_by_product_with_customers_units_and_money() {
    let world = World::open().await;
    let shown = world.preview(&json!({})).await;
    world.apply(&shown).await;
    assert_eq!(world.get("/v1/sync/not-billed").await.body["items"], json!([]));
    let code = world.lines(&shown, "").await[0]["product"].as_str().unwrap().to_owned();
    let rows = world.get_mappings().await;
    let row = rows["items"].as_array().unwrap().iter().find(|row| row["code"] == code.as_str()).unwrap();
    let unmap = json!({ "rows": [{ "code": code, "version": row["version"], "unmap": true }] });
    assert_eq!(world.post_mappings("unmap-1", &unmap).await.status, 200);
    let still = overview(&world).await["stillBilling"].clone();
    let listed = world.get("/v1/sync/still-billing?pageSize=100").await.body;
    let listed = listed["items"].as_array().unwrap();
    assert_eq!((&still["additions"], &still["complete"]), (&json!(listed.len()), &json!(true)), "{still}");
    assert_eq!(decimal(&still["units"]), sum(listed.iter().map(|row| decimal(&row["quantity"]))));
    let money = sum(listed.iter().map(|row| decimal(&row["amountPerMonth"])));
    assert_eq!(decimal(&still["amountsPerMonth"][0]["amount"]), money);

    let preview = world.preview(&json!({})).await;
    let lines = world.lines(&preview, &format!("&outcome=skipped&product={code}")).await;
    let body = world.get("/v1/sync/not-billed?decided=false").await.body;
    let [row] = &body["items"].as_array().unwrap()[..] else { panic!("{body} {preview}") };
    assert_eq!((&row["product"], &row["reason"]), (&json!(code), &json!("mappingRemoved")));
    assert_eq!(row["customers"], lines.len());
    let units: u64 = lines.iter().map(|line| line["units"].as_u64().unwrap()).sum();
    assert_eq!((&row["units"], &row["changedSince"]), (&json!(units), &json!(false)));
    assert!(row["description"].is_string() && row["amounts"] == json!([]), "nothing says what it would cost: {row}");
    assert_eq!(row["runId"], id_of(&preview));
    let open = overview(&world).await["notBilled"].clone();
    assert_eq!(open, json!({ "products": 1, "unmappedUnits": units, "unassignedUnits": 0 }));
    // Mapped again, it is billed by the next run: until then the row says so, and what it comes to.
    let rows = world.get_mappings().await;
    let now = rows["items"].as_array().unwrap().iter().find(|row| row["code"] == code.as_str()).unwrap();
    let other = rows["items"].as_array().unwrap().iter().find(|row| row["psaProductId"].is_u64()).unwrap();
    let map = json!({ "rows": [{ "code": code, "version": now["version"], "mapTo": other["psaProductId"], "combine": "addUp" }] });
    assert_eq!(world.post_mappings("map-1", &map).await.status, 200);
    let body = world.get("/v1/sync/not-billed").await.body;
    let row = &body["items"][0];
    assert_eq!(row["changedSince"], true, "{row}");
    let [amount] = &row["amounts"].as_array().unwrap()[..] else { panic!("{row}") };
    assert_eq!(decimal(&amount["amount"]), decimal(&row["psaProduct"]["price"]) * Decimal::from(units));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_that_is_none_is_refused() {
    let world = World::open().await;
    for path in ["/v1/sync/overview?month=x", "/v1/sync/not-billed?month=x"] {
        let refused = world.get(path).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (400, "invalidRequest"), "{}", refused.body);
    }
}
