//! From the status of a response to an error that says what the caller can do, and whether the call may be retried.

use reqwest::StatusCode;
use serde_json::Value;

use crate::client::exchange::{Answer, NoAnswer};
use crate::client::retry::Verdict;
use crate::client::secrets::Secrets;
use crate::domain::vendor_text::one_line;
use crate::error::{PsaError, RefusedField};

/// Messages of the vendor are cut to this length.
const MESSAGE_CHARS: usize = 500;

/// What a call changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing: it may be sent any number of times.
    Read,
    /// It may have taken effect, unless a response proves otherwise.
    Write,
}

/// Whether the call may be sent again after this error, without checking what it did.
pub(super) fn verdict(effect: Effect, error: &PsaError) -> Verdict {
    match (effect, error) {
        (_, PsaError::Throttled { retry_after: Some(retry_after) }) => Verdict::AgainAfter(*retry_after),
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

/// The error for a missing response.
pub(super) fn no_answer(effect: Effect, none: NoAnswer) -> PsaError {
    match none {
        NoAnswer::TooLong(bytes) => match effect {
            Effect::Read => {
                let bound = format!("more than {bytes} bytes on a page");
                PsaError::ListTooLong { list: "rows".to_owned(), bound }
            }
            Effect::Write => PsaError::Unanswered { why: format!("an answer of more than {bytes} bytes") },
        },
        NoAnswer::Throttled(remaining) => PsaError::Throttled { retry_after: Some(remaining) },
        NoAnswer::NotSent(why) => PsaError::NotSent { why },
        NoAnswer::CircuitOpen(remaining) => PsaError::Away { retry_after: remaining },
        NoAnswer::Lost(why) | NoAnswer::Late(why) => PsaError::Unanswered { why },
    }
}

/// The error for a status; none for a success.
///
/// A refusal is a status that proves that nothing was done. All others prove nothing, including a redirect and a 408.
pub(super) fn refusal(answer: &Answer) -> Option<PsaError> {
    let status = answer.status;
    let error = match status {
        _ if status.is_success() => return None,
        StatusCode::UNAUTHORIZED => PsaError::Unauthorized,
        StatusCode::FORBIDDEN => PsaError::Forbidden { message: Refusal::read(answer).message },
        StatusCode::NOT_FOUND => PsaError::NotFound,
        StatusCode::TOO_MANY_REQUESTS => PsaError::Throttled { retry_after: answer.retry_after() },
        StatusCode::REQUEST_TIMEOUT => unanswered(status),
        StatusCode::LOCKED => PsaError::Locked { message: Refusal::read(answer).message },
        StatusCode::CONFLICT => Refusal::read(answer).conflict(),
        _ if status.is_client_error() => Refusal::read(answer).into(),
        _ => unanswered(status),
    };
    Some(error)
}

fn unanswered(status: StatusCode) -> PsaError {
    PsaError::Unanswered { why: format!("HTTP {status}") }
}

pub(super) fn words(answer: &Answer) -> String {
    let Refusal { code, message, .. } = Refusal::read(answer);
    format!("{code}: {message}")
}

/// The texts of a refusal.
struct Refusal {
    code: String,
    message: String,
    fields: Vec<RefusedField>,
}

impl Refusal {
    /// Reads `{code, message, errors: [{code, message, field}]}`. The edge writes `error` for `code`, or no JSON at
    /// all.
    fn read(answer: &Answer) -> Self {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let text = |value: &Value, name: &str| text(&answer.secrets, value, name);
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
            fields: errors.iter().filter_map(|inner| refused_field(inner, &text)).collect(),
        }
    }
}

impl Refusal {
    /// A conflict that names a field lasts until the value changes; any other one is a record in use.
    fn conflict(self) -> PsaError {
        if self.fields.is_empty() { PsaError::Locked { message: self.message } } else { self.into() }
    }
}

impl From<Refusal> for PsaError {
    fn from(refusal: Refusal) -> Self {
        let Refusal { code, message, fields } = refusal;
        Self::Refused { code, message, fields }
    }
}

fn refused_field(inner: &Value, text: &impl Fn(&Value, &str) -> Option<String>) -> Option<RefusedField> {
    let or_nothing = |name: &str| text(inner, name).unwrap_or_default();
    Some(RefusedField { field: text(inner, "field")?, code: or_nothing("code"), message: or_nothing("message") })
}

/// A text of the response on one line, of limited length and without our secrets; none if it is empty.
fn text(secrets: &Secrets, value: &Value, name: &str) -> Option<String> {
    let text = secrets.strike(value.get(name)?.as_str()?);
    let start: String = text.chars().take(4 * MESSAGE_CHARS).collect();
    let words: Vec<String> = start.split_whitespace().map(one_line).filter(|word| !word.is_empty()).collect();
    let line: String = words.join(" ").chars().take(MESSAGE_CHARS).collect();
    (!line.is_empty()).then_some(line)
}
