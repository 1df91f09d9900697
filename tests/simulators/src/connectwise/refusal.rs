//! The vendor's error bodies.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

/// A call that the PSA refuses.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{status} {code}: {message}")]
pub struct Refusal {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) errors: Vec<FieldError>,
}

/// What is wrong with one field.
#[derive(Debug, Clone, Serialize)]
pub(super) struct FieldError {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) resource: &'static str,
    pub(super) field: String,
}

impl Refusal {
    fn plain(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), errors: Vec::new() }
    }

    pub(super) fn unauthorized(message: &str) -> Self {
        Self::plain(StatusCode::UNAUTHORIZED, "Unauthorized", message)
    }

    pub(super) fn not_authenticated() -> Self {
        Self::plain(StatusCode::UNAUTHORIZED, "ConnectWiseApi", "UserNotAuthenticated")
    }

    pub(super) fn security() -> Self {
        let message = "You do not have security permission to perform this action.";
        Self::plain(StatusCode::FORBIDDEN, "Security", message)
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::plain(StatusCode::NOT_FOUND, "NotFound", message)
    }

    pub(super) fn verb() -> Self {
        let message = "The requested resource does not support this method.";
        Self::plain(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", message)
    }

    /// The record is referred to; the vendor documents the status and its meaning, the body is a guess.
    pub(super) fn in_use() -> Self {
        let message = "Record possibly in use or another conflict with the record";
        Self::plain(StatusCode::CONFLICT, "Conflict", message)
    }

    /// A value that its field does not have; `kind` is `Enum` or, by analogy, another type.
    pub(super) fn value(kind: &str) -> Self {
        Self::condition(format!("{kind} value supplied was invalid"))
    }

    pub(super) fn condition(message: impl Into<String>) -> Self {
        Self::plain(StatusCode::BAD_REQUEST, "ApiFindCondition", message)
    }

    pub(super) fn unknown_name(name: &str) -> Self {
        Self::condition(format!("{name} is not a recognized name."))
    }

    /// A body that is no record and no list of operations at all.
    pub(super) fn body(message: impl Into<String>) -> Self {
        Self::plain(StatusCode::BAD_REQUEST, "InvalidObject", message)
    }

    pub(super) fn invalid(resource: &str, errors: Vec<FieldError>) -> Self {
        let message = format!("{resource} object is invalid");
        Self { status: StatusCode::BAD_REQUEST, code: "InvalidObject", message, errors }
    }
}

impl FieldError {
    pub(super) fn missing(resource: &'static str, field: &str) -> Self {
        let message = format!("The {field} field is required.");
        Self { code: "MissingRequiredField", message, resource, field: field.to_owned() }
    }

    pub(super) fn out_of_range(resource: &'static str, field: &str, message: impl Into<String>) -> Self {
        Self { code: "OutOfRange", message: message.into(), resource, field: field.to_owned() }
    }

    pub(super) fn date_format(resource: &'static str, field: &str) -> Self {
        let message = format!("The date of {field} must be in the format yyyy-MM-ddTHH:mm:ssZ.");
        Self { code: "UnsupportedFormat", message, resource, field: field.to_owned() }
    }

    pub(super) fn too_long(resource: &'static str, field: &str, longest: usize) -> Self {
        let message = format!("The field {field} must be a string with a maximum length of {longest}.");
        Self { code: "MaxLengthField", message, resource, field: field.to_owned() }
    }

    pub(super) fn not_found(resource: &'static str, field: &str, message: impl Into<String>) -> Self {
        Self { code: "NotFound", message: message.into(), resource, field: field.to_owned() }
    }

    pub(super) fn exists(resource: &'static str, field: &str) -> Self {
        let message = format!("A {resource} with this {field} already exists.");
        Self { code: "ObjectExists", message, resource, field: field.to_owned() }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let errors = if self.errors.is_empty() { json!(null) } else { json!(self.errors) };
        (self.status, Json(json!({"code": self.code, "message": self.message, "errors": errors}))).into_response()
    }
}

/// The 429, which says `error` where all other bodies say `code`.
pub(super) fn too_many_calls(retry_after_s: u64) -> Response {
    let message = format!("Too many requests. Please try again in {retry_after_s} seconds.");
    (StatusCode::TOO_MANY_REQUESTS, Json(json!({"error": "ConnectWiseAPI", "message": message}))).into_response()
}

/// A 5xx whose text speaks of a timeout, as those do after which the call may have taken effect.
pub(super) fn server_error(status: StatusCode) -> Response {
    let message = "Execution Timeout Expired. The timeout period elapsed prior to completion of the operation.";
    (status, Json(json!({"code": "UnexpectedError", "message": message, "errors": null}))).into_response()
}
