//! The routes by which a person or a script changes customers and products of a simulator that serves.

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::put;
use axum::{Json, Router};
use serde::Deserialize;
use uuid::Uuid;

use super::tenant::BillingType;
use super::{Sophos, UnknownTenant};

pub(super) fn router(sophos: Sophos) -> Router {
    Router::new()
        .route("/_sim/products/{code}", put(rename_product))
        .route("/_sim/tenants/{id}", put(change_tenant).delete(unlink_tenant))
        .route("/_sim/pages", put(set_pages))
        .with_state(sophos)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewName {
    description: String,
}

/// What is not named stays.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TenantChange {
    billing_type: Option<BillingType>,
    status: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PagesChange {
    tenant_items: bool,
}

async fn rename_product(
    State(sophos): State<Sophos>,
    Path(code): Path<String>,
    body: Result<Json<NewName>, JsonRejection>,
) -> Response {
    body.map_or_else(refused, |Json(name)| {
        sophos.rename_product(&code, &name.description);
        StatusCode::NO_CONTENT.into_response()
    })
}

async fn change_tenant(
    State(sophos): State<Sophos>,
    Path(id): Path<Uuid>,
    body: Result<Json<TenantChange>, JsonRejection>,
) -> Response {
    body.map_or_else(refused, |Json(change)| {
        done(sophos.change_tenant(id, |tenant| {
            tenant.billing_type = change.billing_type.unwrap_or(tenant.billing_type);
            tenant.status = change.status.unwrap_or_else(|| std::mem::take(&mut tenant.status));
        }))
    })
}

async fn unlink_tenant(State(sophos): State<Sophos>, Path(id): Path<Uuid>) -> Response {
    done(sophos.unlink(id))
}

async fn set_pages(State(sophos): State<Sophos>, body: Result<Json<PagesChange>, JsonRejection>) -> Response {
    body.map_or_else(refused, |Json(change)| {
        sophos.count_tenants(change.tenant_items);
        StatusCode::NO_CONTENT.into_response()
    })
}

fn done(changed: Result<(), UnknownTenant>) -> Response {
    match changed {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(unknown) => (StatusCode::NOT_FOUND, unknown.to_string()).into_response(),
    }
}

/// Always 400 with a message.
fn refused(rejection: JsonRejection) -> Response {
    (StatusCode::BAD_REQUEST, rejection.body_text()).into_response()
}
