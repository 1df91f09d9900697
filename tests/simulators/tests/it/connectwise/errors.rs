//! The documented error bodies.

use serde_json::json;

use crate::connectwise::world::World;

const CATALOG: &str = "/procurement/catalog";

#[tokio::test]
async fn a_missing_field_is_named_in_the_documented_body() {
    let world = World::new().await;
    let mut item = world.item("New");
    item.as_object_mut().unwrap().remove("identifier");
    let refused = world.post(CATALOG, item).await.expect(400);
    let expected = json!({
        "code": "InvalidObject",
        "message": "catalogItem object is invalid",
        "errors": [{
            "code": "MissingRequiredField",
            "message": "The identifier field is required.",
            "resource": "catalogItem",
            "field": "identifier",
        }],
    });
    assert_eq!(refused, expected);
}

#[tokio::test]
async fn all_wrong_fields_are_reported_at_once() {
    let world = World::new().await;
    let refused = world.post(CATALOG, json!({"price": "cheap"})).await;
    let expected = [
        "OutOfRange price",
        "MissingRequiredField identifier",
        "MissingRequiredField description",
        "MissingRequiredField subcategory",
        "MissingRequiredField type",
        "MissingRequiredField customerDescription",
    ];
    assert_eq!(refused.field_errors(), expected);
}

#[tokio::test]
async fn too_long_dangling_and_duplicate_values_have_their_own_codes() {
    let world = World::new().await;
    for (field, value, code) in [
        ("identifier", json!("x".repeat(76)), "MaxLengthField identifier"),
        ("identifier", json!("endpoint"), "ObjectExists identifier"),
        ("description", json!("é".repeat(61)), "MaxLengthField description"),
        ("subcategory", json!({"id": 99}), "NotFound subcategory"),
        ("subcategory", json!({"name": "Nowhere"}), "NotFound subcategory"),
        ("type", json!({}), "MissingRequiredField type/id"),
        ("type", json!(5), "MissingRequiredField type/id"),
        ("productClass", json!("Gadget"), "OutOfRange productClass"),
        ("price", json!("NaN"), "OutOfRange price"),
        ("price", json!(1e40), "OutOfRange price"),
        ("minStockLevel", json!(3_000_000_000_u64), "OutOfRange minStockLevel"),
    ] {
        let mut item = world.item("New");
        item[field] = value.clone();
        let refused = world.post(CATALOG, item).await;
        assert!(refused.field_errors().contains(&code.to_owned()), "{field} {value}: {}", refused.body);
        assert_eq!(refused.status, 400);
    }
    let mut fits = world.item(&"x".repeat(60));
    fits["description"] = json!("é".repeat(60));
    world.post(CATALOG, fits).await.expect(201);
    let twin = world.post("/company/companies", json!({"identifier": "adl", "name": "Twin"})).await;
    assert_eq!(twin.field_errors(), ["ObjectExists identifier"]);
}

#[tokio::test]
async fn an_unknown_field_of_a_body_is_ignored() {
    let world = World::new().await;
    let mut item = world.item("New");
    item["colour"] = json!("red");
    assert_eq!(world.post(CATALOG, item).await.expect(201).get("colour"), None);
}

#[tokio::test]
async fn a_body_that_is_not_json_is_refused() {
    let world = World::new().await;
    for body in ["", "{", "[]", "\"text\""] {
        let call = world.call(reqwest::Method::POST, CATALOG).body(body);
        assert_eq!(crate::connectwise::world::send(call).await.expect(400)["code"], "InvalidObject", "{body}");
    }
}

#[tokio::test]
async fn a_record_that_does_not_exist_is_404_with_errors_null() {
    let world = World::new().await;
    for path in ["/finance/agreements/99", "/finance/agreements/99/additions", "/finance/agreements/1/additions/7"] {
        let refused = world.get(path).await.expect(404);
        assert_eq!((&refused["code"], &refused["errors"]), (&json!("NotFound"), &json!(null)), "{path}");
    }
}
