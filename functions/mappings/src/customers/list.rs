//! The list of customers, one customer, and the list as CSV.

use axum::extract::State;
use axum::response::Response;
use shared::domain::id::{CustomerId, PartnerId};
use shared::http::{
    Caller, IfNoneMatch, Language, List, NoQuery, Paging, Path, Problem, ProblemCode, Query, Read, csv_page, represent,
};
use shared::ports::{Clock, Ids};
use shared::store::Store;
use shared::table::Table;

use super::read::{self, window};
use super::row::CustomerRow;
use super::search::CustomerFilter;
use crate::{Link, World};

/// The most rows of a page: a row has some 600 bytes.
const MAX_PAGE: u16 = 500;
/// How many customers a request looks at for those that pass a filter.
const LOOKED_AT: u32 = 500;
/// The columns of the CSV; those of [`super::import::COLUMNS`] are read back, the others are for people.
const COLUMNS: [&str; 12] = [
    "customerId",
    "name",
    "syncAvailable",
    "companyId",
    "companyName",
    "agreementId",
    "agreementName",
    "sync",
    "version",
    "lastSync",
    "failure",
    "advice",
];

/// List customer mappings.
///
/// Every customer that Sophos lists or that is mapped, by its id. A request looks at no more than 500 customers: a page of a
/// filtered list may be short or empty though a next one follows.
#[utoipa::path(
    get,
    path = "/v1/customer-mappings",
    operation_id = "listCustomerMappings",
    tag = "customer mappings",
    security(("token" = ["psa/read"])),
    params(CustomerFilter, IfNoneMatch),
    responses((status = 200, description = "A page of customer mappings.", body = List<CustomerRow>)),
)]
pub(crate) async fn list_customer_mappings<T: Table, N: Link, C: Clock + Clone + 'static, I: Ids + Clone + 'static>(
    State(world): State<World<T, N, C, I>>,
    caller: Caller<Read>,
    Query(filter): Query<CustomerFilter>,
    if_none_match: IfNoneMatch,
) -> Result<Response, Problem> {
    let (paging, rows, next) =
        page(&world.store, caller.partner(), caller.language(), "listCustomerMappings", &filter).await?;
    Ok(represent(&if_none_match, None, &paging.list(rows, next.as_deref())))
}

/// Show a customer's mapping.
#[utoipa::path(
    get,
    path = "/v1/customer-mappings/{customerId}",
    operation_id = "getCustomerMapping",
    tag = "customer mappings",
    security(("token" = ["psa/read"])),
    params(("customerId" = String, Path, description = "Sophos' id of the customer."), IfNoneMatch),
    responses((status = 200, description = "The customer.", body = CustomerRow)),
)]
pub(crate) async fn get_customer_mapping<T: Table, N: Link, C: Clock + Clone + 'static, I: Ids + Clone + 'static>(
    State(world): State<World<T, N, C, I>>,
    caller: Caller<Read>,
    Path(id): Path<CustomerId>,
    _: NoQuery,
    if_none_match: IfNoneMatch,
) -> Result<Response, Problem> {
    let mut found = read::each(&world.store, caller.partner(), [id]).await?;
    let read = found.remove(&id).ok_or_else(|| Problem::new(ProblemCode::NotFound))?;
    let stamp = world.store.list_customer_statuses(caller.partner(), &[id]).await?.remove(&id);
    let row = CustomerRow::of(id, read.customer.as_ref(), read.mapped.as_ref(), stamp, caller.language());
    Ok(represent(&if_none_match, Some(row.version), &row))
}

/// Download customer mappings as CSV.
///
/// A page of the list, with the same filters. The first page names the columns; the header `x-next-page-key` has the
/// `pageFromKey` of the next one, and all pages behind one another are one file. Cells that a sheet would run begin with an
/// apostrophe. The file can be changed and imported.
#[utoipa::path(
    get,
    path = "/v1/customer-mappings.csv",
    operation_id = "exportCustomerMappings",
    tag = "customer mappings",
    security(("token" = ["psa/read"])),
    params(CustomerFilter),
    responses((
        status = 200,
        description = "A page of customer mappings.",
        content_type = "text/csv",
        body = String,
        headers(("x-next-page-key" = String, description = "The `pageFromKey` of the next page; absent on the last.")),
    )),
)]
pub(crate) async fn export_customer_mappings<
    T: Table,
    N: Link,
    C: Clock + Clone + 'static,
    I: Ids + Clone + 'static,
