//! Offboarding: a partner leaves, and nothing of it stays but that it left.

use axum::Json as Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use shared::domain::id::PartnerId;
use shared::http::{Admin, Caller, FieldError, Problem, ProblemCode, Query, Text};
use shared::store::Removal;
use shared::table::Table;
use utoipa::{IntoParams, ToSchema};

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

/// That it is meant.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Confirmation {
    /// The id of the partner that is removed, which is the caller's own: nothing is removed by a request that was meant for
    /// another one.
    #[param(required = true, example = "718b6047-2fbc-4f4b-a143-45ee42bf5d3b")]
    confirm: Option<String>,
}

/// Remove the partner.
///
/// Removes everything that is stored of it: credentials, settings, mappings, runs, their ledger and the audit; and gives
/// its ConnectWise database up. Nothing is changed in ConnectWise. One request removes a part; the same request again goes
/// on. Refused while a run is open. What stays is when it was removed and who asked for it; a partner that connects
/// again starts from nothing, and reads that in its list of edits.
#[utoipa::path(
    delete,
    path = "/v1/partner",
    operation_id = "removePartner",
    tag = "connections",
    security(("token" = ["psa/admin"])),
    params(Confirmation),
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
    Query(Confirmation { confirm }): Query<Confirmation>,
) -> Result<Response, Problem> {
    let partner = caller.partner();
    check(partner, confirm.as_deref())?;
    for _ in 0..STEPS_A_REQUEST {
        let now = world.clock.now();
        match world.store.remove_partner(partner, now).await? {
            Removal::More => {}
            Removal::Done => {
                // Its own audit went with the partner.
                world.store.put_tombstone(partner, &world.author(&caller)).await?;
                tracing::info!(%partner, "the partner was removed");
                return Ok(StatusCode::NO_CONTENT.into_response());
            }
            Removal::RunOpen(run) => {
                return Err(Problem::new(ProblemCode::RunOpen)
                    .detail(Text::new(format!("Run {run} is open."), format!("La sincronizzazione {run} è aperta."))));
            }
            Removal::Leased { until } => {
                let wait_s = until.as_second().saturating_sub(now.as_second()).max(1);
                let problem = Problem::new(ProblemCode::RunOpen)
                    .detail(Text::new("A run has only just ended.", "Una sincronizzazione è appena terminata."));
                return Err(problem.retry_after_s(u64::try_from(wait_s).unwrap_or(1)));
            }
        }
    }
    Ok((StatusCode::ACCEPTED, [(RETRY_AFTER, "1")], Body(RemovalUnderWay { done: false })).into_response())
}

/// Lets a removal through that names the partner.
fn check(partner: PartnerId, confirm: Option<&str>) -> Result<(), Problem> {
    let (code, detail) = match confirm {
        Some(id) if id.eq_ignore_ascii_case(&partner.to_string()) => return Ok(()),
        Some(_) => {
            (ProblemCode::Invalid, Text::new("It is not the id of your partner.", "Non è l'id del proprio partner."))
        }
        None => (
            ProblemCode::Missing,
            Text::new("Repeat the id of the partner that is to be removed.", "Ripetere l'id del partner da rimuovere."),
        ),
    };
    Err(Problem::new(ProblemCode::InvalidRequest).errors([FieldError::parameter("confirm", code, detail)]))
}
