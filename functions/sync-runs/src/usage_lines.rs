//! The usage lines behind a pair: what Sophos sent, order by order.

pub(crate) mod csv;

use axum::extract::State;
use axum::response::Response;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use shared::domain::id::{CustomerId, PartnerId, ProductCode, RunId};
use shared::domain::usage::{LineQuantity, UsageLine};
use shared::http::{
    Caller, FieldError, IfNoneMatch, Language, List, Paging, Path, Problem, ProblemCode, Query, Read, Text, represent,
};
use shared::store::{ChunkKind, ChunkPage};
use shared::table::Table;
use utoipa::{IntoParams, ToSchema};

use crate::{Naming, Sender, Time, World};

/// More lines than one page of the table, which is one page here, ever has: a megabyte, and a line has a hundred bytes.
const MAX_PAGE: u16 = 10_500;
/// For how long what a run has read is kept.
const KEPT_H: i64 = 72;

/// Whose usage lines of a run.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct UsageLineFilter {
    /// Only those of this customer; those without a customer where it is left out.
    #[serde(default)]
    customer: Option<String>,
    /// Only those of this Sophos product.
    #[serde(default)]
    #[param(max_length = 200)]
    product: Option<String>,
    /// The `nextKey` of the page before, with the same filter.
    #[serde(default)]
    page_from_key: Option<String>,
}

/// A line of Sophos' usage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UsageLineRow {
    /// The customer's id; absent where the line names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<String>,
    /// The Sophos product's code; absent where the line names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<String>,
    /// What Sophos calls the product.
    description: String,
    /// User, Server or Device.
    group: String,
    /// The order number.
    order: String,
    /// The order's line.
    order_line: String,
    /// The account number or serial number.
    serial: String,
    /// The SKU.
    sku: String,
    /// The external id.
    external_id: String,
    /// The first day that it is for, as Sophos sent it.
    #[schema(example = "2026-11-01")]
    billing_start: String,
    /// The last day, as Sophos sent it.
    #[schema(example = "2026-11-30")]
    billing_end: String,
    /// Whether the two days can be read. A line whose days cannot be read is taken for one of all days.
    has_period: bool,
    /// Its units; absent where they cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    units: Option<u64>,
    /// The quantity in use, as Sophos sent it.
    actual: String,
    /// The whole order line's quantity, shared by its customers, as Sophos sent it.
    ordered: String,
    /// What stands where a quantity should be.
    #[serde(skip_serializing_if = "Option::is_none")]
    unreadable: Option<String>,
    /// Values that should have been a customer or a product and cannot be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    oddities: Vec<String>,
}

impl UsageLineRow {
    fn of(line: UsageLine, language: Language) -> Self {
        let has_period = line.period().is_some();
        let (units, unreadable) = match line.quantity {
            LineQuantity::Units(units) => (Some(units), None),
            LineQuantity::Unreadable(why) => (None, Some(language.unreadable(&why))),
        };
        Self {
            customer_id: line.pair.customer.map(|id| id.to_string()),
            product: line.pair.product.map(|code| code.to_string()),
            description: line.description,
            group: line.group,
            order: line.order,
            order_line: line.order_line,
            serial: line.serial,
            sku: line.sku,
            external_id: line.external_id,
            billing_start: line.billing_start,
            billing_end: line.billing_end,
            has_period,
            units,
            actual: line.actual,
            ordered: line.ordered,
            unreadable,
            oddities: line.oddities,
        }
    }
}

/// List a run's usage lines.
///
/// What a line of the run adds up from: orders and serial numbers as Sophos sent them, for one customer and, if named, one
/// product. They are kept for three days. A request looks through a part of the run's usage: a page may be empty though a next
/// one follows.
#[utoipa::path(
    get,
    path = "/v1/sync/runs/{runId}/usage-lines",
    operation_id = "listUsageLines",
    tag = "runs",
    security(("token" = ["psa/read"])),
    params(("runId" = String, Path, description = "The run.", example = "20261130T011200Z-now-0123abcd"), UsageLineFilter, IfNoneMatch),
    responses(
        (status = 200, description = "A page of usage lines.", body = List<UsageLineRow>),
        (status = 410, description = "They are no longer kept.", body = shared::http::ProblemBody,
            content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn list_usage_lines<T: Table, Q: Sender, C: Time, I: Naming>(
    State(world): State<World<T, Q, C, I>>,
    caller: Caller<Read>,
    Path(id): Path<RunId>,
    Query(filter): Query<UsageLineFilter>,
    if_none_match: IfNoneMatch,
) -> Result<Response, Problem> {
    let (paging, rows, next) =
        page(&world, caller.partner(), caller.language(), &id, "listUsageLines", &filter).await?;
    Ok(represent(&if_none_match, None, &paging.list(rows, next.as_deref())))
}

/// A page's lines, and where the next page starts.
async fn page<T: Table, Q, C: Time, I>(
    world: &World<T, Q, C, I>,
    partner: PartnerId,
    language: Language,
    id: &RunId,
    list: &str,
    filter: &UsageLineFilter,
) -> Result<(Paging, Vec<UsageLineRow>, Option<String>), Problem> {
    let store = &world.store;
    let refused = |name: &str, detail: Text| {
        Problem::new(ProblemCode::InvalidRequest).errors([FieldError::parameter(name, ProblemCode::Invalid, detail)])
    };
    let customer = filter.customer.as_deref().map(CustomerId::parse).transpose();
    let customer = customer.map_err(|error| refused("customer", error.into()))?;
    let product = filter.product.as_deref().map(ProductCode::parse).transpose();
    let product = product.map_err(|error| refused("product", error.into()))?;
    let key = filter.page_from_key.as_deref();
    let paging = Paging::read(partner, &format!("{list} {id}"), filter, Some(MAX_PAGE), key, MAX_PAGE)?;
    let not_found = || Problem::new(ProblemCode::NotFound);
    let run = store.find_run(partner, id).await?.ok_or_else(not_found)?;
    // An apply works on the usage of its preview.
    let source = match &run.request.preview {
        Some(preview) => store.find_run(partner, preview).await?.ok_or_else(not_found)?,
        None => run,
    };
    if world.clock.now().duration_since(source.opened_at) > SignedDuration::from_hours(KEPT_H) {
        return Err(Problem::new(ProblemCode::UsageLinesGone));
    }
    let bucket = source.bucket_of(customer);
    let after = paging.after_as(|text| ChunkPage::can_start_after(text).then_some(text))?;
    let page = store.list_chunk_page(partner, &source.id, ChunkKind::Usage, bucket, after).await?;
    let mut rows = Vec::new();
    for chunk in &page.chunks {
        let lines: Vec<UsageLine> = serde_json::from_str(chunk).map_err(|error| {
            tracing::error!(run = %source.id, %error, "usage lines that were kept cannot be read");
            Problem::new(ProblemCode::Internal)
        })?;
        let is_wanted =
            |line: &UsageLine| line.pair.customer == customer && (product.is_none() || line.pair.product == product);
        rows.extend(lines.into_iter().filter(is_wanted).map(|line| UsageLineRow::of(line, language)));
    }
    Ok((paging, rows, page.next))
}
