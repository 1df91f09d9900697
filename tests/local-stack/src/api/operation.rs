//! The operations of an OpenAPI document, and calls of them made of its examples and schemas: what a test that must know
//! every route asks with.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use url::form_urlencoded;

/// The methods that an OpenAPI path may have.
const METHODS: [&str; 7] = ["get", "put", "post", "delete", "patch", "head", "options"];
/// How far a schema is followed that refers to itself.
const MAX_DEPTH: usize = 12;

/// A parameter of a path, a query or a header.
#[derive(Clone, Debug)]
pub struct Parameter {
    pub name: String,
    /// `path`, `query` or `header`.
    pub place: String,
    /// Whether a call must have it.
    pub required: bool,
    /// Whether it is one of a few words, and so names nothing of a partner's.
    pub is_choice: bool,
    /// A value that fits it.
    pub sample: String,
}

/// One operation.
#[derive(Clone, Debug)]
pub struct Operation {
    pub id: String,
    /// Its method in capitals.
    pub method: String,
    /// Its path, with `{name}` for a variable.
    pub path: String,
    /// Its first line.
    pub summary: String,
    /// The scope that a token must have.
    pub scope: String,
    pub parameters: Vec<Parameter>,
    /// The content type of its body and a body that fits; none without one.
    pub body: Option<(String, Value)>,
    /// The statuses that it may answer with.
    pub statuses: BTreeSet<u16>,
}

/// A call of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Method in capitals and path with query, as in `GET /v1/problems`.
    pub head: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<String>,
}

impl Operation {
    /// The route's key, such as `GET /v1/mappings/{code}`.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The parameters of the path that may name something of a partner's.
    pub fn ids(&self) -> impl Iterator<Item = &Parameter> {
        self.parameters.iter().filter(|parameter| parameter.place == "path" && !parameter.is_choice)
    }

    /// A call with what must be in it, and a body where it has one.
    #[must_use]
    pub fn call(&self) -> Call {
        self.call_with(|parameter| parameter.required.then(|| parameter.sample.clone()))
    }

    /// A call with the parameters for which `choose` has a value; a variable of the path without one has its sample.
    pub fn call_with(&self, mut choose: impl FnMut(&Parameter) -> Option<String>) -> Call {
        let (mut path, mut headers) = (self.path.clone(), Vec::new());
        let mut query = form_urlencoded::Serializer::new(String::new());
        for parameter in &self.parameters {
            let value = choose(parameter);
            match (parameter.place.as_str(), value) {
                ("path", value) => {
                    let value = value.unwrap_or_else(|| parameter.sample.clone());
                    path = path.replace(&format!("{{{}}}", parameter.name), &as_segment(&value));
                }
                ("header", Some(value)) => headers.push((parameter.name.clone(), value)),
                (_, Some(value)) => {
                    query.append_pair(&parameter.name, &value);
                }
                (_, None) => {}
            }
        }
        let query = query.finish();
        let mark = if query.is_empty() { "" } else { "?" };
        let body = self.body.as_ref().map(|(kind, body)| {
            headers.push(("content-type".to_owned(), kind.clone()));
            as_text(body)
        });
        Call { head: format!("{} {path}{mark}{query}", self.method), headers, body }
    }
}

/// A text as a segment of a path: whatever it holds, it stays one segment.
#[must_use]
pub fn as_segment(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_~".contains(&byte);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// A JSON value as a body; a text stands without quotes, for it is a body of another type.
#[must_use]
pub fn as_text(body: &Value) -> String {
    body.as_str().map_or_else(|| body.to_string(), str::to_owned)
}

/// All operations of a document, by path.
#[must_use]
pub fn operations(document: &Value) -> Vec<Operation> {
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            if METHODS.contains(&method.as_str()) {
                operations.push(read(document, path, method, operation));
            }
        }
    }
    operations
}

fn read(document: &Value, path: &str, method: &str, operation: &Value) -> Operation {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let statuses = operation["responses"].as_object().into_iter().flatten();
    Operation {
        id: text(&operation["operationId"]),
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(&operation["summary"]),
        scope: text(&operation["security"][0]["token"][0]),
        parameters: parameters.map(|parameter| parameter_of(document, resolve(document, parameter))).collect(),
        body: body_of(document, resolve(document, &operation["requestBody"])),
        statuses: statuses.filter_map(|(status, _)| status.parse().ok()).collect(),
    }
}

fn parameter_of(document: &Value, parameter: &Value) -> Parameter {
    let name = parameter["name"].as_str().unwrap_or_default();
    let schema = resolve(document, &parameter["schema"]);
    let sample = match (name, parameter.get("example")) {
        // A version, in the form that no schema tells of.
        ("If-Match" | "If-None-Match", _) => Value::from("\"1\""),
        (_, Some(example)) => example.clone(),
        (_, None) => sample(document, &parameter["schema"]),
    };
    Parameter {
        name: name.to_owned(),
        place: parameter["in"].as_str().unwrap_or_default().to_owned(),
        required: parameter["required"] == true,
        is_choice: schema["enum"].is_array(),
        sample: as_text(&sample),
    }
}

/// The body as JSON where it may be JSON, else of the first type that there is.
fn body_of(document: &Value, body: &Value) -> Option<(String, Value)> {
    let kinds = body["content"].as_object()?;
    let (kind, content) = kinds.iter().find(|(kind, _)| kind.ends_with("json")).or_else(|| kinds.iter().next())?;
    let named = content["examples"].as_object().and_then(|examples| examples.values().next());
    let example = content.get("example").or_else(|| named.map(|named| &named["value"]));
    Some((kind.clone(), example.cloned().unwrap_or_else(|| sample(document, &content["schema"]))))
}

