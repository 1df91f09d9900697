//! Problems from the errors of the ports. A service's own message goes to the log only.

use std::time::Duration;

use super::{Problem, ProblemCode, PsaRefusal, Text};
use crate::error::{ConnectError, PsaError, QueueError, SealError, SourceError, StoreError};

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Conflict { .. } | StoreError::LeaseLost => {
                tracing::info!(%error, "a save met another one");
                Self::new(ProblemCode::ChangedMeanwhile)
            }
            StoreError::Unavailable { .. } => logged(ProblemCode::Unavailable, &error),
            StoreError::Unreadable { .. } | StoreError::Refused { .. } => logged(ProblemCode::Internal, &error),
        }
    }
}

impl From<PsaError> for Problem {
    fn from(error: PsaError) -> Self {
        let detail = Text::from(&error);
        match error {
            PsaError::Unauthorized => Self::new(ProblemCode::PsaKeysRefused).detail(detail),
            PsaError::Forbidden { message } => Self::new(ProblemCode::PsaRightMissing).detail(detail).psa(PsaRefusal {
                code: None,
                message,
                field: None,
            }),
            PsaError::NotFound => Self::new(ProblemCode::PsaNotFound).detail(detail),
            PsaError::Refused { code, message, fields } => {
                let field = fields.into_iter().next().map(|refused| refused.field);
                Self::new(ProblemCode::PsaRefused).detail(detail).psa(PsaRefusal { code: Some(code), message, field })
            }
            PsaError::Locked { message } => {
                Self::new(ProblemCode::PsaLocked).detail(detail).psa(PsaRefusal { code: None, message, field: None })
            }
            PsaError::ListTooLong { .. } => Self::new(ProblemCode::PsaListTooLong).detail(detail),
            PsaError::Away { retry_after } => {
                Self::new(ProblemCode::PsaUnreachable).detail(detail).after(Some(retry_after))
            }
            PsaError::Throttled { retry_after } => Self::new(ProblemCode::PsaBusy).detail(detail).after(retry_after),
            PsaError::NotSent { .. } => Self::new(ProblemCode::PsaUnreachable).detail(detail),
            PsaError::Unanswered { .. } => Self::new(ProblemCode::PsaUnanswered).detail(detail),
        }
    }
}

impl From<SourceError> for Problem {
    fn from(error: SourceError) -> Self {
        let detail = Text::from(&error);
        match error {
            SourceError::Unauthorized => Self::new(ProblemCode::SophosKeysRefused).detail(detail),
            SourceError::NotAPartner { .. } => Self::new(ProblemCode::SophosWrongAccount).detail(detail),
            SourceError::Forbidden { .. } => Self::new(ProblemCode::SophosRightMissing).detail(detail),
            SourceError::Throttled { retry_after } => {
                Self::new(ProblemCode::SophosBusy).detail(detail).after(retry_after)
            }
            SourceError::Unavailable { .. } => Self::new(ProblemCode::SophosUnreachable).detail(detail),
            SourceError::TooLong { .. } | SourceError::Malformed { .. } => {
                Self::new(ProblemCode::SophosAnswerUnusable).detail(detail)
            }
        }
    }
}

impl From<ConnectError> for Problem {
    fn from(error: ConnectError) -> Self {
        let detail = Text::from(&error);
        match error {
            ConnectError::Missing { .. } => Self::new(ProblemCode::ConnectionMissing).detail(detail),
            ConnectError::Unusable { .. } | ConnectError::Unclaimed => {
                Self::new(ProblemCode::ConnectionUnusable).detail(detail)
            }
            ConnectError::TakenByAnother => Self::new(ProblemCode::PsaTaken).detail(detail),
            ConnectError::Seal(error) => error.into(),
            ConnectError::Store(error) => error.into(),
            ConnectError::Psa(error) => error.into(),
            ConnectError::Source(error) => error.into(),
        }
    }
}

impl From<SealError> for Problem {
    fn from(error: SealError) -> Self {
        logged(ProblemCode::Unavailable, &error)
    }
}

impl From<QueueError> for Problem {
    fn from(error: QueueError) -> Self {
        logged(ProblemCode::Unavailable, &error)
    }
}

impl Problem {
    /// Sets `Retry-After` if a service sent one, rounded up to whole seconds.
    fn after(self, retry_after: Option<Duration>) -> Self {
        match retry_after {
            Some(retry_after) => {
                self.retry_after_s(retry_after.as_secs().saturating_add(u64::from(retry_after.subsec_nanos() > 0)))
            }
            None => self,
        }
    }
}

/// A problem that is our own fault: its message is for the log, not for the caller.
fn logged(code: ProblemCode, error: &dyn std::error::Error) -> Problem {
    tracing::error!(code = code.as_str(), %error, "a request failed on our side");
    Problem::new(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::RefusedField;
    use crate::http::Language;

    fn body(problem: impl Into<Problem>) -> serde_json::Value {
        serde_json::to_value(problem.into().body(Language::English, Some("r-1"))).unwrap()
    }

    #[test]
    fn a_refusal_of_connectwise_carries_its_code_its_words_and_its_field() {
        let refused = PsaError::Refused {
            code: "InvalidObject".into(),
            message: "identifier is too long".into(),
            fields: vec![RefusedField {
                field: "identifier".into(),
                code: "MaxLengthField".into(),
                message: "identifier is too long".into(),
            }],
        };
        let body = body(refused);
        assert_eq!((&body["status"], &body["code"]), (&422.into(), &"psaRefused".into()));
        assert_eq!(body["type"], "/v1/problems#psaRefused");
        assert_eq!(body["correlationId"], "r-1");
        let psa =
            serde_json::json!({"code": "InvalidObject", "message": "identifier is too long", "field": "identifier"});
        assert_eq!(body["psa"], psa);
    }

    #[test]
    fn the_messages_of_the_table_stay_in_the_log() {
        let refused = StoreError::Refused { why: "User arn:aws:iam::123456789012 is not authorized".into() };
        let text = body(refused).to_string();
        assert!(text.contains("\"internal\"") && !text.contains("arn:"), "{text}");
    }

    #[test]
    fn a_throttling_service_sets_retry_after_and_a_refusal_does_not() {
        let seconds = |problem: Problem| {
            let response = problem.to_response(Language::English, None);
            response.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned())
        };
        let busy = |after| PsaError::Throttled { retry_after: after };
        assert_eq!(seconds(busy(Some(Duration::from_millis(6001))).into()).as_deref(), Some("7"));
        assert!(seconds(busy(None).into()).is_some());
        assert!(seconds(PsaError::Unanswered { why: "reset".into() }.into()).is_some());
        assert_eq!(seconds(PsaError::Unauthorized.into()), None);
    }
}
