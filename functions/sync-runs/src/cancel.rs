//! Cancelling a run: it writes nothing more, and what it wrote stays.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use shared::cancel::{Cancelled, cancel};
use shared::domain::id::RunId;
use shared::domain::run::RunState;
use shared::http::{
    Caller, Done, IdempotencyKey, NoQuery, Once, Path, Problem, ProblemBody, ProblemCode, Write, answer,
};
use shared::table::Table;

use crate::start::NothingMore;
use crate::view::RunView;
use crate::{Naming, Sender, Time, World};

/// Cancel a run.
///
/// The run ends at once: it begins nothing more in ConnectWise. What it wrote by then stays and is in its lines; a write that
/// was on its way is found and settled by the next run.
#[utoipa::path(
    post,
    path = "/v1/sync/runs/{runId}/cancel",
    operation_id = "cancelRun",
    tag = "runs",
    security(("token" = ["psa/write"])),
    params(("runId" = String, Path, description = "The run.", example = "20261130T011200Z-now-0123abcd"), IdempotencyKey),
    request_body(content = NothingMore, description = "`{}`"),
    responses(
        (status = 200, description = "The run as it ended.", body = RunView),
        (status = 409, description = "It was over already: present is how it ended.",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn cancel_run<T: Table, Q: Sender, C: Time, I: Naming>(
    State(world): State<World<T, Q, C, I>>,
    caller: Caller<Write>,
    Path(id): Path<RunId>,
    _: NoQuery,
    once: Once<NothingMore>,
) -> Result<Response, Problem> {
    let (world, partner, name, language) = (&world, caller.partner(), caller.name().to_owned(), caller.language());
    let act = |_: NothingMore, _| async move {
        let (owner, now) = (world.ids.unique(), world.clock.now());
        match cancel(&world.store, &owner, now, partner, &id, name.clone()).await? {
            // The same person's cancel, whose answer was lost.
            Cancelled::Before(run) if run.state == (RunState::Cancelled { by: name }) => {
                Ok(Done::Unkept(answer(StatusCode::OK, &RunView::of(&run, language))?))
            }
            Cancelled::Now(run) => {
                tracing::info!(%partner, run = %id, "a person cancelled the run");
                Ok(Done::Unkept(answer(StatusCode::OK, &RunView::of(&run, language))?))
            }
            Cancelled::Before(run) => Err(Problem::new(ProblemCode::RunOver).present(&RunView::of(&run, language))),
            Cancelled::Unknown => Err(Problem::new(ProblemCode::NotFound)),
        }
    };
    once.run(&world.store, &world.clock, &world.ids, partner, act).await
}
