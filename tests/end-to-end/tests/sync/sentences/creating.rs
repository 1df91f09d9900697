//! Map to a new product: *Add product to PSA* creates it, and only *Save* maps it.

use serde_json::{Value, json};

use crate::sentences::world::{ENDPOINT, INTERCEPT, World, XDR, november, used};

/// The form, filled in with the choices that it offers.
async fn filled_in(world: &World) -> Value {
    let choices = world.get("/v1/psa/products/choices").await.done();
    let subcategory = &choices["subcategories"][0];
    json!({
        "identifier": "ACME-XDR", "description": "Acme Detection", "customerDescription": "Detection, per user and month",
        "categoryId": subcategory["categoryId"], "subcategoryId": subcategory["id"],
        "typeId": choices["types"][0]["id"], "unitId": choices["units"][0]["id"], "class": "Service",
        "price": "6.25", "cost": "3.10", "taxable": true, "recurring": true, "vendorSku": "CIXZ1CSMG",
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn add_product_to_psa_offers_a_form_and_apply_creates_the_product_in_the_psa() {
    let world = World::open().await;
    let (before, written) = (world.catalogue(), world.written().len());
    let form = filled_in(&world).await;
    assert_eq!(world.catalogue(), before, "the form alone creates nothing");

    let created = world.post("/v1/psa/products", &form).await;
    assert_eq!(created.status, 201, "{}", created.body);
    let id = created.body["id"].as_u64().unwrap();

    assert_eq!(world.catalogue().len(), before.len() + 1);
    assert_eq!(world.written().split_off(written).len(), 1, "created by one call");
    let held = world.product(id);
    let expected = json!({
        "identifier": "ACME-XDR", "description": "Acme Detection", "customerDescription": "Detection, per user and month",
        "productClass": "Service", "price": 6.25, "cost": 3.1, "taxableFlag": true, "recurringFlag": true,
        "vendorSku": "CIXZ1CSMG", "inactiveFlag": false,
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(held.get(field), Some(value), "{field}");
    }
    for (field, chosen) in
        [("category", "categoryId"), ("subcategory", "subcategoryId"), ("type", "typeId"), ("unitOfMeasure", "unitId")]
    {
        assert_eq!(held[field]["id"], form[chosen], "{field}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_created_in_the_psa_is_not_mapped_until_save_stores_the_mapping() {
    let world = World::billing().await;
    world.uses(november(), &[used(INTERCEPT, [12, 7]), used(ENDPOINT, [5, 3]), used(XDR, [9, 4])]);
    world.sync(november()).await;
    let rows = world.rows().await;

    let created = world.post("/v1/psa/products", &filled_in(&world).await).await.done();
    let id = created["id"].as_u64().unwrap();
    assert_eq!(world.rows().await, rows, "no row names it");
    let written = world.written().len();
    let outcomes = world.sync(november()).await;
    assert_eq!((world.billed(id), world.written().len()), (vec![], written), "{outcomes:?}");
    assert_eq!(outcomes[XDR], ["skipped.productUnmapped"; 2]);

    world.save(XDR, json!({"mapTo": id})).await.done();
    assert_eq!(world.mapped_to(XDR).await, id);
    let outcomes = world.sync(november()).await;
    assert_eq!(world.billed(id), [9.0, 4.0], "{outcomes:?}");
    let price = |addition: &Value| addition["unitPrice"].clone();
    let prices: Vec<Value> = world.additions(id).into_iter().map(|(_, addition)| price(&json!(addition))).collect();
    assert_eq!(prices, [6.25, 6.25], "at the price of the form");
}
