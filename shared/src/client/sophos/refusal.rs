//! From an answer's status to what the caller can do next, and whether the call may be sent again.

use std::fmt;

use reqwest::StatusCode;
use serde_json::Value;

use crate::client::exchange::{Answer, NoAnswer};
use crate::client::retry::Verdict;
use crate::domain::vendor_text::one_line;
use crate::error::SourceError;

/// Why an attempt gave nothing.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) error: SourceError,
    /// Whether the fault may pass by itself.
    passing: bool,
}

impl Fault {
    pub(super) const fn passing(error: SourceError) -> Self {
        Self { error, passing: true }
    }

    pub(super) const fn lasting(error: SourceError) -> Self {
        Self { error, passing: false }
    }

    /// An answer that is not what it should be. Half a body passes.
    pub(super) fn malformed(why: impl Into<String>) -> Self {
        Self::passing(SourceError::Malformed { why: why.into() })
    }

    pub(super) fn verdict(&self) -> Verdict {
        match (&self.error, self.passing) {
            (SourceError::Throttled { retry_after: Some(wish) }, _) => Verdict::AgainAfter(*wish),
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
                Self::lasting(SourceError::TooLong { bound: format!("more than {bytes} bytes") })
            }
            NoAnswer::Held(remaining) | NoAnswer::Away(remaining) => {
                Self::passing(SourceError::Throttled { retry_after: Some(remaining) })
            }
            NoAnswer::NotSent(why) | NoAnswer::Lost(why) | NoAnswer::Late(why) => {
                Self::passing(SourceError::Unavailable { why })
            }
        }
    }
}

/// What a status says that is not a success; none for a success.
pub(super) fn refusal(answer: &Answer) -> Option<Fault> {
    let status = answer.status;
    if status.is_success() {
        return None;
    }
    let complaint = Complaint::read(answer);
    complaint.log(status);
    Some(match status {
        StatusCode::UNAUTHORIZED => Fault::lasting(SourceError::Unauthorized),
        // The sign-in refuses credentials by a 400 as well.
        StatusCode::BAD_REQUEST if complaint.code.starts_with("oauth.") => Fault::lasting(SourceError::Unauthorized),
        StatusCode::FORBIDDEN => Fault::lasting(SourceError::Forbidden { message: complaint.message }),
        StatusCode::TOO_MANY_REQUESTS => Fault::passing(SourceError::Throttled { retry_after: answer.retry_after() }),
        StatusCode::REQUEST_TIMEOUT => Fault::passing(complaint.unavailable(status)),
        _ if status.is_client_error() => {
            Fault::lasting(SourceError::Malformed { why: format!("HTTP {}: {}", status.as_u16(), complaint.message) })
        }
        _ => Fault::passing(complaint.unavailable(status)),
    })
}

/// Whether a 404 is Sophos' own, which says that there is none, rather than that of something in front of it.
pub(super) fn is_own_not_found(answer: &Answer) -> bool {
    // Read only then: a page of usage is not to be read twice.
    let is_object = || serde_json::from_slice(&answer.body).is_ok_and(|body: Value| body.is_object());
    answer.status == StatusCode::NOT_FOUND && is_object()
}

/// Sophos' words, and the ids by which its support finds the call.
struct Complaint {
    code: String,
    message: String,
    correlation_id: String,
    request_id: String,
}

impl Complaint {
    /// Reads `{error, message, correlationId, requestId}` or the sign-in's `{errorCode, message, trackingId}`.
    fn read(answer: &Answer) -> Self {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let text = |names: &[&str]| {
            let found = names.iter().find_map(|name| body.get(name)?.as_str());
            one_line(found.unwrap_or_default())
        };
        let code = text(&["error", "errorCode"]);
        let said = text(&["message"]);
        let message = match (said.is_empty(), code.is_empty()) {
            (false, _) => said,
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
