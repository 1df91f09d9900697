//! Holds every answer that a simulated PSA gives against the vendor's document, and lets no wrong one be overlooked.
//!
//! In a test, a wrong answer ends the process: an error would be retried or settled by the code under test, and a panic
//! would end one call. Each verdict also goes to a file, if the environment names one: a run of all tests is many
//! processes, and what any of them answered counts. `infra/schema-report` reads it.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::body::{Body, to_bytes};
use axum::http::{Method, StatusCode};
use axum::response::Response;

use super::{Verdict, validate};

/// Names the file to which every verdict is appended: a line of verdict, verb, path, status and reason, between tabs.
const LOG_VARIABLE: &str = "CONNECTWISE_SCHEMA_LOG";

/// The exit code of a process whose simulator gave a wrong answer: that of an internal software error (`sysexits.h`).
const BROKEN: i32 = 70;

/// What becomes of an answer that is not as the vendor's document says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Validation {
    /// The process ends with exit code 70 and the reason on standard error.
    #[default]
    Strict,
    /// The reason goes to standard error and the simulator goes on: for one that people try by hand.
    Report,
    /// Nothing is held against the document: for measuring times.
    Off,
}

/// How the answers of a simulated PSA compared with the vendor's document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchemaReport {
    /// Answers that are as the document says.
    pub valid: u64,
    /// Answers that the document does not describe: discovery and the web server's own pages.
    pub not_described: u64,
    /// What is wrong with the others; empty under [`Validation::Strict`].
    pub broken: Vec<String>,
}

pub(in crate::connectwise) struct Watch {
    validation: Mutex<Validation>,
    report: Mutex<SchemaReport>,
    log: Option<File>,
}

impl Watch {
    /// A strict watch that also writes to the file that the environment names.
    #[expect(clippy::disallowed_methods, reason = "where the verdicts go is the harness' own setting")]
    pub(in crate::connectwise) fn from_environment() -> Self {
        let log = std::env::var_os(LOG_VARIABLE).map(|path| open(Path::new(&path)));
        Self::new(log.transpose().unwrap_or_else(|failed| end(&failed)))
    }

    fn new(log: Option<File>) -> Self {
        Self { validation: Mutex::default(), report: Mutex::default(), log }
    }

    pub(in crate::connectwise) fn set_validation(&self, validation: Validation) {
        *lock(&self.validation) = validation;
    }

    pub(in crate::connectwise) fn report(&self) -> SchemaReport {
        lock(&self.report).clone()
    }

    /// Holds an answer against the document and hands it on unchanged.
    pub(in crate::connectwise) async fn over(&self, verb: &Method, path: &str, answer: Response) -> Response {
        let validation = *lock(&self.validation);
        if validation == Validation::Off {
            return answer;
        }
        let (parts, body) = answer.into_parts();
        // The body is in memory already: reading it cannot fail.
        let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
        let verdict = judge(verb, path, parts.status, &bytes);
        if let Err(failed) = self.note(verb, path, parts.status, &verdict) {
            end(&failed);
        }
        if let Verdict::Broken(wrong) = verdict {
            let status = parts.status.as_u16();
            let why = format!("{verb} {path} was answered {status}, not as ConnectWise's schema says: {wrong:?}");
            match validation {
                Validation::Strict => end(&why),
                Validation::Report => eprintln!("{why}"),
                Validation::Off => {}
            }
        }
        Response::from_parts(parts, Body::from(bytes))
    }

