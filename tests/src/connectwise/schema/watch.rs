//! Holds every answer that a simulated PSA gives against the vendor's document, when there is one.

use std::sync::{Mutex, PoisonError};

use axum::body::{Body, to_bytes};
use axum::http::Method;
use axum::response::Response;
use serde_json::Value;

use super::{Verdict, configured, validate};

/// How the answers of a simulated PSA compared with the vendor's document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchemaReport {
    /// Answers that are as the document says.
    pub valid: u64,
    /// Answers that the document does not describe; all of them where no document is configured.
    pub not_described: u64,
    /// What is wrong with the others.
    pub broken: Vec<String>,
}

#[derive(Default)]
pub(in crate::connectwise) struct Watch {
    report: Mutex<SchemaReport>,
}

impl Watch {
    pub(in crate::connectwise) fn report(&self) -> SchemaReport {
        self.report.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes how an answer compares, and hands it on unchanged.
    pub(in crate::connectwise) async fn over(&self, verb: &Method, path: &str, answer: Response) -> Response {
        if configured() == Ok(None) {
            self.note(verb, path, Verdict::NotDescribed);
            return answer;
        }
        let (parts, body) = answer.into_parts();
        // The body is in memory already: reading it cannot fail.
        let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
        let verdict = match serde_json::from_slice::<Value>(&bytes) {
            Ok(body) => validate(path, verb.as_str(), parts.status.as_u16(), &body),
            Err(_) => Verdict::NotDescribed,
        };
        self.note(verb, path, verdict);
        Response::from_parts(parts, Body::from(bytes))
    }

    fn note(&self, verb: &Method, path: &str, verdict: Verdict) {
        let mut report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        match verdict {
            Verdict::Valid => report.valid += 1,
            Verdict::NotDescribed => report.not_described += 1,
            Verdict::Broken(wrong) => report.broken.push(format!("{verb} {path}: {}", wrong.join("; "))),
        }
    }
}
