//! Every answer of the simulator is held against the facts of the vendor's 2025.1 document, and a wrong one is noticed.

use std::process::Stdio;

use serde_json::{Value, json};
use simulators::connectwise::schema::{Schema, Verdict, validate};
use tokio::process::Command;

use crate::connectwise::world::World;

const ADDITION: &str = "/v4_6_release/apis/3.0/finance/agreements/7/additions/9";
const ITEM: &str = "/v4_6_release/apis/3.0/procurement/catalog/1";
const CONTACT: &str = "/v4_6_release/apis/3.0/company/contacts/1";
const FACTS: &str = include_str!("../../../src/connectwise/schema/facts-2025.1.json");

/// What is said of an answer in which one field was bent.
#[track_caller]
fn caught(path: &str, good: &Value, field: &str, bent: Value) -> String {
    let mut answer = good.clone();
    answer[field] = bent;
    match validate(path, "GET", 200, &answer) {
        Verdict::Broken(wrong) if wrong.len() == 1 => wrong[0].clone(),
        other @ (Verdict::Valid | Verdict::NotDescribed | Verdict::Broken(_)) => panic!("{field}: {other:?}"),
    }
}

#[tokio::test]
async fn an_answer_with_one_bent_field_is_caught() {
    let world = World::new().await;
    world.psa.add_addition(1, 1, 5, json!({})).unwrap();
    let good = world.get("/finance/agreements/1/additions/1").await.expect(200);
    assert_eq!(validate(ADDITION, "GET", 200, &good), Verdict::Valid);
    let bent = |field, value| caught(ADDITION, &good, field, value);
    assert_eq!(bent("invented", json!(1)), "body.invented: the vendor has no such field");
    assert_eq!(bent("serialNumber", json!("x".repeat(51))), "body.serialNumber: 51 characters, at most 50");
    let word = "body.billCustomer: \"Sometimes\" is not a word of the enumeration";
    assert_eq!(bent("billCustomer", json!("Sometimes")), word);
    for date in ["2025-11-20", "2025-11-20T08:30:00", "2025-13-20T08:30:00Z", "2025-11-20 08:30:00Z", ""] {
        assert_eq!(
            bent("effectiveDate", json!(date)),
            format!("body.effectiveDate: {date:?} is not of the type DateTime")
        );
    }
    assert_eq!(bent("cancelledDate", Value::Null), "body.cancelledDate: null is not allowed");
    assert_eq!(bent("id", json!(1.5)), "body.id: 1.5 is not of the type Integer");
    assert_eq!(bent("id", json!(1_u64 << 31)), "body.id: 2147483648 is not of the type Integer");
    assert_eq!(bent("quantity", json!("5")), "body.quantity: \"5\" is not of the type Number");
    assert_eq!(bent("taxableFlag", json!(1)), "body.taxableFlag: 1 is not of the type Boolean");
    assert_eq!(bent("product", json!({"id": "1"})), "body.product.id: \"1\" is not of the type Integer");
    assert_eq!(bent("product", json!(1)), "body.product: 1 is not an object");
    assert_eq!(bent("_info", json!({"lastUpdated": 5})), "body._info.lastUpdated: 5 is not of the type Text");
    assert_eq!(bent("customFields", json!({})), "body.customFields: {} is not an array");
    assert_eq!(bent("customFields", json!([{"id": true}])), "body.customFields[0].id: true is not of the type Integer");
    let report = world.psa.schema_report();
    assert_eq!((report.valid, report.broken), (1, Vec::new()));
}

#[tokio::test]
async fn lengths_and_uuids_are_those_of_2025_1() {
    let world = World::new().await;
    let item = world.get("/procurement/catalog/1").await.expect(200);
    assert_eq!(validate(ITEM, "GET", 200, &item), Verdict::Valid);
    let bent = |field, value| caught(ITEM, &item, field, value);
    assert_eq!(bent("identifier", json!("x".repeat(76))), "body.identifier: 76 characters, at most 75");
    assert_eq!(bent("productClass", json!("Nope")), "body.productClass: \"Nope\" is not a word of the enumeration");
    let contact = json!({"id": 1, "mobileGuid": "6c5b8a52-5d2e-4f0a-9a6e-2f1f1f4c7f10"});
    assert_eq!(validate(CONTACT, "GET", 200, &contact), Verdict::Valid);
    assert_eq!(
        caught(CONTACT, &contact, "mobileGuid", json!("1234")),
        "body.mobileGuid: \"1234\" is not of the type Uuid"
    );
}

