//! The vendor's own OpenAPI document against the simulator, where `CONNECTWISE_SCHEMA` names it.

use harness::connectwise::schema::{Schema, VARIABLE, Verdict, configured, validate};
use serde_json::{Value, json};

use crate::world::World;

const ADDITION: &str = "/v4_6_release/apis/3.0/finance/agreements/7/additions/9";

#[tokio::test]
async fn a_field_that_is_deliberately_broken_is_caught() {
    let world = World::new().await;
    world.psa.add_addition(1, 1, 5, json!({})).unwrap();
    let good = world.get("/finance/agreements/1/additions/1").await.expect(200);
    let Some(_) = configured().unwrap() else {
        println!("skipped: {VARIABLE} not set");
        return;
    };
    assert_eq!(validate(ADDITION, "GET", 200, &good), Verdict::Valid);
    for (field, value) in [
        ("quantity", json!("5")),
        ("effectiveDate", json!("2025-11-20")),
        ("billCustomer", json!("Sometimes")),
        ("cancelledDate", json!(null)),
        ("invented", json!(1)),
        ("product", json!({"id": "1"})),
        ("_info", json!({"lastUpdated": 5})),
        ("serialNumber", json!("x".repeat(51))),
    ] {
        let mut broken = good.clone();
        broken[field] = value;
        let verdict = validate(ADDITION, "GET", 200, &broken);
        assert!(matches!(&verdict, Verdict::Broken(wrong) if wrong[0].contains(field)), "{field}: {verdict:?}");
    }
    assert!(world.psa.schema_report().valid > 0);
    assert_eq!(world.psa.schema_report().broken, Vec::<String>::new());
}

#[test]
fn the_known_defects_of_the_document_are_not_held_against_an_answer() {
    let document = json!({
        "paths": {
            "/things/": {"get": {"responses": {"200": {"content": {"json": {"schema": {
                "type": "array", "items": {"$ref": "#/components/schemas/Thing"}}}}}}}},
        },
        "components": {"schemas": {
            "Thing": {"type": "object", "required": ["name"], "properties": {"id": {"type": "integer"}}},
            "ErrorResponseMessage": {"type": "object", "properties": {
                "code": {"type": "string"}, "message": {"type": "string"}, "errors": {"type": "array"}}},
        }},
    });
    let schema = Schema::new(&document);
    let check = |status: u16, body: Value| schema.validate("/v4_6_release/apis/3.0/things", "GET", status, &body);
    assert_eq!(check(200, json!([{"id": 1}])), Verdict::Valid, "required is over-strict on reads");
    assert_eq!(check(404, json!({"code": "NotFound", "message": "", "errors": null})), Verdict::Valid);
    assert!(matches!(check(404, json!({"error": "x"})), Verdict::Broken(_)));
    assert_eq!(check(429, json!({"error": "ConnectWiseAPI", "message": ""})), Verdict::Valid);
    assert!(matches!(check(200, json!([{"id": "1"}])), Verdict::Broken(_)));
    assert_eq!(schema.validate("/other", "GET", 200, &json!({})), Verdict::NotDescribed);
}

#[test]
fn a_document_of_2022_1_lacks_the_fields_added_since_and_they_are_held_to_their_types_all_the_same() {
    let document = |version: &str| {
        let item = json!({"$ref": "#/components/schemas/CatalogItem"});
        Schema::new(&json!({
            "info": {"version": version},
            "paths": {"/procurement/catalog/{id}": {"get": {"responses": {"200": {"content": {"json": {"schema": item}}}}}}},
            "components": {"schemas": {"CatalogItem": {"type": "object", "properties": {}}, "Company": {"type": "object"}}},
        }))
    };
    let check = |version: &str, body: Value| {
        document(version).validate("/v4_6_release/apis/3.0/procurement/catalog/1", "GET", 200, &body)
    };
    assert_eq!(check("2022.1", json!({"markupFlag": true})), Verdict::Valid);
    assert!(matches!(check("2022.1", json!({"markupFlag": "yes"})), Verdict::Broken(_)));
    assert!(matches!(check("2022.1", json!({"invented": true})), Verdict::Broken(_)));
    assert!(matches!(check("2025.1", json!({"markupFlag": true})), Verdict::Broken(_)));
}
