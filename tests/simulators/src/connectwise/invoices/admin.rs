//! The routes by which a person or a script makes, reads and deletes invoices: `/_sim/invoices`.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use axum::{Json, Router};
use jiff::civil::Date;
use serde::Deserialize;

use super::Invoice;
use super::judge::billed_twice;
use crate::connectwise::ConnectWise;

/// What is asked for: all that is due by a day, or the next one of an agreement whatever the day.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
enum Wanted {
    Until(Date),
    Agreement(u32),
}

pub(in crate::connectwise) fn router(psa: ConnectWise) -> Router {
    Router::new()
        .route("/_sim/invoices", get(list).post(make))
        .route("/_sim/invoices/{id}", delete(remove))
        .route("/_sim/invoices/billed-twice", get(twice))
        .with_state(psa)
}

async fn list(State(psa): State<ConnectWise>) -> Json<Vec<Invoice>> {
    Json(psa.invoices())
}

async fn make(State(psa): State<ConnectWise>, Json(wanted): Json<Wanted>) -> Response {
    let made = match wanted {
        Wanted::Until(day) => Ok(psa.make_invoices(day)),
        Wanted::Agreement(id) => psa.make_invoice(id),
    };
    made.map(|made| (StatusCode::CREATED, Json(made))).into_response()
}

async fn remove(State(psa): State<ConnectWise>, Path(id): Path<u32>) -> Response {
    psa.delete_invoice(id).map(|()| StatusCode::NO_CONTENT).into_response()
}

async fn twice(State(psa): State<ConnectWise>) -> Response {
    Json(billed_twice(&psa.invoices())).into_response()
}
