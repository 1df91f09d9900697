//! Turns what a client sent into the types of the fields: texts become numbers, flags and dates where those are due.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Map, Number, Value, json};

use super::conditions::to_decimal;
use super::dates;
use super::records::field::{Field, Kind};
use super::records::{Collection, Row};
use super::refusal::FieldError;
use super::settings::wire::{Doubtful, StoredDates, WireReadings};
use super::state::State;

/// The fields that a body sets (`null` unsets), typed; fields that the vendor does not know are ignored, and so are
/// computed ones.
pub(super) fn coerce(
    state: &State,
    collection: Collection,
    body: &Map<String, Value>,
    wire: &WireReadings,
) -> (Row, Vec<FieldError>) {
    let mut row = Row::new();
    let mut errors = Vec::new();
    for (name, value) in body {
        let Some(field) = collection.field_ignoring_case(name).filter(|field| !field.computed) else {
            continue;
        };
        match typed(state, collection.profile().resource, field, value, wire) {
            Ok(value) => {
                row.insert(field.name.to_owned(), value);
            }
            Err(error) => errors.push(error),
        }
    }
    (row, errors)
}

/// The member of a body's object that is called so; capitals do not count, and the last of several does.
pub(super) fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).next_back()
}

fn typed(
    state: &State,
    resource: &'static str,
    field: &Field,
    value: &Value,
    wire: &WireReadings,
) -> Result<Value, FieldError> {
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
            Some(text) if wire.loose_dates == Doubtful::Refused && dates::is_loose(text) => {
                return Err(FieldError::date_format(resource, field.name));
            }
            text => text.and_then(dates::parse).map(|at| json!(stored(at, wire))),
        },
        Kind::Choice(words) => value
            .as_str()
            .and_then(|text| words.iter().find(|word| word.eq_ignore_ascii_case(text)))
            .map(|word| json!(word)),
        Kind::Reference(to) => return reference(state, resource, field.name, *to, value),
        Kind::Elsewhere => value.is_object().then(|| {
            let Value::Object(mut reference) = plainly_named(value) else { return Value::Null };
            reference.retain(|name, value| name != "_info" && !value.is_null());
            Value::Object(reference)
        }),
        Kind::List => value.is_array().then(|| plainly_named(value)),
    }
    .ok_or_else(wrong)
}

fn stored(at: Timestamp, wire: &WireReadings) -> String {
    match wire.stored_dates {
        StoredDates::WithTime => dates::to_wire(at),
        StoredDates::DayAlone => dates::day_of(at),
    }
}

/// The same value with the names of all members as the vendor writes them: a small letter first. `ID` becomes `id`.
fn plainly_named(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (plain_name(name), plainly_named(value))).collect())
        }
        Value::Array(members) => Value::Array(members.iter().map(plainly_named).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

fn plain_name(name: &str) -> String {
    let known = ["id", "name", "identifier", "caption", "value", "type", "_info"];
    if let Some(known) = known.into_iter().find(|known| known.eq_ignore_ascii_case(name)) {
        return known.to_owned();
    }
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
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
    let named_so = |name: &str| value.as_object().and_then(|object| member(object, name));
    let id = named_so("id").and_then(number).and_then(|id| id.as_u64());
    if let Some(id) = id {
        let found = u32::try_from(id).ok().filter(|id| state.row(to, 0, *id).is_some());
        let dangling = || FieldError::not_found(resource, field, format!("{field} {id} was not found."));
        return found.map(|id| json!({ "id": id })).ok_or_else(dangling);
    }
    let named = to.profile().titles.iter().find_map(|title| Some((*title, named_so(title)?.as_str()?)));
    let Some((title, name)) = named else {
        return Err(FieldError::missing(resource, &format!("{field}/id")));
    };
    let holds =
        |row: &Row| row.get(title).and_then(Value::as_str).is_some_and(|other| other.eq_ignore_ascii_case(name));
    let found = match to.profile().unique {
        Some(unique) if unique == title => state.holder(to, name),
        _ => None,
    };
    // Where identifiers may be shared, the holder that is known can be gone.
    let found = found.or_else(|| state.rows(to, 0).find(|(_, row)| holds(row)).map(|(id, _)| id));
    let dangling = || FieldError::not_found(resource, field, format!("{field} {name} was not found."));
    found.map(|id| json!({ "id": id })).ok_or_else(dangling)
}
