//! When a partner is due, in the table and in the index of due partners.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;

use super::{Entry, instant, keyed, keys, read_text, text, unreadable};
use crate::domain::id::PartnerId;
use crate::error::StoreError;
use crate::ports::Due;
use crate::store::table::{DUE_SHARD, NEXT_RUN_AT, PARTITION_KEY};

/// The index' partition of a shard, 0 to 15.
pub(in crate::store) fn shard(shard: u8) -> AttributeValue {
    text(&format!("DUE#{shard}"))
}

pub(in crate::store) fn to_entry(partner: PartnerId, at: Timestamp) -> Entry {
    let mut entry = keyed(&keys::due(partner));
    entry.insert(DUE_SHARD.to_owned(), shard(keys::due_shard(partner)));
    entry.insert(NEXT_RUN_AT.to_owned(), instant::to_text(at));
    entry
}

pub(in crate::store) fn from_entry(entry: &Entry) -> Result<Due, StoreError> {
    let partition = read_text(entry, PARTITION_KEY)?;
    let partner = keys::partner_of_due(partition).ok_or_else(|| unreadable(entry, "it names no partner"))?;
    Ok(Due { partner, next_run_at: instant::read(entry, NEXT_RUN_AT)? })
}
