//! When a partner is due, in the table and in the index of due partners.

use jiff::Timestamp;

use super::{Entry, instant, keyed, keys, read_text, text, unreadable};
use crate::domain::follow_up::Look;
use crate::domain::id::{PartnerId, RunId};
use crate::error::StoreError;
use crate::store::{Due, DueFor};
use crate::table::{DUE_SHARD, NEXT_RUN_AT, PARTITION_KEY, SORT_KEY};

/// The run that is to be retried.
const RUN: &str = "run";

/// The index' partition of a shard, 0 to 15.
pub(in crate::store) fn shard(shard: u8) -> String {
    format!("DUE#{shard}")
}

pub(in crate::store) fn to_entry(partner: PartnerId, due_for: DueFor, at: Timestamp) -> Entry {
    let mut entry = keyed(&keys::due(partner, due_for));
    entry.insert(DUE_SHARD.to_owned(), text(&shard(keys::due_shard(partner))));
    entry.insert(NEXT_RUN_AT.to_owned(), instant::to_text(at));
    entry
}

/// A look at one run by its id: among the newest it may be hidden by others.
pub(in crate::store) fn retry_to_entry(partner: PartnerId, run: &RunId, at: Timestamp) -> Entry {
    let mut entry = to_entry(partner, DueFor::Look(Look::Undone), at);
    entry.insert(RUN.to_owned(), text(run.as_str()));
    entry
}

/// The run that is to be retried.
pub(in crate::store) fn run_to_retry(entry: &Entry) -> Result<RunId, StoreError> {
    RunId::parse(read_text(entry, RUN)?).map_err(|error| unreadable(entry, error))
}

pub(in crate::store) fn from_entry(entry: &Entry) -> Result<Due, StoreError> {
    let partition = read_text(entry, PARTITION_KEY)?;
    let partner = keys::partner_of_due(partition).ok_or_else(|| unreadable(entry, "it names no partner"))?;
    let due_for = keys::due_for(read_text(entry, SORT_KEY)?);
    let due_for = due_for.ok_or_else(|| unreadable(entry, "it does not say what the partner is due for"))?;
    Ok(Due { partner, due_for, next_run_at: instant::read(entry, NEXT_RUN_AT)? })
}
