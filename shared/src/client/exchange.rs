//! One request and its response: rate-limited, counted and bounded in size. What the response means is decided
//! elsewhere.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Request, RequestBuilder, Response, StatusCode};
use tokio::time::Instant;

use super::http::Http;
use super::rate_limiter::{CallOutcome, NoPermit, Permit, RateLimiter, WaitBudget};
use super::retry::RetryPolicy;
use super::retry_after::retry_after;
use super::secrets::Secrets;

/// Some servers put this before a text in UTF-8; JSON parsers reject it.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Sends the requests of one client; clones share the rate limiter and the count.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    http: Http,
    limiter: RateLimiter,
    secrets: Secrets,
    sent: Arc<AtomicU64>,
}

/// A whole response.
#[derive(Debug)]
pub(super) struct Answer {
    /// When its request was sent, before connecting.
    pub(super) started: Instant,
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// At most as long as the client's limit, without a byte order mark; empty where the body of a 4xx broke off.
    pub(super) body: Vec<u8>,
    /// What must not be repeated of the body.
    pub(super) secrets: Secrets,
}

/// Why there is no whole response.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoAnswer {
    /// Nothing was sent: the service is throttling for this long, which is more than the caller waits.
    Throttled(Duration),
    /// Nothing was sent: the circuit breaker is open for this long.
    CircuitOpen(Duration),
    /// Nothing was sent: there was no connection or no permit.
    NotSent(String),
    /// The request may have been sent, and no whole response came.
    Lost(String),
    /// The response is longer than this limit.
    TooLong(usize),
    /// As `Lost`, because of a timeout.
    Late(String),
}

impl Exchange {
    /// Sends through `http`; the requests contain `secrets`.
    pub(super) fn new(http: Http, limiter: RateLimiter, secrets: Secrets) -> Self {
        Self { http, limiter, secrets, sent: Arc::default() }
    }

    /// Takes over the shared rate and pause.
    pub(super) async fn resume(&self) {
        self.limiter.resume().await;
    }

    pub(super) fn client(&self) -> &reqwest::Client {
        &self.http.client
    }

    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Sends a request once, as soon as the rate limiter allows it, and reads the whole response.
    pub(super) async fn send(&self, request: RequestBuilder, policy: &RetryPolicy) -> Result<Answer, NoAnswer> {
        self.send_for(request, policy, usize::MAX).await
    }

    /// As [`Self::send`], but reads at most `most` bytes of the response.
    pub(super) async fn send_for(
        &self,
        request: RequestBuilder,
        policy: &RetryPolicy,
        most: usize,
    ) -> Result<Answer, NoAnswer> {
        let limit = self.limit(policy);
        let permit = self.limiter.enter(wait_budget(policy)).await?;
        self.send_in(permit, request, limit, most).await
    }

    /// As [`Self::send`], but uses the permit that [`Self::reserve_permit`] reserved, if there is one.
    pub(super) async fn send_reserved(
        &self,
        request: RequestBuilder,
        policy: &RetryPolicy,
    ) -> Result<Answer, NoAnswer> {
        let limit = self.limit(policy);
        let permit = self.limiter.enter_reserved(wait_budget(policy)).await?;
        self.send_in(permit, request, limit, usize::MAX).await
    }

    /// Waits until a request may be sent, and reserves that for the next [`Self::send_reserved`].
    pub(super) async fn reserve_permit(&self, policy: &RetryPolicy) -> Result<(), NoAnswer> {
        Ok(self.limiter.reserve_permit(wait_budget(policy)).await?)
    }

    /// When a request that is made now ends at the latest.
    fn limit(&self, policy: &RetryPolicy) -> Limit {
        Limit {
            from: Instant::now(),
            whole: policy.whole.unwrap_or(Duration::MAX),
            call: self.http.limits.call_timeout,
        }
    }

    async fn send_in(
        &self,
        permit: Permit,
        request: RequestBuilder,
        limit: Limit,
        most: usize,
    ) -> Result<Answer, NoAnswer> {
        let within = limit.left();
        let request = request.timeout(within).build().map_err(|error| NoAnswer::NotSent(root_cause(&error)))?;
        self.sent.fetch_add(1, Ordering::Relaxed);
        let answer = self.answer(request, within, most).await;
        self.limiter.finish(permit, call_outcome(&answer)).await;
        answer
    }

