//! When a partner is due, in the table and in the index of due partners.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;

use super::{Entry, instant, keyed, keys, read_text, text, unreadable};
use crate::domain::id::PartnerId;
use crate::error::StoreError;
use crate::ports::{Due, DueFor};
use crate::store::table::{DUE_SHARD, NEXT_RUN_AT, PARTITION_KEY, SORT_KEY};

/// The index' partition of a shard, 0 to 15.
pub(in crate::store) fn shard(shard: u8) -> AttributeValue {
    text(&format!("DUE#{shard}"))
}

pub(in crate::store) fn to_entry(partner: PartnerId, due_for: DueFor, at: Timestamp) -> Entry {
    let mut entry = keyed(&keys::due(partner, due_for));
    entry.insert(DUE_SHARD.to_owned(), shard(keys::due_shard(partner)));
    entry.insert(NEXT_RUN_AT.to_owned(), instant::to_text(at));
    entry
}

pub(in crate::store) fn from_entry(entry: &Entry) -> Result<Due, StoreError> {
    let partition = read_text(entry, PARTITION_KEY)?;
    let partner = keys::partner_of_due(partition).ok_or_else(|| unreadable(entry, "it names no partner"))?;
    let due_for = keys::due_for(read_text(entry, SORT_KEY)?);
    let due_for = due_for.ok_or_else(|| unreadable(entry, "it does not say what the partner is due for"))?;
    Ok(Due { partner, due_for, next_run_at: instant::read(entry, NEXT_RUN_AT)? })
}
