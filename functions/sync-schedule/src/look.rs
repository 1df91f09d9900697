//! One partner whose newest runs are to be looked at: one that stopped without a word is carried on, one that ended partial
//! or failed is retried.

use jiff::Timestamp;
use shared::domain::run::{Run, RunKind, RunRequest, RunState};
use shared::domain::schedule::local_day;
use shared::domain::settings::Settings;
use shared::ports::{Due, DueStore, Look, Queue, RunHistory, SettingsStore, SyncMessage};

use crate::partner::{Outcome, PartnerError};

/// The run to retry is among so many of the newest, previews and runs by hand between it and its night included.
const NEWEST: u32 = 50;

pub(crate) async fn look<S, Q>(
    store: &S,
    queue: &Q,
    look: Look,
    due: Due,
    at: Timestamp,
) -> Result<Outcome, PartnerError>
where
    S: DueStore + SettingsStore + RunHistory,
    Q: Queue,
{
    let Due { partner, next_run_at, .. } = due;
    let settings = store.find_settings(partner).await.map_err(PartnerError::Settings)?;
    let runs = store.list_runs(partner, NEWEST).await.map_err(PartnerError::Runs)?;
    let request = settings.and_then(|settings| match look {
        Look::Stopped => to_carry_on(&runs),
        Look::Undone => to_retry(&runs, &settings, next_run_at),
    });
    let found = request.is_some();
    if let Some(request) = request {
        queue.send(&SyncMessage { request, attempt: 0, turns: 0, first_sent_at: at }, 0).await?;
    }
    // The worker that takes the message up sets the next look.
    store.end_look(partner, look, next_run_at).await.map_err(PartnerError::Advance)?;
    Ok(if found { Outcome::Sent } else { Outcome::NothingToLookAt })
}

/// The open run: while it is worked on its look is put off, so its message was lost or ended among the dead letters.
fn to_carry_on(runs: &[Run]) -> Option<RunRequest> {
    runs.iter().find(|run| !run.state.is_over()).map(|run| run.request.clone())
}

/// The partner's newest scheduled run once more, for the same month, if it left something undone.
fn to_retry(runs: &[Run], settings: &Settings, look: Timestamp) -> Option<RunRequest> {
    let last = runs.iter().find(|run| run.request.kind == RunKind::Scheduled)?;
    match last.state {
        RunState::Partial | RunState::Failed(_) => {}
        RunState::Running | RunState::Succeeded | RunState::Cancelled { .. } | RunState::Superseded { .. } => {
            return None;
        }
    }
    Some(RunRequest {
        slot: local_day(settings, look).to_string(),
        scheduled_at: look,
        asked_by: None,
        retry_of: Some(last.request.retry_of.clone().unwrap_or_else(|| last.id.clone())),
        ..last.request.clone()
    })
}
