//! A list without an end, in the way of either vendor: forward-only pages by id, numbered pages, pages by key.

use axum::body::to_bytes;
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, http::StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

/// What a vendor that counts wrongly might say of a list.
const ROWS_IN_ALL: u64 = 4_000_000_000;

/// The page that is asked for, full, and followed by another. `real` is the answer of the simulator; where it has no row,
/// so has this.
pub(super) async fn answer(real: Response, uri: &Uri, rows: u32) -> Response {
    let bytes = to_bytes(real.into_body(), usize::MAX).await.unwrap_or_default();
    match serde_json::from_slice(&bytes) {
        Ok(Value::Array(records)) => by_id(records.first(), number(uri, "pageId").unwrap_or(0), rows),
        Ok(Value::Object(page)) => by_page(page["items"].get(0), uri, rows),
        Ok(_) | Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}

/// ConnectWise: rows behind `after`, and a link to those behind them.
fn by_id(first: Option<&Value>, after: u64, rows: u32) -> Response {
    let last = after + u64::from(rows);
    let row = |id: u64| {
        let mut row = first.cloned().unwrap_or_else(|| json!({}));
        row["id"] = json!(id);
        row
    };
    let mut page = Json((after + 1..=last).map(row).collect::<Vec<_>>()).into_response();
    let link = format!("<https://localhost/?pageId={last}>; rel=\"next\"");
    page.headers_mut().extend(HeaderValue::from_str(&link).ok().map(|link| (header::LINK, link)));
    page
}

/// Sophos: customers by the number of their page and without a count, usage lines by a key and with one.
fn by_page(first: Option<&Value>, uri: &Uri, rows: u32) -> Response {
    let is_usage = uri.path().contains("/billing/usage/");
    let page = number(uri, if is_usage { "pageFromKey" } else { "page" }).unwrap_or(1);
    let row = |n: u64| {
        let mut row = first.cloned().unwrap_or_else(|| json!({}));
        let which = page * u64::from(rows) + n;
        if is_usage {
            row["orderNumber"] = json!(which.to_string());
        } else {
            row["id"] = json!(Uuid::from_u128(u128::from(which)));
        }
        row
    };
    let items: Vec<Value> = (0..u64::from(rows)).map(row).collect();
    let pages = match is_usage {
        true => json!({"size": rows, "nextKey": (page + 1).to_string(), "items": ROWS_IN_ALL, "maxSize": 1000}),
        false => json!({"current": page, "size": rows, "maxSize": 100}),
    };
    Json(json!({"items": items, "pages": pages})).into_response()
}

fn number(uri: &Uri, name: &str) -> Option<u64> {
    let pairs = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    pairs.into_iter().find(|(key, _)| key == name)?.1.parse().ok()
}
