//! `GET /licenses/v1/licenses`: the licences of one customer, one for each of its products.
//!
//! Members as in Sophos' own request collection (January 2026).

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::Sophos;
use super::firewalls::made_up_id;
use super::problem::Problem;
use super::tenant::Tenant;

/// The licences of the customer in `X-Tenant-ID`. A customer of the older kind, whose products are not known, has none.
pub(super) async fn list(State(sophos): State<Sophos>, headers: HeaderMap) -> Result<Json<Value>, Problem> {
    let world = sophos.world();
    let (partner_id, tenant) = world.partner_or_tenant(&headers, sophos.clock.now())?;
    let tenant = tenant.and_then(|id| world.tenants.get(&partner_id)?.find(id)).ok_or_else(Problem::unauthorized)?;
    let products = tenant.details.iter().flat_map(|details| &details.products);
    let licenses: Vec<Value> = products.map(|code| license(tenant, code)).collect();
    let mut answer = json!({ "tenant": { "id": tenant.id }, "licenses": licenses });
    if let Some(details) = &tenant.details {
        answer["organization"] = json!({ "id": details.organization_id });
    }
    Ok(Json(answer))
}

fn license(tenant: &Tenant, code: &str) -> Value {
    let id = made_up_id(&format!("{}/{code}", tenant.id));
    json!({
        "id": id,
        "licenseIdentifier": id,
        "product": { "code": code },
        "startDate": "2026-01-15",
        "perpetual": false,
        "type": tenant.billing_type,
        "unlimited": true,
    })
}
