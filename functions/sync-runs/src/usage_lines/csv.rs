//! A run's usage lines as a sheet.

use axum::extract::State;
use axum::response::Response;
use shared::domain::id::RunId;
use shared::http::{Caller, Path, Problem, Query, Read, csv_page};
use shared::table::Table;

use super::{UsageLineFilter, UsageLineRow, page};
use crate::{Naming, Sender, Time, World};

const COLUMNS: [&str; 16] = [
    "customerId",
    "product",
    "description",
    "group",
    "sku",
    "order",
    "orderLine",
    "serial",
    "externalId",
    "billingStart",
    "billingEnd",
    "units",
    "actual",
    "ordered",
    "unreadable",
    "oddities",
];

/// Download a run's usage lines as CSV.
///
/// A page of the list, with the same filters. The first page names the columns; the header `x-next-page-key` has the
/// `pageFromKey` of the next one, and all pages one after another are one file. Cells that a sheet would run begin with an
/// apostrophe.
#[utoipa::path(
    get,
    path = "/v1/sync/runs/{runId}/usage-lines.csv",
    operation_id = "exportUsageLines",
    tag = "runs",
    security(("token" = ["psa/read"])),
    params(("runId" = String, Path, description = "The run.", example = "20261130T011200Z-now-0123abcd"), UsageLineFilter),
    responses(
        (
            status = 200,
            description = "A page of usage lines.",
            content_type = "text/csv",
            body = String,
            headers(("x-next-page-key" = String, description = "The `pageFromKey` of the next page; absent on the last.")),
        ),
        (status = 410, description = "They are no longer kept.", body = shared::http::ProblemBody,
            content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn export_usage_lines<T: Table, Q: Sender, C: Time, I: Naming>(
    State(world): State<World<T, Q, C, I>>,
    caller: Caller<Read>,
    Path(id): Path<RunId>,
    Query(filter): Query<UsageLineFilter>,
) -> Result<Response, Problem> {
    let (paging, rows, next) =
        page(&world, caller.partner(), caller.language(), &id, "exportUsageLines", &filter).await?;
    let header = paging.after().is_none().then_some(COLUMNS.as_slice());
    let pages = paging.list(Vec::<UsageLineRow>::new(), next.as_deref()).pages;
    csv_page(header, rows.into_iter().map(cells), pages.next_key())
}

/// A line as the cells of [`COLUMNS`].
fn cells(row: UsageLineRow) -> Vec<String> {
    vec![
        row.customer_id.unwrap_or_default(),
        row.product.unwrap_or_default(),
        row.description,
        row.group,
        row.sku,
        row.order,
        row.order_line,
        row.serial,
        row.external_id,
        row.billing_start,
        row.billing_end,
        row.units.map(|units| units.to_string()).unwrap_or_default(),
        row.actual,
        row.ordered,
        row.unreadable.unwrap_or_default(),
        row.oddities.join("; "),
    ]
}
