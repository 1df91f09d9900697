//! The vendor's PATCH: a JSON array of operations, much like RFC 6902 and not quite.

use serde_json::{Map, Value};

use super::coerce::member;
use super::records::Collection;
use super::records::field::Kind;
use super::refusal::{FieldError, Refusal};
use super::settings::wire::{Capitals, WireReadings};

struct Operation {
    op: String,
    path: String,
    value: Value,
}

impl Operation {
    /// Reads an operation, whatever the capitals of its members' names.
    fn read(operation: &Value) -> Option<Self> {
        let operation = operation.as_object()?;
        let text = |name| member(operation, name).and_then(Value::as_str).map(str::to_owned);
        let value = member(operation, "value").cloned().unwrap_or_default();
        Some(Self { op: text("op")?, path: text("path")?, value })
    }
}

/// The fields that a PATCH sets; `null` unsets.
///
/// A path is a field's name, with or without one slash before it; capitals count, unless the server's reading is another.
/// A path that reaches into a reference or a list is accepted and changes nothing: the vendor answers 200 to it, and a
/// client that trusts the status is wrong.
pub(super) fn changes(collection: Collection, body: &[u8], wire: &WireReadings) -> Result<Map<String, Value>, Refusal> {
    let wrong = || Refusal::body("The body must be a JSON array of patch operations, each with an op and a path.");
    let operations: Vec<Value> = serde_json::from_slice(body).map_err(|_| wrong())?;
    let mut changes = Map::new();
    for operation in &operations {
        let operation = Operation::read(operation).ok_or_else(wrong)?;
        let Some((name, value)) = change(collection, operation, wire)? else {
            continue;
        };
        changes.insert(name, value);
    }
    Ok(changes)
}

fn change(
    collection: Collection,
    operation: Operation,
    wire: &WireReadings,
) -> Result<Option<(String, Value)>, Refusal> {
    let path = operation.path.strip_prefix('/').unwrap_or(&operation.path);
    let (name, inner) = path.split_once('/').map_or((path, None), |(name, inner)| (name, Some(inner)));
    let resource = collection.profile().resource;
    let wrong = |message: String| Refusal::invalid(resource, vec![FieldError::not_found(resource, path, message)]);
    let any_case = wire.patch_paths == Capitals::DoNotCount;
    let is = |known: &str| name == known || (any_case && name.eq_ignore_ascii_case(known));
    if is("id") || is("_info") {
        return Ok(None);
    }
    let field = if any_case { collection.field_ignoring_case(name) } else { collection.field(name) };
    let field = field.ok_or_else(|| wrong(format!("The path {path} was not found.")))?;
    if inner.is_some() {
        let reaches = matches!(field.kind, Kind::Reference(_) | Kind::Elsewhere | Kind::List);
        return if reaches { Ok(None) } else { Err(wrong(format!("The path {path} was not found."))) };
    }
    let value = match operation.op.to_lowercase().as_str() {
        "add" | "replace" => operation.value,
        "remove" => Value::Null,
        other => return Err(Refusal::body(format!("The operation {other} is not supported."))),
    };
    Ok(Some((field.name.to_owned(), value)))
}