    fn note(&self, verb: &Method, path: &str, status: StatusCode, verdict: &Verdict) -> Result<(), String> {
        let (word, why) = match verdict {
            Verdict::Valid => ("valid", String::new()),
            Verdict::NotDescribed => ("undescribed", String::new()),
            Verdict::Broken(wrong) => ("broken", wrong.join("; ")),
        };
        {
            let mut report = lock(&self.report);
            match verdict {
                Verdict::Valid => report.valid += 1,
                Verdict::NotDescribed => report.not_described += 1,
                Verdict::Broken(_) => report.broken.push(why.clone()),
            }
        }
        let Some(mut log) = self.log.as_ref() else { return Ok(()) };
        // One write for a line: other processes append to the same file.
        let line = format!("{word}\t{verb}\t{path}\t{}\t{}\n", status.as_u16(), why.replace(['\t', '\n'], " "));
        log.write_all(line.as_bytes()).map_err(|failed| format!("{LOG_VARIABLE}: {failed}"))
    }
}

fn open(path: &Path) -> Result<File, String> {
    let opened = OpenOptions::new().create(true).append(true).open(path);
    opened.map_err(|failed| format!("{LOG_VARIABLE}: {}: {failed}", path.display()))
}

/// Ends the process. Written directly to stderr, because the runner's capture would be lost.
fn end(why: &str) -> ! {
    // Where there is no standard error, the exit code says it alone.
    drop(writeln!(std::io::stderr(), "\nthe ConnectWise simulator: {why}"));
    std::process::exit(BROKEN)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Discovery and the web server's own error page are not part of the document; all else must be in it.
fn judge(verb: &Method, path: &str, status: StatusCode, body: &[u8]) -> Verdict {
    // No answer to HEAD has a body, and an answer without content has none either.
    let without_body = *verb == Method::HEAD || status == StatusCode::NO_CONTENT;
    let body = match serde_json::from_slice(body) {
        Ok(body) => body,
        Err(_) if *verb == Method::HEAD && body.is_empty() => return Verdict::Valid,
        Err(_) if without_body && body.is_empty() => serde_json::Value::Null,
        Err(_) if status == StatusCode::NOT_FOUND => return Verdict::NotDescribed,
        Err(wrong) => return Verdict::Broken(vec![format!("body: not JSON: {wrong}")]),
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
        let [one, other] = [(); 2].map(|()| Watch::new(Some(open(&file).unwrap())));
        one.note(&Method::GET, PATH, StatusCode::OK, &Verdict::Valid).unwrap();
        let broken = Verdict::Broken(vec!["body: a\tb".into(), "c".into()]);
        other.note(&Method::PUT, "/x", StatusCode::OK, &broken).unwrap();
        let lines = std::fs::read_to_string(&file).unwrap();
        assert_eq!(lines, format!("valid\tGET\t{PATH}\t200\t\nbroken\tPUT\t/x\t200\tbody: a b; c\n"));
        assert_eq!(other.report().broken, ["body: a\tb; c"]);
    }

    #[test]
    fn a_file_that_cannot_be_written_is_reported() {
        let folder = tempfile::tempdir().unwrap();
        assert!(open(folder.path()).unwrap_err().starts_with(LOG_VARIABLE));
    }

    #[test]
    fn an_answer_that_is_not_json_is_wrong_unless_it_has_no_content_or_is_the_web_servers_own() {
        let judged = |verb, path, status, body: &[u8]| judge(&verb, path, status, body);
        let one = format!("{PATH}/1");
        assert!(matches!(judged(Method::GET, PATH, StatusCode::OK, b"<html>"), Verdict::Broken(_)));
        assert!(matches!(judged(Method::GET, PATH, StatusCode::OK, b""), Verdict::Broken(_)));
        assert!(matches!(judged(Method::GET, PATH, StatusCode::BAD_REQUEST, b""), Verdict::Broken(_)));
        assert!(matches!(judged(Method::GET, PATH, StatusCode::NO_CONTENT, b""), Verdict::Broken(_)));
        assert_eq!(judged(Method::DELETE, &one, StatusCode::NO_CONTENT, b""), Verdict::Valid);
        assert_eq!(judged(Method::HEAD, PATH, StatusCode::METHOD_NOT_ALLOWED, b""), Verdict::Valid);
        assert_eq!(judged(Method::GET, PATH, StatusCode::NOT_FOUND, b"<html>"), Verdict::NotDescribed);
    }
}
