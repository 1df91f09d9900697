//! What people look at, page by page, and how they step in; in memory.

use std::ops::Bound;

use jiff::Timestamp;

use super::{MemoryStore, hold};
use crate::domain::id::{PartnerId, RunId};
use crate::domain::run::Run;
use crate::error::StoreError;
use crate::ports::{ChunkKind, ChunkPage, HoldPage, Lease, OversightStore};
use crate::store::lease::{self, Wanted};
use crate::store::limits;

impl OversightStore for MemoryStore {
    async fn list_runs_before(
        &self,
        partner: PartnerId,
        before: Option<&RunId>,
        limit: u32,
    ) -> Result<Vec<Run>, StoreError> {
        let limit = limit.clamp(1, limits::MAX_RUNS) as usize;
        let older = (Bound::Unbounded, before.map_or(Bound::Unbounded, Bound::Excluded));
        Ok(self.with(partner, |shelf| {
            shelf.runs.range::<RunId, _>(older).rev().take(limit).map(|(_, run)| run.clone()).collect()
        }))
    }

    async fn list_chunk_page(
        &self,
        partner: PartnerId,
        run: &RunId,
        kind: ChunkKind,
        bucket: u32,
        after: Option<&str>,
    ) -> Result<ChunkPage, StoreError> {
        let bucket = (kind, bucket, 0, 0)..=(kind, bucket, u32::MAX, u32::MAX);
        Ok(self.with(partner, |shelf| {
            let rows = shelf.rows.get(run).into_iter().flat_map(|rows| rows.chunks.range(bucket.clone()));
            // As the table names their places.
            let named = rows.map(|((_, _, page, part), rows)| (format!("{page:010}#{part:010}"), rows.clone()));
            let mut behind = named.filter(|(place, _)| after.is_none_or(|after| place.as_str() > after));
            let page: Vec<(String, String)> = behind.by_ref().take(limits::MAX_CHUNKS_A_PAGE).collect();
            let next = page.last().map(|(place, _)| place.clone()).filter(|_| behind.next().is_some());
            ChunkPage { chunks: page.into_iter().map(|(_, rows)| rows).collect(), next }
        }))
    }

    async fn list_all_holds(&self, partner: PartnerId, after: Option<&str>) -> Result<HoldPage, StoreError> {
        Ok(self.with(partner, |shelf| hold::page(shelf, |name| after.is_none_or(|after| name > after))))
    }

    async fn seize_lease(
        &self,
        partner: PartnerId,
        owner: &str,
        now: Timestamp,
        ttl_s: u32,
    ) -> Result<Lease, StoreError> {
        let wanted = Wanted { partner, owner, now, ttl_s };
        Ok(self.with(partner, |shelf| {
            let lease = lease::seize(wanted, shelf.lease.as_ref());
            shelf.lease = Some((&lease).into());
            lease
        }))
    }
}
