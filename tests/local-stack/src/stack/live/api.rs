//! The HTTP API called in this process: the deployed routes, scopes and functions, without a port.

use std::fmt;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, ETAG, HOST, IF_MATCH};
use axum::http::{Method, StatusCode};
use serde_json::Value;
use shared::clock::SystemClock;
use shared::domain::id::PartnerId;
use shared::ids::UuidV7;
use shared::ports::{Clock, Ids};
use url::form_urlencoded::Serializer;

use crate::gateway::token::{Issuer, Token};
use crate::gateway::{GatewayOptions, InProcess, Routes};
use crate::stack::ApiError;
use crate::stack::api::{SCOPES, TEMPLATE};

/// The most bytes of an answer; more than Lambda lets a function answer.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// How many rows a page of a list is asked to have: the most that any list gives.
const PAGE: &str = "500";

/// The API for one partner.
pub struct LiveApi {
    gateway: InProcess,
    issuer: Issuer,
    partner: PartnerId,
    who: String,
}

/// An answer that is no problem.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The version, where the answer has one.
    pub etag: Option<String>,
    /// The body; a text where it is no JSON, null where there is none.
    pub body: Value,
}

/// A problem that the API answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// The problem's body.
    pub problem: Value,
}

impl Refused {
    /// What happened in this case, or where it does not say, in general.
    #[must_use]
    pub fn what(&self) -> &str {
        let detail = self.text("detail");
        if detail.is_empty() { self.text("title") } else { detail }
    }

    /// What to do next.
    #[must_use]
    pub fn advice(&self) -> &str {
        self.text("advice")
    }

    fn text(&self, field: &str) -> &str {
        self.problem[field].as_str().unwrap_or_default()
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&sentence(self.what()))?;
        for error in self.problem["errors"].as_array().into_iter().flatten() {
            let detail = error["detail"].as_str().unwrap_or_default();
            if detail != self.what() {
                write!(f, " {}", sentence(detail))?;
            }
        }
        if let Some(message) = self.problem["psa"]["message"].as_str() {
            write!(f, " ConnectWise says: {}", sentence(message))?;
        }
        write!(f, " {}", self.advice())
    }
}

impl std::error::Error for Refused {}

/// A text as a sentence of its own.
fn sentence(text: &str) -> String {
    let mut chars = text.trim_end_matches('.').chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}

impl LiveApi {
    pub(super) fn new(partner: PartnerId, who: &str, routers: Vec<(String, Router)>) -> Result<Self, ApiError> {
        let issuer = Issuer::ephemeral()?;
        let options = GatewayOptions::new(issuer.authorizer());
        let gateway = InProcess::new(options, Routes::from_template(TEMPLATE)?, routers)?;
        Ok(Self { gateway, issuer, partner, who: who.to_owned() })
    }

    /// What a path has now.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Reply, Refused> {
        let path = match query {
            [] => path.to_owned(),
            query => format!("{path}?{}", Serializer::new(String::new()).extend_pairs(query).finish()),
        };
        self.send(Method::GET, &path, None, None).await
    }

    /// Every row of a list, page by page.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn list(&self, path: &str, query: &[(&str, &str)]) -> Result<Vec<Value>, Refused> {
        let (mut rows, mut key) = (Vec::new(), None::<String>);
        loop {
            let mut query = query.to_vec();
            query.push(("pageSize", PAGE));
            query.extend(key.as_deref().map(|key| ("pageFromKey", key)));
            let Reply { mut body, .. } = self.get(path, &query).await?;
            if let Some(items) = body["items"].as_array_mut() {
                rows.append(items);
            }
            key = body["pages"]["nextKey"].as_str().map(str::to_owned);
            if key.is_none() {
                return Ok(rows);
            }
        }
    }

    /// Any call. A POST is one attempt with a key of its own; `if_match` is a tag, or `*`.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        if_match: Option<&str>,
    ) -> Result<Reply, Refused> {
        let token = Token::new(self.partner, &SCOPES, SystemClock.now()).subject(&self.who);
        let token = self.issuer.mint(&token).map_err(|error| broken(&error.to_string()))?;
        let mut request = Request::builder().method(&method).uri(path).header(HOST, "localhost");
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        if method == Method::POST {
            request = request.header("idempotency-key", UuidV7.unique());
        }
        if let Some(tag) = if_match {
            request = request.header(IF_MATCH, tag);
        }
        let body = match body {
            Some(body) => {
                request = request.header(CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        let request = request.body(body).map_err(|error| broken(&error.to_string()))?;
        let answer = self.gateway.call(request).await;
        let status = answer.status();
        let etag = answer.headers().get(ETAG).and_then(|tag| tag.to_str().ok()).map(str::to_owned);
        let bytes = to_bytes(answer.into_body(), MOST_BYTES).await.map_err(|error| broken(&error.to_string()))?;
        let text = || String::from_utf8_lossy(&bytes).into_owned();
        let body = match serde_json::from_slice(&bytes) {
            Ok(body) => body,
            Err(_) if bytes.is_empty() => Value::Null,
            Err(_) => Value::String(text()),
        };
        if status.is_success() { Ok(Reply { etag, body }) } else { Err(refused(status, body)) }
    }
}

/// The problem of an answer; the gateway's own refusals are no problems, so they are made ones.
fn refused(status: StatusCode, body: Value) -> Refused {
    if body["code"].is_string() {
        return Refused { problem: body };
    }
    let said = body["message"].as_str().map_or_else(|| status.to_string(), str::to_owned);
    Refused {
        problem: serde_json::json!({ "code": "gateway", "status": status.as_u16(), "title": said,
        "advice": "GET /v1/openapi.json lists what can be called." }),
    }
}

fn broken(why: &str) -> Refused {
    let advice = "Try again; report it if it stays.";
    Refused { problem: serde_json::json!({ "code": "internal", "title": why, "advice": advice }) }
}
