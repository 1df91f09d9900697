//! One partner whose newest runs are to be looked at: one that stopped without a word is carried on, one that ended partial
//! or failed is retried.

use jiff::Timestamp;
use shared::domain::follow_up::FollowUp;
use shared::domain::run::{Run, RunKind, RunRequest, RunState};
use shared::domain::schedule::local_day;
use shared::domain::settings::Settings;
use shared::ports::{Queue, SyncMessage};
use shared::store::{Due, Store};
use shared::table::Table;

use crate::partner::{Outcome, PartnerError};

/// The open run is among this many of the newest: of a partner's runs one alone is open, and no other begins before it ends.
const NEWEST: u32 = 50;

/// Carries the partner's open run on, if it has one.
pub(crate) async fn carry_on<T, Q>(
    store: &Store<T>,
    queue: &Q,
    due: Due,
    at: Timestamp,
) -> Result<Outcome, PartnerError>
where
    T: Table,
    Q: Queue,
{
    let runs = store.list_runs(due.partner, NEWEST).await.map_err(PartnerError::Runs)?;
    ask(store, queue, to_carry_on(&runs), FollowUp::ResumeStalledRun, due, at).await
}

/// Asks for the scheduled run that left something undone once more.
pub(crate) async fn retry<T, Q>(store: &Store<T>, queue: &Q, due: Due, at: Timestamp) -> Result<Outcome, PartnerError>
where
    T: Table,
    Q: Queue,
{
    let settings = store.find_settings(due.partner).await.map_err(PartnerError::Settings)?;
    let run = store.find_retry(due.partner).await.map_err(PartnerError::Runs)?;
    let request = run.zip(settings).and_then(|(run, settings)| to_retry(&run, &settings, due.next_run_at));
    ask(store, queue, request, FollowUp::RetryFailedRun, due, at).await
}

async fn ask<T: Table, Q: Queue>(
    store: &Store<T>,
    queue: &Q,
    request: Option<RunRequest>,
    follow_up: FollowUp,
    due: Due,
    at: Timestamp,
) -> Result<Outcome, PartnerError> {
    let found = request.is_some();
    if let Some(request) = request {
        queue.send(&SyncMessage { request, attempt: 0, turns: 0, first_sent_at: at }, 0).await?;
    }
    // The worker that takes the message up sets the next look.
    store.end_follow_up(due.partner, follow_up, due.next_run_at).await.map_err(PartnerError::Advance)?;
    Ok(if found { Outcome::Sent } else { Outcome::NothingToLookAt })
}

/// The open run: while it is worked on its look is put off, so its message was lost or ended among the dead letters.
fn to_carry_on(runs: &[Run]) -> Option<RunRequest> {
    runs.iter().find(|run| !run.state.is_over()).map(|run| run.request.clone())
}

/// A scheduled run once more, for the same month, if it left something undone.
fn to_retry(last: &Run, settings: &Settings, follow_up: Timestamp) -> Option<RunRequest> {
    if last.request.kind != RunKind::Scheduled {
        return None;
    }
    match last.state {
        RunState::Partial | RunState::Failed(_) => {}
        RunState::Running | RunState::Succeeded | RunState::Cancelled { .. } | RunState::Superseded { .. } => {
            return None;
        }
    }
    Some(RunRequest {
        slot: local_day(settings, follow_up).to_string(),
        scheduled_at: follow_up,
        asked_by: None,
        retry_of: Some(last.request.retry_of.clone().unwrap_or_else(|| last.id.clone())),
        ..last.request.clone()
    })
}
