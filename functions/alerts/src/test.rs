//! A test alert: whether what is saved arrives.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use shared::domain::alert::{Alert, AlertAbout, AlertId};
use shared::domain::follow_up::FollowUp;
use shared::http::{
    Admin, Caller, Done, IdempotencyKey, NoQuery, Once, Problem, ProblemBody, ProblemCode, answer, count,
};
use shared::ports::AlertMessage;
use shared::store::{Attempt, Limited};
use shared::table::Table;
use utoipa::ToSchema;

use crate::list::AlertRow;
use crate::{Naming, Sealer, Sender, Time, World};

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
        (status = 429, description = "Five tests were sent within the hour.", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn test_alerts<T: Table, Q: Sender, K: Sealer, C: Time, I: Naming>(
    State(world): State<World<T, Q, K, C, I>>,
    caller: Caller<Admin>,
    _: NoQuery,
    once: Once<NoChoices>,
) -> Result<Response, Problem> {
    let (world, partner, by) = (&world, caller.partner(), caller.name().to_owned());
    let act = |_: NoChoices, attempt: Attempt| async move {
        let saved = world.store.find_alert_settings(partner).await?.value.unwrap_or_default();
        if saved.settings.channels().is_empty() {
            return Err(Problem::new(ProblemCode::NoAlertChannel));
        }
        let now = world.clock.now();
        // The mail addresses may be those of others.
        count(&world.store, partner, Limited::TestAlerts, now).await?;
        // By the key: an attempt that is made again raises the same one.
        let name = attempt.key.get(..32).unwrap_or(&attempt.key);
        let id = AlertId::parse(&format!("test-{name}")).map_err(|error| {
            tracing::error!(%error, "an id cannot be an alert's");
            Problem::new(ProblemCode::Internal)
        })?;
        let alert = Alert::new(id, now, AlertAbout::Test { by });
        world.store.raise_alert(partner, &alert).await?;
        let message = AlertMessage { partner, follow_up: FollowUp::DeliverAlerts, due_at: now };
        if let Err(error) = world.queue.send_alert(&message).await {
            tracing::warn!(%partner, %error, "a test alert waits for the next tick");
        }
        Ok(Done::Unkept(answer(StatusCode::ACCEPTED, &AlertRow::of(&alert))?))
    };
    once.run(&world.store, &world.clock, &world.ids, partner, act).await
}
