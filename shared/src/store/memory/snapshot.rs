//! What was written to all agreements, in memory.

use super::MemoryStore;
use crate::domain::id::{AgreementId, PartnerId};
use crate::domain::snapshot::Snapshot;
use crate::error::StoreError;
use crate::ports::SnapshotStore;
use crate::store::limits::MAX_PAGE;

impl SnapshotStore for MemoryStore {
    async fn list_snapshots(
        &self,
        partner: PartnerId,
        after: Option<AgreementId>,
        limit: u32,
    ) -> Result<Vec<(AgreementId, Snapshot)>, StoreError> {
        let limit = limit.clamp(1, MAX_PAGE) as usize;
        Ok(self.with(partner, |shelf| {
            let behind = shelf.snapshots.iter().filter(|(id, _)| after.is_none_or(|after| **id > after));
            behind.take(limit).map(|(id, snapshot)| (*id, snapshot.clone())).collect()
        }))
    }
}
