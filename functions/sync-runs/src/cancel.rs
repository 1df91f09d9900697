//! Cancelling a run: it writes nothing more, and what it wrote stays.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::SignedDuration;
use shared::domain::id::{PartnerId, RunId};
use shared::domain::run::{Run, RunState, Stage};
use shared::http::{
    Caller, Done, IdempotencyKey, NoQuery, Once, Path, Problem, ProblemBody, ProblemCode, Write, answer,
};
use shared::ports::Change;

use crate::start::NothingMore;
use crate::view::RunView;
use crate::{Naming, Sender, Store, Time, World};

/// For how long a person keeps workers away while a run is ended, in seconds.
const HELD_S: u32 = 60;

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
pub(crate) async fn cancel_run<S: Store, Q: Sender, C: Time, I: Naming>(
    State(world): State<World<S, Q, C, I>>,
    caller: Caller<Write>,
    Path(id): Path<RunId>,
    _: NoQuery,
    once: Once<NothingMore>,
) -> Result<Response, Problem> {
    let (world, partner, name) = (&world, caller.partner(), caller.name().to_owned());
    let act = |_: NothingMore, _| async move {
        let run = cancel(world, partner, &id, name).await?;
        Ok(Done::Unkept(answer(StatusCode::OK, &RunView::of(&run))?))
    };
    once.run(&world.store, (&world.clock, &world.ids), partner, act).await
}

async fn cancel<S: Store, Q, C: Time, I: Naming>(
    world: &World<S, Q, C, I>,
    partner: PartnerId,
    id: &RunId,
    by: String,
) -> Result<Run, Problem> {
    let (store, now) = (&world.store, world.clock.now());
    let find = async || store.find_run(partner, id).await?.ok_or_else(|| Problem::new(ProblemCode::NotFound));
    let over = |run: &Run| Problem::new(ProblemCode::RunOver).present(&RunView::of(run));
    let run = find().await?;
    if run.state.is_over() {
        return Err(over(&run));
    }
    // From here on no worker writes to the table, and so none begins anything in ConnectWise.
    let lease = store.seize_lease(partner, &world.ids.unique(), now, HELD_S).await?;
    let run = find().await?;
    if run.state.is_over() {
        store.release_lease(&lease).await?;
        return Err(over(&run));
    }
    let cancelled = Run { stage: Stage::Ended, state: RunState::Cancelled { by }, ended_at: Some(now), ..run };
    let until = now.saturating_add(SignedDuration::from_secs(i64::from(HELD_S))).unwrap_or(now);
    let lease = store.commit(&lease, until, vec![Change::PutRun(Box::new(cancelled.clone()))]).await?;
    store.release_lease(&lease).await?;
    tracing::info!(%partner, run = %id, "a person cancelled the run");
    Ok(cancelled)
}
