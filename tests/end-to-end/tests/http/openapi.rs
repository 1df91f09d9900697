//! `infra/openapi.json` is what the routes say, and keeps the rules that its readers rely on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};

use local_stack::api;
use serde_json::Value;
use shared::http::{ProblemCode, SCOPES};

fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let named = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (format!("{method} {path}"), operation))
    });
    named.collect()
}

/// A value, or what its `$ref` points at.
fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(reference) => document.pointer(reference.strip_prefix('#').unwrap()).expect(reference),
        None => value,
    }
}

#[test]
fn the_committed_document_is_what_the_routes_say() {
    assert!(api::is_committed().unwrap(), "write it anew: cargo openapi");
}

#[test]
fn every_operation_has_its_own_id_a_known_tag_and_one_scope() {
    let document = api::document();
    let tags: Vec<&Value> = document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    let mut ids = BTreeSet::new();
    for (name, operation) in operations(&document) {
        assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{name}");
        let own: Vec<&Value> = operation["tags"].as_array().unwrap().iter().collect();
        assert!(own.len() == 1 && tags.contains(&own[0]), "{name}: {own:?}");
        let security = &operation["security"];
        let scope = security[0]["token"][0].as_str().unwrap_or_default();
        assert!(SCOPES.iter().any(|(known, _)| *known == scope), "{name}: {security}");
        assert_eq!(
            (security.as_array().unwrap().len(), security[0]["token"].as_array().unwrap().len()),
            (1, 1),
            "{name}"
        );
    }
    assert!(!ids.is_empty());
}

#[test]
fn every_response_is_described_and_what_may_go_wrong_everywhere_is_documented_everywhere() {
    let document = api::document();
    for (name, operation) in operations(&document) {
        let responses = operation["responses"].as_object().unwrap();
        for status in ["400", "401", "403", "429", "500", "503"] {
            assert!(responses.contains_key(status), "{name}: {status}");
        }
        for (status, response) in responses {
            let response = resolve(&document, response);
            assert!(response["description"].as_str().is_some_and(|text| !text.is_empty()), "{name}: {status}");
            if status.starts_with(['4', '5']) {
                assert!(response["content"]["application/problem+json"].is_object(), "{name}: {status}");
            }
        }
    }
}

#[test]
fn every_code_is_documented() {
    let document = api::document();
    let documented = document["components"]["schemas"]["ProblemCode"]["enum"].as_array().unwrap();
    let documented: Vec<&str> = documented.iter().map(|code| code.as_str().unwrap()).collect();
    assert_eq!(documented, ProblemCode::ALL.iter().map(|code| code.as_str()).collect::<Vec<_>>());
}

/// Merging takes the first of two schemas of one name without a word.
#[test]
fn no_two_functions_mean_different_things_by_one_schema_name() {
    let mut seen: BTreeMap<String, Value> = BTreeMap::new();
    for (folder, function) in api::functions() {
        let schemas = serde_json::to_value(function.components.unwrap_or_default().schemas).unwrap();
        for (name, schema) in schemas.as_object().unwrap() {
            let first = seen.entry(name.clone()).or_insert_with(|| schema.clone());
            assert_eq!(first, schema, "{folder}: {name}");
        }
    }
}

/// All objects that may stand in a request's body.
fn objects_of_bodies(document: &Value) -> Vec<Value> {
    let mut left: Vec<Value> = Vec::new();
    for (_, operation) in operations(document) {
        let content = operation["requestBody"]["content"].as_object().into_iter().flatten();
        left.extend(content.filter(|(kind, _)| kind.ends_with("json")).map(|(_, content)| content["schema"].clone()));
    }
    let (mut objects, mut seen) = (Vec::new(), BTreeSet::new());
    while let Some(schema) = left.pop() {
        let schema = resolve(document, &schema).clone();
        if !seen.insert(schema.to_string()) {
            continue;
        }
        for list in ["oneOf", "anyOf", "allOf"] {
            left.extend(schema[list].as_array().into_iter().flatten().cloned());
        }
        left.extend(schema["properties"].as_object().into_iter().flatten().map(|(_, property)| property.clone()));
        left.extend(schema.get("items").cloned());
        if schema["properties"].is_object() {
            objects.push(schema);
        }
    }
    objects
}

#[test]
fn every_object_in_a_body_refuses_unknown_fields() {
    for object in objects_of_bodies(&api::document()) {
        assert_eq!(object["additionalProperties"], false, "deny_unknown_fields is missing: {object}");
    }
}
