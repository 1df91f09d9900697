//! What people look at while runs go on and after, page by page, and how they step in.

use std::future::Future;

use jiff::Timestamp;

use super::{ChunkKind, HoldPage, Lease};
use crate::domain::id::{PartnerId, RunId};
use crate::domain::run::Run;
use crate::error::StoreError;

/// One page of the rows that a run keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkPage {
    /// The JSON texts of its chunks, by page and part.
    pub chunks: Vec<String>,
    /// Where the next page starts; none on the last.
    pub next: Option<String>,
}

/// Runs, what they keep and what waits, as a person reads them: each call reads one page of the table.
pub trait OversightStore: Send + Sync {
    /// The partner's runs before `before` (all of them without one), newest first, at most `limit` (1 to 100).
    ///
    /// # Errors
    /// [`StoreError`].
    fn list_runs_before(
        &self,
        partner: PartnerId,
        before: Option<&RunId>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Run>, StoreError>> + Send;

    /// The rows that a run keeps of one kind and bucket, from `after` (a page's `next`) on. They are kept for three days.
    ///
    /// # Errors
    /// [`StoreError`].
    fn list_chunk_page(
        &self,
        partner: PartnerId,
        run: &RunId,
        kind: ChunkKind,
        bucket: u32,
        after: Option<&str>,
    ) -> impl Future<Output = Result<ChunkPage, StoreError>> + Send;

    /// What waits for a person, of all months, the oldest first, from `after` (a page's `next`) on.
    ///
    /// # Errors
    /// [`StoreError`].
    fn list_all_holds(
        &self,
        partner: PartnerId,
        after: Option<&str>,
    ) -> impl Future<Output = Result<HoldPage, StoreError>> + Send;

    /// Takes the partner's lease for `ttl_s` seconds from `now`, whoever has it: whoever had it writes nothing to the table
    /// any more. What it has sent to ConnectWise by then is settled by the next run, as after a crash.
    ///
    /// # Errors
    /// [`StoreError`].
    fn seize_lease(
        &self,
        partner: PartnerId,
        owner: &str,
        now: Timestamp,
        ttl_s: u32,
    ) -> impl Future<Output = Result<Lease, StoreError>> + Send;
}
