//! Runs and what they write.

mod chunks;
mod commit;
mod fence;
mod lease;
mod ledger;
mod open;
mod outcomes;
mod oversight;
mod snapshots;

use shared::domain::id::PartnerId;
use shared::error::StoreError;
use shared::store::{Change, Lease, Store};
use shared::table::Table;

use crate::values::{after, now};

/// The lease of a partner that nobody else wants.
async fn lease(store: &Store<impl Table>, partner: PartnerId) -> Lease {
    store.acquire_lease(partner, "worker", now(), 60).await.unwrap().unwrap()
}

/// Takes the lease and commits.
pub(crate) async fn commit(
    store: &Store<impl Table>,
    partner: PartnerId,
    changes: Vec<Change>,
) -> Result<Lease, StoreError> {
    let lease = lease(store, partner).await;
    store.commit(&lease, after(120), changes).await
}
