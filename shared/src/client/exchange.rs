//! One request and its answer: counted, paced, bounded; what came back, before anyone says what it means.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{RequestBuilder, Response, StatusCode};

use super::http::Http;
use super::pace::Pace;
use super::retry_after::retry_after;

/// Sends one client's requests; clones share the count and the pace.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    http: Http,
    pace: Pace,
    sent: Arc<AtomicU64>,
}

/// A whole answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// At most as long as the client's limit; empty where the body of a refusal broke off.
    pub(super) body: Vec<u8>,
}

/// No whole answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoAnswer {
    /// Nothing was sent: the service wants to be left alone for this long, which is longer than the caller waits.
    Held(Duration),
    /// Nothing was sent: there was no connection.
    NotSent(String),
    /// Something may have been sent, and no whole answer came.
    Lost(String),
}

impl Exchange {
    pub(super) fn new(http: Http, in_flight: usize) -> Self {
        Self { http, pace: Pace::new(in_flight), sent: Arc::default() }
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
    pub(super) async fn send(&self, request: RequestBuilder, longest_wait: Duration) -> Result<Answer, NoAnswer> {
        let _slot = self.pace.enter(longest_wait).await.map_err(NoAnswer::Held)?;
        let request = request.build().map_err(|error| NoAnswer::NotSent(innermost(&error)))?;
        self.sent.fetch_add(1, Ordering::Relaxed);
        let response = self.client().execute(request).await.map_err(|error| self.no_answer(&error))?;
        let answer = self.whole(response).await?;
        if let Some(wish) = answer.retry_after() {
            self.pace.hold(wish);
        }
        Ok(answer)
    }

    async fn whole(&self, mut response: Response) -> Result<Answer, NoAnswer> {
        let (status, headers) = (response.status(), response.headers().clone());
        let body = match self.body(&mut response).await {
            Ok(body) => body,
            // A refusal says enough by its status.
            Err(_) if status.is_client_error() => Vec::new(),
            Err(why) => return Err(NoAnswer::Lost(why)),
        };
        Ok(Answer { status, headers, body })
    }

    async fn body(&self, response: &mut Response) -> Result<Vec<u8>, String> {
        let cap = self.http.limits.max_body_bytes;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.words(&error))? {
            if body.len() + chunk.len() > cap {
                return Err(format!("an answer of more than {cap} bytes"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn no_answer(&self, error: &reqwest::Error) -> NoAnswer {
        // Only a connection that never stood is proof that nothing was sent.
        if error.is_connect() || error.is_builder() {
            NoAnswer::NotSent(self.words(error))
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

/// The cause of an error without what wraps it; the wrapping names the address, which may not be for every log.
fn innermost(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
