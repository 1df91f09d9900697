//! Whether a whole record may be stored. A PATCH is judged by the record it leaves behind, not by what it sends.

use serde_json::Value;

use super::records::field::{Field, Kind};
use super::records::{Collection, Row};
use super::refusal::FieldError;
use super::state::{State, reference_id};

/// A record about to be stored.
pub(super) struct Candidate<'a> {
    pub(super) collection: Collection,
    /// Absent for a new record.
    pub(super) id: Option<u32>,
    pub(super) row: &'a Row,
}

/// Everything that is wrong with the record.
pub(super) fn validate(state: &State, candidate: &Candidate<'_>) -> Vec<FieldError> {
    let profile = candidate.collection.profile();
    let mut errors: Vec<FieldError> =
        profile.fields.iter().filter_map(|field| field_error(state, profile.resource, field, candidate.row)).collect();
    errors.extend(duplicate(state, candidate));
    if candidate.collection == Collection::Additions {
        errors.extend(unusable_product(state, candidate.row));
    }
    if candidate.collection == Collection::Companies {
        errors.extend(unknown_type(state, candidate.row));
    }
    errors
}

fn field_error(state: &State, resource: &'static str, field: &Field, row: &Row) -> Option<FieldError> {
    let value = row.get(field.name).unwrap_or(&Value::Null);
    let empty = value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty());
    match &field.kind {
        _ if empty => field.required.then(|| FieldError::missing(resource, field.name)),
        Kind::Text(Some(longest)) => {
            let length = value.as_str().map_or(0, |text| text.chars().count());
            let longest = field.formerly.filter(|_| state.older).unwrap_or(*longest);
            (length > longest).then(|| FieldError::too_long(resource, field.name, longest))
        }
        Kind::Reference(to) => {
            let id = reference_id(row, field.name);
            let gone = id.is_none_or(|id| state.row(*to, 0, id).is_none());
            gone.then(|| FieldError::not_found(resource, field.name, format!("{} was not found.", field.name)))
        }
        Kind::Elsewhere if field.required && value.get("id").is_none() => {
            Some(FieldError::missing(resource, &format!("{}/id", field.name)))
        }
        Kind::Text(None)
        | Kind::Number
        | Kind::Whole
        | Kind::Flag
        | Kind::Date
        | Kind::Choice(_)
        | Kind::Elsewhere
        | Kind::List => None,
    }
}

fn duplicate(state: &State, candidate: &Candidate<'_>) -> Option<FieldError> {
    let profile = candidate.collection.profile();
    let unique = profile.unique?;
    let holder = state.holder(candidate.collection, candidate.row.get(unique)?.as_str()?)?;
    (candidate.id != Some(holder)).then(|| FieldError::exists(profile.resource, unique))
}

/// Bundle-class and inactive catalog items cannot stand on an agreement.
fn unusable_product(state: &State, row: &Row) -> Option<FieldError> {
    let product = state.row(Collection::Catalog, 0, reference_id(row, "product")?)?;
    let bundle = product.get("productClass").and_then(Value::as_str) == Some("Bundle");
    let inactive = product.get("inactiveFlag").and_then(Value::as_bool) == Some(true);
    let reason = match (bundle, inactive) {
        (true, _) => "A product of class Bundle cannot be an addition.",
        (_, true) => "The product is inactive.",
        (false, false) => return None,
    };
    Some(FieldError::not_found("addition", "product", reason))
}

/// The types of a company are records of their own.
fn unknown_type(state: &State, row: &Row) -> Option<FieldError> {
    let types = row.get("types").and_then(Value::as_array)?;
    let known = |kind: &Value| {
        let id = kind.get("id").and_then(Value::as_u64).and_then(|id| u32::try_from(id).ok());
        id.is_some_and(|id| state.row(Collection::CompanyTypes, 0, id).is_some())
    };
    let gone = types.iter().any(|kind| !known(kind));
    gone.then(|| FieldError::not_found("company", "types", "A type of the company was not found."))
}
