//! Refusals in the vendor's shapes: one for the token service, one for everything else.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// A refusal of the API. The vendor fills in more members for some statuses than for others; so does this.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    error: &'static str,
    message: String,
    at: Option<Timestamp>,
}

impl Problem {
    /// No token, an unknown or expired one, or a required header missing: the vendor sends three members only.
    pub(super) fn unauthorized() -> Self {
        Self { status: StatusCode::UNAUTHORIZED, error: "Unauthorized", message: String::new(), at: None }
    }

    /// A partner or tenant that these credentials may not ask about.
    pub(super) fn forbidden(at: Timestamp) -> Self {
        Self { status: StatusCode::FORBIDDEN, error: "Forbidden", message: String::new(), at: Some(at) }
    }

    /// A parameter that makes no sense.
    pub(super) fn bad_request(at: Timestamp, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error: "BadRequest", message: message.into(), at: Some(at) }
    }

    /// A path or a month that holds nothing.
    pub(super) fn not_found(at: Timestamp, message: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, error: "NotFound", message: message.into(), at: Some(at) }
    }

    /// A page key that is no longer served.
    pub(super) fn gone(at: Timestamp, message: impl Into<String>) -> Self {
        Self { status: StatusCode::GONE, error: "Gone", message: message.into(), at: Some(at) }
    }

    /// More calls than the vendor lets through.
    pub(super) fn too_many_requests(at: Timestamp) -> Self {
        let message = "The request limit was exceeded".into();
        Self { status: StatusCode::TOO_MANY_REQUESTS, error: "TooManyRequests", message, at: Some(at) }
    }

    /// A failure of the service itself.
    pub(super) fn failure(status: StatusCode, at: Timestamp) -> Self {
        let error = match status {
            StatusCode::BAD_GATEWAY => "BadGateway",
            StatusCode::SERVICE_UNAVAILABLE => "ServiceUnavailable",
            StatusCode::GATEWAY_TIMEOUT => "GatewayTimeout",
            _ => "InternalServerError",
        };
        Self { status, error, message: "The service could not answer".into(), at: Some(at) }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut body = Map::from_iter([
            ("error".into(), self.error.into()),
            ("correlationId".into(), tracking_id().to_string().into()),
            ("requestId".into(), tracking_id().to_string().into()),
        ]);
        if let Some(at) = self.at {
            body.insert("createdAt".into(), format!("{at:.3}").into());
        }
        if !self.message.is_empty() {
            body.insert("message".into(), self.message.into());
            body.insert("code".into(), format!("{}00", self.status.as_u16()).into());
            body.insert("docUrl".into(), "https://developer.sophos.com/errors".into());
        }
        (self.status, Json(Value::Object(body))).into_response()
    }
}

/// A refusal of the token service, which has a shape of its own.
pub(super) fn token_refused(status: StatusCode, error_code: &str, message: &str) -> Response {
    (status, Json(json!({ "errorCode": error_code, "message": message, "trackingId": tracking_id() }))).into_response()
}

/// A correlation id; here a counter.
pub(super) fn tracking_id() -> Uuid {
    static GIVEN: AtomicU64 = AtomicU64::new(0);
    let number = GIVEN.fetch_add(1, Ordering::Relaxed);
    uuid::Builder::from_random_bytes(u128::from(number).to_be_bytes()).into_uuid()
}
