//! Edit a ConnectWise product: *View ConnectWise product*, then *Edit ConnectWise product*.

use serde_json::json;
use simulators::connectwise::Collection;

use crate::sentences::world::{ENDPOINT, INTERCEPT, World, november, used};

#[tokio::test(flavor = "multi_thread")]
async fn the_details_of_a_connectwise_product_are_those_that_the_psa_holds() {
    let world = World::open().await;
    let id = world.mapped_to(INTERCEPT).await;
    let change = json!({"price": 7.35, "vendorSku": "CEAZ1CSMG", "notes": "Ask Ann first", "taxableFlag": true});
    world.stack.psa.edit(Collection::Catalog, 0, u32::try_from(id).unwrap(), &change).unwrap();

    let details = world.get(&format!("/v1/psa/products/{id}")).await.done();
    let held = world.product(id);
    for (shown, field) in [
        ("id", "id"),
        ("identifier", "identifier"),
        ("description", "description"),
        ("customerDescription", "customerDescription"),
        ("class", "productClass"),
        ("vendorSku", "vendorSku"),
        ("notes", "notes"),
        ("taxable", "taxableFlag"),
        ("recurring", "recurringFlag"),
        ("inactive", "inactiveFlag"),
    ] {
        assert_eq!(details[shown], held[field], "{shown}");
    }
    for (shown, field) in
        [("category", "category"), ("subcategory", "subcategory"), ("type", "type"), ("unit", "unitOfMeasure")]
    {
        assert_eq!((&details[shown]["id"], &details[shown]["name"]), (&held[field]["id"], &held[field]["name"]));
    }
    assert_eq!((&details["price"], &details["notes"]), (&json!("7.35"), &json!("Ask Ann first")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_changed_in_edit_connectwise_product_arrives_in_the_psa() {
    let world = World::billing().await;
    let id = world.mapped_to(INTERCEPT).await;
    let path = format!("/v1/psa/products/{id}");
    let seen = world.get(&path).await;
    let before = world.product(id);

    let change = json!({"description": "Acme Shield", "price": "5.95", "vendorSku": "CEAZ1CSMG", "taxable": true});
    world.patch(&path, &seen.etag, &change).await.done();

    let after = world.product(id);
    let changed = json!({"description": "Acme Shield", "price": 5.95, "vendorSku": "CEAZ1CSMG", "taxableFlag": true});
    for (field, value) in &after {
        // The PSA itself notes when and by whom.
        let expected = changed.get(field).or(before.get(field)).filter(|_| field != "_info");
        assert_eq!(Some(value).filter(|_| field != "_info"), expected, "{field}");
    }
    assert!(before.keys().all(|field| after.contains_key(field)));
    let viewed = world.get(&path).await.done();
    assert_eq!((&viewed["description"], &viewed["price"]), (&json!("Acme Shield"), &json!("5.95")));

    // It is mapped as before, and what is billed already keeps the price that it had.
    world.uses(november(), &[used(INTERCEPT, [14, 8]), used(ENDPOINT, [5, 3])]);
    world.sync(november()).await;
    assert_eq!(world.billed(id), [14.0, 8.0]);
    assert!(world.additions(id).iter().all(|(_, addition)| addition["unitPrice"] == 4.5));
}
