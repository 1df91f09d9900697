//! When partners are due.

use std::future::Future;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::id::{PartnerId, RunId};
use crate::domain::run::Run;
use crate::error::StoreError;

/// What a partner is due for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DueFor {
    /// The next occasion of its schedule.
    Occasion,
    /// A look at its newest runs.
    Look(Look),
}

/// Why a partner's newest runs, or what comes of them, are looked at. Each has a time of its own: a preview that ends in between must not take
/// away the retry of the last scheduled run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Look {
    /// An open run may have stopped without a word.
    Stopped,
    /// The last scheduled run left something undone and is to be retried.
    Undone,
    /// An alert is on its way.
    Alerts,
    /// Something may have come to pass without any run: nothing was synced for long, or an invoice was made.
    Watch,
}

/// A partner that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Which.
    pub partner: PartnerId,
    /// For what.
    pub due_for: DueFor,
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

    /// Has the partner's newest runs looked at at a time, whatever was set for this reason; none: no longer.
    ///
    /// # Errors
    /// [`StoreError`].
    fn put_look(
        &self,
        partner: PartnerId,
        look: Look,
        at: Option<Timestamp>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Has a run that left something undone retried at a time, whatever run was to be retried before.
    ///
    /// # Errors
    /// [`StoreError`].
    fn put_retry(
        &self,
        partner: PartnerId,
        run: &RunId,
        at: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The run that is to be retried, while that is set.
    ///
    /// # Errors
    /// [`StoreError`].
    fn find_retry(&self, partner: PartnerId) -> impl Future<Output = Result<Option<Run>, StoreError>> + Send;

    /// Ends a look that was due `at`; one that has been set to another time stays.
    ///
    /// # Errors
    /// [`StoreError`].
    fn end_look(
        &self,
        partner: PartnerId,
        look: Look,
        at: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Moves a look from one time to another; does nothing when it is no longer set to `from`.
    ///
    /// # Errors
    /// [`StoreError`].
    fn move_look(
        &self,
        partner: PartnerId,
        look: Look,
        from: Timestamp,
        to: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}
