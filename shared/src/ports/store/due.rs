//! When partners are due.

use std::future::Future;

use jiff::Timestamp;

use crate::domain::id::PartnerId;
use crate::error::StoreError;

/// A partner that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Which.
    pub partner: PartnerId,
    /// Since when: the schedule's own time.
    pub next_run_at: Timestamp,
}

/// When partners are due, in an index of 16 shards.
pub trait DueStore: Send + Sync {
    /// Up to `limit` partners of a shard (0 to 15) that are due at `at`, the longest due first. An entry that cannot be
    /// read is logged and left out: the other partners of the shard go on.
    ///
    /// # Errors
    /// [`StoreError`].
    fn list_due(
        &self,
        shard: u8,
        at: Timestamp,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Due>, StoreError>> + Send;

    /// When a partner is due next.
    ///
    /// # Errors
    /// [`StoreError`].
    fn find_due(&self, partner: PartnerId) -> impl Future<Output = Result<Option<Timestamp>, StoreError>> + Send;

    /// Sets when a partner is due next, whatever it was.
    ///
    /// # Errors
    /// [`StoreError`].
    fn put_due(&self, partner: PartnerId, at: Timestamp) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Moves a partner's next run from `from` to `to`; false when it was no longer at `from` (somebody else moved it).
    ///
    /// # Errors
    /// [`StoreError`].
    fn advance_due(
        &self,
        partner: PartnerId,
        from: Timestamp,
        to: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;
}
