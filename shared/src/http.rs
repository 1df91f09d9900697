//! What all functions behind API Gateway share. **How to write a route**:
//!
//! ```text
//! /// Switch a product's sync on or off.            <- the summary in the document; the rest is its description
//! #[utoipa::path(
//!     patch,
//!     path = "/v1/product-mappings/{code}",
//!     operation_id = "switchProduct",               // unique in the whole API
//!     tag = "product mappings",                     // one of those in document.rs
//!     security(("token" = ["psa/write"])),          // the scope of the Caller below; template.yaml requires it too
//!     params(("code" = String, Path, description = "The Sophos product's code."), IfMatch),
//!     request_body(content = Switch, description = "What it is to be."),
//!     responses((status = 200, description = "The row as it is now.", body = ProductRow)),
//! )]
//! async fn switch_product<T: Table, C: Clock, I: Ids>(
//!     State(world): State<World<T, C, I>>,
//!     caller: Caller<Write>,                        // first: without the right, nothing else is evaluated
//!     Path(code): Path<ProductCode>,                // a domain id, or 400
//!     _: NoQuery,                                   // or Query(filter): Query<Filter>
//!     if_match: IfMatch,                            // 428 without; if_match.check(version, &row) is 412 with the row
//!     Json(switch): Json<Switch>,                   // last; #[serde(rename_all = "camelCase", deny_unknown_fields)]
//! ) -> Result<Response, Problem> {
//!     let known = world.store.list_product_mappings(caller.partner()).await?; // every port error is a Problem by `?`
//!     …
//! }
//!
//! /// What the routes need, and no more. Each request gets a clone.
//! #[derive(Clone)]
//! pub struct World<T, C, I> { pub store: Store<T>, pub clock: C, pub ids: I }
//! // The compiler infers the type arguments of the handlers from the router's state.
//! OpenApiRouter<World<T, C, I>>::new().routes(routes!(switch_product))
//! ```
//!
//! `functions/mappings` is the example: the document is made of `routes()`; Lambda, the local gateway and the tests
//! serve `app(world, options)`. A new function joins `tests/local-stack/src/api.rs`, `tests/local-stack/src/api/routers.rs`, `template.yaml`,
//! `shared::config`, `tests/end-to-end/tests/http/template.rs`, and `OURS` of [`crate::telemetry`]; then `cargo openapi` writes
//! `infra/openapi.json`.
//!
//! # Conventions
//! - **Callers**: [`Caller<Read>`], [`Caller<Write>`], [`Caller<Admin>`]. No scope implies another. `caller.partner()`
//!   is the first argument of every call of a port; `caller.name()` goes into the audit. No path, query or body
//!   contains a partner id. An entry of another partner is not found: `Problem::new(ProblemCode::NotFound)`.
//! - **Errors**: [`Problem`] with a [`ProblemCode`]: `Problem::new(code).detail("ACME has it already.")`. Errors of
//!   fields: [`FieldError::body`] with a JSON pointer, [`FieldError::parameter`] otherwise; report those of all rows at
//!   once. Title and advice (English, Italian) come from the catalogue; add a code there rather than a text here.
//!   Handlers never log a problem: [`serve`] writes one line a request, and our own faults are logged where they become
//!   a problem.
//! - **Lists**: [`List`] of [`Paging`]. The query's struct derives `Serialize` and has `page_size: Option<u16>` and
//!   `page_from_key: Option<String>`; its other fields are the filter that a key is bound to.
//! - **Versions**: GET responds with [`represent`] (ETag; 304). A change of an existing entry takes [`IfMatch`] and
//!   responds with the new ETag ([`etag`]). In a bulk save each row has its own `version`. A store's `Conflict` is
//!   `changedMeanwhile` (409); a handler that can reads again and responds `versionMismatch` with the present row. An
//!   entry of ConnectWise has no version: [`version_of_content`] replaces it.
//! - **POST** with an effect takes [`Once`] and documents [`IdempotencyKey`] in its `params`. The whole effect is in
//!   the closure of [`Once::run`], and a store that writes the effect also writes the response
//!   ([`crate::store::Keep`]). POSTs without an effect (a test, a search, `validateOnly` alone) take [`Json`].
//! - **Limits**: what costs others something is counted before it happens ([`count`]); beyond the limit of its kind
//!   ([`crate::store::Limited`]) the response is `limitReached` (429).
//! - **ConnectWise**: a route that calls it adds [`PsaProblems`] to its `responses(…)`.
//! - **The document**: every status that a handler itself responds with needs a description. [`document`] adds the
//!   common ones: 400, 401, 403, 404 with a path parameter, 409 and 422 with an idempotency key, 412 and 428 with
//!   `If-Match`, 413, 415, 429, 500, 503. Types of bodies have names that are unique in the whole API: `ProductRow`,
//!   not `Row`. They are wire types of the function, never the domain's own: ids as `#[schema(value_type = String)]` or
//!   `i64`, money as decimal strings.
//! - **Secrets** in a body: [`SecretJson`] instead of [`Json`], whose errors quote the body.
//! - **Never**: a secret in a response, a detail or a log; a panic as a response. A panic is caught here in builds that
//!   unwind. The release build aborts, and API Gateway responds with 500 in its own form.

mod admission;
mod caller;
mod catalogue;
mod csv;
mod document;
mod json;
mod language;
mod limit;
mod line_readings;
mod names;
mod once;
mod page;
mod path;
mod problem;
mod query;
mod serve;
mod version;
mod wording;

use axum::http::{HeaderValue, StatusCode, header::CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

pub use self::caller::{Admin, Caller, Read, SCOPES, Scope, Write};
pub use self::catalogue::ProblemCode;
pub use self::csv::{
    CsvRow, NEXT_PAGE_KEY, csv_page, guarded, is_blank, line_error, read_csv, separator_of, unguarded, with_plain_lines,
};
pub use self::document::{PsaProblems, document};
pub use self::json::{Json, MAX_JSON_BYTES, SecretJson, has_type, read_bytes};
pub use self::language::{Language, Text};
pub use self::limit::count;
pub use self::line_readings::LineReadings;
pub use self::names::{AgreementShown, PsaProductShown, PsaProductTrouble};
pub use self::once::{CsvText, Done, IdempotencyKey, Once, TAKE_OVER_S, answer};
pub use self::page::{List, Pages, Paging};
pub use self::path::{Path, PathId};
pub use self::problem::{FieldError, FieldErrorBody, Problem, ProblemBody, PsaRefusal, problems};
pub use self::query::{NoQuery, Query};
pub use self::serve::{ApiOptions, CORRELATION_ID, serve};
pub use self::version::{IfMatch, IfNoneMatch, etag, represent, version_of_content};

fn json_text(body: &impl Serialize) -> Result<String, Problem> {
    serde_json::to_string(body).map_err(|error| {
        tracing::error!(%error, "an answer cannot be written as JSON");
        Problem::new(ProblemCode::Internal)
    })
}

/// A response with a JSON body, and the body's text.
fn json_response(status: StatusCode, body: &impl Serialize) -> Result<(Response, String), Problem> {
    let text = json_text(body)?;
    let mut response = (status, text.clone()).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok((response, text))
}
