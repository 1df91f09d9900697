//! A product that is gone for many customers at once is one decision, and holds nothing else.

use std::collections::BTreeSet;

use local_stack::demo::Size;
use serde_json::{Value, json};
use shared::domain::month::UsageMonth;

use crate::runs_api::world::{World, id_of, november};

const MATCHING: &str = "/v1/sync/holds/decisions/matching";

fn october() -> UsageMonth {
    UsageMonth::parse("2025-10").unwrap()
}

/// Twenty customers were synced in October; in November the product that most of them had is gone.
async fn gone() -> (World, String, usize) {
    let world = World::of(Size { seed: 31, customers: 20, products: 3 }).await;
    let rows = world.stack.demo.usage_rows(november());
    world.stack.demo.set_usage(&world.stack.sophos, october(), &rows);
    let shown = world.preview(&json!({ "month": "2025-10" })).await;
    world.apply(&shown).await;
    let of = |code: &str| -> BTreeSet<_> {
        rows.iter().filter(|row| row.product_code == code).map(|row| row.account_id).collect()
    };
    let most = rows.iter().max_by_key(|row| of(&row.product_code).len()).unwrap().product_code.clone();
    let had = of(&most).len();
    assert!(had >= 5, "{had} customers have {most}");
    let left: Vec<_> = rows.into_iter().filter(|row| row.product_code != most).collect();
    world.stack.demo.set_usage(&world.stack.sophos, november(), &left);
    (world, most, had)
}

async fn holds(world: &World) -> Vec<Value> {
    world.get("/v1/sync/holds?pageSize=500&month=2025-11").await.body["items"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_that_vanished_for_many_customers_was_asked_about_customer_by_customer() {
    let (world, product, had) = gone().await;
    let run = world.sync_now(&json!({ "month": "2025-11" })).await;
    let detail = world.get(&format!("/v1/sync/runs/{}", id_of(&run))).await.body;
    assert_eq!(detail.get("unfinished"), None, "{detail}");
    let found = &detail["unfinishedProducts"];
    assert_eq!((found.as_array().unwrap().len(), &found[0]["product"]), (1, &json!(product)), "{found}");
    assert_eq!((&found[0]["pairs"], &found[0]["gone"], &found[0]["unitsNow"]), (&json!(had), &json!(had), &json!(0)));
    let held = holds(&world).await;
    assert_eq!(held.len(), had, "the other products go on: {held:?}");
    for hold in &held {
        assert_eq!((&hold["reason"], &hold["inQuestion"]), (&json!("productUnfinished"), &json!(product)), "{hold}");
    }
    let filter = json!({ "month": "2025-11", "reason": "productUnfinished", "product": product });
    let decision = |more: Value| {
        let mut body = json!({ "matching": filter, "verdict": "release", "why": "Sophos has ended it." });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let look = world.post(MATCHING, &decision(json!({ "validateOnly": true }))).await.body;
    assert_eq!((&look["matching"], &look["decided"], &look["left"]), (&json!(had), &json!(had), &json!(0)), "{look}");
    let decided = world.post(MATCHING, &decision(json!({ "version": look["version"] }))).await;
    assert_eq!(decided.status, 200, "{}", decided.body);
    let run = world.sync_now(&json!({ "month": "2025-11" })).await;
    let set_to_zero = world.lines(&run, "&outcome=updated&reason=setToZero").await;
    assert_eq!(set_to_zero.len(), had, "what one decision released is written");
    assert!(set_to_zero.iter().all(|line| line["what"] == "set to 0" && line["product"] == json!(product)));
    assert!(holds(&world).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_of_some_customers_was_taken_for_the_whole_month() {
    let (world, product, _) = gone().await;
    // All that is left of five customers is gone as well: of the month as a whole that is little.
    let customers: Vec<_> = world.stack.demo.usage_rows(november()).iter().filter_map(|row| row.account_id).collect();
    let chosen: BTreeSet<_> = customers.into_iter().take(5).collect();
    let rows = world.stack.demo.usage_rows(november()).into_iter();
    let left: Vec<_> = rows
        .filter(|row| row.product_code != product && !row.account_id.is_some_and(|id| chosen.contains(&id)))
        .collect();
    world.stack.demo.set_usage(&world.stack.sophos, november(), &left);
    let run = world.sync_now(&json!({ "month": "2025-11", "customers": chosen })).await;
    let detail = world.get(&format!("/v1/sync/runs/{}", id_of(&run))).await.body;
    assert_eq!(detail.get("unfinished"), None, "{detail}");
    assert!(holds(&world).await.iter().all(|hold| hold["reason"] != "unfinished"));
}
