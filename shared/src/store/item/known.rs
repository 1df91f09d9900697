//! What runs saw, in the table: customers of Sophos, sightings of products, and how customers' syncs ended.
//!
//! A known customer is an entry of its own. Packed by the first digit of their ids, 5,000 customers would be 16 entries
//! of some 40 KB: a page reads whole ones, and a refresh writes all of them, 600 write units. Single entries let a page read
//! its own rows only; a refresh reads them all, 150 read units, which cost what 30 write units do, and writes those that
//! differ: on most days none.

use super::instant::{self, HISTORY_DAYS};
use super::{Entry, find_text, from_json, keys, read_body, text, to_json, with_body};
use crate::domain::id::{CustomerId, PartnerId};
use crate::domain::plan::Customer;
use crate::domain::stamp::SyncStamp;
use crate::error::StoreError;
use crate::store::{DiscoveredProduct, SeenProduct, Sighting};
use crate::table::EXPIRY;

/// When a product was seen, as JSON, beside its body.
pub(in crate::store) const SEEN: &str = "seen";

pub(in crate::store) fn customer_to_entry(partner: PartnerId, customer: &Customer) -> Result<Entry, StoreError> {
    with_body(&keys::known_customer(partner, customer.id), customer)
}

pub(in crate::store) fn status_to_entry(
    partner: PartnerId,
    customer: CustomerId,
    stamp: &SyncStamp,
) -> Result<Entry, StoreError> {
    let mut entry = with_body(&keys::customer_status(partner, customer), stamp)?;
    entry.insert(EXPIRY.to_owned(), instant::expiry(stamp.at, HISTORY_DAYS));
    Ok(entry)
}

pub(in crate::store) fn product_to_entry(
    partner: PartnerId,
    product: &DiscoveredProduct,
    seen: &Sighting,
) -> Result<Entry, StoreError> {
    let mut entry = with_body(&keys::discovered(partner, &product.code), product)?;
    entry.insert(SEEN.to_owned(), text(&seen_to_json(seen)?));
    Ok(entry)
}

/// A sighting as it stands beside the body.
pub(in crate::store) fn seen_to_json(seen: &Sighting) -> Result<String, StoreError> {
    to_json(SEEN, seen)
}

pub(in crate::store) fn product_from_entry(entry: &Entry) -> Result<SeenProduct, StoreError> {
    let seen = find_text(entry, SEEN).map(|json| from_json(entry, json)).transpose()?;
    Ok(SeenProduct { product: read_body(entry)?, seen })
}
