//! A PSA's rate.

use super::{Entry, find_number, instant, unreadable};
use crate::error::StoreError;
use crate::store::Rate;

/// Nobody calls before; a text that sorts by time.
pub(in crate::store) const NOT_BEFORE: &str = "notBefore";
/// When it was changed last.
pub(in crate::store) const UPDATED_AT: &str = "updatedAt";
/// Calls a minute.
pub(in crate::store) const LEARNT: &str = "learnt";

pub(in crate::store) fn from_entry(entry: &Entry) -> Result<Rate, StoreError> {
    let not_before = entry.contains_key(NOT_BEFORE).then(|| instant::read(entry, NOT_BEFORE)).transpose()?;
    let learnt = find_number(entry, LEARNT).map(u32::try_from).transpose();
    Ok(Rate { not_before, learnt: learnt.map_err(|error| unreadable(entry, error))? })
}
