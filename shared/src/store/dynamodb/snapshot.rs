//! What was written to all agreements, in the table.

use super::DynamoStore;
use crate::domain::id::{AgreementId, PartnerId};
use crate::domain::snapshot::Snapshot;
use crate::error::StoreError;
use crate::ports::{Ids, SnapshotStore};
use crate::store::item::{keys, read_body, read_text, unreadable};
use crate::store::limits::MAX_PAGE;
use crate::store::table::SORT_KEY;

impl<I: Ids> SnapshotStore for DynamoStore<I> {
    async fn list_snapshots(
        &self,
        partner: PartnerId,
        after: Option<AgreementId>,
        limit: u32,
    ) -> Result<Vec<(AgreementId, Snapshot)>, StoreError> {
        let limit = limit.clamp(1, MAX_PAGE) as usize;
        let range = keys::snapshots_after(after);
        self.first_of_range(&keys::sync(partner), &range, limit, |entry| {
            let agreement = keys::agreement_of_snapshot(read_text(entry, SORT_KEY)?);
            let agreement = agreement.ok_or_else(|| unreadable(entry, "its key names no agreement"))?;
            Ok(Some((agreement, read_body(entry)?)))
        })
        .await
    }
}
