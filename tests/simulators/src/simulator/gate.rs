//! The gate in front of a simulator: counts each call and does to it what the fault plan says.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};

use super::admin;
use super::counters::{Counters, NO_ANSWER};
use super::endless;
use super::faults::{Bucket, FaultKind, FaultPlan, PlanError};
use super::limits::{Limits, Verdict};

/// What the gate must know of the vendor behind it.
pub trait Vendor: Send + Sync + 'static {
    /// The path with its ids replaced by `{id}`, so that calls on one kind of resource are counted together.
    fn template(&self, method: &Method, path: &str) -> String;

    /// Who calls, judged by the headers; for counting and for the vendor's rate limit. Never a secret.
    fn caller(&self, headers: &HeaderMap) -> String;

    /// The vendor's 429, without its `Retry-After`, which the gate adds.
    fn too_many_calls(&self, retry_after_s: u64) -> Response;

    /// The vendor's 5xx.
    fn server_error(&self, status: StatusCode) -> Response;

    /// Other people insert and delete rows of the list at `path`; `draw` chooses which.
    fn disturb(&self, path: &str, insert: u32, delete: u32, draw: u64);
}

/// Marks an answer that must not be sent: the server closes the connection instead.
#[derive(Clone, Copy, Debug)]
pub struct Unanswered;

/// Counters and faults of one simulator; clones share them.
#[derive(Clone)]
pub struct Gate {
    vendor: Arc<dyn Vendor>,
    counters: Counters,
    limits: Arc<Mutex<Limits>>,
}

impl Gate {
    /// A gate that lets everything through.
    pub fn new(vendor: Arc<dyn Vendor>) -> Self {
        Self { vendor, counters: Counters::default(), limits: Arc::default() }
    }

    /// What has been counted; also at `GET /_sim/counters`.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Carries out `plan` from the next call on, counting its calls from 1; also at `PUT /_sim/faults`.
    pub fn set_faults(&self, plan: FaultPlan) -> Result<(), PlanError> {
        plan.check()?;
        *self.limits() = Limits::new(plan);
        Ok(())
    }

    /// Limits each caller from the next call on; the rest of the plan stays, and counts its calls from 1 again.
    pub fn limit(&self, bucket: Bucket) {
        let plan = FaultPlan { bucket: Some(bucket), ..self.faults() };
        *self.limits() = Limits::new(plan);
    }

    /// The plan being carried out.
    pub fn faults(&self) -> FaultPlan {
        self.limits().plan().clone()
    }

    fn limits(&self) -> MutexGuard<'_, Limits> {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run(&self, verdict: Verdict, request: Request, next: Next) -> Response {
        let path = request.uri().path().to_owned();
        let half_ms = verdict.latency_ms / 2;
        wait(half_ms).await;
        let answer = self.apply(verdict.kind, &path, verdict.draw, request, next).await;
        wait(verdict.latency_ms - half_ms).await;
        answer
    }

    async fn apply(&self, kind: Option<FaultKind>, path: &str, draw: u64, request: Request, next: Next) -> Response {
        match kind {
            None => next.run(request).await,
            Some(FaultKind::ErrorBefore { status }) => self.vendor.server_error(code(status)),
            Some(FaultKind::ErrorAfter { status }) => {
                next.run(request).await;
                self.vendor.server_error(code(status))
            }
            Some(FaultKind::ResetBefore) => unanswered(),
            Some(FaultKind::ResetAfter) => {
                next.run(request).await;
                unanswered()
            }
            Some(FaultKind::LateCommit { status, delay_ms }) => {
                tokio::spawn(async move {
                    wait(delay_ms).await;
                    next.run(request).await;
                });
                self.vendor.server_error(code(status))
            }
            Some(FaultKind::Html { status }) => edge_page(code(status)),
            Some(FaultKind::HtmlAfter { status, retry_after }) => {
                let mut answer = edge_page(code(status));
                // A text that no header can have is left out.
                answer
                    .headers_mut()
                    .extend(HeaderValue::from_str(&retry_after).ok().map(|text| (header::RETRY_AFTER, text)));
                answer
            }
            Some(FaultKind::TooManyCalls { retry_after_s }) => {
                let mut answer = self.vendor.too_many_calls(retry_after_s);
                answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after_s));
                answer
            }
            Some(FaultKind::SlowAnswer { delay_ms }) => {
                let answer = next.run(request).await;
                wait(delay_ms).await;
                answer
            }
            Some(FaultKind::TruncatedJson) => {
                spoil(next.run(request).await, |body| body.truncate(body.len() / 2)).await
            }
            Some(FaultKind::MalformedJson) => spoil(next.run(request).await, |body| body.fill(b'{')).await,
            Some(FaultKind::TextReplaced { text, by }) => {
                let replace = |body: &mut Vec<u8>| {
                    *body = String::from_utf8_lossy(body).replace(&text, &by).into_bytes();
                };
                spoil(next.run(request).await, replace).await
            }
            Some(FaultKind::EndlessList { rows }) => {
                let uri = request.uri().clone();
                endless::answer(next.run(request).await, &uri, rows).await
            }
            Some(FaultKind::RowsChange { insert, delete }) => {
                let answer = next.run(request).await;
                self.vendor.disturb(path, insert, delete, draw);
                answer
            }
        }
    }
}

/// Puts `gate` in front of `simulator` and adds the admin routes under `/_sim/`, which are never counted or spoilt.
pub fn guard(simulator: Router, gate: &Gate) -> Router {
    simulator.layer(from_fn_with_state(gate.clone(), pass)).merge(admin::router(gate.clone()))
}

/// Runs each call in a task of its own: a server finishes what it was sent, also when the client has hung up.
async fn pass(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let verb = request.method().as_str().to_owned();
    let template = gate.vendor.template(request.method(), request.uri().path());
    let caller = gate.vendor.caller(request.headers());
    let in_flight = gate.counters.enter();
    let verdict = gate.limits().enter(&verb, request.uri().path(), &template, &caller, Instant::now());
    if verdict.early {
        gate.counters.early();
    }
    let admitted = verdict.admitted;
    let call = tokio::spawn(async move {
        let answer = gate.run(verdict, request, next).await;
        let unanswered = answer.extensions().get::<Unanswered>().is_some();
        let status = if unanswered { NO_ANSWER } else { answer.status().as_u16() };
        gate.counters.answered(&verb, &template, &caller, status);
        if admitted {
            gate.limits().leave(&caller);
        }
        drop(in_flight);
        answer
    });
    call.await.unwrap_or_else(|failure| {
        (StatusCode::INTERNAL_SERVER_ERROR, format!("the simulator itself failed: {failure}")).into_response()
    })
}

async fn wait(ms: u64) {
    if ms > 0 {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
}

fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn unanswered() -> Response {
    let mut answer = StatusCode::INTERNAL_SERVER_ERROR.into_response();
    answer.extensions_mut().insert(Unanswered);
    answer
}

fn edge_page(status: StatusCode) -> Response {
    let page = format!("<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>");
    (status, [(header::CONTENT_TYPE, "text/html")], page).into_response()
}

async fn spoil(answer: Response, change: impl FnOnce(&mut Vec<u8>)) -> Response {
    let (mut parts, body) = answer.into_parts();
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return unanswered();
    };
    let mut bytes = bytes.to_vec();
    change(&mut bytes);
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(bytes))
}
