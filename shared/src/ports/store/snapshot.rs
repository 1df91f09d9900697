//! What was written to all agreements of a partner, page by page: what the effects of an edit are told from.

use std::future::Future;

use crate::domain::id::{AgreementId, PartnerId};
use crate::domain::snapshot::Snapshot;
use crate::error::StoreError;

/// Snapshots beyond the one agreement that a run works on.
pub trait SnapshotStore: Send + Sync {
    /// At most `limit` (1 to 1,000) agreements with what we wrote to them, behind `after`, in an order of the store's own
    /// that never changes. Fewer only where no more are behind them. A snapshot may have some tens of kilobytes.
    ///
    /// # Errors
    /// [`StoreError`].
    fn list_snapshots(
        &self,
        partner: PartnerId,
        after: Option<AgreementId>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<(AgreementId, Snapshot)>, StoreError>> + Send;
}
