//! What the PSA does with the lines of an agreement.

use serde_json::{Value, json};
use simulators::connectwise::Collection;

use crate::connectwise::world::World;

const ADDITIONS: &str = "/finance/agreements/1/additions";

fn line(product: u32, quantity: Value) -> Value {
    json!({"product": {"id": product}, "billCustomer": "Billable", "quantity": quantity})
}

fn replace(path: &str, value: Value) -> Value {
    json!([{"op": "replace", "path": path, "value": value}])
}

#[tokio::test]
async fn a_new_addition_takes_price_cost_and_description_from_the_catalog_and_begins_today() {
    let world = World::new().await;
    let addition = world.post(ADDITIONS, line(1, json!(9))).await.expect(201);
    let fields = ["unitPrice", "unitCost", "description", "quantity", "billedQuantity", "effectiveDate", "uom"];
    let expected = [
        json!(4.5),
        json!(2.0),
        json!("Endpoint protection"),
        json!(9.0),
        json!(9.0),
        json!("2025-11-20T00:00:00Z"),
        json!("Each"),
    ];
    assert_eq!(fields.map(|field| addition[field].clone()), expected);
    assert_eq!((&addition["agreementStatus"], addition.get("cancelledDate")), (&json!("Active"), None));
    assert_eq!((&addition["product"]["identifier"], addition["product"].get("name")), (&json!("Endpoint"), None));
    let own = json!({"product": {"id": 1}, "billCustomer": "NoCharge", "unitPrice": 1.5, "description": "Ours"});
    let own = world.post(ADDITIONS, own).await.expect(201);
    assert_eq!((&own["unitPrice"], &own["unitCost"], &own["description"]), (&json!(1.5), &json!(2.0), &json!("Ours")));
}

#[tokio::test]
async fn the_same_product_can_stand_on_an_agreement_twice() {
    let world = World::new().await;
    let first = world.post(ADDITIONS, line(1, json!(9))).await.expect(201);
    let second = world.post(ADDITIONS, line(1, json!(9))).await.expect(201);
    assert_ne!(first["id"], second["id"]);
    assert_eq!(world.psa.additions(1).len(), 2);
}

#[tokio::test]
async fn billed_quantity_is_what_exceeds_less_included_and_never_negative() {
    let world = World::new().await;
    let addition = world.post(ADDITIONS, line(1, json!(9))).await.expect(201);
    let path = format!("{ADDITIONS}/{}", addition["id"]);
    for (less, billed) in [(json!(3), 6.0), (json!(8.9), 0.1), (json!(20), 0.0)] {
        let changed = world.patch(&path, replace("lessIncluded", less)).await.expect(200);
        assert_eq!(changed["billedQuantity"], billed);
    }
    let ignored = world.patch(&path, replace("billedQuantity", json!(77))).await.expect(200);
    assert_eq!(ignored["billedQuantity"], 0.0);
}

#[tokio::test]
async fn changing_the_quantity_leaves_price_cost_and_dates_alone() {
    let world = World::new().await;
    let mut body = line(1, json!(9));
    body["unitPrice"] = json!(3.75);
    body["effectiveDate"] = json!("2025-01-01");
    let before = world.post(ADDITIONS, body).await.expect(201);
    let after = world.patch(&format!("{ADDITIONS}/1"), replace("quantity", json!(12))).await.expect(200);
    for field in ["unitPrice", "unitCost", "effectiveDate", "description", "billCustomer"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    assert_eq!(after["quantity"], 12.0);
}

#[tokio::test]
async fn changing_the_product_takes_price_cost_and_description_anew_unless_they_are_sent_along() {
    let world = World::new().await;
    world.post(ADDITIONS, line(1, json!(9))).await.expect(201);
    let path = format!("{ADDITIONS}/1");
    let changed = world.patch(&path, replace("product", json!({"id": 4}))).await.expect(200);
    let shown = |line: &Value| ["unitPrice", "unitCost", "description"].map(|field| line[field].clone());
    assert_eq!(shown(&changed), [json!(9.25), json!(5.0), json!("Server protection")]);
    let changes = json!([
        {"op": "replace", "path": "product", "value": {"id": 1}},
        {"op": "replace", "path": "unitPrice", "value": 4.0},
    ]);
    let resent = world.patch(&path, changes).await.expect(200);
    assert_eq!(shown(&resent), [json!(4.0), json!(2.0), json!("Endpoint protection")]);
}

#[tokio::test]
async fn bundle_class_and_inactive_products_cannot_be_additions() {
    let world = World::new().await;
    for product in [2, 3] {
        let refused = world.post(ADDITIONS, line(product, json!(1))).await;
        assert_eq!(refused.field_errors(), ["NotFound product"], "{}", refused.body);
    }
    world.post(ADDITIONS, line(1, json!(1))).await.expect(201);
    world.psa.edit(Collection::Catalog, 0, 1, &json!({"inactiveFlag": true})).unwrap();
    let refused = world.patch(&format!("{ADDITIONS}/1"), replace("quantity", json!(2))).await;
    assert_eq!(refused.field_errors(), ["NotFound product"]);
}

#[tokio::test]
async fn an_addition_belongs_to_its_agreement_and_shows_its_status() {
    let world = World::new().await;
    let other = world.psa.add_agreement(1, world.agreement_type, "Other", json!({})).unwrap();
    world.post(ADDITIONS, line(1, json!(1))).await.expect(201);
    world.get(&format!("/finance/agreements/{other}/additions/1")).await.expect(404);
    world.patch("/finance/agreements/1", replace("cancelledFlag", json!(true))).await.expect(200);
    assert_eq!(world.get("/finance/agreements/1").await.expect(200)["agreementStatus"], "Cancelled");
    assert_eq!(world.get(&format!("{ADDITIONS}/1")).await.expect(200)["agreementStatus"], "Cancelled");
    assert_eq!(
        world.ids_where(ADDITIONS, "agreementStatus = 'cancelled' and product/identifier = 'Endpoint'").await,
        [1]
    );
}

#[tokio::test]
async fn an_agreement_past_its_end_is_expired() {
    let world = World::new().await;
    let changes = json!([
        {"op": "replace", "path": "noEndingDateFlag", "value": false},
        {"op": "replace", "path": "endDate", "value": "2025-11-30"},
    ]);
    assert_eq!(world.patch("/finance/agreements/1", changes).await.expect(200)["agreementStatus"], "Active");
    world.psa.set_now("2025-12-01T00:00:00Z".parse().unwrap());
    assert_eq!(world.get("/finance/agreements/1").await.expect(200)["agreementStatus"], "Expired");
    assert_eq!(world.ids_where("/finance/agreements", "agreementStatus = 'Expired'").await, [1]);
}

#[tokio::test]
async fn an_addition_needs_a_product_and_how_it_is_billed() {
    let world = World::new().await;
    let refused = world.post(ADDITIONS, json!({"quantity": 1})).await;
    assert_eq!(refused.field_errors(), ["MissingRequiredField product", "MissingRequiredField billCustomer"]);
    let refused = world.post("/finance/agreements/99/additions", line(1, json!(1))).await;
    refused.expect(404);
}
