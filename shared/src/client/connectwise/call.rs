//! One call of the REST API: its address, headers and retries, and what happens after an unexpected 404.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, RequestBuilder, StatusCode};
use secrecy::ExposeSecret;
use tokio::time::Instant;
use url::Url;

use super::ConnectWiseOptions;
use super::refusal::{self, Effect};
use crate::client::address::PsaAddress;
use crate::client::credentials::ConnectWiseCredentials;
use crate::client::exchange::{Answer, Exchange};
use crate::client::rate_limiter::{RateLimiter, SharedLimit};
use crate::client::retry::RetryPolicy;
use crate::client::secrets::Secrets;
use crate::error::PsaError;

/// Pins the API version: without it a server answers in its newest one.
const ACCEPT_VERSION: &str = "application/vnd.connectwise.com+json; version=2025.1";
/// A codebase moves a few times a year. Deleted records also answer 404, and must not double the calls.
const REDISCOVER_AFTER: Duration = Duration::from_secs(60);

/// A request to the API.
pub(super) struct Call<'a> {
    method: Method,
    path: &'a str,
    query: Vec<(&'static str, String)>,
    body: Option<String>,
    /// Whether it is sent within a second or not at all, and once: the stored intent of the call is valid from then.
    at_once: bool,
    /// How many bytes of a response to a read are read at most.
    most_bytes: usize,
}

impl<'a> Call<'a> {
    pub(super) fn get(path: &'a str, query: Vec<(&'static str, String)>) -> Self {
        Self { method: Method::GET, path, query, body: None, at_once: false, most_bytes: usize::MAX }
    }

    pub(super) fn post(path: &'a str, body: String) -> Self {
        Self { method: Method::POST, path, query: Vec::new(), body: Some(body), at_once: true, most_bytes: usize::MAX }
    }

    pub(super) fn patch(path: &'a str, body: String) -> Self {
        Self { method: Method::PATCH, at_once: false, ..Self::post(path, body) }
    }

    pub(super) fn at_once(self) -> Self {
        Self { at_once: true, ..self }
    }

    /// The same, but reads at most `most_bytes` of the response.
    pub(super) fn within(self, most_bytes: usize) -> Self {
        Self { most_bytes, ..self }
    }

    fn effect(&self) -> Effect {
        if self.method == Method::GET { Effect::Read } else { Effect::Write }
    }
}

/// The API of one company.
pub(super) struct Api {
    address: PsaAddress,
    company: String,
    authorization: HeaderValue,
    client_id: HeaderValue,
    exchange: Exchange,
    reads: RetryPolicy,
    writes: RetryPolicy,
    codebase: Mutex<String>,
    rediscovered: tokio::sync::Mutex<Option<Instant>>,
}

impl Api {
    pub(super) async fn connect(
        address: PsaAddress,
        credentials: &ConnectWiseCredentials,
        options: &ConnectWiseOptions,
        shared: Option<SharedLimit>,
    ) -> Result<Self, PsaError> {
        let api = Self::undiscovered(address, credentials, options, shared)?;
        api.exchange.resume().await;
        let codebase = api.discover().await?;
        api.set_codebase(codebase);
        Ok(api)
    }

    /// The API of a company before discovery.
    pub(super) fn undiscovered(
        address: PsaAddress,
        credentials: &ConnectWiseCredentials,
        options: &ConnectWiseOptions,
        shared: Option<SharedLimit>,
    ) -> Result<Self, PsaError> {
        let limiter = RateLimiter::adaptive(options.in_flight, options.calls_per_minute, shared);
        let keys = format!(
            "{}+{}:{}",
            credentials.company,
            credentials.public_key.expose_secret(),
            credentials.private_key.expose_secret()
        );
        let encoded = STANDARD.encode(&keys);
        let authorization = secret_header(&format!("Basic {encoded}"))?;
        let secrets = Secrets::new([
            credentials.public_key.clone(),
            credentials.private_key.clone(),
            credentials.client_id.clone(),
            encoded.into(),
        ]);
        Ok(Self {
            address,
            company: credentials.company.clone(),
            authorization,
            client_id: secret_header(credentials.client_id.expose_secret())?,
            exchange: Exchange::new(options.http.clone(), limiter, secrets),
            reads: options.reads,
            writes: options.writes,
            codebase: Mutex::default(),
            rediscovered: tokio::sync::Mutex::default(),
        })
    }

    /// Sends a call, retries it where that is safe, and reads the response.
    ///
    /// A 404 proves that nothing was done. If the API has moved, the call is sent to the new place.
    pub(super) async fn call<T>(
        &self,
        call: &Call<'_>,
        read: fn(&Answer) -> Result<T, PsaError>,
    ) -> Result<T, PsaError> {
        let codebase = self.codebase();
        let answer = self.call_at(&codebase, call, read).await;
        if !matches!(answer, Err(PsaError::NotFound)) {
            return answer;
        }
        // Discovery takes too long for a call `at_once`: the next call uses its result.
        // If discovery fails, the 404 remains the answer.
        match self.rediscover(&codebase).await {
            Ok(present) if present != codebase && !call.at_once => self.call_at(&present, call, read).await,
            Ok(_) | Err(_) => answer,
        }
    }

