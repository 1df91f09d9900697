//! What ConnectWise goes on billing though no sync looks after it any more.

use serde_json::{Value, json};

use crate::world::World;

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