    async fn answer(&self, request: Request, within: Duration, most: usize) -> Result<Answer, NoAnswer> {
        let started = Instant::now();
        let response = self.client().execute(request).await.map_err(|error| self.no_answer(&error, within))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = match self.body(response, within, most).await {
            Ok(body) => body,
            // The status of a refusal is enough.
            Err(_) if status.is_client_error() => Vec::new(),
            Err(none) => return Err(none),
        };
        Ok(Answer { started, status, headers, body, secrets: self.secrets.clone() })
    }

    async fn body(&self, mut response: Response, within: Duration, most: usize) -> Result<Vec<u8>, NoAnswer> {
        let cap = self.http.limits.max_body_bytes.min(most);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.no_answer(&error, within))? {
            if body.len() + chunk.len() > cap {
                return Err(NoAnswer::TooLong(cap));
            }
            body.extend_from_slice(&chunk);
        }
        if body.starts_with(BYTE_ORDER_MARK) {
            body.drain(..BYTE_ORDER_MARK.len());
        }
        Ok(body)
    }

    fn no_answer(&self, error: &reqwest::Error, within: Duration) -> NoAnswer {
        // Only a connection that was never made proves that nothing was sent.
        if error.is_connect() || error.is_builder() {
            NoAnswer::NotSent(self.words(error, within))
        } else if error.is_timeout() {
            NoAnswer::Late(self.words(error, within))
        } else {
            NoAnswer::Lost(self.words(error, within))
        }
    }

    fn words(&self, error: &reqwest::Error, within: Duration) -> String {
        let connecting = self.http.limits.connect_timeout.min(within);
        match (error.is_timeout(), error.is_connect()) {
            (true, true) => format!("no connection within {}", in_words(connecting)),
            (true, false) => format!("no whole answer within {}", in_words(within)),
            (false, _) => root_cause(error),
        }
    }
}

/// How long a request may take: the wait for its permit counts.
#[derive(Clone, Copy)]
struct Limit {
    from: Instant,
    whole: Duration,
    call: Duration,
}

impl Limit {
    fn left(&self) -> Duration {
        self.whole.saturating_sub(self.from.elapsed()).min(self.call)
    }
}

/// A time limit as people read it: whole seconds where it has some.
fn in_words(limit: Duration) -> String {
    if limit < Duration::from_secs(1) { format!("{} ms", limit.as_millis()) } else { format!("{} s", limit.as_secs()) }
}

impl Answer {
    /// The `Retry-After` of a 429 or 503.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self.status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => retry_after(&self.headers),
            _ => None,
        }
    }
}

fn wait_budget(policy: &RetryPolicy) -> WaitBudget {
    WaitBudget { pause: policy.max_retry_after, total: policy.total.max(policy.max_retry_after) }
}

fn call_outcome(answer: &Result<Answer, NoAnswer>) -> CallOutcome {
    match answer {
        Ok(answer) => match answer.status {
            StatusCode::TOO_MANY_REQUESTS => CallOutcome::Throttled(answer.retry_after()),
            StatusCode::SERVICE_UNAVAILABLE => CallOutcome::Overloaded(answer.retry_after()),
            status if status.is_server_error() => CallOutcome::Failed,
            _ => CallOutcome::Answered,
        },
        Err(NoAnswer::Late(_)) => CallOutcome::Overloaded(None),
        // The service is available, and fewer calls would not make its responses shorter.
        Err(NoAnswer::TooLong(_)) => CallOutcome::Answered,
        Err(NoAnswer::Throttled(_) | NoAnswer::CircuitOpen(_) | NoAnswer::NotSent(_) | NoAnswer::Lost(_)) => {
            CallOutcome::Failed
        }
    }
}

impl From<NoPermit> for NoAnswer {
    fn from(none: NoPermit) -> Self {
        match none {
            NoPermit::Throttled(wait) => Self::Throttled(wait),
            NoPermit::TimedOut => Self::NotSent("other calls came first".to_owned()),
            NoPermit::CircuitOpen(wait) => Self::CircuitOpen(wait),
        }
    }
}

/// The root cause of an error. The errors around it contain the address, which not every log may show.
fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
