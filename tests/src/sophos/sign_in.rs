//! `id.sophos.com` and `whoami`: credentials to a token, a token to an account.

use std::collections::HashMap;

use axum::extract::State;
use axum::http::header::HOST;
use axum::http::uri::Scheme;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Form, Json};
use serde_json::{Value, json};

use super::Sophos;
use super::account::AccountType;
use super::problem::{Problem, token_refused, tracking_id};
use super::world::Token;

/// `POST /api/v2/oauth2/token`. Which of the vendor's codes a wrong grant or scope meets is assumed.
pub(super) async fn token(State(sophos): State<Sophos>, Form(form): Form<HashMap<String, String>>) -> Response {
    let given = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    if given("grant_type") != "client_credentials" || given("scope") != "token" {
        return token_refused(StatusCode::BAD_REQUEST, "customer.validation", "Bad Request");
    }
    let mut world = sophos.world();
    let Some(account) = world.accounts.get(given("client_id")) else {
        return token_refused(StatusCode::UNAUTHORIZED, "oauth.client_app_does_not_exist", "Unauthorized");
    };
    if account.client_secret != given("client_secret") {
        return token_refused(StatusCode::UNAUTHORIZED, "oauth.invalid_client_secret", "Unauthorized");
    }
    let lifetime = sophos.config.token_lifetime;
    let access_token = format!("simulated.{}", tracking_id().simple());
    let token = Token {
        account_id: account.id,
        account_type: account.account_type,
        expires_at: sophos.clock.now().saturating_add(lifetime).unwrap_or(jiff::Timestamp::MAX),
    };
    world.tokens.insert(access_token.clone(), token);
    Json(json!({
        "access_token": access_token,
        "refresh_token": tracking_id(),
        "token_type": "bearer",
        "expires_in": lifetime.as_secs(),
        "errorCode": "success",
        "message": "OK",
        "trackingId": tracking_id(),
    }))
    .into_response()
}

/// `GET /whoami/v1`. Every host that it names is the simulator itself, so that nothing leads out of it.
pub(super) async fn whoami(
    State(sophos): State<Sophos>,
    scheme: Option<Extension<Scheme>>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let caller = sophos.world().caller(&headers, sophos.clock.now())?;
    let own = own_url(scheme, &headers);
    let hosts = match caller.account_type {
        AccountType::Partner | AccountType::Organization => json!({ "global": own }),
        AccountType::Tenant => json!({ "global": own, "dataRegion": own }),
    };
    Ok(Json(json!({ "id": caller.account_id, "idType": caller.account_type, "apiHosts": hosts })))
}

/// The address by which the caller reached this server.
pub(super) fn own_url(scheme: Option<Extension<Scheme>>, headers: &HeaderMap) -> String {
    let scheme = scheme.map_or(Scheme::HTTP, |Extension(scheme)| scheme);
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    format!("{scheme}://{host}")
}
