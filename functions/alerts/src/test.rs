//! A test alert: whether what is saved arrives.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use shared::domain::alert::{Alert, AlertAbout, AlertId};
use shared::http::{Admin, Caller, Done, IdempotencyKey, NoQuery, Once, Problem, ProblemBody, ProblemCode, answer};
use shared::ports::{AlertMessage, Answer, Look};
use utoipa::ToSchema;

use crate::list::AlertRow;
use crate::{Naming, Sealer, Sender, Store, Time, World};

/// Nothing to say: `{}`.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoChoices {}

/// Test alerts.
///
/// Sends a test alert to the webhook and to every mail address, the way that all alerts go. What became of it is in the
/// list of alerts, a few seconds later.
#[utoipa::path(
    post,
    path = "/v1/alerts/test",
    operation_id = "testAlerts",
    tag = "alerts",
    security(("token" = ["psa/admin"])),
    params(IdempotencyKey),
    request_body(content = NoChoices, description = "`{}`"),
    responses(
        (status = 202, description = "It is on its way.", body = AlertRow),
        (status = 409, description = "Neither a webhook nor a mail address is saved.", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn test_alerts<S: Store, Q: Sender, K: Sealer, C: Time, I: Naming>(
    State(world): State<World<S, Q, K, C, I>>,
    caller: Caller<Admin>,
    _: NoQuery,
    once: Once<NoChoices>,
) -> Result<Response, Problem> {
    let (world, partner, by) = (&world, caller.partner(), caller.name().to_owned());
    let act = |_: NoChoices, _| async move {
        let saved = world.store.find_alert_settings(partner).await?.value.unwrap_or_default();
        if saved.settings.channels().is_empty() {
            return Err(Problem::new(ProblemCode::NoAlertChannel));
        }
        let now = world.clock.now();
        let id = AlertId::parse(&format!("test-{}", world.ids.unique())).map_err(|error| {
            tracing::error!(%error, "an id cannot be an alert's");
            Problem::new(ProblemCode::Internal)
        })?;
        let alert = Alert::new(id, now, AlertAbout::Test { by });
        world.store.raise_alert(partner, &alert).await?;
        // Without it the next tick would ask for the delivery.
        world.queue.send_alert(&AlertMessage { partner, look: Look::Alerts, look_at: now }).await?;
        Ok(Done::Unkept(accepted(&AlertRow::of(&alert))?))
    };
    once.run(&world.store, (&world.clock, &world.ids), partner, act).await
}

fn accepted(row: &AlertRow) -> Result<Answer, Problem> {
    Ok(answer(StatusCode::ACCEPTED, row)?)
}
