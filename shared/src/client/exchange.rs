//! One request and its answer: counted, paced, bounded; what came back, before anyone says what it means.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Request, RequestBuilder, Response, StatusCode};
use tokio::time::Instant;

use super::http::Http;
use super::rate_limiter::{Ended, NoPermit, Permit, RateLimiter, WaitBudget};
use super::retry::RetryPolicy;
use super::retry_after::retry_after;

/// What some servers put before a text in UTF-8, and no parser of JSON takes.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Sends one client's requests; clones share the count and the pace.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    http: Http,
    limiter: RateLimiter,
    sent: Arc<AtomicU64>,
}

/// A whole answer.
#[derive(Debug)]
pub(super) struct Answer {
    /// When its request left, or was about to connect.
    pub(super) left: Instant,
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// At most as long as the client's limit, without a byte order mark; empty where the body of a refusal broke off.
    pub(super) body: Vec<u8>,
}

/// No whole answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoAnswer {
    /// Nothing was sent: the service wants to be left alone for this long, which is longer than the caller waits.
    Held(Duration),
    /// Nothing was sent: the service did not answer lately, and is not asked for this long.
    Away(Duration),
    /// Nothing was sent: there was no connection.
    NotSent(String),
    /// Something may have been sent, and no whole answer came.
    Lost(String),
    /// The answer has more bytes than this, which is all that is read of one.
    TooLong(usize),
    /// The same, because it took too long.
    Late(String),
}

impl Exchange {
    pub(super) fn new(http: Http, limiter: RateLimiter) -> Self {
        Self { http, limiter, sent: Arc::default() }
    }

    /// Takes up the rate that was learnt before, and what the PSA asked of others.
    pub(super) async fn resume(&self) {
        self.limiter.resume().await;
    }

    /// What requests are built with.
    pub(super) fn client(&self) -> &reqwest::Client {
        &self.http.client
    }

    /// How many requests were sent so far.
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Sends a request once, as soon as the pace allows it, and reads its answer to the end.
    pub(super) async fn send(&self, request: RequestBuilder, policy: &RetryPolicy) -> Result<Answer, NoAnswer> {
        self.send_for(request, policy, usize::MAX).await
    }

    /// As [`Self::send`]; of the answer at most `most` bytes are read, and never more than the client's limit.
    pub(super) async fn send_for(
        &self,
        request: RequestBuilder,
        policy: &RetryPolicy,
        most: usize,
    ) -> Result<Answer, NoAnswer> {
        let slot = self.limiter.enter(wait_budget(policy)).await?;
        self.send_in(slot, request, most).await
    }

    /// As [`Self::send`], in the turn that [`Self::reserve_permit`] took if it did.
    pub(super) async fn send_reserved(
        &self,
        request: RequestBuilder,
        policy: &RetryPolicy,
    ) -> Result<Answer, NoAnswer> {
        let slot = self.limiter.enter_reserved(wait_budget(policy)).await?;
        self.send_in(slot, request, usize::MAX).await
    }

    /// Waits until a request may leave, for the next one that is sent by turn.
    pub(super) async fn reserve_permit(&self, policy: &RetryPolicy) -> Result<(), NoAnswer> {
        Ok(self.limiter.reserve_permit(wait_budget(policy)).await?)
    }

    async fn send_in(&self, slot: Permit, request: RequestBuilder, most: usize) -> Result<Answer, NoAnswer> {
        let request = request.build().map_err(|error| NoAnswer::NotSent(innermost(&error)))?;
        self.sent.fetch_add(1, Ordering::Relaxed);
        let answer = self.answer(request, most).await;
        self.limiter.learn(slot, ended(&answer)).await;
        answer
    }

    async fn answer(&self, request: Request, most: usize) -> Result<Answer, NoAnswer> {
        let left = Instant::now();
        let response = self.client().execute(request).await.map_err(|error| self.no_answer(&error))?;
        self.whole(response, left, most).await
    }

    async fn whole(&self, mut response: Response, left: Instant, most: usize) -> Result<Answer, NoAnswer> {
        let (status, headers) = (response.status(), response.headers().clone());
        let body = match self.body(&mut response, most).await {
            Ok(body) => body,
            // A refusal says enough by its status.
            Err(_) if status.is_client_error() => Vec::new(),
            Err(none) => return Err(none),
        };
        Ok(Answer { left, status, headers, body })
    }

    async fn body(&self, response: &mut Response, most: usize) -> Result<Vec<u8>, NoAnswer> {
        let cap = self.http.limits.max_body_bytes.min(most);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.no_answer(&error))? {
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

    fn no_answer(&self, error: &reqwest::Error) -> NoAnswer {
        // Only a connection that never stood is proof that nothing was sent.
        if error.is_connect() || error.is_builder() {
            NoAnswer::NotSent(self.words(error))
        } else if error.is_timeout() {
            NoAnswer::Late(self.words(error))
        } else {
            NoAnswer::Lost(self.words(error))
        }
    }

    fn words(&self, error: &reqwest::Error) -> String {
        match (error.is_timeout(), error.is_connect()) {
            (true, true) => format!("no connection within {:?}", self.http.limits.connect_timeout),
            (true, false) => format!("no whole answer within {:?}", self.http.limits.call_timeout),
            (false, _) => innermost(error),
        }
    }
}

impl Answer {
    /// How long the server wants to be left alone, where its status is one that asks for it.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self.status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => retry_after(&self.headers),
            _ => None,
        }
    }
}

fn wait_budget(policy: &RetryPolicy) -> WaitBudget {
    WaitBudget { hold: policy.max_retry_after, turn: policy.total.max(policy.max_retry_after) }
}

/// What the pace learns from what came back.
fn ended(answer: &Result<Answer, NoAnswer>) -> Ended {
    match answer {
        Ok(answer) => match answer.status {
            StatusCode::TOO_MANY_REQUESTS => Ended::TooMany(answer.retry_after()),
            StatusCode::SERVICE_UNAVAILABLE => Ended::Overloaded(answer.retry_after()),
            status if status.is_server_error() => Ended::Failed,
            _ => Ended::Well,
        },
        Err(NoAnswer::Late(_)) => Ended::Overloaded(None),
        // It answers, and far too much: nothing that fewer calls would change.
        Err(NoAnswer::TooLong(_)) => Ended::Well,
        Err(NoAnswer::Held(_) | NoAnswer::Away(_) | NoAnswer::NotSent(_) | NoAnswer::Lost(_)) => Ended::Failed,
    }
}

impl From<NoPermit> for NoAnswer {
    fn from(none: NoPermit) -> Self {
        match none {
            NoPermit::Held(wait) => Self::Held(wait),
            NoPermit::Full => Self::NotSent("other calls came first".to_owned()),
            NoPermit::Away(wait) => Self::Away(wait),
        }
    }
}

/// The cause of an error without what wraps it; the wrapping names the address, which may not be for every log.
fn innermost(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
