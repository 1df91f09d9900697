//! Product and customer mappings in the table.
//!
//! The version stands beside the body, for conditions; what a run learns of a customer (names, the applied agreement)
//! stands beside it too, so that a run can write it without touching what a person edits.

use super::{
    BODY, Entry, find_number, find_text, from_json, keyed, keys, number, read_body, read_number, read_text, text,
    to_json, unreadable, with_body,
};
use crate::domain::id::{AgreementId, CompanyId, CustomerId, PartnerId};
use crate::domain::mapping::{CustomerMapping, ProductMapping};
use crate::error::StoreError;
use crate::store::save::CustomerRow;
use crate::store::version;
use crate::store::{CustomerNames, MappedCustomer};
use crate::table::SORT_KEY;

/// Counts what a person edits.
pub(in crate::store) const VERSION: &str = "version";
/// The agreement for which a person has applied a preview.
pub(in crate::store) const APPLIED: &str = "applied";
/// The agreement of the mapping that stands: a run writes what it learnt only while it is the one it read.
pub(in crate::store) const AGREEMENT: &str = "agreement";
/// The customer that has a company.
pub(in crate::store) const CUSTOMER: &str = "customer";
/// The names of company and agreement, as JSON.
pub(in crate::store) const NAMES: &str = "names";

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

/// The mapping and its names; none where a mapping was removed.
pub(in crate::store) fn customer_from_entry(entry: &Entry) -> Result<Option<MappedCustomer>, StoreError> {
    let Some(mapping) = customer_row(entry)?.mapping else { return Ok(None) };
    let names = find_text(entry, NAMES).map(|json| from_json(entry, json)).transpose()?;
    Ok(Some((mapping, names)))
}

/// What is stored of a customer's mapping. One that was removed has no body.
pub(in crate::store) fn customer_row(entry: &Entry) -> Result<CustomerRow, StoreError> {
    let (version, applied) = (read_number(entry, VERSION)?, read_applied(entry)?);
    let mapping = match find_text(entry, BODY) {
        Some(json) => Some(CustomerMapping { version, applied, ..from_json(entry, json)? }),
        None => None,
    };
    Ok(CustomerRow { mapping, version, applied })
}

/// The mapping of a customer that never had one.
pub(in crate::store) fn new_customer_to_entry(
    partner: PartnerId,
    mapping: &CustomerMapping,
) -> Result<Entry, StoreError> {
    let mut entry = with_body(&keys::customer_mapping(partner, mapping.customer), mapping)?;
    entry.insert(VERSION.to_owned(), number(mapping.version));
    entry.insert(AGREEMENT.to_owned(), number(mapping.agreement));
    if let Some(applied) = mapping.applied {
        entry.insert(APPLIED.to_owned(), number(applied));
    }
    Ok(entry)
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
pub(in crate::store) fn company_to_entry(partner: PartnerId, company: CompanyId, customer: CustomerId) -> Entry {
    let mut entry = keyed(&keys::company(partner, company));
    entry.insert(CUSTOMER.to_owned(), text(&customer.to_string()));
    entry
}

/// The customer that an entry's key names.
pub(in crate::store) fn customer_of_entry(entry: &Entry) -> Result<CustomerId, StoreError> {
    keys::customer_of(read_text(entry, SORT_KEY)?).ok_or_else(|| unreadable(entry, "it names no customer"))
}

/// The company that a mark's key names.
pub(in crate::store) fn company_of_entry(entry: &Entry) -> Result<CompanyId, StoreError> {
    keys::company_of(read_text(entry, SORT_KEY)?).ok_or_else(|| unreadable(entry, "it names no company"))
}

/// The customer that a company's mark names.
pub(in crate::store) fn holder_from_entry(entry: &Entry) -> Result<CustomerId, StoreError> {
    CustomerId::parse(read_text(entry, CUSTOMER)?).map_err(|error| unreadable(entry, error))
}
