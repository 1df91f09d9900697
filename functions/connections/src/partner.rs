//! Offboarding: a partner leaves, and nothing of it stays.

use axum::Json as Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use shared::http::{Admin, Caller, NoQuery, Problem, ProblemCode};
use shared::store::Removal;
use shared::table::Table;
use utoipa::ToSchema;

use crate::{Sealer, Time, World};

/// How many steps one request makes: each takes some seconds at most, and the gateway waits for half a minute.
const STEPS_A_REQUEST: usize = 4;

/// A removal that is not over yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RemovalUnderWay {
    /// False: ask again until the answer is 204.
    done: bool,
}

/// Remove the partner.
///
/// Removes everything that is stored of it: credentials, settings, mappings, runs, their ledger and the audit; and gives
/// its ConnectWise database up. Nothing is changed in ConnectWise. One request removes a part; the same request again goes
/// on. Refused while a run is open.
#[utoipa::path(
    delete,
    path = "/v1/partner",
    operation_id = "removePartner",
    tag = "connections",
    security(("token" = ["psa/admin"])),
    responses(
        (status = 202, description = "A part is removed: ask again.", body = RemovalUnderWay),
        (status = 204, description = "Nothing is left."),
        (status = 409, description = "A run is open.", body = shared::http::ProblemBody,
            content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn remove_partner<T: Table, K: Sealer, C: Time>(
    State(world): State<World<T, K, C>>,
    caller: Caller<Admin>,
    _: NoQuery,
) -> Result<Response, Problem> {
    let partner = caller.partner();
    for _ in 0..STEPS_A_REQUEST {
        let now = world.clock.now();
        match world.store.remove_partner(partner, now).await? {
            Removal::More => {}
            Removal::Done => {
                // The audit went with the partner: the log is where this is found.
                tracing::info!(%partner, "the partner was removed");
                return Ok(StatusCode::NO_CONTENT.into_response());
            }
            Removal::RunOpen(run) => {
                return Err(Problem::new(ProblemCode::RunOpen).detail(format!("Run {run} is open.")));
            }
            Removal::Leased { until } => {
                let wait_s = until.as_second().saturating_sub(now.as_second()).max(1);
                let problem = Problem::new(ProblemCode::RunOpen).detail("A run has only just ended.");
                return Err(problem.retry_after_s(u64::try_from(wait_s).unwrap_or(1)));
            }
        }
    }
    Ok((StatusCode::ACCEPTED, [(RETRY_AFTER, "1")], Body(RemovalUnderWay { done: false })).into_response())
}
