//! Names and money beside ids: in holds, lines and what is still billed.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use simulators::connectwise::Collection;

use crate::runs_api::world::World;

fn decimal(value: &Value) -> Decimal {
    value.as_str().unwrap_or_else(|| panic!("no number: {value}")).parse().unwrap()
}

/// What has to be told of a ConnectWise product and of an agreement.
fn has_names(row: &Value, psa_product: &Value) {
    assert!(psa_product["identifier"].as_str().unwrap().starts_with("SEC-"), "{row}");
    assert_eq!((&psa_product["price"], &psa_product["class"]), (&json!("4.5"), &json!("Service")), "{row}");
    assert!(psa_product["description"].is_string() && psa_product["trouble"].is_null(), "{row}");
    assert!(row["agreement"].as_str().unwrap().ends_with("security"), "{row}");
    for name in ["company", "customer", "agreementType", "billingCycle", "currency"] {
        assert!(row[name].as_str().is_some_and(|name| !name.is_empty()), "{name}: {row}");
    }
}

/// A partner whose usage fell after it was written: everything waits.
async fn fallen() -> World {
    let world = World::open().await;
    let shown = world.preview(&json!({})).await;
    world.apply(&shown).await;
    world.usage_times(|units| units / 10);
    world.sync_now(&json!({})).await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_named_ids_and_no_money() {
    let world = fallen().await;
    let holds = world.get("/v1/sync/holds?pageSize=500").await.body;
    let holds = holds["items"].as_array().unwrap();
    assert!(!holds.is_empty());
    for hold in holds {
        has_names(hold, &hold["psaProduct"]);
        assert_eq!(hold["descriptions"].as_array().unwrap().len(), hold["products"].as_array().unwrap().len());
        assert!(hold["descriptions"][0].as_str().is_some_and(|name| !name.is_empty()), "{hold}");
        let release = &hold["release"];
        let [price, now] = ["unitPrice", "amount"].map(|name| decimal(&hold[name]));
        assert_eq!(now, price * decimal(&hold["quantity"]), "{hold}");
        assert_eq!(decimal(&release["amountFrom"]), now, "{hold}");
        assert_eq!(decimal(&release["amountTo"]), price * decimal(&release["to"]), "{hold}");
        assert_eq!(decimal(&release["amount"]), decimal(&release["amountTo"]) - now, "{hold}");
        assert_eq!(release["amount"], release["amountPerMonth"], "a monthly agreement");
        assert_eq!(decimal(&release["units"]), decimal(&release["to"]) - decimal(&release["from"]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_names_both_products_and_the_agreement_with_its_money() {
    let world = World::open().await;
    let shown = world.preview(&json!({})).await;
    for line in world.lines(&shown, "&outcome=created").await {
        let billed = &line["billed"];
        has_names(&line, &billed["psaProduct"]);
        assert!(line["description"].as_str().is_some_and(|name| !name.is_empty()), "{line}");
        assert_eq!(decimal(&billed["amount"]), decimal(&billed["unitPrice"]) * decimal(&billed["quantity"]));
        if billed["change"].is_object() {
            assert_eq!(billed["change"]["amountTo"], billed["amount"], "{line}");
        }
    }
    let sheet = world.get(&format!("/v1/sync/runs/{}/lines.csv", crate::runs_api::world::id_of(&shown))).await.body;
    let header = sheet.as_str().unwrap().lines().next().unwrap();
    for column in ["description", "psaIdentifier", "psaDescription", "unitPrice", "currency", "billingCycle"] {
        assert!(header.split(',').any(|name| name == column), "{header}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_still_billed_is_named_also_on_an_agreement_that_the_customer_has_left() {
    let world = World::open().await;
    let shown = world.preview(&json!({})).await;
    let lines = world.lines(&shown, "").await;
    world.apply(&shown).await;
    let code = lines[0]["product"].as_str().unwrap();
    world.toggle(code, false).await;
    let rows = world.get("/v1/sync/still-billing").await.body;
    let rows = rows["items"].as_array().unwrap();
    assert!(!rows.is_empty());
    for row in rows {
        has_names(row, &row["psaProduct"]);
        assert_eq!((&row["amount"], &row["products"]), (&row["amountPerMonth"], &json!([code])));
        assert!(row["descriptions"][0].as_str().is_some_and(|name| !name.is_empty()), "{row}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapped_product_that_is_gone_inactive_or_a_bundle_is_flagged_by_the_next_preview() {
    let world = World::open().await;
    world.preview(&json!({})).await;
    let rows = world.get_mappings().await;
    let mapped: Vec<&Value> =
        rows["items"].as_array().unwrap().iter().filter(|row| row["psaProductId"].is_u64()).collect();
    assert!(mapped.iter().all(|row| row["psaProduct"]["trouble"].is_null()), "{rows}");
    let psa = &world.stack.psa;
    let id = |n: usize| u32::try_from(mapped[n]["psaProductId"].as_u64().unwrap()).unwrap();
    assert!(psa.erase(Collection::Catalog, 0, id(0)));
    psa.edit(Collection::Catalog, 0, id(1), &json!({"inactiveFlag": true})).unwrap();
    psa.edit(Collection::Catalog, 0, id(2), &json!({"productClass": "Bundle", "price": 7})).unwrap();
    world.preview(&json!({})).await;
    let rows = world.get_mappings().await;
    for (n, trouble, price) in [(0, "gone", "4.5"), (1, "inactive", "4.5"), (2, "bundle", "7")] {
        let row = rows["items"].as_array().unwrap().iter().find(|row| row["psaProductId"] == id(n)).unwrap();
        assert_eq!((&row["psaProduct"]["trouble"], &row["psaProduct"]["price"]), (&json!(trouble), &json!(price)));
        assert_eq!(row["psaProduct"]["identifier"], mapped[n]["psaProduct"]["identifier"], "{row}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_shows_one_amount_a_currency_and_no_sum_over_two() {
    let world = World::open().await;
    let shown = world.preview(&json!({})).await;
    let amounts = shown["done"]["amounts"].as_array().unwrap();
    assert_eq!(amounts.len(), 1, "{shown}");
    assert!(amounts[0]["currency"].is_string() && decimal(&amounts[0]["amount"]) > Decimal::ZERO, "{shown}");
}
