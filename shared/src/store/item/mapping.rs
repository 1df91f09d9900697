//! Product and customer mappings in the table.
//!
//! The version stands beside the body, for conditions; what a run learns of a customer (names, the applied agreement)
//! stands beside it too, so that a run can write it without touching what a person edits.

use super::{
    Entry, find_number, find_text, from_json, keyed, keys, number, read_body, read_number, text, to_json, unreadable,
    with_body,
};
use crate::domain::id::{AgreementId, PartnerId};
use crate::domain::mapping::{CustomerMapping, ProductMapping};
use crate::error::StoreError;
use crate::ports::CustomerNames;
use crate::store::version;

/// Counts what a person edits.
const VERSION: &str = "version";
/// The agreement for which a person has applied a preview.
const APPLIED: &str = "applied";
/// The customer that has a company.
const CUSTOMER: &str = "customer";
/// The names of company and agreement, as JSON.
const NAMES: &str = "names";

/// The mapping at its next version.
pub(in crate::store) fn product_to_next_entry(
    partner: PartnerId,
    mapping: &ProductMapping,
) -> Result<Entry, StoreError> {
    let saved = version::next_product(mapping);
    let mut entry = with_body(&keys::product_mapping(partner, &saved.code), &saved)?;
    entry.insert(VERSION.to_owned(), number(saved.version));
    Ok(entry)
}

pub(in crate::store) fn product_from_entry(entry: &Entry) -> Result<ProductMapping, StoreError> {
    Ok(ProductMapping { version: read_number(entry, VERSION)?, ..read_body(entry)? })
}

pub(in crate::store) fn customer_from_entry(
    entry: &Entry,
) -> Result<(CustomerMapping, Option<CustomerNames>), StoreError> {
    let mapping =
        CustomerMapping { version: read_number(entry, VERSION)?, applied: read_applied(entry)?, ..read_body(entry)? };
    let names = find_text(entry, NAMES).map(|json| from_json(entry, json)).transpose()?;
    Ok((mapping, names))
}

fn read_applied(entry: &Entry) -> Result<Option<AgreementId>, StoreError> {
    let Some(id) = find_number(entry, APPLIED) else {
        return Ok(None);
    };
    let id = i64::try_from(id).map_err(|error| unreadable(entry, error))?;
    AgreementId::try_from(id).map(Some).map_err(|error| unreadable(entry, error))
}

pub(in crate::store) fn names_to_json(names: &CustomerNames) -> Result<String, StoreError> {
    to_json(NAMES, names)
}

/// The mark that a company is a customer's.
pub(in crate::store) fn company_to_entry(partner: PartnerId, mapping: &CustomerMapping) -> Entry {
    let mut entry = keyed(&keys::company(partner, mapping.company));
    entry.insert(CUSTOMER.to_owned(), text(&mapping.customer.to_string()));
    entry
}