>(
    State(world): State<World<T, N, C, I>>,
    caller: Caller<Read>,
    Query(filter): Query<CustomerFilter>,
) -> Result<Response, Problem> {
    let (paging, rows, next) =
        page(&world.store, caller.partner(), caller.language(), "exportCustomerMappings", &filter).await?;
    let header = paging.after().is_none().then_some(COLUMNS.as_slice());
    let key = paging.list(Vec::<CustomerRow>::new(), next.as_deref()).pages;
    csv_page(header, rows.into_iter().map(cells), key.next_key())
}

/// A row as the cells of [`COLUMNS`].
fn cells(row: CustomerRow) -> Vec<String> {
    let (target, last) = (row.mapping, row.last_sync);
    let of_target = |cell: fn(super::row::CustomerTarget) -> String| target.clone().map(cell).unwrap_or_default();
    let failure = last.as_ref().and_then(|last| last.failure.clone());
    let (what, advice) = failure.map(|failure| (failure.what, failure.advice)).unwrap_or_default();
    let outcome = last.map(|last| if last.succeeded { "succeeded" } else { "failed" });
    vec![
        row.customer_id.to_string(),
        row.name.unwrap_or_default(),
        if row.sync_available { "yes" } else { "no" }.to_owned(),
        of_target(|target| target.company_id.to_string()),
        of_target(|target| target.company_name.unwrap_or_default()),
        of_target(|target| target.agreement_id.to_string()),
        of_target(|target| target.agreement_name.unwrap_or_default()),
        of_target(|target| if target.sync { "on" } else { "off" }.to_owned()),
        row.version.to_string(),
        outcome.unwrap_or_default().to_owned(),
        what,
        advice,
    ]
}

/// A page's rows, and the position of the next page.
async fn page(
    store: &Store<impl Table>,
    partner: PartnerId,
    language: Language,
    list: &str,
    filter: &CustomerFilter,
) -> Result<(Paging, Vec<CustomerRow>, Option<String>), Problem> {
    let sieve = filter.sieve()?;
    let paging = Paging::read(partner, list, filter, filter.page_size, filter.page_from_key.as_deref(), MAX_PAGE)?;
    let size = usize::from(paging.size());
    let after = position(&paging)?;
    // One more than the page has tells whether another follows.
    let limit = if sieve.is_open() { u32::from(paging.size()) + 1 } else { LOOKED_AT };
    let (read, up_to) = window(store, partner, after, limit).await?;
    let mut passing: Vec<_> = read.into_iter().filter(|(id, read)| sieve.passes(*id, read)).collect();
    if !sieve.asks_for_status() {
        passing.truncate(size + 1);
    }
    let ids: Vec<CustomerId> = passing.iter().map(|(id, _)| *id).collect();
    let mut stamps = store.list_customer_statuses(partner, &ids).await?;
    passing.retain(|(id, _)| sieve.passes_by_status(stamps.get(id)));
    let is_cut = passing.len() > size;
    passing.truncate(size);
    let last = passing.last().map(|(id, _)| *id);
    let next = if is_cut { last } else { up_to };
    let row = |(id, read): (CustomerId, read::Read)| {
        CustomerRow::of(id, read.customer.as_ref(), read.mapped.as_ref(), stamps.remove(&id), language)
    };
    Ok((paging, passing.into_iter().map(row).collect(), next.map(|id| id.to_string())))
}

/// The customer behind which a page starts.
pub(super) fn position(paging: &Paging) -> Result<Option<CustomerId>, Problem> {
    let parsed = paging.after().map(CustomerId::parse).transpose();
    parsed.map_err(|_| Problem::new(ProblemCode::InvalidPageKey))
}
