//! `GET /v1/problems`: the catalogue, for programs and for people.

use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Problem, ProblemCode};
use crate::http::caller::{Caller, Read};
use crate::http::language::Language;
use crate::http::page::{List, Pages};
use crate::http::query::NoQuery;
use crate::http::version::{IfNoneMatch, represent};

/// A code of the catalogue.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CatalogueEntry {
    /// The code, as problems have it.
    code: ProblemCode,
    /// The HTTP status that it comes with.
    status: u16,
    /// What happened.
    title: &'static str,
    /// What to do next.
    advice: &'static str,
    /// Whether the very same request may succeed later.
    retryable: bool,
}

/// The route of the catalogue; `functions/mappings` serves it.
pub fn problems<S: Clone + Send + Sync + 'static>() -> OpenApiRouter<S> {
    OpenApiRouter::new().routes(routes!(list_problems))
}

/// List what can go wrong.
///
/// Every error of this API has one of these codes. Title and advice are in the language that Accept-Language prefers, of
/// English and Italian.
#[utoipa::path(
    get,
    path = "/v1/problems",
    operation_id = "listProblems",
    tag = "problems",
    security(("token" = ["psa/read"])),
    params(
        ("Accept-Language" = Option<String>, Header, description = "The language of title and advice: en or it."),
        IfNoneMatch,
    ),
    responses((status = 200, description = "All codes, on one page.", body = List<CatalogueEntry>)),
)]
async fn list_problems(
    _: Caller<Read>,
    _: NoQuery,
    headers: HeaderMap,
    if_none_match: IfNoneMatch,
) -> Result<Response, Problem> {
    let language = Language::from_headers(&headers);
    let entry = |code: &ProblemCode| CatalogueEntry {
        code: *code,
        status: code.status().as_u16(),
        title: code.title(language),
        advice: code.advice(language),
        retryable: code.is_retryable(),
    };
    let items: Vec<CatalogueEntry> = ProblemCode::ALL.iter().map(entry).collect();
    let pages = Pages::whole(items.len());
    Ok(represent(&if_none_match, None, &List { items, pages }))
}
