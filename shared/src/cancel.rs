//! Ending a run before its time: its worker writes nothing more, and what it wrote stays.

use jiff::{SignedDuration, Timestamp};

use crate::domain::id::{PartnerId, RunId};
use crate::domain::run::{Run, RunState, Stage};
use crate::error::StoreError;
use crate::store::{Change, Store};
use crate::table::Table;

/// For how long workers are kept away while a run is ended, in seconds.
const HELD_S: u32 = 60;

/// What came of cancelling a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cancelled {
    /// It is over now.
    Now(Box<Run>),
    /// It was over already.
    Before(Box<Run>),
    /// There is no such run.
    Unknown,
}

/// Cancels a run in the name of `by`; `owner` names the lease as [`crate::ports::Ids`] does.
///
/// The lease is taken over: from then on no worker writes to the table, and so none begins anything in ConnectWise. A write
/// that was stored and on its way by then stands as an intent or as pending, and is settled by the next run, as after a
/// crash. A run of the month before that was asked for in its place ends as it does, before it begins.
///
/// # Errors
/// [`StoreError`]; the run may be cancelled or not.
pub async fn cancel(
    store: &Store<impl Table>,
    (owner, now): (&str, Timestamp),
    partner: PartnerId,
    id: &RunId,
    by: String,
) -> Result<Cancelled, StoreError> {
    match store.find_run(partner, id).await? {
        None => return Ok(Cancelled::Unknown),
        Some(run) if run.state.is_over() => return Ok(Cancelled::Before(Box::new(run))),
        Some(_) => {}
    }
    let lease = store.seize_lease(partner, owner, now, HELD_S).await?;
    // Read under the lease: nobody carries it on any more.
    let cancelled = match store.find_run(partner, id).await? {
        None => Cancelled::Unknown,
        Some(run) if run.state.is_over() => Cancelled::Before(Box::new(run)),
        Some(run) => {
            let run = Run { stage: Stage::Ended, state: RunState::Cancelled { by }, ended_at: Some(now), ..run };
            let until = now.saturating_add(SignedDuration::from_secs(i64::from(HELD_S))).unwrap_or(now);
            store.commit(&lease, until, vec![Change::PutRun(Box::new(run.clone()))]).await?;
            Cancelled::Now(Box::new(run))
        }
    };
    if let Err(error) = store.release_lease(&lease).await {
        // It runs out by itself; the run is over all the same.
        tracing::warn!(%partner, run = %id, %error, "the lease of a cancelled run was not given back");
    }
    Ok(cancelled)
}
