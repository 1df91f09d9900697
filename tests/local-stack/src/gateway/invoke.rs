//! An invocation: the event's JSON through the adapter that runs on Lambda, and the answer's JSON back to HTTP.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::{CONNECTION, CONTENT_LENGTH, SET_COOKIE, TRANSFER_ENCODING};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::{SignedDuration, Timestamp};
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Context, LambdaEvent, Service};
use serde::Deserialize;

use super::event::trace_id;
use super::refusal::{REQUEST_ID, Refused};

/// One call of a function.
pub(super) struct Invocation<'a> {
    pub(super) id: &'a str,
    pub(super) at: Timestamp,
    /// The event's JSON.
    pub(super) event: String,
    /// When Lambda ends the function.
    pub(super) function_timeout: Duration,
    /// When the gateway gives the function up.
    pub(super) integration_timeout: Duration,
    /// The longest answer, in bytes of JSON.
    pub(super) answer_bytes: usize,
}

impl Invocation<'_> {
    /// Invokes the function and waits as long as the real services do. A function that the gateway gave up goes on; one
    /// whose own time is over is ended. A panic, an end before its time and an answer that is too long are a 500.
    pub(super) async fn run(self, router: Router) -> Result<Response, Refused> {
        let context = self.context();
        let mut running = tokio::spawn(handle(router, self.event, context));
        let wait_budget = self.function_timeout.min(self.integration_timeout);
        let ended = tokio::select! {
            biased;
            ended = &mut running => ended,
            () = tokio::time::sleep(wait_budget) => {
                if self.integration_timeout < self.function_timeout {
                    return Err(Refused::new(StatusCode::SERVICE_UNAVAILABLE));
                }
                running.abort();
                tracing::warn!(timeout_ms = self.function_timeout.as_millis(), "a function's time is over");
                return Err(Refused::broken());
            }
        };
        let answer = match ended {
            Ok(Ok(answer)) => answer,
            Ok(Err(unreadable)) => {
                tracing::error!(%unreadable, "an event or an answer is not of the form that lambda_http knows");
                return Err(Refused::broken());
            }
            Err(died) => {
                tracing::error!(%died, "a function died");
                return Err(Refused::broken());
            }
        };
        if answer.len() > self.answer_bytes {
            tracing::error!(bytes = answer.len(), limit = self.answer_bytes, "a function's answer is too long");
            return Err(Refused::broken());
        }
        to_http(&answer, self.id)
    }

    /// What the runtime tells a function of its invocation.
    fn context(&self) -> Context {
        let timeout = SignedDuration::try_from(self.function_timeout).unwrap_or(SignedDuration::MAX);
        let deadline = self.at.saturating_add(timeout).unwrap_or(Timestamp::MAX);
        let mut context = Context::default();
        context.request_id = self.id.to_owned();
        context.deadline = u64::try_from(deadline.as_millisecond()).unwrap_or_default();
        context.xray_trace_id = Some(trace_id(self.id, self.at));
        context
    }
}

/// What `lambda_http::run` does with each event, from JSON to JSON.
async fn handle(router: Router, event: String, context: Context) -> Result<String, serde_json::Error> {
    let request: LambdaRequest = serde_json::from_str(&event)?;
    // A router is always ready; the adapter itself cannot be held over an await of a task.
    let answering = Adapter::from(router).call(LambdaEvent::new(request, context));
    let Ok(answer) = answering.await;
    serde_json::to_string(&answer)
}

/// What the gateway reads of a function's answer; other fields, `multiValueHeaders` among them, mean nothing to it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    status_code: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    cookies: Vec<String>,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// Headers that belong to a connection and are the gateway's own.
const OWN: [HeaderName; 3] = [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING];

fn to_http(answer: &str, id: &str) -> Result<Response, Refused> {
    let answer: Answer = serde_json::from_str(answer).map_err(|_| Refused::broken())?;
    let body = answer.body.unwrap_or_default();
    let body =
        if answer.is_base64_encoded { BASE64.decode(body).map_err(|_| Refused::broken())? } else { body.into_bytes() };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(answer.status_code).map_err(|_| Refused::broken())?;
    let headers = response.headers_mut();
    for (name, value) in &answer.headers {
        let name = HeaderName::try_from(name).map_err(|_| Refused::broken())?;
        if !OWN.contains(&name) {
            headers.insert(name, HeaderValue::from_str(value).map_err(|_| Refused::broken())?);
        }
    }
    for cookie in &answer.cookies {
        headers.append(SET_COOKIE, HeaderValue::from_str(cookie).map_err(|_| Refused::broken())?);
    }
    headers.insert(REQUEST_ID, HeaderValue::from_str(id).map_err(|_| Refused::broken())?);
    Ok(response)
}
