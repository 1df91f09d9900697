//! What people look at, page by page, and how they step in.

use jiff::Timestamp;

use super::read::Ask;
use crate::domain::id::{PartnerId, RunId};
use crate::domain::run::Run;
use crate::error::StoreError;
use crate::store::Store;
use crate::store::item::run::rows_of_chunk;
use crate::store::item::{keys, read_body, read_text};
use crate::store::lease::Wanted;
use crate::store::limits;
use crate::store::{ChunkKind, ChunkPage, HoldPage, Lease};
use crate::table::{SORT_KEY, Table};

impl<T: Table> Store<T> {
    /// The partner's runs before `before` (all of them without one), newest first, at most `limit` (1 to 100).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_runs_before(
        &self,
        partner: PartnerId,
        before: Option<&RunId>,
        limit: u32,
    ) -> Result<Vec<Run>, StoreError> {
        let limit = limit.clamp(1, limits::MAX_RUNS) as usize;
        let range = keys::runs_until(before);
        let is_before = |run: &Run| before.is_none_or(|before| run.id < *before);
        let (mut runs, mut start) = (Vec::new(), None);
        loop {
            // One more: the range ends in the run that it is about.
            let ask = Ask { start, limit: limit + 1 - runs.len(), backwards: true };
            let page = self.part_of_range(&keys::runs(partner), &range, ask).await?;
            for entry in &page.entries {
                runs.extend(Some(read_body::<Run>(entry)?).filter(is_before));
            }
            start = page.next;
            if start.is_none() || runs.len() >= limit {
                runs.truncate(limit);
                return Ok(runs);
            }
        }
    }

    /// The rows that a run keeps of one kind and bucket, from `after` (a page's `next`) on. They are kept for three days.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_chunk_page(
        &self,
        partner: PartnerId,
        run: &RunId,
        kind: ChunkKind,
        bucket: u32,
        after: Option<&str>,
    ) -> Result<ChunkPage, StoreError> {
        let range = keys::chunk_range(kind, bucket, after);
        let ask = Ask { start: None, limit: limits::MAX_CHUNKS_A_PAGE, backwards: false };
        let page = self.part_of_range(&keys::run_rows(partner, run), &range, ask).await?;
        let chunks = page.entries.iter().map(rows_of_chunk);
        let chunks: Vec<String> = chunks.collect::<Result<_, _>>()?;
        let last = page.entries.last().filter(|_| page.next.is_some());
        let sort = last.map(|entry| read_text(entry, SORT_KEY)).transpose()?;
        let next = sort.and_then(|sort| keys::place_of_chunk(sort, kind, bucket)).map(str::to_owned);
        Ok(ChunkPage { chunks, next })
    }

    /// What waits for a person, of all months, the oldest first, from `after` (a page's `next`) on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_all_holds(&self, partner: PartnerId, after: Option<&str>) -> Result<HoldPage, StoreError> {
        self.holds_of_range(partner, &keys::all_holds_after(after)).await
    }

    /// Takes the partner's lease for `ttl_s` seconds from `now`, whoever has it: whoever had it writes nothing to the table
    /// any more. What it has sent to ConnectWise by then is settled by the next run, as after a crash.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn seize_lease(
        &self,
        partner: PartnerId,
        owner: &str,
        now: Timestamp,
        ttl_s: u32,
    ) -> Result<Lease, StoreError> {
        self.take_lease_over(Wanted { partner, owner, now, ttl_s }).await
    }
}