    /// The response to a read, whatever its status below 500. After a 404 the codebase is discovered again.
    pub(super) async fn get_any(&self, call: &Call<'_>) -> Result<Answer, PsaError> {
        let codebase = self.codebase();
        let answer = self.get_any_at(&codebase, call).await?;
        if answer.status != StatusCode::NOT_FOUND {
            return Ok(answer);
        }
        match self.rediscover(&codebase).await {
            Ok(present) if present != codebase => self.get_any_at(&present, call).await,
            Ok(_) | Err(_) => Ok(answer),
        }
    }

    async fn get_any_at(&self, codebase: &str, call: &Call<'_>) -> Result<Answer, PsaError> {
        let attempt = |policy: RetryPolicy| async move {
            let request = self.request(codebase, call)?;
            let answer = self.exchange.send_for(request, &policy, call.most_bytes).await;
            let answer = answer.map_err(|none| refusal::no_answer(Effect::Read, none))?;
            match refusal::refusal(&answer) {
                Some(passing @ (PsaError::Throttled { .. } | PsaError::Unanswered { .. })) => Err(passing),
                Some(_) | None => Ok(answer),
            }
        };
        self.reads.run(|error| refusal::verdict(Effect::Read, error), attempt).await
    }

    async fn call_at<T>(
        &self,
        codebase: &str,
        call: &Call<'_>,
        read: fn(&Answer) -> Result<T, PsaError>,
    ) -> Result<T, PsaError> {
        let effect = call.effect();
        let policy = match effect {
            Effect::Read => self.reads,
            Effect::Write if call.at_once => RetryPolicy { whole: self.writes.whole, ..RetryPolicy::at_once() },
            Effect::Write => self.writes,
        };
        let attempt = |policy: RetryPolicy| async move {
            let request = self.request(codebase, call)?;
            let answer = match effect {
                Effect::Read => self.exchange.send_for(request, &policy, call.most_bytes).await,
                Effect::Write => self.exchange.send_reserved(request, &policy).await,
            };
            let answer = answer.map_err(|none| refusal::no_answer(effect, none))?;
            match refusal::refusal(&answer) {
                Some(error) => Err(error),
                None => read(&answer),
            }
        };
        let outcome = policy.run(|error| refusal::verdict(effect, error), attempt).await;
        if let Err(error) = &outcome {
            tracing::warn!(host = self.host(), method = %call.method, path = call.path, %error, "a ConnectWise call failed");
        }
        outcome
    }

    fn request(&self, codebase: &str, call: &Call<'_>) -> Result<RequestBuilder, PsaError> {
        let mut url = self
            .address
            .join(&[codebase, "apis", "3.0"], &format!("/{}", call.path))
            .ok_or_else(|| no_address(codebase))?;
        if !call.query.is_empty() {
            // A plus for a space belongs to forms, not to URLs; a plus in the text is escaped already.
            let query =
                url.query_pairs_mut().extend_pairs(&call.query).finish().query().map(|query| query.replace('+', "%20"));
            url.set_query(query.as_deref());
        }
        let request = self
            .exchange
            .client()
            .request(call.method.clone(), url)
            .header(ACCEPT, ACCEPT_VERSION)
            .header(AUTHORIZATION, self.authorization.clone())
            .header("clientId", self.client_id.clone());
        Ok(match &call.body {
            Some(body) => request.header(CONTENT_TYPE, "application/json").body(body.clone()),
            None => request.header("pagination-type", "forward-only"),
        })
    }

    /// The current codebase, discovered at most once a minute, and not if another call has just done so.
    async fn rediscover(&self, stale: &str) -> Result<String, PsaError> {
        let mut asked = self.rediscovered.lock().await;
        let known = self.codebase();
        let recently = asked.is_some_and(|at| at.elapsed() < REDISCOVER_AFTER);
        if known != stale || recently {
            return Ok(known);
        }
        *asked = Some(Instant::now());
        let present = self.discover().await?;
        if present != stale {
            tracing::info!(host = self.host(), stale, present, "ConnectWise has moved its API");
            self.set_codebase(present.clone());
        }
        Ok(present)
    }

    fn codebase(&self) -> String {
        self.codebase.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_codebase(&self, codebase: String) {
        *self.codebase.lock().unwrap_or_else(PoisonError::into_inner) = codebase;
    }

    pub(super) fn companyinfo_url(&self) -> Result<Url, PsaError> {
        let url = self.address.join(&["login", "companyinfo", &self.company], "");
        url.ok_or_else(|| no_address(&self.company))
    }

    /// Waits until a write may be sent, and reserves that for it.
    pub(super) async fn reserve_permit(&self) -> Result<(), PsaError> {
        self.exchange.reserve_permit(&self.reads).await.map_err(|none| refusal::no_answer(Effect::Write, none))
    }

    pub(super) fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    pub(super) fn reads(&self) -> &RetryPolicy {
        &self.reads
    }

    pub(super) fn calls(&self) -> u64 {
        self.exchange.sent()
    }

    pub(super) fn host(&self) -> String {
        self.address.host()
    }

    pub(super) fn company(&self) -> &str {
        &self.company
    }
}

fn no_address(part: &str) -> PsaError {
    PsaError::NotSent { why: format!("{part:?} cannot stand in an address") }
}

fn secret_header(text: &str) -> Result<HeaderValue, PsaError> {
    let mut header = HeaderValue::from_str(text)
        .map_err(|_| PsaError::NotSent { why: "the client id has characters that cannot be sent".to_owned() })?;
    header.set_sensitive(true);
    Ok(header)
}
