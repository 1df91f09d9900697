//! Holds answers against the vendor's own OpenAPI document, where there is one to hold them against.
//!
//! The document is not ours to ship: its path comes from the environment variable `CONNECTWISE_SCHEMA`. Its known
//! defects are not held against an answer: `required` is over-strict on reads, no 4xx is declared though all have one
//! shape, and one path ends in a slash.

mod added;
pub(super) mod watch;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::path::template;
pub use watch::SchemaReport;

/// Where the document is looked for.
pub const VARIABLE: &str = "CONNECTWISE_SCHEMA";

/// What the document says of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is as the document says.
    Valid,
    /// The document does not describe it, or there is no document.
    NotDescribed,
    /// It is not as the document says, and why.
    Broken(Vec<String>),
}

/// The vendor's document, as far as answers are concerned.
#[derive(Debug, PartialEq)]
pub struct Schema {
    paths: BTreeMap<String, Value>,
    schemas: Value,
}

/// The document that the environment names; `None` if it names none, an error if it names one that cannot be read.
#[expect(
    clippy::disallowed_methods,
    reason = "the path of a schema that is not the product's is the harness' own setting"
)]
pub fn configured() -> Result<Option<&'static Schema>, String> {
    static SCHEMA: OnceLock<Result<Option<Schema>, String>> = OnceLock::new();
    let load = || {
        let Ok(path) = std::env::var(VARIABLE) else {
            return Ok(None);
        };
        let text = std::fs::read_to_string(&path).map_err(|failed| format!("{VARIABLE}: {path}: {failed}"))?;
        let document = serde_json::from_str(&text).map_err(|wrong| format!("{VARIABLE}: {path}: {wrong}"))?;
        Ok(Some(Schema::new(&document)))
    };
    SCHEMA.get_or_init(load).as_ref().map(Option::as_ref).map_err(Clone::clone)
}

/// Holds an answer against the configured document.
pub fn validate(path: &str, method: &str, status: u16, body: &Value) -> Verdict {
    match configured() {
        Ok(Some(schema)) => schema.validate(path, method, status, body),
        Ok(None) => Verdict::NotDescribed,
        Err(unreadable) => Verdict::Broken(vec![unreadable]),
    }
}

impl Schema {
    /// Takes an OpenAPI 3.0 document.
    pub fn new(document: &Value) -> Self {
        let paths = document["paths"].as_object().cloned().unwrap_or_default();
        let normal = |path: &str| {
            let segments = path.split('/').filter(|segment| !segment.is_empty());
            let plain = |segment: &str| {
                if segment.starts_with('{') { "{id}".to_owned() } else { segment.to_owned() }
            };
            format!("/{}", segments.map(plain).collect::<Vec<_>>().join("/")).to_lowercase()
        };
        let mut schemas = document["components"]["schemas"].clone();
        added::add_to(document, &mut schemas);
        Self { paths: paths.iter().map(|(path, verbs)| (normal(path), verbs.clone())).collect(), schemas }
    }

    /// Holds an answer against the document. `path` is the path as called.
    pub fn validate(&self, path: &str, method: &str, status: u16, body: &Value) -> Verdict {
        let mut wrong = Vec::new();
        match status {
            429 => self.check(&json!({"required": ["error", "message"]}), body, "body", &mut wrong),
            400.. => {
                let error =
                    json!({"$ref": "#/components/schemas/ErrorResponseMessage", "required": ["code", "message"]});
                self.check(&error, body, "body", &mut wrong);
            }
            204 => {}
            _ => {
                let operation =
                    self.paths.get(&template(path).to_lowercase()).map(|verbs| &verbs[method.to_lowercase()]);
                let content = operation.and_then(|operation| operation["responses"][status.to_string()].get("content"));
                let Some(content) = content.and_then(Value::as_object).and_then(|content| content.values().next())
                else {
                    return Verdict::NotDescribed;
                };
                self.check(&content["schema"], body, "body", &mut wrong);
            }
        }
        if wrong.is_empty() { Verdict::Valid } else { Verdict::Broken(wrong) }
    }

    fn check(&self, schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            // Only the error bodies below demand a field; the document's own `required` is dropped with its `$ref`.
            if value.get(name).is_none() {
                wrong.push(format!("{at}: {name} is missing"));
            }
        }
        let schema = match schema["$ref"].as_str().and_then(|name| name.rsplit('/').next()) {
            Some(name) => match self.schemas.get(name) {
                Some(named) => named,
                None => return wrong.push(format!("{at}: the document has no schema {name}")),
            },
            None => schema,
        };
        match schema["type"].as_str() {
            // The vendor's generator writes "object" for "anything": a patch's value, a custom field's.
            Some("object") if is_anything(schema) => {}
            Some("object") => self.check_object(schema, value, at, wrong),
            Some("array") => self.check_array(schema, value, at, wrong),
            Some(kind) => wrong.extend(scalar_error(kind, schema, value).map(|error| format!("{at}: {error}"))),
            None => {}
        }
    }

    fn check_object(&self, schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
        let Some(members) = value.as_object() else {
            return wrong.push(format!("{at}: {value} is not an object"));
        };
        for (name, member) in members {
            let at = format!("{at}.{name}");
            match schema["properties"].get(name).or_else(|| schema.get("additionalProperties")) {
                // Error bodies say `"errors": null`, against their own schema.
                Some(_) if member.is_null() && name == "errors" => {}
                Some(inner) => self.check(inner, member, &at, wrong),
                None => wrong.push(format!("{at}: the vendor has no such field")),
            }
        }
    }

    fn check_array(&self, schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
        let Some(members) = value.as_array() else {
            return wrong.push(format!("{at}: {value} is not an array"));
        };
        for (index, member) in members.iter().enumerate() {
            self.check(&schema["items"], member, &format!("{at}[{index}]"), wrong);
        }
    }
}

fn is_anything(schema: &Value) -> bool {
    schema.get("properties").is_none()
        && schema["additionalProperties"]["type"].as_str().is_none_or(|kind| kind == "object")
}

fn scalar_error(kind: &str, schema: &Value, value: &Value) -> Option<String> {
    if value.is_null() {
        return (schema["nullable"] != json!(true)).then(|| "null is not allowed".to_owned());
    }
    let fits = match (kind, schema["format"].as_str()) {
        ("integer", _) => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
        ("number", _) => value.is_number(),
        ("boolean", _) => value.is_boolean(),
        ("string", Some("date-time")) => value.as_str().is_some_and(is_date_time),
        ("string", Some("uuid")) => value.as_str().is_some_and(|text| uuid::Uuid::parse_str(text).is_ok()),
        ("string", _) => value.is_string(),
        _ => true,
    };
    let words = schema["enum"].as_array();
    let longest = schema["x-maxLength"].as_u64().and_then(|longest| usize::try_from(longest).ok());
    if !fits {
        return Some(format!("{value} is not a {kind} {}", schema["format"].as_str().unwrap_or_default()));
    }
    if words.is_some_and(|words| !words.contains(value)) {
        return Some(format!("{value} is none of the allowed words"));
    }
    let length = value.as_str().map_or(0, |text| text.chars().count());
    longest.filter(|longest| length > *longest).map(|longest| format!("{length} characters, {longest} are allowed"))
}

/// `yyyy-MM-ddTHH:mm:ssZ`, and nothing else.
fn is_date_time(text: &str) -> bool {
    text.len() == 20 && text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok()
}
