//! `GET /siem/v1/events` and `/siem/v1/alerts`: both lists are always empty.
//!
//! Sophos' own SIEM script asks for the one after it has read its tenant, and ends where it is refused.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::Sophos;
use super::problem::Problem;

/// The last page, which holds nothing, of whatever was asked for.
pub(super) async fn list(State(sophos): State<Sophos>, headers: HeaderMap) -> Result<Json<Value>, Problem> {
    match sophos.world().partner_or_tenant(&headers, sophos.clock.now())? {
        (_, Some(_)) => Ok(Json(json!({ "items": [], "has_more": false, "next_cursor": "simulated-end" }))),
        (_, None) => Err(Problem::unauthorized()),
    }
}
