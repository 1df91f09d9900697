//! One partner that is due: its run to the queue, itself to its next time.

use jiff::{SignedDuration, Timestamp};
use shared::domain::run::{RunKind, RunRequest, RunScope};
use shared::domain::schedule::{next_run_after, occasion};
use shared::domain::settings::Settings;
use shared::error::{QueueError, StoreError};
use shared::ports::{Queue, SyncMessage};
use shared::store::{Due, Store};
use shared::table::Table;

/// A partner without settings is looked at again after this long: saving settings sets its time anyhow.
const WITHOUT_SETTINGS: SignedDuration = SignedDuration::from_hours(24);

/// What became of a partner that was due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Its run was asked for; it is due again later.
    Sent,
    /// Its run was asked for, and somebody else moved it on meanwhile.
    SentAndMoved,
    /// It has no settings and was moved on.
    WithoutSettings,
    /// Its runs were looked at, and none is to be carried on or retried.
    NothingToLookAt,
    /// The delivery of its alerts was asked for.
    AlertsAsked,
}

/// Why a partner keeps its due time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PartnerError {
    /// Its settings could not be read: no run was asked for.
    #[error("no run was asked for, its settings could not be read: {0}")]
    Settings(StoreError),
    /// Its newest runs could not be read: nothing was carried on or retried.
    #[error("its runs could not be looked at: {0}")]
    Runs(StoreError),
    /// The queue failed: its run may or may not have been asked for.
    #[error("its run may not have been asked for: {0}")]
    Send(#[from] QueueError),
    /// The queue of alerts failed: their delivery may or may not have been asked for.
    #[error("the delivery of its alerts may not have been asked for: {0}")]
    Alerts(QueueError),
    /// Its run was asked for, but the partner is still due; the next tick asks for the same run.
    #[error("it could not be moved on to its next time: {0}")]
    Advance(StoreError),
}

pub(crate) async fn run_due<T, Q>(store: &Store<T>, queue: &Q, due: Due, at: Timestamp) -> Result<Outcome, PartnerError>
where
    T: Table,
    Q: Queue,
{
    let Due { partner, next_run_at, .. } = due;
    let move_on = async |to| store.advance_due(partner, next_run_at, to).await.map_err(PartnerError::Advance);
    let Some(settings) = store.find_settings(partner).await.map_err(PartnerError::Settings)? else {
        move_on(at.saturating_add(WITHOUT_SETTINGS).unwrap_or(at)).await?;
        return Ok(Outcome::WithoutSettings);
    };
    queue.send(&message(&settings, due, at), 0).await?;
    // From the tick's time where that is later: the occasions missed meanwhile are not made up one by one.
    let next = next_run_after(&settings, partner, next_run_at.max(at));
    Ok(if move_on(next).await? { Outcome::Sent } else { Outcome::SentAndMoved })
}

fn message(settings: &Settings, due: Due, at: Timestamp) -> SyncMessage {
    let occasion = occasion(settings, due.next_run_at);
    SyncMessage {
        request: RunRequest {
            partner: due.partner,
            kind: RunKind::Scheduled,
            month: occasion.month,
            slot: occasion.slot,
            scheduled_at: occasion.scheduled_at,
            preview: None,
            retry_of: None,
            scope: RunScope::default(),
            asked_by: None,
        },
        attempt: 0,
        turns: 0,
        first_sent_at: at,
    }
}
