//! Offboarding: a partner leaves, and nothing of it stays.

use std::future::Future;

use jiff::Timestamp;

use crate::domain::id::{PartnerId, RunId};
use crate::error::StoreError;

/// What came of a step of removing a partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removal {
    /// The partner has an open run. Cancel it or wait for its end; nothing was removed by this step.
    RunOpen(RunId),
    /// A worker has the partner's lease until then. Nothing was removed by this step.
    Leased {
        /// When it may be taken.
        until: Timestamp,
    },
    /// Some of it was removed: call again.
    More,
    /// Nothing is left.
    Done,
}

/// Removes partners.
pub trait RemovalStore: Send + Sync {
    /// Removes a part of everything that is stored of a partner, runs and audit included, and gives its ConnectWise
    /// databases up; the schedule goes first and the lease last, so that no run starts meanwhile. One step takes some
    /// seconds at most. Whoever calls goes on until `Done`; a removal that was broken off is taken up by the next call.
    /// A partner of whom nothing is stored is `Done`.
    ///
    /// # Errors
    /// [`StoreError`]; some may be removed by then.
    fn remove_partner(
        &self,
        partner: PartnerId,
        now: Timestamp,
    ) -> impl Future<Output = Result<Removal, StoreError>> + Send;
}
