//! From an answer's status to what the caller can do next, and whether the call may be sent again.

use reqwest::StatusCode;
use serde_json::Value;

use crate::client::exchange::{Answer, NoAnswer};
use crate::client::retry::Verdict;
use crate::domain::vendor_text::one_line;
use crate::error::{PsaError, RefusedField};

/// Longest text of a vendor's message that is kept.
const MESSAGE_CHARS: usize = 500;

/// What a call does to the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing: it may be sent as often as one likes.
    Read,
    /// It may have taken effect whenever no definite answer says otherwise.
    Write,
}

/// Whether the same call may be sent again after this error, without a look at what it did.
pub(super) fn verdict(effect: Effect, error: &PsaError) -> Verdict {
    match (effect, error) {
        (_, PsaError::Throttled { retry_after: Some(wish) }) => Verdict::AgainAfter(*wish),
        (_, PsaError::Throttled { retry_after: None } | PsaError::Locked { .. } | PsaError::NotSent { .. }) => {
            Verdict::Again
        }
        (Effect::Read, PsaError::Unanswered { .. }) => Verdict::Again,
        (Effect::Write, PsaError::Unanswered { .. }) => Verdict::Final,
        (
            _,
            PsaError::Unauthorized
            | PsaError::Forbidden { .. }
            | PsaError::NotFound
            | PsaError::Refused { .. }
            | PsaError::ListTooLong { .. }
            | PsaError::Away { .. },
        ) => Verdict::Final,
    }
}

/// What it means that no whole answer came.
pub(super) fn no_answer(effect: Effect, none: NoAnswer) -> PsaError {
    match none {
        NoAnswer::TooLong(bytes) => match effect {
            Effect::Read => {
                let bound = format!("more than {bytes} bytes on a page");
                PsaError::ListTooLong { list: "rows".to_owned(), bound }
            }
            Effect::Write => PsaError::Unanswered { why: format!("an answer of more than {bytes} bytes") },
        },
        NoAnswer::Held(remaining) => PsaError::Throttled { retry_after: Some(remaining) },
        NoAnswer::NotSent(why) => PsaError::NotSent { why },
        NoAnswer::Away(remaining) => PsaError::Away { retry_after: remaining },
        NoAnswer::Lost(why) | NoAnswer::Late(why) => PsaError::Unanswered { why },
    }
}

/// What a status says that is not a success; none for a success.
///
/// A status that proves that nothing was done is a refusal. All others, a redirect and a request that took the server
/// too long (408) among them, prove nothing.
pub(super) fn refusal(answer: &Answer) -> Option<PsaError> {
    let status = answer.status;
    let error = match status {
        _ if status.is_success() => return None,
        StatusCode::UNAUTHORIZED => PsaError::Unauthorized,
        StatusCode::FORBIDDEN => PsaError::Forbidden { message: Complaint::read(answer).message },
        StatusCode::NOT_FOUND => PsaError::NotFound,
        StatusCode::TOO_MANY_REQUESTS => PsaError::Throttled { retry_after: answer.retry_after() },
        StatusCode::REQUEST_TIMEOUT => unanswered(status),
        StatusCode::LOCKED => PsaError::Locked { message: Complaint::read(answer).message },
        StatusCode::CONFLICT => Complaint::read(answer).conflict(),
        _ if status.is_client_error() => Complaint::read(answer).into(),
        _ => unanswered(status),
    };
    Some(error)
}

fn unanswered(status: StatusCode) -> PsaError {
    PsaError::Unanswered { why: format!("HTTP {status}") }
}

/// The code and the message of a refusal.
pub(super) fn words(answer: &Answer) -> String {
    let Complaint { code, message, .. } = Complaint::read(answer);
    format!("{code}: {message}")
}

/// ConnectWise's words.
struct Complaint {
    code: String,
    message: String,
    fields: Vec<RefusedField>,
}

impl Complaint {
    /// Reads `{code, message, errors: [{code, message, field}]}`; the edge writes `error` for `code`, or no JSON at all.
    fn read(answer: &Answer) -> Self {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let code = text(&body, "code").or_else(|| text(&body, "error"));
        let errors = body.get("errors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let mut words: Vec<String> = text(&body, "message").into_iter().collect();
        for inner in errors.iter().filter_map(|inner| text(inner, "message")) {
            if !words.contains(&inner) {
                words.push(inner);
            }
        }
        if words.is_empty() {
            words.push("it does not say why".to_owned());
        }
        Self {
            code: code.unwrap_or_else(|| format!("HTTP {}", answer.status.as_u16())),
            message: words.join("; "),
            fields: errors.iter().filter_map(refused_field).collect(),
        }
    }
}

impl Complaint {
    /// A conflict that names a field stays until the value is another one; any other is a record that is in use.
    fn conflict(self) -> PsaError {
        if self.fields.is_empty() { PsaError::Locked { message: self.message } } else { self.into() }
    }
}

impl From<Complaint> for PsaError {
    fn from(complaint: Complaint) -> Self {
        let Complaint { code, message, fields } = complaint;
        Self::Refused { code, message, fields }
    }
}

fn refused_field(inner: &Value) -> Option<RefusedField> {
    let or_nothing = |name| text(inner, name).unwrap_or_default();
    Some(RefusedField { field: text(inner, "field")?, code: or_nothing("code"), message: or_nothing("message") })
}

/// A text of the answer that says something, on one line and not endless.
fn text(value: &Value, name: &str) -> Option<String> {
    let text = value.get(name)?.as_str()?;
    let start: String = text.chars().take(4 * MESSAGE_CHARS).collect();
    let words: Vec<String> = start.split_whitespace().map(one_line).filter(|word| !word.is_empty()).collect();
    let line: String = words.join(" ").chars().take(MESSAGE_CHARS).collect();
    (!line.is_empty()).then_some(line)
}
