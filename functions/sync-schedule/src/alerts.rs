//! One partner whose alerts are to be seen to: handed to `alert-delivery`, which may be kept waiting as long as a tick may not.

use jiff::{SignedDuration, Timestamp};
use shared::domain::follow_up::FollowUp;
use shared::ports::{AlertMessage, AlertQueue};
use shared::store::{Due, Store};
use shared::table::Table;

use crate::partner::{Outcome, PartnerError};

/// The look is set so much later: by then the delivery has set it as it must be, or died and is asked for again.
const UNTIL_ASKED_AGAIN: SignedDuration = SignedDuration::from_mins(15);

pub(crate) async fn ask<T: Table, A: AlertQueue>(
    store: &Store<T>,
    alerts: &A,
    follow_up: FollowUp,
    due: Due,
    at: Timestamp,
) -> Result<Outcome, PartnerError> {
    let Due { partner, next_run_at, .. } = due;
    let due_at = at.saturating_add(UNTIL_ASKED_AGAIN).unwrap_or(at);
    alerts.send_alert(&AlertMessage { partner, follow_up, due_at }).await.map_err(PartnerError::Alerts)?;
    store.move_follow_up(partner, follow_up, next_run_at, due_at).await.map_err(PartnerError::Advance)?;
    Ok(Outcome::AlertsAsked)
}