/// Set in the process that gives a wrong answer.
const CHILD: &str = "HARNESS_GIVES_A_WRONG_ANSWER";

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the test tells itself by the environment that it is the child")]
async fn a_wrong_answer_ends_the_process_of_the_test_that_asked_for_it() {
    if std::env::var_os(CHILD).is_some() {
        World::new().await.get("/company/companies/1").await;
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (document, log) = (folder.path().join("bent.json"), folder.path().join("verdicts"));
    let mut bent: Value = serde_json::from_str(FACTS).unwrap();
    bent["components"]["schemas"]["Company"]["properties"]["name"]["maxLength"] = json!(3);
    std::fs::write(&document, bent.to_string()).unwrap();
    let name = concat!(module_path!(), "::a_wrong_answer_ends_the_process_of_the_test_that_asked_for_it");
    let (_, name) = name.split_once("::").unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", name]).stdin(Stdio::null()).env(CHILD, "yes");
    let ended = child.env("CONNECTWISE_SCHEMA", &document).env("CONNECTWISE_SCHEMA_LOG", &log).output().await.unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(70), "{said}");
    assert!(said.contains("body.name: 12 characters, at most 3"), "{said}");
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.starts_with("broken\tGET\t/v4_6_release/apis/3.0/company/companies/1\t200\tbody.name"), "{log}");
}

#[test]
fn the_known_defects_of_the_document_are_not_held_against_an_answer() {
    let document = json!({
        "paths": {
            "/things/": {"get": {"responses": {"200": {"content": {"json": {"schema": {
                "type": "array", "items": {"$ref": "#/components/schemas/Thing"}}}}}}}},
            "/things/{thingId}": {"delete": {"responses": {"204": {}}}},
        },
        "components": {"schemas": {
            "Thing": {"type": "object", "required": ["name"], "properties": {
                "id": {"type": "integer"},
                "code": {"type": "string", "description": " Max length: 3; Required On Updates;"},
                "value": {"type": "object", "additionalProperties": {"type": "object"}}}},
            "ErrorResponseMessage": {"type": "object", "properties": {
                "code": {"type": "string"}, "message": {"type": "string"},
                "errors": {"type": "array", "items": {"type": "object"}}}},
        }},
    });
    let schema = Schema::parse(&document.to_string()).unwrap();
    let check = |status: u16, body: Value| schema.validate("/v4_6_release/apis/3.0/things", "GET", status, &body);
    assert_eq!(check(200, json!([{"id": 1}])), Verdict::Valid, "required is over-strict on reads");
    assert_eq!(check(200, json!([{"value": "any JSON"}])), Verdict::Valid);
    assert!(matches!(check(200, json!([{"code": "long"}])), Verdict::Broken(_)), "the vendor's lengths are prose");
    assert_eq!(check(404, json!({"code": "NotFound", "message": "", "errors": null})), Verdict::Valid);
    assert!(matches!(check(404, json!({"error": "x"})), Verdict::Broken(_)));
    assert_eq!(check(429, json!({"error": "ConnectWiseAPI", "message": ""})), Verdict::Valid);
    assert!(matches!(check(200, json!([{"id": "1"}])), Verdict::Broken(_)));
    assert_eq!(schema.validate("/x/apis/3.0/things/7", "DELETE", 204, &Value::Null), Verdict::Valid);
    assert!(matches!(schema.validate("/x/apis/3.0/things/7", "DELETE", 204, &json!({})), Verdict::Broken(_)));
    assert_eq!(schema.validate("/other", "GET", 200, &json!({})), Verdict::NotDescribed);
    for text in ["{", "{}", r#"{"paths": {}, "components": {"schemas": {"A": {"type": "decimal"}}}}"#] {
        assert!(Schema::parse(text).is_err(), "{text}");
    }
}
