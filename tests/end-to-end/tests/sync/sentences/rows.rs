//! The page *Configure usage sync*: its rows, and what each column of a row shows.

use serde_json::{Value, json};

use crate::sentences::world::{ENDPOINT, INTERCEPT, World, XDR, november, used};

#[tokio::test(flavor = "multi_thread")]
async fn there_is_one_row_a_sophos_product_with_its_connectwise_product_its_details_and_its_sync_toggle() {
    let world = World::billing().await;
    // Several lines and several customers are still one row.
    let lines = [
        used(INTERCEPT, [10, 7]).called("Intercept X"),
        used(INTERCEPT, [2, 0]).called("Intercept X"),
        used(ENDPOINT, [5, 3]).called("Endpoint"),
        used(XDR, [4, 6]).called("Intercept X with XDR"),
    ];
    world.uses(november(), &lines);
    world.save(ENDPOINT, json!({"sync": false})).await.done();
    world.sync(november()).await;

    let rows = world.rows().await;
    let columns = |row: &Value| {
        let text = |field: &str| row[field].as_str().unwrap().to_owned();
        (text("code"), text("description"), row["sync"].as_bool().unwrap(), row["lastSeen"]["units"].as_u64().unwrap())
    };
    let shown = |code: &str, description: &str, sync, units| (code.to_owned(), description.to_owned(), sync, units);
    let expected = [
        shown(ENDPOINT, "Endpoint", false, 8),
        shown(INTERCEPT, "Intercept X", true, 19),
        shown(XDR, "Intercept X with XDR", false, 10),
    ];
    assert_eq!(rows.iter().map(columns).collect::<Vec<_>>(), expected);

    for (code, identifier) in [(INTERCEPT, "SEC-CIXA-MSP"), (ENDPOINT, "SEC-CEP")] {
        let id = world.mapped_to(code).await;
        let details = world.get(&format!("/v1/psa/products/{id}")).await.done();
        let held = world.product(id);
        assert_eq!((&details["id"], &details["identifier"]), (&json!(id), &json!(identifier)));
        assert_eq!((&details["description"], &details["class"]), (&held["description"], &held["productClass"]));
    }
    assert_eq!(rows[2]["psaProductId"], Value::Null, "nobody has mapped it, so there are no details: {}", rows[2]);
}