/// A value, or what its `$ref` points at.
#[must_use]
pub fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let pointed = value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    pointed.and_then(|pointer| document.pointer(pointer)).unwrap_or(value)
}

/// A value that fits a schema: its example, its default, its first choice, or one made of its type and bounds.
#[must_use]
pub fn sample(document: &Value, schema: &Value) -> Value {
    made(document, schema, 0)
}

fn made(document: &Value, schema: &Value, depth: usize) -> Value {
    let schema = resolve(document, schema);
    let given = ["example", "default", "const"].iter().find_map(|name| schema.get(*name));
    let listed = ["examples", "enum"].iter().find_map(|name| schema[*name].get(0));
    if let Some(value) = given.or(listed) {
        return value.clone();
    }
    if depth > MAX_DEPTH {
        return Value::Null;
    }
    let is_null = |one: &Value| one["type"] == "null";
    for choice in ["oneOf", "anyOf"] {
        if let Some(one) = schema[choice].as_array().and_then(|list| list.iter().find(|one| !is_null(one))) {
            return made(document, one, depth + 1);
        }
    }
    let mut object = Map::new();
    for part in schema["allOf"].as_array().into_iter().flatten() {
        let part = made(document, part, depth + 1);
        let Value::Object(fields) = part else { return part };
        object.extend(fields);
    }
    let number = |name: &str| schema[name].as_i64();
    match type_of(schema) {
        "array" => {
            let length = number("minItems").unwrap_or(1).max(1);
            (0..length).map(|_| made(document, &schema["items"], depth + 1)).collect()
        }
        "boolean" => Value::Bool(true),
        "integer" | "number" => {
            let least = number("minimum").unwrap_or(1).max(1);
            Value::from(number("maximum").map_or(least, |most| least.min(most)))
        }
        "string" => Value::from(text_of(schema)),
        "null" => Value::Null,
        _ => {
            object.extend(fields_of(document, schema, depth));
            Value::Object(object)
        }
    }
}

/// The fields that an object must have; all of them where it must have none, for an empty one says nothing.
fn fields_of(document: &Value, schema: &Value, depth: usize) -> Map<String, Value> {
    let required: BTreeSet<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = schema["properties"].as_object().into_iter().flatten();
    let wanted = properties.filter(|(name, _)| required.is_empty() || required.contains(name.as_str()));
    wanted.map(|(name, property)| (name.clone(), made(document, property, depth + 1))).collect()
}

fn type_of(schema: &Value) -> &str {
    let listed = schema["type"].as_array().into_iter().flatten().filter_map(Value::as_str);
    schema["type"].as_str().or_else(|| listed.into_iter().find(|name| *name != "null")).unwrap_or("object")
}

fn text_of(schema: &Value) -> String {
    let text = match schema["format"].as_str() {
        Some("uuid") => "718b6047-2fbc-4f4b-a143-45ee42bf5d3b",
        Some("date") => "2026-11-30",
        Some("date-time") => "2026-11-30T01:15:00Z",
        Some(_) | None => "sample",
    };
    let length = |name: &str| schema[name].as_u64().and_then(|length| usize::try_from(length).ok());
    let padded: String =
        text.chars().chain(std::iter::repeat('x')).take(length("minLength").unwrap_or(0).max(text.len())).collect();
    padded.chars().take(length("maxLength").unwrap_or(usize::MAX)).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_sample_is_the_example_or_fits_the_schema() {
        let document = json!({ "components": { "schemas": {
            "Code": { "type": "string", "example": "CIXA" },
            "Row": { "type": "object", "required": ["code", "size", "rule"], "properties": {
                "code": { "$ref": "#/components/schemas/Code" },
                "size": { "type": ["integer", "null"], "minimum": 3 },
                "rule": { "oneOf": [{ "type": "null" }, { "type": "string", "enum": ["addUp"] }] },
                "note": { "type": "string" },
            } },
        } } });
        let rows = json!({ "type": "array", "minItems": 2, "items": { "$ref": "#/components/schemas/Row" } });
        let row = json!({ "code": "CIXA", "size": 3, "rule": "addUp" });
        assert_eq!(sample(&document, &rows), json!([row, row]));
        assert_eq!(sample(&document, &json!({ "type": "string", "minLength": 8 })), "samplexx");
    }

    #[test]
    fn a_call_has_what_must_be_in_it_and_a_value_stays_in_its_segment() {
        let document = json!({ "paths": { "/v1/rows/{code}": { "patch": {
            "operationId": "patchRow", "security": [{ "token": ["psa/write"] }],
            "parameters": [
                { "in": "path", "name": "code", "required": true, "schema": { "type": "string", "example": "../A b" } },
                { "in": "query", "name": "text", "schema": { "type": "string" } },
                { "in": "header", "name": "If-Match", "required": true, "schema": { "type": "string" } },
            ],
            "requestBody": { "content": { "application/json": { "schema": { "type": "boolean" } } } },
            "responses": { "200": {}, "404": {} },
        } } } });
        let operations = operations(&document);
        let call = operations[0].call();
        assert_eq!(call.head, "PATCH /v1/rows/%2E%2E%2FA%20b");
        assert_eq!(call.headers[0], ("If-Match".to_owned(), "\"1\"".to_owned()));
        assert_eq!(call.body.as_deref(), Some("true"));
        assert_eq!((operations[0].scope.as_str(), operations[0].ids().count()), ("psa/write", 1));
    }
}
