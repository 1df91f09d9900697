//! Cancels a run: its worker writes nothing more, and what it has written stays.

use jiff::{SignedDuration, Timestamp};

use crate::domain::id::{PartnerId, RunId};
use crate::domain::run::{Run, RunState, Stage};
use crate::error::StoreError;
use crate::store::{Change, Store};
use crate::table::Table;

/// How many seconds the lease keeps workers away while a run is cancelled.
const LEASE_S: u32 = 60;

/// The result of a cancellation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cancelled {
    Now(Box<Run>),
    /// The run was over before.
    Before(Box<Run>),
    /// The run does not exist.
    Unknown,
}

/// Cancels a run in the name of `by`; `owner` names the holder of the lease, as [`crate::ports::Ids`] does.
///
/// The lease is taken over, so that no worker writes to the table any more or starts a write to ConnectWise. A write
/// that was stored and sent by then remains as an intent or as pending, and the next run settles it, as after a crash.
/// A run of the month before that this run replaced ends in the same way, before it starts.
///
/// # Errors
/// The run may be cancelled or not.
pub async fn cancel(
    store: &Store<impl Table>,
    owner: &str,
    now: Timestamp,
    partner: PartnerId,
    id: &RunId,
    by: String,
) -> Result<Cancelled, StoreError> {
    match store.find_run(partner, id).await? {
        None => return Ok(Cancelled::Unknown),
        Some(run) if run.state.is_over() => return Ok(Cancelled::Before(Box::new(run))),
        Some(_) => {}
    }
    let lease = store.seize_lease(partner, owner, now, LEASE_S).await?;
    // Read under the lease: no worker continues the run any more.
    let cancelled = match store.find_run(partner, id).await? {
        None => Cancelled::Unknown,
        Some(run) if run.state.is_over() => Cancelled::Before(Box::new(run)),
        Some(run) => {
            let run = Run { stage: Stage::Ended, state: RunState::Cancelled { by }, ended_at: Some(now), ..run };
            let until = now.saturating_add(SignedDuration::from_secs(i64::from(LEASE_S))).unwrap_or(now);
            store.commit(&lease, until, vec![Change::PutRun(Box::new(run.clone()))]).await?;
            Cancelled::Now(Box::new(run))
        }
    };
    if let Err(error) = store.release_lease(&lease).await {
        // The lease expires by itself, and the run is over in any case.
        tracing::warn!(%partner, run = %id, %error, "the lease of a cancelled run was not given back");
    }
    Ok(cancelled)
}
