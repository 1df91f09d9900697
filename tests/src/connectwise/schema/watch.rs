//! Holds every answer that a simulated PSA gives against the vendor's document, when there is one.
//!
//! Each verdict also goes to a file, if the environment names one: a run of all tests is many processes, some of them
//! killed on purpose, and what any of them answered counts. `infra/schema-report` reads it.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use axum::body::{Body, to_bytes};
use axum::http::{Method, StatusCode};
use axum::response::Response;

use super::{Verdict, configured, validate};

/// Names the file to which every verdict is appended: a line of verdict, verb, path, status and reason, between tabs.
const LOG_VARIABLE: &str = "CONNECTWISE_SCHEMA_LOG";

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

pub(in crate::connectwise) struct Watch {
    report: Mutex<SchemaReport>,
    log: Option<File>,
}

impl Watch {
    /// A watch that also writes to the file that the environment names.
    #[expect(clippy::disallowed_methods, reason = "where the verdicts go is the harness' own setting")]
    pub(in crate::connectwise) fn from_environment() -> Self {
        std::env::var_os(LOG_VARIABLE).map_or_else(Self::without_log, |path| Self::with_log(Path::new(&path)))
    }

    fn without_log() -> Self {
        Self { report: Mutex::default(), log: None }
    }

    /// A file that cannot be opened counts as an answer that is wrong: verdicts must not get lost in silence.
    fn with_log(path: &Path) -> Self {
        match OpenOptions::new().create(true).append(true).open(path) {
            Ok(log) => Self { log: Some(log), ..Self::without_log() },
            Err(failed) => {
                let watch = Self::without_log();
                watch.count(&Verdict::Broken(vec![format!("{LOG_VARIABLE}: {}: {failed}", path.display())]));
                watch
            }
        }
    }

    pub(in crate::connectwise) fn report(&self) -> SchemaReport {
        self.report.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes how an answer compares, and hands it on unchanged.
    pub(in crate::connectwise) async fn over(&self, verb: &Method, path: &str, answer: Response) -> Response {
        if configured() == Ok(None) {
            self.count(&Verdict::NotDescribed);
            return answer;
        }
        let (parts, body) = answer.into_parts();
        // The body is in memory already: reading it cannot fail.
        let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
        self.note(verb, path, parts.status, &judge(verb, path, parts.status, &bytes));
        Response::from_parts(parts, Body::from(bytes))
    }

    fn note(&self, verb: &Method, path: &str, status: StatusCode, verdict: &Verdict) {
        self.count(verdict);
        let Some(mut log) = self.log.as_ref() else { return };
        let (word, why) = match verdict {
            Verdict::Valid => ("valid", String::new()),
            Verdict::NotDescribed => ("undescribed", String::new()),
            Verdict::Broken(wrong) => ("broken", wrong.join("; ")),
        };
        // One write for a line: other processes append to the same file.
        let line = format!("{word}\t{verb}\t{path}\t{}\t{}\n", status.as_u16(), why.replace(['\t', '\n'], " "));
        if let Err(failed) = log.write_all(line.as_bytes()) {
            self.count(&Verdict::Broken(vec![format!("{LOG_VARIABLE}: {failed}")]));
        }
    }

    fn count(&self, verdict: &Verdict) {
        let mut report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        match verdict {
            Verdict::Valid => report.valid += 1,
            Verdict::NotDescribed => report.not_described += 1,
            Verdict::Broken(wrong) => report.broken.push(wrong.join("; ")),
        }
    }
}

/// Discovery and the web server's own error page are no part of the document; all else must be in it.
fn judge(verb: &Method, path: &str, status: StatusCode, body: &[u8]) -> Verdict {
    let body = match serde_json::from_slice(body) {
        Ok(body) => body,
        Err(_) if status == StatusCode::NO_CONTENT && body.is_empty() => return Verdict::Valid,
        Err(_) if status == StatusCode::NOT_FOUND => return Verdict::NotDescribed,
        Err(wrong) => return Verdict::Broken(vec![format!("body: no JSON: {wrong}")]),
    };
    let verdict = validate(path, verb.as_str(), status.as_u16(), &body);
    if verdict == Verdict::NotDescribed && !path.to_lowercase().contains("/login/companyinfo/") {
        return Verdict::Broken(vec!["the document has no such answer".to_owned()]);
    }
    verdict
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const PATH: &str = "/v4_6_release/apis/3.0/company/companies";

    #[test]
    fn every_verdict_reaches_the_file_from_all_that_write_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("verdicts");
        let (one, other) = (Watch::with_log(&file), Watch::with_log(&file));
        one.note(&Method::GET, PATH, StatusCode::OK, &Verdict::Valid);
        other.note(&Method::PUT, "/x", StatusCode::OK, &Verdict::Broken(vec!["body: a\tb".into(), "c".into()]));
        let lines = std::fs::read_to_string(&file).unwrap();
        assert_eq!(lines, format!("valid\tGET\t{PATH}\t200\t\nbroken\tPUT\t/x\t200\tbody: a b; c\n"));
        assert_eq!(other.report().broken, ["body: a\tb; c"]);
    }

    #[test]
    fn a_file_that_cannot_be_written_is_told() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Watch::with_log(folder.path()).report().broken.len(), 1);
    }

    #[test]
    fn an_answer_that_is_no_json_is_wrong_unless_it_has_no_content_or_is_the_web_servers_own() {
        let judged = |status, body: &[u8]| judge(&Method::GET, PATH, status, body);
        assert!(matches!(judged(StatusCode::OK, b"<html>"), Verdict::Broken(_)));
        assert!(matches!(judged(StatusCode::OK, b""), Verdict::Broken(_)));
        assert_eq!(judged(StatusCode::NO_CONTENT, b""), Verdict::Valid);
        assert_eq!(judged(StatusCode::NOT_FOUND, b"<html>"), Verdict::NotDescribed);
    }
}
