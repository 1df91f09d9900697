//! The vendor's PATCH: a JSON array of operations, much like RFC 6902 and not quite.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::records::Collection;
use super::records::field::Kind;
use super::refusal::{FieldError, Refusal};

#[derive(Deserialize)]
struct Operation {
    op: String,
    path: String,
    #[serde(default)]
    value: Value,
}

/// The fields that a PATCH sets; `null` unsets.
///
/// A path is a field's name, capitals and all, with or without one slash before it. A path that reaches into a
/// reference or a list is accepted and changes nothing: the vendor answers 200 to it, and a client that trusts the
/// status is wrong.
pub(super) fn changes(collection: Collection, body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    let operations: Vec<Operation> = serde_json::from_slice(body)
        .map_err(|wrong| Refusal::body(format!("The body must be an array of patch operations: {wrong}")))?;
    let mut changes = Map::new();
    for operation in operations {
        let Some((name, value)) = change(collection, operation)? else {
            continue;
        };
        changes.insert(name, value);
    }
    Ok(changes)
}

fn change(collection: Collection, operation: Operation) -> Result<Option<(String, Value)>, Refusal> {
    let path = operation.path.strip_prefix('/').unwrap_or(&operation.path);
    let (name, inner) = path.split_once('/').map_or((path, None), |(name, inner)| (name, Some(inner)));
    let resource = collection.profile().resource;
    let wrong = |message: String| Refusal::invalid(resource, vec![FieldError::not_found(resource, path, message)]);
    if matches!(name, "id" | "_info") {
        return Ok(None);
    }
    let field = collection.field(name).ok_or_else(|| wrong(format!("The path {path} was not found.")))?;
    if inner.is_some() {
        let reaches = matches!(field.kind, Kind::Reference(_) | Kind::Elsewhere | Kind::List);
        return if reaches { Ok(None) } else { Err(wrong(format!("The path {path} was not found."))) };
    }
    let value = match operation.op.to_lowercase().as_str() {
        "add" | "replace" => operation.value,
        "remove" => Value::Null,
        other => return Err(Refusal::body(format!("The operation {other} is not supported."))),
    };
    Ok(Some((name.to_owned(), value)))
}
