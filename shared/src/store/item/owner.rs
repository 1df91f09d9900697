//! Which partner drives a ConnectWise database, in the table.

use jiff::Timestamp;

use super::{Entry, find_text, instant, keyed, keys, read_text, text, unreadable};
use crate::domain::id::PartnerId;
use crate::error::StoreError;
use crate::store::{PsaDatabase, PsaHolder};
use crate::table::SORT_KEY;

/// The partner that has it.
pub(in crate::store) const PARTNER: &str = "partner";
/// When it worked with it.
pub(in crate::store) const WORKED_AT: &str = "workedAt";

pub(in crate::store) fn to_entry(partner: PartnerId, database: &PsaDatabase, worked_at: Option<Timestamp>) -> Entry {
    let mut entry = keyed(&keys::psa_owner(database));
    entry.insert(PARTNER.to_owned(), text(&partner.to_string()));
    if let Some(at) = worked_at {
        entry.insert(WORKED_AT.to_owned(), instant::to_text(at));
    }
    entry
}

pub(in crate::store) fn from_entry(entry: &Entry) -> Result<PsaHolder, StoreError> {
    let partner = PartnerId::parse(read_text(entry, PARTNER)?).map_err(|error| unreadable(entry, error))?;
    let worked_at = find_text(entry, WORKED_AT).map(|_| instant::read(entry, WORKED_AT)).transpose()?;
    Ok(PsaHolder { partner, worked_at })
}

/// The partner's own mark of a database that it drives.
pub(in crate::store) fn mark_to_entry(partner: PartnerId, database: &PsaDatabase) -> Entry {
    keyed(&keys::psa_mark(partner, database))
}

/// The database that a partner's mark names.
pub(in crate::store) fn mark_from_entry(entry: &Entry) -> Result<PsaDatabase, StoreError> {
    keys::psa_of_mark(read_text(entry, SORT_KEY)?).ok_or_else(|| unreadable(entry, "it names no database"))
}
