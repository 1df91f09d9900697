//! From the status of a response to an error that says what the caller can do, and whether the call may be retried.

use std::fmt;

use reqwest::StatusCode;
use serde_json::Value;

use crate::client::exchange::{Answer, NoAnswer};
use crate::client::retry::Verdict;
use crate::domain::vendor_text::one_line;
use crate::error::SourceError;

/// Why an attempt failed.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) error: SourceError,
    /// Whether a retry may succeed.
    transient: bool,
}

impl Fault {
    pub(super) const fn transient(error: SourceError) -> Self {
        Self { error, transient: true }
    }

    pub(super) const fn permanent(error: SourceError) -> Self {
        Self { error, transient: false }
    }

    /// An unusable response. A retry may help, since a body can be cut off.
    pub(super) fn malformed(why: impl Into<String>) -> Self {
        Self::transient(SourceError::Malformed { why: why.into() })
    }

    pub(super) fn verdict(&self) -> Verdict {
        match (&self.error, self.transient) {
            (SourceError::Throttled { retry_after: Some(retry_after) }, _) => Verdict::AgainAfter(*retry_after),
            (_, true) => Verdict::Again,
            (_, false) => Verdict::Final,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl From<NoAnswer> for Fault {
    fn from(none: NoAnswer) -> Self {
        match none {
            NoAnswer::TooLong(bytes) => {
                Self::permanent(SourceError::TooLong { bound: format!("more than {bytes} bytes") })
            }
            NoAnswer::Throttled(remaining) | NoAnswer::CircuitOpen(remaining) => {
                Self::transient(SourceError::Throttled { retry_after: Some(remaining) })
            }
            NoAnswer::NotSent(why) | NoAnswer::Lost(why) | NoAnswer::Late(why) => {
                Self::transient(SourceError::Unavailable { why })
            }
        }
    }
}

/// The fault for a status; none for a success.
pub(super) fn refusal(answer: &Answer) -> Option<Fault> {
    let status = answer.status;
    if status.is_success() {
        return None;
    }
    let refusal = Refusal::read(answer);
    refusal.log(status);
    Some(match status {
        StatusCode::UNAUTHORIZED => Fault::permanent(SourceError::Unauthorized),
        // The sign-in also refuses credentials with a 400.
        StatusCode::BAD_REQUEST if refusal.code.starts_with("oauth.") => Fault::permanent(SourceError::Unauthorized),
        StatusCode::FORBIDDEN => Fault::permanent(SourceError::Forbidden { message: refusal.message }),
        StatusCode::TOO_MANY_REQUESTS => Fault::transient(SourceError::Throttled { retry_after: answer.retry_after() }),
        StatusCode::REQUEST_TIMEOUT => Fault::transient(refusal.unavailable(status)),
        _ if status.is_client_error() => {
            Fault::permanent(SourceError::Malformed { why: format!("HTTP {}: {}", status.as_u16(), refusal.message) })
        }
        _ => Fault::transient(refusal.unavailable(status)),
    })
}

/// Whether a 404 comes from Sophos itself, which means "none", rather than from a proxy in front of it.
pub(super) fn is_own_not_found(answer: &Answer) -> bool {
    // The body is parsed only after a 404, so that a page of usage is not parsed twice.
    let is_object = || serde_json::from_slice(&answer.body).is_ok_and(|body: Value| body.is_object());
    answer.status == StatusCode::NOT_FOUND && is_object()
}

/// The texts of a refusal, and the ids by which Sophos' support finds the call.
struct Refusal {
    code: String,
    message: String,
    correlation_id: String,
    request_id: String,
}

impl Refusal {
    /// Reads `{error, message, correlationId, requestId}` or the sign-in's `{errorCode, message, trackingId}`.
    fn read(answer: &Answer) -> Self {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let text = |names: &[&str]| {
            let found = names.iter().find_map(|name| body.get(name)?.as_str());
            one_line(&answer.secrets.strike(found.unwrap_or_default()))
        };
        let code = text(&["error", "errorCode"]);
        let message = text(&["message"]);
        let message = match (message.is_empty(), code.is_empty()) {
            (false, _) => message,
            (true, false) => code.clone(),
            (true, true) => "it does not say why".to_owned(),
        };
        Self { code, message, correlation_id: text(&["correlationId", "trackingId"]), request_id: text(&["requestId"]) }
    }

    fn log(&self, status: StatusCode) {
        tracing::warn!(
            status = status.as_u16(),
            code = self.code,
            message = self.message,
            correlation_id = self.correlation_id,
            request_id = self.request_id,
            "Sophos refuses a call"
        );
    }

    fn unavailable(&self, status: StatusCode) -> SourceError {
        SourceError::Unavailable { why: format!("HTTP {}: {}", status.as_u16(), self.message) }
    }
}
