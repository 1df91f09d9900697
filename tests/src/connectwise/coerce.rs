//! Turns what a client sent into the types of the fields: texts become numbers, flags and dates where those are due.

use rust_decimal::Decimal;
use serde_json::{Map, Number, Value, json};

use super::conditions::to_decimal;
use super::dates;
use super::records::field::{Field, Kind};
use super::records::{Collection, Row};
use super::refusal::FieldError;
use super::state::State;

/// The fields that a body sets (`null` unsets), typed; fields that the vendor does not know are ignored, and so are
/// computed ones.
pub(super) fn coerce(state: &State, collection: Collection, body: &Map<String, Value>) -> (Row, Vec<FieldError>) {
    let mut row = Row::new();
    let mut errors = Vec::new();
    for (name, value) in body {
        let Some(field) = collection.field_ignoring_case(name).filter(|field| !field.computed) else {
            continue;
        };
        match typed(state, collection.profile().resource, field, value) {
            Ok(value) => {
                row.insert(field.name.to_owned(), value);
            }
            Err(error) => errors.push(error),
        }
    }
    (row, errors)
}

fn typed(state: &State, resource: &'static str, field: &Field, value: &Value) -> Result<Value, FieldError> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    let wrong = || {
        let message = format!("The value {value} is not valid for {}.", field.name);
        FieldError::out_of_range(resource, field.name, message)
    };
    match &field.kind {
        Kind::Text(_) => match value {
            Value::String(_) => Some(value.clone()),
            Value::Number(number) => Some(json!(number.to_string())),
            Value::Bool(flag) => Some(json!(flag.to_string())),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        },
        Kind::Number => number(value).filter(is_amount).and_then(|number| number.as_f64()).map(|number| json!(number)),
        Kind::Whole => number(value)
            .and_then(|number| number.as_i64())
            .and_then(|number| i32::try_from(number).ok())
            .map(|number| json!(number)),
        Kind::Flag => match value {
            Value::Bool(_) => Some(value.clone()),
            Value::String(text) => text.trim().to_lowercase().parse::<bool>().ok().map(Value::Bool),
            Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
        },
        Kind::Date => match value.as_str() {
            Some("") => Some(Value::Null),
            text => text.and_then(dates::parse).map(|at| json!(dates::to_wire(at))),
        },
        Kind::Choice(words) => value
            .as_str()
            .and_then(|text| words.iter().find(|word| word.eq_ignore_ascii_case(text)))
            .map(|word| json!(word)),
        Kind::Reference(to) => return reference(state, resource, field.name, *to, value),
        Kind::Elsewhere => value.as_object().map(|reference| {
            let kept = reference.iter().filter(|(name, value)| *name != "_info" && !value.is_null());
            Value::Object(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
        }),
        Kind::List => value.is_array().then(|| value.clone()),
    }
    .ok_or_else(wrong)
}

fn number(value: &Value) -> Option<Number> {
    match value {
        Value::Number(number) => Some(number.clone()),
        Value::String(text) => serde_json::from_str(text.trim()).ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Whether a number is one that the server can reckon with: up to a million milliards.
fn is_amount(number: &Number) -> bool {
    to_decimal(number).is_some_and(|amount| amount.abs() <= Decimal::from(1_000_000_000_000_000_u64))
}

/// A reference is kept as its id; a client may name what it refers to by id or by its identifier or name.
fn reference(
    state: &State,
    resource: &'static str,
    field: &str,
    to: Collection,
    value: &Value,
) -> Result<Value, FieldError> {
    let id = value.get("id").and_then(number).and_then(|id| id.as_u64());
    if let Some(id) = id {
        let found = u32::try_from(id).ok().filter(|id| state.row(to, 0, *id).is_some());
        let dangling = || FieldError::not_found(resource, field, format!("{field} {id} was not found."));
        return found.map(|id| json!({ "id": id })).ok_or_else(dangling);
    }
    let named = to.profile().titles.iter().find_map(|title| Some((*title, value.get(title)?.as_str()?)));
    let Some((title, name)) = named else {
        return Err(FieldError::missing(resource, &format!("{field}/id")));
    };
    let holds =
        |row: &Row| row.get(title).and_then(Value::as_str).is_some_and(|other| other.eq_ignore_ascii_case(name));
    let found = match to.profile().unique {
        Some(unique) if unique == title => state.holder(to, name),
        _ => state.rows(to, 0).find(|(_, row)| holds(row)).map(|(id, _)| id),
    };
    let dangling = || FieldError::not_found(resource, field, format!("{field} {name} was not found."));
    found.map(|id| json!({ "id": id })).ok_or_else(dangling)
}
