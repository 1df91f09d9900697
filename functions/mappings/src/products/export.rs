//! Product mappings as CSV.

use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderName};
use axum::response::{IntoResponse, Response};
use shared::domain::id::ProductCode;
use shared::http::{Caller, List, Paging, Problem, ProblemCode, Query, Read};
use shared::ports::{Clock, Ids};
use shared::table::Table;

use super::known::Known;
use super::list::{MAX_PAGE, ProductFilter};
use super::row::ProductRow;
use super::sheet::{COLUMNS, cells};
use crate::{Link, World};

/// Where the next page of a sheet starts: CSV has no room for it.
const NEXT_KEY: HeaderName = HeaderName::from_static("next-key");

/// Export product mappings.
///
/// The same rows as a sheet. Where more follow, the header Next-Key is the `pageFromKey` of the next page. A cell that a
/// spreadsheet would take for a formula has an apostrophe before it; the import takes it off again.
#[utoipa::path(
    get,
    path = "/v1/product-mappings.csv",
    operation_id = "exportProductMappings",
    tag = "product mappings",
    security(("token" = ["psa/read"])),
    params(ProductFilter),
    responses((status = 200, description = "A page of product mappings.", body = String, content_type = "text/csv",
        headers(("Next-Key" = String, description = "The next page's pageFromKey; absent on the last.")))),
)]
pub(crate) async fn export_product_mappings<T: Table, N: Link, C: Clock + Clone + 'static, I: Ids + Clone + 'static>(
    State(world): State<World<T, N, C, I>>,
    caller: Caller<Read>,
    Query(filter): Query<ProductFilter>,
) -> Result<Response, Problem> {
    let (size, key) = (filter.page_size.unwrap_or(MAX_PAGE), filter.page_from_key.as_deref());
    let paging = Paging::read(caller.partner(), "exportProductMappings", &filter, Some(size), key, MAX_PAGE)?;
    paging.after_as(|text| ProductCode::parse(text).ok())?;
    let rows = filter.rows(&Known::read(&world.store, caller.partner()).await?)?;
    let list: List<ProductRow> = paging.cut(rows, |row| row.code.as_str());
    let mut response = text(&list.items)?.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"product-mappings.csv\""));
    if let Some(key) = list.pages.next_key().and_then(|key| HeaderValue::try_from(key).ok()) {
        headers.insert(NEXT_KEY, key);
    }
    Ok(response)
}

fn text(rows: &[ProductRow]) -> Result<String, Problem> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let written =
        writer.write_record(COLUMNS).and_then(|()| rows.iter().try_for_each(|row| writer.write_record(cells(row))));
    let bytes = written.ok().and_then(|()| writer.into_inner().ok());
    // Texts written to memory: there is nothing that could fail but a defect.
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(|| Problem::new(ProblemCode::Internal))
}
