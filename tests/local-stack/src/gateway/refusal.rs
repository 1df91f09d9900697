//! What the gateway answers by itself: no function has seen the call, or none answered it.

use axum::Json;
use axum::http::header::WWW_AUTHENTICATE;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// The header by which API Gateway names each call.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("apigw-requestid");

/// A call that is not passed on, or whose function failed.
#[derive(Debug)]
pub(super) struct Refused {
    status: StatusCode,
    challenge: Option<String>,
}

impl Refused {
    /// An answer with nothing but a status and the service's words for it.
    pub(super) fn new(status: StatusCode) -> Self {
        Self { status, challenge: None }
    }

    /// The function failed, or its answer is none.
    pub(super) fn broken() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// There is no token.
    pub(super) fn without_token() -> Self {
        Self { status: StatusCode::UNAUTHORIZED, challenge: Some("Bearer".into()) }
    }

    /// The token is not accepted on a route that asks for these scopes.
    pub(super) fn invalid_token(scopes: &[String], description: &str) -> Self {
        let scope = scopes.join(" ");
        let challenge = format!("Bearer scope=\"{scope}\" error=\"invalid_token\" error_description=\"{description}\"");
        Self { status: StatusCode::UNAUTHORIZED, challenge: Some(challenge) }
    }

    /// The token is good, but not for this route.
    pub(super) fn scope_missing() -> Self {
        Self::new(StatusCode::FORBIDDEN)
    }

    /// The answer that the client gets.
    pub(super) fn into_answer(self, id: &str) -> Response {
        let words = match self.status {
            // The older name, which the service still uses.
            StatusCode::PAYLOAD_TOO_LARGE => "Request Entity Too Large",
            status => status.canonical_reason().unwrap_or_default(),
        };
        let mut answer = (self.status, Json(json!({ "message": words }))).into_response();
        let named = [(REQUEST_ID, Some(id)), (WWW_AUTHENTICATE, self.challenge.as_deref())];
        for (name, text) in named {
            if let Some(value) = text.and_then(|text| HeaderValue::from_str(text).ok()) {
                answer.headers_mut().insert(name, value);
            }
        }
        answer
    }
}
