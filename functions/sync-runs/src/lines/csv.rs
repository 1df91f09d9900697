//! A run's lines as a sheet.

use axum::extract::State;
use axum::response::Response;
use shared::domain::id::RunId;
use shared::http::{Caller, Path, Problem, Query, Read, csv_page};
use shared::table::Table;

use super::row::{BilledShown, RunLine};
use super::{LineFilter, page};
use crate::change::QuantityChange;
use crate::{Naming, Sender, Time, World};

const COLUMNS: [&str; 37] = [
    "customerId",
    "customer",
    "companyId",
    "company",
    "agreementId",
    "agreement",
    "agreementType",
    "billingCycle",
    "currency",
    "nextInvoice",
    "landsOn",
    "product",
    "description",
    "units",
    "usageLines",
    "outcome",
    "reason",
    "what",
    "advice",
    "psaProductId",
    "psaIdentifier",
    "psaDescription",
    "additionId",
    "quantity",
    "unitPrice",
    "sharedWith",
    "does",
    "from",
    "to",
    "changeUnits",
    "changeAmount",
    "waitingUnits",
    "waitingAmount",
    "suspended",
    "used",
    "overridden",
    "overrideEnded",
];

/// Download a run's lines as CSV.
///
/// A page of the list, with the same filters. The first page names the columns; the header `x-next-page-key` has the
/// `pageFromKey` of the next one, and all pages behind one another are one file. Cells that a sheet would run begin with an
/// apostrophe.
#[utoipa::path(
    get,
    path = "/v1/sync/runs/{runId}/lines.csv",
    operation_id = "exportRunLines",
    tag = "runs",
    security(("token" = ["psa/read"])),
    params(("runId" = String, Path, description = "The run.", example = "20261130T011200Z-now-0123abcd"), LineFilter),
    responses((
        status = 200,
        description = "A page of lines.",
        content_type = "text/csv",
        body = String,
        headers(("x-next-page-key" = String, description = "The `pageFromKey` of the next page; absent on the last.")),
    )),
)]
pub(crate) async fn export_lines<T: Table, Q: Sender, C: Time, I: Naming>(
    State(world): State<World<T, Q, C, I>>,
    caller: Caller<Read>,
    Path(run): Path<RunId>,
    Query(filter): Query<LineFilter>,
) -> Result<Response, Problem> {
    let (paging, lines, next) =
        page(&world, caller.partner(), caller.language(), &run, "exportRunLines", &filter).await?;
    let header = paging.after().is_none().then_some(COLUMNS.as_slice());
    let pages = paging.list(Vec::<RunLine>::new(), next.as_deref()).pages;
    csv_page(header, lines.into_iter().map(cells), pages.next_key())
}

/// A line as the cells of [`COLUMNS`].
fn cells(line: RunLine) -> Vec<String> {
    let number = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
    let text = Option::<String>::unwrap_or_default;
    let outcome = line.outcome.word().to_owned();
    let billed = line.billed;
    let of_billed = |cell: fn(&BilledShown) -> String| billed.as_ref().map(cell).unwrap_or_default();
    let of_change = |cell: fn(&QuantityChange) -> String| {
        billed.as_ref().and_then(|billed| billed.change.as_ref()).map(cell).unwrap_or_default()
    };
    let of_waiting = |cell: fn(&QuantityChange) -> String| {
        billed.as_ref().and_then(|billed| billed.waiting.as_ref()).map(cell).unwrap_or_default()
    };
    let amount = |change: &QuantityChange| change.amount.clone().unwrap_or_default();
    vec![
        text(line.customer_id),
        line.customer,
        number(line.company_id),
        text(line.company),
        number(line.agreement_id),
        text(line.agreement),
        text(line.agreement_facts.agreement_type),
        text(line.agreement_facts.billing_cycle),
        text(line.agreement_facts.currency),
        text(line.next_invoice),
        text(line.lands_on),
        text(line.product),
        text(line.description),
        line.units.to_string(),
        line.usage_lines.to_string(),
        outcome,
        text(line.reason),
        text(line.what),
        text(line.advice),
        number(billed.as_ref().map(|billed| billed.psa_product_id)),
        of_billed(|billed| billed.psa_product.as_ref().map(|psa| psa.identifier.clone()).unwrap_or_default()),
        of_billed(|billed| billed.psa_product.as_ref().map(|psa| psa.description.clone()).unwrap_or_default()),
        number(billed.as_ref().and_then(|billed| billed.addition_id)),
        of_billed(|billed| billed.quantity.clone()),
        of_billed(|billed| billed.unit_price.clone().unwrap_or_default()),
        of_billed(|billed| billed.shared_with.clone().unwrap_or_default()),
        of_change(|change| change.does.to_owned()),
        of_change(|change| change.from.clone()),
        of_change(|change| change.to.clone()),
        of_change(|change| change.units.clone()),
        of_change(amount),
        of_waiting(|change| change.units.clone()),
        of_waiting(amount),
        if line.suspended { "yes" } else { "no" }.to_owned(),
        of_billed(|billed| billed.overridden.as_ref().and_then(|found| found.used.clone()).unwrap_or_default()),
        of_billed(|billed| billed.overridden.as_ref().map(|found| found.what.clone()).unwrap_or_default()),
        of_billed(|billed| billed.override_ended.clone().unwrap_or_default()),
    ]
}
