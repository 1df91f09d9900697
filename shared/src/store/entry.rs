//! How values are stored in the table: reads and writes the attributes of an entry.
//!
//! A structured value is one compact JSON text, `body`. The other attributes are those that conditions, updates and the
//! index need. An entry that cannot be read is an error that names it, never a default.

use std::fmt::Display;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::StoreError;
use crate::table::{Entry, Key, SORT_KEY, Value};

/// The structured part of an entry.
pub(super) const BODY: &str = "body";
/// How many parts a long text was cut into.
pub(super) const PARTS: &str = "parts";
/// The most bytes of one part: an entry of the table has at most 400 KB.
pub(super) const MAX_PART_BYTES: usize = 300_000;

/// An entry with only its key.
pub(super) fn keyed(key: &Key) -> Entry {
    key.to_entry()
}

/// An entry with its key and body.
pub(super) fn with_body<T: Serialize>(key: &Key, body: &T) -> Result<Entry, StoreError> {
    let mut entry = keyed(key);
    entry.insert(BODY.to_owned(), text(&to_json(&key.sort, body)?));
    Ok(entry)
}

/// The compact JSON of a value.
pub(super) fn to_json<T: Serialize>(what: &str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|error| StoreError::Refused { why: format!("{what} cannot be written as JSON: {error}") })
}

/// The value in an entry's body.
pub(super) fn read_body<T: DeserializeOwned>(entry: &Entry) -> Result<T, StoreError> {
    from_json(entry, read_text(entry, BODY)?)
}

/// The value in a JSON text of an entry.
pub(super) fn from_json<T: DeserializeOwned>(entry: &Entry, json: &str) -> Result<T, StoreError> {
    serde_json::from_str(json).map_err(|error| unreadable(entry, error))
}

/// A string attribute that must be there.
pub(super) fn read_text<'a>(entry: &'a Entry, name: &str) -> Result<&'a str, StoreError> {
    find_text(entry, name).ok_or_else(|| unreadable(entry, format!("it has no text {name}")))
}

/// A string attribute, if it is there.
pub(super) fn find_text<'a>(entry: &'a Entry, name: &str) -> Option<&'a str> {
    entry.get(name)?.as_text()
}

/// A whole number that must be there.
pub(super) fn read_number(entry: &Entry, name: &str) -> Result<u64, StoreError> {
    find_number(entry, name).ok_or_else(|| unreadable(entry, format!("it has no whole number {name}")))
}

/// A whole number, if it is there.
pub(super) fn find_number(entry: &Entry, name: &str) -> Option<u64> {
    entry.get(name)?.as_number()?.parse().ok()
}

/// The error of an entry that cannot be read; it names the sort key.
pub(super) fn unreadable(entry: &Entry, why: impl Display) -> StoreError {
    StoreError::Unreadable {
        what: find_text(entry, SORT_KEY).unwrap_or("an entry without a key").to_owned(),
        why: why.to_string(),
    }
}

/// Cuts a text into parts of at most `max` bytes, between characters; at least one part.
pub(super) fn cut(text: &str, max: usize) -> Vec<&str> {
    let mut cuts = Vec::new();
    let mut rest = text;
    while rest.len() > max {
        let (head, tail) = rest.split_at(rest.floor_char_boundary(max));
        cuts.push(head);
        rest = tail;
    }
    cuts.push(rest);
    cuts
}

/// A string attribute.
pub(super) fn text(value: &str) -> Value {
    Value::Text(value.into())
}

/// A number attribute.
pub(super) fn number(value: impl Display) -> Value {
    Value::Number(value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters_and_loses_none() {
        let text = "aé€😀".repeat(7);
        for max in 4..20 {
            let cuts = cut(&text, max);
            assert_eq!(cuts.concat(), text);
            assert!(cuts.iter().all(|part| !part.is_empty() && part.len() <= max), "{max}");
        }
    }
}
