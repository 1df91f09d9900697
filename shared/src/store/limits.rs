//! The limits of one call to the store, and the checks of a commit against them.

use std::collections::BTreeSet;

use crate::domain::id::PartnerId;
use crate::domain::snapshot::Intent;
use crate::error::StoreError;
use crate::store::{Change, keys};
use crate::table::Key;

/// The most changes of one commit: DynamoDB takes 100 actions in a transaction, and one of them renews the lease.
pub const MAX_CHANGES: usize = 99;
/// The most bytes of a chunk's rows: an entry of the table has at most 400 KB, its keys and attributes included.
pub const MAX_CHUNK_BYTES: usize = 300_000;

/// The most bytes of all chunks of a commit: a transaction has at most 4 MB.
pub const MAX_COMMIT_BYTES: usize = 13 * MAX_CHUNK_BYTES;
/// The most bytes of an answer's body: five entries of the table.
pub const MAX_ANSWER_BYTES: usize = 5 * MAX_CHUNK_BYTES;
/// The most product mappings of one save. With at most 4 entries of edits and 5 of the answer they fit into a
/// transaction of 100 actions.
pub const MAX_PRODUCT_ROWS: usize = 90;
/// The most customer mappings of one save. Each may write its mapping, claim a company and release one, which leaves 10
/// actions for the edits and the answer.
pub const MAX_CUSTOMER_ROWS: usize = 30;
/// The most rows of one page.
pub(super) const MAX_PAGE: u32 = 1_000;
/// The most chunks of one page; all of their rows are in memory at once.
pub(super) const MAX_CHUNKS_A_PAGE: usize = 4;
/// The most runs of one list.
pub(super) const MAX_RUNS: u32 = 100;

/// Refuses a commit that breaks the limits of [`super::Store::commit`], before anything is sent.
pub(super) fn check(partner: PartnerId, changes: &[Change]) -> Result<(), StoreError> {
    if changes.len() > MAX_CHANGES {
        return refuse(format!("{} changes in one commit, at most {MAX_CHANGES}", changes.len()));
    }
    let bytes: usize = changes.iter().map(chunk_bytes).sum();
    if bytes > MAX_COMMIT_BYTES {
        return refuse(format!("chunks of {bytes} bytes in one commit, at most {MAX_COMMIT_BYTES}"));
    }
    let mut seen: BTreeSet<Key> = BTreeSet::new();
    for change in changes {
        check_change(partner, change)?;
        let key = keys::of_change(partner, change);
        if !seen.insert(key.clone()) {
            return refuse(format!("two changes of the same entry in one commit: {}", key.sort));
        }
    }
    Ok(())
}

fn chunk_bytes(change: &Change) -> usize {
    match change {
        Change::PutChunk(_, chunk) => chunk.rows.len(),
        Change::PutRun(_)
        | Change::PutLedger(..)
        | Change::PutCustomerStatus(..)
        | Change::PutSnapshot(..)
        | Change::PutIntent(_)
        | Change::RemoveIntent(..)
        | Change::PutBilledOn(..)
        | Change::RemoveBilledOn(..)
        | Change::PutHold(_)
        | Change::RemoveHold(_)
        | Change::RemoveDecision(_)
        | Change::PutEnding(_)
        | Change::RemoveEnding(_)
        | Change::PutOverride(_)
        | Change::RaiseAlert(_) => 0,
    }
}

fn check_change(partner: PartnerId, change: &Change) -> Result<(), StoreError> {
    let bytes = chunk_bytes(change);
    if bytes > MAX_CHUNK_BYTES {
        return refuse(format!("a chunk of {bytes} bytes, at most {MAX_CHUNK_BYTES}"));
    }
    match change {
        Change::PutRun(run) if run.request.partner != partner => refuse(format!("run {} is another partner's", run.id)),
        Change::PutRun(_)
        | Change::PutChunk(..)
        | Change::PutLedger(..)
        | Change::PutCustomerStatus(..)
        | Change::PutSnapshot(..)
        | Change::PutIntent(_)
        | Change::RemoveIntent(..)
        | Change::PutBilledOn(..)
        | Change::RemoveBilledOn(..)
        | Change::PutHold(_)
        | Change::RemoveHold(_)
        | Change::RemoveDecision(_)
        | Change::PutEnding(_)
        | Change::RemoveEnding(_)
        | Change::PutOverride(_)
        | Change::RaiseAlert(_) => Ok(()),
    }
}

/// The intent that a change stores, if it does.
pub(super) fn intent_of(change: &Change) -> Option<&Intent> {
    match change {
        Change::PutIntent(intent) => Some(intent),
        Change::PutRun(_)
        | Change::PutChunk(..)
        | Change::PutLedger(..)
        | Change::PutCustomerStatus(..)
        | Change::PutSnapshot(..)
        | Change::RemoveIntent(..)
        | Change::PutBilledOn(..)
        | Change::RemoveBilledOn(..)
        | Change::PutHold(_)
        | Change::RemoveHold(_)
        | Change::RemoveDecision(_)
        | Change::PutEnding(_)
        | Change::RemoveEnding(_)
        | Change::PutOverride(_)
        | Change::RaiseAlert(_) => None,
    }
}

/// The error when an intent for the same addition is stored already.
pub(super) fn intent_conflict(intent: &Intent) -> StoreError {
    StoreError::Conflict {
        what: format!("the addition of product {} to agreement {}", intent.product, intent.agreement),
    }
}

pub(super) fn refuse<T>(why: String) -> Result<T, StoreError> {
    Err(StoreError::Refused { why })
}
