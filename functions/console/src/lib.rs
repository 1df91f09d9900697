//! The page: static files at `/console/` on the API's own origin, the only route without a token.
//!
//! Nothing of a partner is read here. What the page shows, it asks of the API with the token of the person who signed in.
//! All files but the start page lie below a folder that is named by their content and may be kept for ever.

mod files;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, InvalidHeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use shared::config::Console;
use tower_http::compression::CompressionLayer;

/// What the page needs to know of where it is deployed.
#[derive(Clone, Debug)]
pub struct Page {
    /// What a browser may load, call and be framed by.
    policy: HeaderValue,
    /// How a person signs in, as `config.json`.
    sign_in: String,
}

impl Page {
    /// A page by its settings.
    ///
    /// # Errors
    /// A setting has a character that no header may have.
    pub fn new(settings: &Console) -> Result<Self, InvalidHeaderValue> {
        let issuer = settings.issuer.origin().ascii_serialization();
        let sign_in = settings.sign_in_origin.as_ref().map(|url| url.origin().ascii_serialization());
        let policy = format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' {issuer}{}; \
             base-uri 'none'; form-action 'none'; frame-ancestors {}; \
             require-trusted-types-for 'script'; trusted-types lit-html",
            sign_in.map_or_else(String::new, |origin| format!(" {origin}")),
            settings.frame_ancestors,
        );
        // Tokens name their issuer letter by letter, and an URL that was parsed ends in a slash.
        let issuer = settings.issuer.as_str().trim_end_matches('/');
        let sign_in = json!({ "issuer": issuer, "clientId": settings.client_id }).to_string();
        Ok(Self { policy: HeaderValue::try_from(policy)?, sign_in })
    }
}

/// The function as it is served, on Lambda, by the local gateway and in tests.
pub fn app(page: Page) -> Router {
    Router::new()
        .route("/console", get(start))
        .route("/console/", get(start))
        .route("/console/config.json", get(config))
        .route("/console/{version}/{*path}", get(file))
        .fallback(missing)
        .with_state(page)
        .layer(CompressionLayer::new().gzip(true))
}

/// The start page: asked for each time, sent when any file has changed.
async fn start(State(page): State<Page>, asked: HeaderMap) -> Response {
    let version = files::version();
    let etag = format!("\"{version}\"");
    let known = asked.get(IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    let is_known = known.is_some_and(|tags| tags.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag));
    let mut response = match files::start_page(&version) {
        _ if is_known => StatusCode::NOT_MODIFIED.into_response(),
        Some(text) => ([(CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response(),
        None => return missing().await,
    };
    let headers = response.headers_mut();
    if let Ok(etag) = HeaderValue::try_from(etag) {
        headers.insert(ETAG, etag);
    }
    headers.insert(CONTENT_SECURITY_POLICY, page.policy);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// How a person signs in: the issuer of tokens, and the name that the page has there. Neither is a secret.
async fn config(State(page): State<Page>) -> Response {
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-cache")];
    (headers, [(X_CONTENT_TYPE_OPTIONS, "nosniff")], page.sign_in).into_response()
}

/// A file of this version. One of another version is not found: a page must not be made of two versions.
async fn file(Path((version, path)): Path<(String, String)>) -> Response {
    let found = if version == files::version() { files::find(&path) } else { None };
    let Some(file) = found else { return missing().await };
    let headers = [(CONTENT_TYPE, files::content_type(&path)), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, [(X_CONTENT_TYPE_OPTIONS, "nosniff")], file.data).into_response()
}

async fn missing() -> Response {
    (StatusCode::NOT_FOUND, [(CACHE_CONTROL, "no-store")], "Not found\n").into_response()
}
