//! POST, PUT, PATCH and DELETE of any record.

use serde_json::{Value, json};

use crate::connectwise::world::{NOW, World};

fn replace(path: &str, value: Value) -> Value {
    json!([{"op": "replace", "path": path, "value": value}])
}

#[tokio::test]
async fn post_answers_201_with_the_record_and_its_stamps_and_leaves_nulls_out() {
    let world = World::new().await;
    let item = world.post("/procurement/catalog", world.item("New")).await.expect(201);
    let stamps = json!({"dateEntered": NOW, "enteredBy": "Integrator", "lastUpdated": NOW, "updatedBy": "Integrator"});
    assert_eq!(item["_info"], stamps);
    assert_eq!(item["productClass"], "NonInventory");
    assert_eq!(item["category"]["name"], "Security");
    assert!(item.as_object().unwrap().values().all(|value| !value.is_null()), "{item}");
    assert!(item.get("vendorSku").is_none() && item["inactiveFlag"] == false);
    let id = item["id"].as_u64().unwrap();
    assert_eq!(world.get(&format!("/procurement/catalog/{id}")).await.expect(200), item);
}

#[tokio::test]
async fn put_replaces_everything_so_that_what_is_not_sent_falls_to_its_default() {
    let world = World::new().await;
    let replaced = world.put("/procurement/catalog/1", world.item("Endpoint")).await.expect(200);
    assert_eq!((replaced["id"].as_u64(), replaced.get("price")), (Some(1), None));
}

#[tokio::test]
async fn patch_takes_a_bare_path_with_or_without_one_slash() {
    let world = World::new().await;
    for (path, price) in [("price", 5.5), ("/price", 6.5)] {
        let item = world.patch("/procurement/catalog/1", replace(path, json!(price))).await.expect(200);
        assert_eq!(item["price"], price);
    }
}

#[tokio::test]
async fn patch_is_case_sensitive_and_an_array() {
    let world = World::new().await;
    world.patch("/procurement/catalog/1", replace("Price", json!(1))).await.expect(400);
    world.patch("/procurement/catalog/1", replace("//price", json!(1))).await.expect(400);
    world.patch("/procurement/catalog/1", json!({"price": 1})).await.expect(400);
    world.patch("/procurement/catalog/1", json!([{"op": "move", "path": "price", "value": 1}])).await.expect(400);
    assert_eq!(world.get("/procurement/catalog/1").await.expect(200)["price"], 4.5);
}

#[tokio::test]
async fn patch_replaces_a_reference_whole() {
    let world = World::new().await;
    let other = world.psa.add_company("BRK", "Brook Dental").unwrap();
    let agreement = world.patch("/finance/agreements/1", replace("company", json!({"id": other}))).await.expect(200);
    assert_eq!(agreement["company"]["identifier"], "BRK");
    let named =
        world.patch("/finance/agreements/1", replace("company", json!({"identifier": "ADL"}))).await.expect(200);
    assert_eq!(named["company"]["id"], 1);
}

#[tokio::test]
async fn patch_of_a_sub_path_answers_a_200_that_changed_nothing() {
    let world = World::new().await;
    world.psa.add_company("BRK", "Brook Dental").unwrap();
    let answer = world.patch("/finance/agreements/1", replace("company/identifier", json!("BRK"))).await.expect(200);
    assert_eq!(answer["company"]["identifier"], "ADL");
}

#[tokio::test]
async fn texts_are_coerced_to_the_type_of_the_field() {
    let world = World::new().await;
    let changes = json!([
        {"op": "replace", "path": "price", "value": "7.25"},
        {"op": "replace", "path": "taxableFlag", "value": "True"},
        {"op": "replace", "path": "vendorSku", "value": 4711},
        {"op": "replace", "path": "productClass", "value": "service"},
    ]);
    let item = world.patch("/procurement/catalog/1", changes).await.expect(200);
    let fields = ["price", "taxableFlag", "vendorSku", "productClass"].map(|field| item[field].clone());
    assert_eq!(fields, [json!(7.25), json!(true), json!("4711"), json!("Service")]);
    let dates = json!([{"op": "replace", "path": "endDate", "value": "2026-03-01"}]);
    let agreement = world.patch("/finance/agreements/1", dates).await.expect(200);
    assert_eq!(agreement["endDate"], "2026-03-01T00:00:00Z");
    let unset = world.patch("/finance/agreements/1", replace("endDate", json!(""))).await.expect(200);
    assert_eq!(unset.get("endDate"), None);
}

#[tokio::test]
async fn a_patch_revalidates_the_whole_stored_record() {
    let world = World::new().await;
    let broken = json!({"customerDescription": null});
    world.psa.edit(simulators::connectwise::Collection::Catalog, 0, 1, &broken).unwrap();
    let refused = world.patch("/procurement/catalog/1", replace("price", json!(5))).await;
    assert_eq!(refused.field_errors(), ["MissingRequiredField customerDescription"]);
    refused.expect(400);
    assert_eq!(world.get("/procurement/catalog/1").await.expect(200)["price"], 4.5);
}

#[tokio::test]
async fn a_patch_happens_as_a_whole_or_not_at_all() {
    let world = World::new().await;
    let changes = json!([
        {"op": "replace", "path": "price", "value": 1},
        {"op": "replace", "path": "identifier", "value": "Server"},
    ]);
    world.patch("/procurement/catalog/1", changes).await.expect(400);
    assert_eq!(world.get("/procurement/catalog/1").await.expect(200)["price"], 4.5);
}

#[tokio::test]
async fn a_change_moves_last_updated_and_keeps_who_entered() {
    let world = World::new().await;
    world.psa.set_now("2025-12-01T00:00:00Z".parse().unwrap());
    let item = world.patch("/procurement/catalog/1", replace("price", json!(5))).await.expect(200);
    let info = json!({"dateEntered": NOW, "enteredBy": "setup",
        "lastUpdated": "2025-12-01T00:00:00Z", "updatedBy": "Integrator"});
    assert_eq!(item["_info"], info);
}

#[tokio::test]
async fn delete_answers_204_and_refuses_what_is_in_use() {
    let world = World::new().await;
    world.psa.add_addition(1, 1, 5, json!({})).unwrap();
    world.delete("/procurement/catalog/1").await.expect(409);
    world.delete("/finance/agreements/1/additions/1").await.expect(204);
    world.delete("/finance/agreements/1/additions/1").await.expect(404);
    world.delete("/procurement/catalog/1").await.expect(204);
    assert_eq!(world.get("/procurement/catalog/1").await.expect(404)["code"], "NotFound");
}

#[tokio::test]
async fn every_write_is_in_the_log_with_before_and_after() {
    let world = World::new().await;
    world.patch("/procurement/catalog/1", replace("price", json!(5))).await.expect(200);
    world.patch("/procurement/catalog/1", replace("price", json!("five"))).await.expect(400);
    let writes = world.psa.writes();
    assert_eq!(writes.len(), 1, "{writes:?}");
    let write = &writes[0];
    assert_eq!((write.who.as_str(), write.verb.as_str()), ("Integrator", "PATCH"));
    assert_eq!(write.path, "/procurement/catalog/1");
    assert_eq!(write.before.as_ref().unwrap()["price"], 4.5);
    assert_eq!(write.after.as_ref().unwrap()["price"], 5.0);
}
