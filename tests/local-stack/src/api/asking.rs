//! Asks a function's routes as API Gateway would, without any wire: with the context of an HTTP API whose JWT authorizer
//! has let the request in.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use lambda_http::request::RequestContext;
use serde_json::{Map, Value, json};
use shared::domain::id::PartnerId;
use shared::http::ApiOptions;
use tower::ServiceExt;

/// The claim that names the partner, as it is by default.
pub const PARTNER_CLAIM: &str = "custom:partner_id";

/// What all functions are told in tests.
#[must_use]
pub fn options() -> ApiOptions {
    ApiOptions { partner_claim: PARTNER_CLAIM.to_owned() }
}

/// Somebody with a token.
#[derive(Clone, Debug)]
pub struct Asking {
    claims: Map<String, Value>,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answered {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// Its body: the JSON value, null where there is none, a string where it is no JSON.
    pub body: Value,
}

impl Answered {
    /// A header's text, empty where it is missing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The code of the problem, empty where it is none.
    #[must_use]
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

impl Asking {
    /// Somebody of a partner with scopes such as `psa/read psa/write`.
    #[must_use]
    pub fn new(partner: PartnerId, scopes: &str) -> Self {
        let claims = json!({ PARTNER_CLAIM: partner.to_string(), "scope": scopes, "sub": "9f31", "exp": "1795600000" });
        Self { claims: claims.as_object().cloned().unwrap_or_default() }
    }

    /// The same with another text of a claim; none removes it.
    #[must_use]
    pub fn claim(mut self, name: &str, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.claims.insert(name.to_owned(), text.into()),
            None => self.claims.remove(name),
        };
        self
    }

    /// What API Gateway says of a request of theirs.
    ///
    /// # Panics
    /// Never: the context is a valid one.
    #[must_use]
    #[expect(clippy::expect_used, reason = "the context below is valid for every claim, which tests see at once")]
    pub fn context(&self) -> RequestContext {
        let context = json!({
            "routeKey": "$default", "accountId": "123456789012", "stage": "$default", "requestId": "JKJaXmPLvHcESHA=",
            "apiId": "api", "domainName": "api.example.com", "domainPrefix": "api",
            "time": "23/Nov/2026:10:00:00 +0000", "timeEpoch": 1_795_428_000_000_u64,
            "authorizer": { "jwt": { "claims": self.claims, "scopes": null } },
            "http": { "method": "GET", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "test" },
        });
        serde_json::from_value(context).expect("a context of an HTTP API")
    }

    /// Asks `app` with a JSON body, or with none.
    pub async fn ask(&self, app: &Router, head: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Answered {
        let mut request = request(head, headers, body);
        request.extensions_mut().insert(self.context());
        answer(app, request).await
    }

    /// A GET without headers.
    pub async fn get(&self, app: &Router, path: &str) -> Answered {
        self.ask(app, &format!("GET {path}"), &[], None).await
    }
}

/// A request, told by method and path: `GET /v1/problems`.
///
/// # Panics
/// A head or header that is none.
#[must_use]
#[expect(clippy::expect_used, reason = "a test that asks for what cannot be asked for must fail")]
pub fn request(head: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Request<Body> {
    let (method, path) = head.split_once(' ').expect("a method and a path");
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if body.is_some() && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        request = request.header("content-type", "application/json");
    }
    request.body(body.map_or_else(Body::empty, |body| Body::from(body.to_string()))).expect("a request")
}

/// What `app` answers to a request.
///
/// # Panics
/// A body that breaks off.
#[expect(clippy::expect_used, reason = "an answer that breaks off must fail the test")]
pub async fn answer(app: &Router, request: Request<Body>) -> Answered {
    let Ok(response) = app.clone().oneshot(request).await;
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.expect("a whole body");
    let text = || Value::from(String::from_utf8_lossy(&bytes).into_owned());
    let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap_or_else(|_| text()) };
    Answered { status: parts.status, headers: parts.headers, body }
}
