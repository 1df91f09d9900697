//! `GET /partner/v1/tenants`: a partner's customers, by page number.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::uri::Scheme;
use axum::{Extension, Json};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Sophos;
use super::account::Tenant;
use super::problem::Problem;
use super::query::{Query, count, page_size, wants_totals};
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
        pages["items"] = tenants.len().into();
    }
    let own = own_url(scheme, &headers);
    let items: Vec<Value> = tenants.page(page, size).iter().map(|tenant| to_wire(tenant, partner_id, &own)).collect();
    Ok(Json(json!({ "items": items, "pages": pages })))
}

fn to_wire(tenant: &Tenant, partner_id: Uuid, own_url: &str) -> Value {
    json!({
        "id": tenant.id,
        "showAs": tenant.name,
        "name": tenant.name,
        "dataGeography": tenant.geography(),
        "dataRegion": tenant.region,
        "billingType": tenant.billing_type,
        "partner": { "id": partner_id },
        "apiHost": own_url,
        "status": tenant.status,
    })
}
