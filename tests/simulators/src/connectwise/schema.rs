//! Holds every answer of a simulated PSA against the vendor's own description of its API.
//!
//! The facts of the vendor's 2025.1 document are part of this package: which schema answers which call, and the names,
//! types, lengths and enumerations of all fields. `infra/connectwise-facts` wrote them and names their source. The
//! environment variable `CONNECTWISE_SCHEMA` may name another OpenAPI document.
//!
//! Defects of the document are exceptions: `required` is over-strict on reads (`fields` selects), no 4xx is declared
//! though all have one shape, whose `errors` may be null, and one path ends in a slash. A type of `object` without
//! fields means any JSON.

mod shape;
pub(super) mod watch;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::Value;

use super::path::template;
use shape::{At, Shape, Shapes};
pub use watch::{SchemaReport, Validation};

/// Names an OpenAPI document to be used instead of the facts.
const VARIABLE: &str = "CONNECTWISE_SCHEMA";

const FACTS: &str = include_str!("schema/facts-2025.1.json");

/// The schema of all 4xx and 5xx, which no path of the document names.
const ERROR: &str = "ErrorResponseMessage";

/// How an answer compares with the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is as the document says.
    Valid,
    /// The document does not describe it.
    NotDescribed,
    /// It is not as the document says, and why.
    Broken(Vec<String>),
}

/// The vendor's document, as far as answers are concerned.
#[derive(Debug)]
pub struct Schema {
    /// By path template and verb, both in lower case: the body for each status; `None` is "no body".
    answers: BTreeMap<String, BTreeMap<String, Option<Shape>>>,
    shapes: Shapes,
}

/// The document that answers are held against: the one that the environment names, or the facts.
///
/// # Errors
/// The document cannot be read, or is not an OpenAPI document that can be understood.
#[expect(clippy::disallowed_methods, reason = "which document is used is the harness' own setting")]
pub fn configured() -> Result<&'static Schema, String> {
    static SCHEMA: OnceLock<Result<Schema, String>> = OnceLock::new();
    let load = || {
        let Ok(path) = std::env::var(VARIABLE) else {
            return Schema::parse(FACTS).map_err(|wrong| format!("the facts of ConnectWise's schema: {wrong}"));
        };
        let text = std::fs::read_to_string(&path).map_err(|failed| format!("{VARIABLE}: {path}: {failed}"))?;
        Schema::parse(&text).map_err(|wrong| format!("{VARIABLE}: {path}: {wrong}"))
    };
    SCHEMA.get_or_init(load).as_ref().map_err(Clone::clone)
}

/// Holds an answer against the configured document. `path` is the path as called.
pub fn validate(path: &str, method: &str, status: u16, body: &Value) -> Verdict {
    match configured() {
        Ok(schema) => schema.validate(path, method, status, body),
        Err(unreadable) => Verdict::Broken(vec![unreadable]),
    }
}

impl Schema {
    /// Reads an OpenAPI 3.0 document.
    ///
    /// # Errors
    /// The text is not JSON, has no paths, or a schema has a type that OpenAPI 3.0 does not have.
    pub fn parse(text: &str) -> Result<Self, String> {
        let document: Value = serde_json::from_str(text).map_err(|wrong| wrong.to_string())?;
        let paths = document["paths"].as_object().ok_or("the document has no paths")?;
        let mut answers: BTreeMap<String, BTreeMap<String, Option<Shape>>> = BTreeMap::new();
        for (path, verbs) in paths {
            for (verb, call) in verbs.as_object().into_iter().flatten() {
                for (status, answer) in call["responses"].as_object().into_iter().flatten() {
                    let body = answer["content"].as_object().and_then(|content| content.values().next());
                    let body = body.map(|body| Shape::parse(&body["schema"])).transpose()?;
                    answers.entry(normal(path)).or_default().insert(format!("{verb} {status}"), body);
                }
            }
        }
        Ok(Self { answers, shapes: Shapes::parse(&document["components"]["schemas"])? })
    }

    /// Holds an answer against the document. `path` is the path as called.
    pub fn validate(&self, path: &str, method: &str, status: u16, body: &Value) -> Verdict {
        let mut wrong = Vec::new();
        match status {
            429 => demand(&["error", "message"], body, &mut wrong),
            400.. => {
                demand(&["code", "message"], body, &mut wrong);
                self.shapes.check(&Shape::Named(ERROR.to_owned()), body, At::Body, &mut wrong);
            }
            _ => {
                let answers = self.answers.get(&template(path).to_lowercase());
                let answer = answers.and_then(|answers| answers.get(&format!("{} {status}", method.to_lowercase())));
                match answer {
                    None => return Verdict::NotDescribed,
                    Some(None) if body.is_null() => {}
                    Some(None) => wrong.push("body: the vendor answers without one".to_owned()),
                    Some(Some(shape)) => self.shapes.check(shape, body, At::Body, &mut wrong),
                }
            }
        }
        if wrong.is_empty() { Verdict::Valid } else { Verdict::Broken(wrong) }
    }
}

/// The template of a path, under which calls are counted, too: `/company/companies/{id}`, in lower case.
fn normal(path: &str) -> String {
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    let plain = |segment: &str| if segment.starts_with('{') { "{id}".to_owned() } else { segment.to_lowercase() };
    format!("/{}", segments.map(plain).collect::<Vec<_>>().join("/"))
}

fn demand(names: &[&str], body: &Value, wrong: &mut Vec<String>) {
    wrong.extend(names.iter().filter(|name| body.get(name).is_none()).map(|name| format!("body: {name} is missing")));
}
