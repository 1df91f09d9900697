//! The list of runs, and one run with its tie-out.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use shared::domain::id::RunId;
use shared::http::{Caller, IfNoneMatch, List, NoQuery, Paging, Path, Problem, ProblemCode, Query, Read, represent};
use shared::table::Table;
use utoipa::IntoParams;

use crate::detail::RunDetail;
use crate::view::RunView;
use crate::{Naming, Sender, Time, World};

/// The most runs of a page: a stored one has its whole tie-out with it.
const MAX_PAGE: u16 = 25;

/// Which page of runs.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct RunPage {
    /// How many runs a page has, 1 to 25; 25 by default.
    #[serde(default)]
    #[param(minimum = 1, maximum = 25)]
    page_size: Option<u16>,
    /// The `nextKey` of the page before.
    #[serde(default)]
    page_from_key: Option<String>,
}

/// List runs.
///
/// Newest first. Runs and their lines are kept for 400 days.
#[utoipa::path(
    get,
    path = "/v1/sync/runs",
    operation_id = "listRuns",
    tag = "runs",
    security(("token" = ["psa/read"])),
    params(RunPage, IfNoneMatch),
    responses((status = 200, description = "A page of runs.", body = List<RunView>)),
)]
pub(crate) async fn list_runs<T: Table, Q: Sender, C: Time, I: Naming>(
    State(world): State<World<T, Q, C, I>>,
    caller: Caller<Read>,
    Query(asked): Query<RunPage>,
    if_none_match: IfNoneMatch,
) -> Result<Response, Problem> {
    let paging =
        Paging::read(caller.partner(), "listRuns", &asked, asked.page_size, asked.page_from_key.as_deref(), MAX_PAGE)?;
    let before = paging.after().map(RunId::parse).transpose();
    let before = before.map_err(|_| Problem::new(ProblemCode::InvalidPageKey))?;
    // One more than the page has tells whether another follows.
    let size = usize::from(paging.size());
    let limit = u32::from(paging.size()) + 1;
    let runs = world.store.list_runs_before(caller.partner(), before.as_ref(), limit).await?;
    let next = runs.get(size.saturating_sub(1)).filter(|_| runs.len() > size).map(|run| run.id.to_string());
    let views: Vec<RunView> = runs.iter().take(size).map(|run| RunView::of(run, caller.language())).collect();
    Ok(represent(&if_none_match, None, &paging.list(views, next.as_deref())))
}

/// Show a run.
///
/// Its progress, its counts, what it changes in units and money, and the tie-out by Sophos product. Made to be asked for again
/// and again while the run is under way: with `If-None-Match` what has not moved is a 304.
#[utoipa::path(
    get,
    path = "/v1/sync/runs/{runId}",
    operation_id = "getRun",
    tag = "runs",
    security(("token" = ["psa/read"])),
    params(("runId" = String, Path, description = "The run.", example = "20261130T011200Z-now-0123abcd"), IfNoneMatch),
    responses((status = 200, description = "The run.", body = RunDetail)),
)]
pub(crate) async fn get_run<T: Table, Q: Sender, C: Time, I: Naming>(
    State(world): State<World<T, Q, C, I>>,
    caller: Caller<Read>,
    Path(id): Path<RunId>,
    _: NoQuery,
    if_none_match: IfNoneMatch,
) -> Result<Response, Problem> {
    let run = world.store.find_run(caller.partner(), &id).await?;
    let run = run.ok_or_else(|| Problem::new(ProblemCode::NotFound))?;
    Ok(represent(&if_none_match, None, &RunDetail::of(&run, caller.language())))
}
