//! The query parameters that the paged routes share, read the way the vendor documents them.

use std::collections::HashMap;

use serde_json::Value;

/// A call's query parameters.
pub(super) type Query = axum::extract::Query<HashMap<String, String>>;

/// `pageSize`: the default where none is asked for, and no more than the vendor gives. Assumed: a size above the cap is
/// cut to it, so that a client that relies on its page size fails in tests.
pub(super) fn page_size(query: &Query, default: usize, cap: usize) -> Result<usize, String> {
    Ok(count(query, "pageSize", default)?.min(cap))
}

/// A number of 1 or more, or the default where the parameter is absent.
pub(super) fn count(query: &Query, name: &str, default: usize) -> Result<usize, String> {
    let Some(text) = query.get(name) else {
        return Ok(default);
    };
    match text.parse() {
        Ok(number) if number >= 1 => Ok(number),
        _ => Err(format!("{name} must be a whole number of 1 or more, not {text:?}")),
    }
}

/// Whether the totals are asked for; they are absent otherwise. `sfos-central-sdk` writes `True`.
pub(super) fn wants_totals(query: &Query) -> bool {
    query.get("pageTotal").is_some_and(|asked| asked.eq_ignore_ascii_case("true"))
}

/// Whether `fields`, names with commas between them, asks for a member; all are served where it is absent.
pub(super) fn asks_for(fields: Option<&str>, member: &str) -> bool {
    fields.is_none_or(|fields| fields.split(',').any(|field| field.trim() == member))
}

/// The record with the members alone that `fields` asks for.
pub(super) fn partial(mut record: Value, query: &Query) -> Value {
    let fields = query.get("fields").map(String::as_str);
    if let Some(members) = record.as_object_mut() {
        members.retain(|name, _| asks_for(fields, name));
    }
    record
}
