//! `id.sophos.com` and `whoami`: credentials to a token, a token to an account.

use std::collections::HashMap;

use axum::extract::{FromRequest as _, Request, State};
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::uri::Scheme;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Form, Json};
use serde_json::{Value, json};

use super::Sophos;
use super::account::AccountType;
use super::problem::{Problem, token_refused, tracking_id};
use super::world::Token;

/// `POST /api/v2/oauth2/token`: a form, or JSON as Sophos' own collection sends the refresh grant. Assumed: either grant
/// is taken in either; which of the vendor's codes a wrong grant, scope or refresh token meets; that a refresh token
/// stays good when it was used.
pub(super) async fn token(State(sophos): State<Sophos>, request: Request) -> Response {
    let given = match Given::read(request).await {
        Ok(given) => given,
        Err(unread) => return unread,
    };
    let scope = given.text("scope");
    let refreshes = match given.text("grant_type") {
        "client_credentials" if scope == "token" => false,
        "refresh_token" if scope.is_empty() || scope == "token" => true,
        _ => return token_refused(StatusCode::BAD_REQUEST, "customer.validation", "Bad Request"),
    };
    let client_id = given.text("client_id");
    let mut world = sophos.world();
    let Some(account) = world.accounts.get(client_id) else {
        return token_refused(StatusCode::UNAUTHORIZED, "oauth.client_app_does_not_exist", "Unauthorized");
    };
    if account.client_secret != given.text("client_secret") {
        return token_refused(StatusCode::UNAUTHORIZED, "oauth.invalid_client_secret", "Unauthorized");
    }
    if refreshes && world.refresh_tokens.get(given.text("refresh_token")).is_none_or(|owner| owner != client_id) {
        return token_refused(StatusCode::UNAUTHORIZED, "oauth.invalid_refresh_token", "Unauthorized");
    }
    let lifetime = sophos.config.token_lifetime;
    let access_token = format!("simulated.{}", tracking_id().simple());
    let token = Token {
        account_id: account.id,
        account_type: account.account_type,
        expires_at: sophos.clock.now().saturating_add(lifetime).unwrap_or(jiff::Timestamp::MAX),
    };
    world.tokens.insert(access_token.clone(), token);
    let refresh_token = tracking_id().to_string();
    world.refresh_tokens.insert(refresh_token.clone(), client_id.to_owned());
    Json(json!({
        "access_token": access_token,
        "refresh_token": refresh_token,
        "token_type": "bearer",
        "expires_in": lifetime.as_secs(),
        "errorCode": "success",
        "message": "OK",
        "trackingId": tracking_id(),
    }))
    .into_response()
}

/// What a sign-in says.
struct Given(HashMap<String, String>);

impl Given {
    /// Reads a form or JSON; what is neither is answered at once.
    async fn read(request: Request) -> Result<Self, Response> {
        let content_type = request.headers().get(CONTENT_TYPE).and_then(|text| text.to_str().ok()).unwrap_or_default();
        if content_type.starts_with("application/json") {
            let read = Json::from_request(request, &()).await;
            return read.map(|Json(members)| Self(members)).map_err(IntoResponse::into_response);
        }
        let read = Form::from_request(request, &()).await;
        read.map(|Form(members)| Self(members)).map_err(IntoResponse::into_response)
    }

    fn text(&self, name: &str) -> &str {
        self.0.get(name).map(String::as_str).unwrap_or_default()
    }
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
