//! POSTs that may be repeated: the same request with the same `Idempotency-Key` has one effect and the same response.

use std::future::Future;

use axum::extract::{FromRequest, Request};
use axum::http::header::{CONTENT_TYPE, ETAG, LOCATION};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};

use super::catalogue::ProblemCode;
use super::document::header_parameter;
use super::json::{MAX_JSON_BYTES, has_type, parse, read_bytes, read_json};
use super::language::Text;
use super::limit::count;
use super::problem::{FieldError, Problem};
use crate::domain::id::PartnerId;
use crate::domain::vendor_text::without_controls;
use crate::error::StoreError;
use crate::ports::{Clock, Ids};
use crate::store::{Answer, Attempt, Begun, Limited, Store};
use crate::table::Table;

/// After how many seconds an unfinished attempt may be taken over. API Gateway waits half as long for a response, and
/// the timeout of a function that uses this must be shorter.
pub const TAKE_OVER_S: u32 = 60;
/// The most characters of a key.
const MAX_KEY: usize = 255;
const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Marks a repeated response.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// A JSON body with an `Idempotency-Key`; its type must be as for [`super::Json`].
#[derive(Clone, Debug)]
pub struct Once<T> {
    key: String,
    request: String,
    body: T,
}

impl<T: DeserializeOwned, W: Send + Sync> FromRequest<W> for Once<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &W) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let key = read_key(&parts.headers)?;
        let bytes = read_json(&parts.headers, body).await?;
        let request = hash_of(&parts, &bytes);
        let key = hex(Sha256::new().chain_update(key));
        Ok(Self { key, request, body: parse(&bytes)? })
    }
}

/// A body of text/csv, for [`Once`].
#[derive(Clone, Debug)]
pub struct CsvText(pub String);

impl<W: Send + Sync> FromRequest<W> for Once<CsvText> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &W) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let key = read_key(&parts.headers)?;
        if !has_type(&parts.headers, |essence| essence == "text/csv") {
            return Err(Problem::new(ProblemCode::UnsupportedMediaType)
                .detail(Text::new("The body must be text/csv.", "Il contenuto deve essere text/csv.")));
        }
        let bytes = read_bytes(&parts.headers, body, MAX_JSON_BYTES).await?;
        let request = hash_of(&parts, &bytes);
        let text = String::from_utf8(bytes.to_vec()).map_err(|_| {
            let detail = Text::new(
                "The text is not UTF-8; save the sheet as CSV UTF-8.",
                "Il testo non è in UTF-8; salvare il foglio come CSV UTF-8.",
            );
            let error = FieldError::body("", ProblemCode::Invalid, detail);
            Problem::new(ProblemCode::InvalidRequest).errors([error])
        })?;
        let key = hex(Sha256::new().chain_update(key));
        Ok(Self { key, request, body: CsvText(without_controls(&text).into_owned()) })
    }
}

/// The result of a request that has taken effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// The response is stored: the transaction of the effect took it as a [`crate::store::Keep`].
    Kept(Answer),
    /// The effect is outside of the table, or there is none: the response still has to be stored.
    Unkept(Answer),
}

fn hash_of(parts: &Parts, bytes: &[u8]) -> String {
    let head = format!("{}\n{}\n", parts.method, parts.uri.path_and_query().map_or("/", |path| path.as_str()));
    hex(Sha256::new().chain_update(head).chain_update(bytes))
}

/// The header, for `params(…)` of a route that takes a [`Once`].
#[derive(Clone, Copy, Debug)]
pub struct IdempotencyKey;

impl IntoParams for IdempotencyKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let what = "A new unique text for each request, at most 255 visible characters; a repetition of the request within 24 \
                    hours that has the same one is answered alike and done once.";
        vec![header_parameter("Idempotency-Key", what, true)]
    }
}

