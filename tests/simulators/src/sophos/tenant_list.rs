//! `GET /partner/v1/tenants`, by page number, and `GET /partner/v1/tenants/{id}`: a partner's customers.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::uri::Scheme;
use axum::{Extension, Json};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Sophos;
use super::problem::Problem;
use super::query::{Query, count, page_size, partial, wants_totals};
use super::sign_in::own_url;

const DEFAULT_SIZE: usize = 50;
const MAX_SIZE: usize = 100;

pub(super) async fn list(
    State(sophos): State<Sophos>,
    scheme: Option<Extension<Scheme>>,
    headers: HeaderMap,
    query: Query,
) -> Result<Json<Value>, Problem> {
    let now = sophos.clock.now();
    let world = sophos.world();
    let partner_id = world.partner(&headers, now)?;
    let refuse = |reason| Problem::bad_request(now, reason);
    let page = count(&query, "page", 1).map_err(refuse)?;
    let size = page_size(&query, DEFAULT_SIZE, MAX_SIZE).map_err(refuse)?;

    let mut pages = json!({ "current": page, "size": size, "maxSize": MAX_SIZE });
    let Some(tenants) = world.tenants.get(&partner_id) else {
        return Err(Problem::not_found(now, "this partner is not known"));
    };
    if wants_totals(&query) {
        pages["total"] = tenants.len().div_ceil(size).into();
        if !world.tenants_uncounted {
            pages["items"] = tenants.len().into();
        }
    }
    let own = own_url(scheme, &headers);
    let served = tenants.page(page, size).iter();
    let items: Vec<Value> = served.map(|tenant| partial(tenant.to_wire(partner_id, &own), &query)).collect();
    Ok(Json(json!({ "items": items, "pages": pages })))
}

/// One customer. Assumed: 403 for another partner's, as billing usage has it, and 404 for one that nobody has.
pub(super) async fn one(
    State(sophos): State<Sophos>,
    Path(id): Path<String>,
    scheme: Option<Extension<Scheme>>,
    headers: HeaderMap,
    query: Query,
) -> Result<Json<Value>, Problem> {
    let now = sophos.clock.now();
    let world = sophos.world();
    let partner_id = world.partner(&headers, now)?;
    let id: Uuid = id.parse().map_err(|_| Problem::bad_request(now, "tenantId must be a UUID"))?;
    let own = own_url(scheme, &headers);
    if let Some(tenant) = world.tenants.get(&partner_id).and_then(|tenants| tenants.find(id)) {
        return Ok(Json(partial(tenant.to_wire(partner_id, &own), &query)));
    }
    let foreign = world.tenants.values().any(|tenants| tenants.find(id).is_some());
    Err(if foreign { Problem::forbidden(now) } else { Problem::not_found(now, format!("No tenant {id}")) })
}
