//! `GET /v1/openapi.json`: the API's document, served by the API itself so that a client needs no other source of it.

use axum::response::Response;
use serde::Serialize;
use serde_json::value::RawValue;
use shared::http::{Caller, IfNoneMatch, NoQuery, Problem, ProblemCode, Read, represent};
use utoipa::ToSchema;

/// As it was committed when this was built; a test holds it against the routes of all functions.
const COMMITTED: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra/openapi.json"));

/// An OpenAPI 3.1 document.
#[derive(Serialize, ToSchema)]
#[schema(value_type = Object)]
pub(crate) struct ApiDocument(&'static RawValue);

/// Get this document.
///
/// The whole API, of all functions, as OpenAPI 3.1.
#[utoipa::path(
    get,
    path = "/v1/openapi.json",
    operation_id = "getDocument",
    tag = "document",
    security(("token" = ["psa/read"])),
    params(IfNoneMatch),
    responses((status = 200, description = "The document.", body = ApiDocument)),
)]
pub(crate) async fn get_document(_: Caller<Read>, _: NoQuery, if_none_match: IfNoneMatch) -> Result<Response, Problem> {
    let document = serde_json::from_str(COMMITTED).map_err(|error| {
        tracing::error!(%error, "the committed document is no JSON");
        Problem::new(ProblemCode::Internal)
    })?;
    Ok(represent(&if_none_match, None, &ApiDocument(document)))
}
