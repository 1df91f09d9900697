//! Which partner drives a ConnectWise database, in the table.

use super::{Entry, keyed, keys, read_text, text, unreadable};
use crate::domain::id::PartnerId;
use crate::error::StoreError;
use crate::ports::PsaDatabase;
use crate::store::table::SORT_KEY;

/// The partner that has it.
const PARTNER: &str = "partner";

pub(in crate::store) fn to_entry(partner: PartnerId, database: &PsaDatabase) -> Entry {
    let mut entry = keyed(&keys::psa_owner(database));
    entry.insert(PARTNER.to_owned(), text(&partner.to_string()));
    entry
}

pub(in crate::store) fn from_entry(entry: &Entry) -> Result<PartnerId, StoreError> {
    PartnerId::parse(read_text(entry, PARTNER)?).map_err(|error| unreadable(entry, error))
}

/// The partner's own mark of a database that it drives.
pub(in crate::store) fn mark_to_entry(partner: PartnerId, database: &PsaDatabase) -> Entry {
    keyed(&keys::psa_mark(partner, database))
}

/// The database that a partner's mark names.
pub(in crate::store) fn mark_from_entry(entry: &Entry) -> Result<PsaDatabase, StoreError> {
    keys::psa_of_mark(read_text(entry, SORT_KEY)?).ok_or_else(|| unreadable(entry, "it names no database"))
}
