//! Conversion of entries to the types of the SDK and back.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

use crate::error::StoreError;
use crate::table::{Entry, Key, Value};

/// An entry in the types of the SDK.
pub(super) type SdkEntry = HashMap<String, AttributeValue>;

pub(super) fn to_sdk(entry: &Entry) -> SdkEntry {
    entry.iter().map(|(name, value)| (name.clone(), to_attribute(value))).collect()
}

pub(super) fn key_to_sdk(key: &Key) -> SdkEntry {
    to_sdk(&key.to_entry())
}

pub(super) fn to_attribute(value: &Value) -> AttributeValue {
    match value {
        Value::Text(text) => AttributeValue::S(text.to_string()),
        Value::Number(digits) => AttributeValue::N(digits.clone()),
        Value::Bytes(bytes) => AttributeValue::B(Blob::new(bytes.to_vec())),
    }
}

/// The entry; an error if it has an attribute of a type that we never write.
pub(super) fn from_sdk(entry: SdkEntry) -> Result<Entry, StoreError> {
    entry.into_iter().map(|(name, value)| from_attribute(&name, value).map(|value| (name, value))).collect()
}

#[expect(clippy::wildcard_enum_match_arm, reason = "every type but the three that are written is the same defect")]
fn from_attribute(name: &str, value: AttributeValue) -> Result<Value, StoreError> {
    match value {
        AttributeValue::S(text) => Ok(Value::Text(text.into())),
        AttributeValue::N(digits) => Ok(Value::Number(digits)),
        AttributeValue::B(bytes) => Ok(Value::Bytes(bytes.into_inner().into())),
        _ => Err(StoreError::Unreadable { what: name.to_owned(), why: "it has a type that is never written".into() }),
    }
}
