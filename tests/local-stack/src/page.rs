//! The page in a local world: as it is deployed, and on the local stack signed in by itself.

use std::sync::Arc;

use axum::extract::Query;
use axum::http::header::{CACHE_CONTROL, HOST};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use console::{Page, app};
use serde::Deserialize;
use serde_json::json;
use shared::config::Console;

use crate::gateway::token::{AUDIENCE, ISSUER};

/// Makes a token with these scopes, or with all of them; none where it cannot be signed.
type Mint = Arc<dyn Fn(Option<&str>) -> Option<String> + Send + Sync>;

/// What the page asks for when it starts: tests take fewer scopes than all.
#[derive(Deserialize)]
struct Asked {
    scope: Option<String>,
}

/// The page as it is deployed, which has no sign-in page.
///
/// # Panics
/// Never: its settings are constants.
pub fn router() -> Router {
    let settings = Console::from_lookup(|name| match name {
        "JWT_ISSUER" => Some(ISSUER.to_owned()),
        "CONSOLE_CLIENT_ID" => Some(AUDIENCE.to_owned()),
        _ => None,
    });
    let page = settings.ok().and_then(|settings| Page::new(&settings).ok());
    page.map_or_else(Router::new, app)
}

/// The same with a token in the place of the issuer. It is handed to a page of this machine only: a site elsewhere whose
/// name leads to 127.0.0.1 would be of its own origin, too.
pub fn signed_in(mint: impl Fn(Option<&str>) -> Option<String> + Send + Sync + 'static) -> Router {
    let mint: Mint = Arc::new(mint);
    let config = move |headers: HeaderMap, Query(asked): Query<Asked>| {
        let mint = Arc::clone(&mint);
        async move { hand_out(&headers, asked.scope.as_deref(), &*mint) }
    };
    Router::new().route("/console/config.json", get(config)).fallback_service(router())
}

fn hand_out(headers: &HeaderMap, scope: Option<&str>, mint: &dyn Fn(Option<&str>) -> Option<String>) -> Response {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if !matches!(name, "127.0.0.1" | "localhost") {
        return StatusCode::MISDIRECTED_REQUEST.into_response();
    }
    match mint(scope) {
        Some(token) => ([(CACHE_CONTROL, "no-store")], Json(json!({ "token": token }))).into_response(),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