impl<T> Once<T> {
    /// Runs `act`, unless it succeeded before: then returns the earlier response.
    ///
    /// `act` is called at most once here, but an attempt that crashed is taken over after [`TAKE_OVER_S`] seconds. So
    /// `act` must be safe to repeat (look up before creating). If the effect is one transaction of the store, pass it a
    /// [`crate::store::Keep`]: then both are written or neither, and an attempt that was taken over writes nothing.
    ///
    /// Only a success is stored. After a problem the key may be used again: with any request after a 4xx (nothing was
    /// done, and nothing of the key stays), with the same one after a 5xx. If the attempt was taken over, or had succeeded
    /// unnoticed, the problem is dropped and the response is that of a repetition.
    ///
    /// A partner has 1,000 new keys an hour.
    ///
    /// # Errors
    /// `idempotencyKeyReused`, `idempotencyInProgress`, `limitReached`, and the problems of the store and of `act`.
    pub async fn run<F, Fut>(
        self,
        store: &Store<impl Table>,
        clock: &impl Clock,
        ids: &impl Ids,
        partner: PartnerId,
        act: F,
    ) -> Result<Response, Problem>
    where
        F: FnOnce(T, Attempt) -> Fut + Send,
        Fut: Future<Output = Result<Done, Problem>> + Send,
        T: Send,
    {
        let at = clock.now();
        let until = at.checked_add(SignedDuration::from_secs(i64::from(TAKE_OVER_S))).unwrap_or(Timestamp::MAX);
        let attempt = Attempt { key: self.key, request: self.request, claim: ids.unique(), at, until };
        if let Some(earlier_response) = earlier_response(store.begin_attempt(partner, &attempt).await?, at) {
            return earlier_response;
        }
        let counted = count(store, partner, Limited::IdempotencyKeys, at).await;
        let outcome = match counted {
            Ok(_) => act(self.body, attempt.clone()).await,
            Err(problem) => Err(problem),
        };
        match outcome {
            Ok(Done::Kept(answer)) => Ok(respond(&answer, false)),
            Ok(Done::Unkept(answer)) => {
                match store.finish_attempt(partner, &attempt, &answer).await {
                    Ok(()) => {}
                    // The effect has happened and is reported. A repetition runs `act` again, which is safe.
                    Err(error) => tracing::error!(%error, "an answer was not kept for its repetition"),
                }
                Ok(respond(&answer, false))
            }
            Err(problem) => {
                let may_have_taken_effect = problem.code().status().is_server_error();
                match store.give_attempt_back(partner, &attempt, may_have_taken_effect).await {
                    Ok(met) => earlier_response(met, at).unwrap_or(Err(problem)),
                    Err(error) => {
                        // The key can be taken over a minute later: the problem itself is more important.
                        tracing::warn!(%error, "an idempotency key was not given back");
                        Err(problem)
                    }
                }
            }
        }
    }
}

/// The response that follows from the state of the key; none if the attempt holds the key.
fn earlier_response(met: Begun, at: Timestamp) -> Option<Result<Response, Problem>> {
    match met {
        Begun::Fresh => None,
        Begun::Done(answer) => Some(Ok(respond(&answer, true))),
        Begun::InProgress(until) => {
            let wait = until.as_second().saturating_sub(at.as_second()).max(1);
            let problem = Problem::new(ProblemCode::IdempotencyInProgress);
            Some(Err(problem.retry_after_s(u64::try_from(wait).unwrap_or(1).min(5))))
        }
        Begun::OtherRequest => Some(Err(Problem::new(ProblemCode::IdempotencyKeyReused))),
    }
}

/// A response that can be stored: a status and a body. Add `location` and `etag` to its fields.
///
/// # Errors
/// `Refused`: the body cannot be written as JSON.
pub fn answer(status: StatusCode, body: &impl Serialize) -> Result<Answer, StoreError> {
    let why = |error| StoreError::Refused { why: format!("an answer cannot be written as JSON: {error}") };
    let body = serde_json::to_string(body).map_err(why)?;
    Ok(Answer { status: status.as_u16(), location: None, etag: None, body })
}

fn respond(answer: &Answer, replayed: bool) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = (status, answer.body.clone()).into_response();
    let headers = response.headers_mut();
    if answer.body.is_empty() {
        headers.remove(CONTENT_TYPE);
    } else {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    for (name, value) in [(LOCATION, &answer.location), (ETAG, &answer.etag)] {
        if let Some(value) = value.as_deref().and_then(|value| HeaderValue::try_from(value).ok()) {
            headers.insert(name, value);
        }
    }
    if replayed {
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

fn read_key(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut values = headers.get_all(KEY).into_iter();
    let value = values.next().ok_or_else(|| Problem::new(ProblemCode::IdempotencyKeyMissing))?;
    let key = value.to_str().unwrap_or_default();
    let is_key = (1..=MAX_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    if is_key && values.next().is_none() {
        return Ok(key);
    }
    let detail = Text::new(
        format!("Expected one text of 1 to {MAX_KEY} visible ASCII characters, without spaces."),
        format!("Occorre un solo testo da 1 a {MAX_KEY} caratteri ASCII visibili, senza spazi."),
    );
    let error = FieldError::parameter("Idempotency-Key", ProblemCode::Invalid, detail);
    Err(Problem::new(ProblemCode::InvalidRequest).errors([error]))
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
