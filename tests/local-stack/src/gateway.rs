//! API Gateway on one's own machine: an HTTP API with a JWT authorizer, in front of the functions' routers.
//!
//! Clients and functions see the same as in a deployment: routes, scopes and time-outs are read from `template.yaml`,
//! every call becomes the JSON of a payload of format 2.0, goes through `lambda_http`'s own adapter, and comes back as
//! the JSON of its answer. The quirks of API Gateway are reproduced too: the path is decoded before it is matched and
//! handed over, a header that an answer repeats keeps its first value only, a form or a body without a type arrives in
//! base64.
//!
//! # Sources
//! The API Gateway Developer Guide: *Create routes for HTTP APIs* (which route is taken, decoding), *AWS Lambda proxy
//! integrations for HTTP APIs* (the payload), *Control access to HTTP APIs with JWT authorizers* and its page of
//! troubleshooting (what of a token is checked, `www-authenticate`), *Quotas for HTTP APIs*. The Lambda Developer Guide:
//! *Lambda quotas* (6 MB each way). Which content types arrive as text was measured on the real service by others
//! (ministack, pull request 766), and so were the claims as texts and `scopes` (floci, pull request 2011).
//!
//! # Assumed
//! No source settles these; nothing of the product relies on them.
//! - The words of `error_description` other than that of a wrong audience; that a 403 has no `www-authenticate`.
//! - 431 and its body for a request line and header values beyond the quota; 413 for an event above Lambda's 6 MB.
//! - An integration has 29 s unless its route says otherwise: the guide gives HTTP APIs 30 s, SAM lets a route name 29 s
//!   at most, and the shorter is the safer to test against.
//! - A path variable takes no empty segment, and a slash at the end makes another path.
//!
//! # Not imitated
//! CORS and stages (the template has none but `$default`), throttling, custom domains, mutual TLS, that an instance of a
//! function has one call at a time.

mod authorizer;
mod event;
mod invoke;
mod refusal;
mod routes;
mod template;
pub mod token;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use futures::StreamExt;
use serde_json::Value;
use shared::clock::SystemClock;
use shared::ids::UuidV7;
use shared::ports::{Clock, Ids};

pub use authorizer::Authorizer;
use event::Arrived;
use invoke::Invocation;
use refusal::Refused;
pub use routes::{Access, Route, Routes};
use simulators::simulator::serve::{Running, serve};
pub use template::TemplateError;

/// What API Gateway and Lambda let through.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The request line and the values of all headers together, in bytes.
    pub header_bytes: usize,
    /// A request's body, in bytes.
    pub body_bytes: usize,
    /// The event that a function is invoked with, in bytes of JSON.
    pub event_bytes: usize,
    /// What a function answers, in bytes of JSON.
    pub answer_bytes: usize,
    /// How long a function is waited for where its route does not say.
    pub integration_timeout: Duration,
}

impl Default for Limits {
    /// Those of the real services.
    fn default() -> Self {
        Self {
            header_bytes: 10_240,
            body_bytes: 10 * 1024 * 1024,
            event_bytes: 6_291_456,
            answer_bytes: 6_291_556,
            integration_timeout: Duration::from_secs(29),
        }
    }
}

/// What a gateway is started with.
#[derive(Debug)]
pub struct GatewayOptions {
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// Whose tokens it accepts.
    pub authorizer: Authorizer,
    /// What it lets through.
    pub limits: Limits,
    /// How many of the newest events are kept for [`Gateway::events`]. They hold tokens.
    pub kept_events: usize,
}

impl GatewayOptions {
    /// A free port, the real limits, no event kept.
    #[must_use]
    pub fn new(authorizer: Authorizer) -> Self {
        Self { port: 0, authorizer, limits: Limits::default(), kept_events: 0 }
    }
}

/// The gateway could not be started.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// A function has routes but nobody who answers them.
    #[error("the template gives {0} a route of the HTTP API, and no router was given for it")]
    NoRouter(String),
    /// A router can never be reached.
    #[error("a router was given for {0}, and the template gives it no route of the HTTP API")]
    NoRoute(String),
    /// The port is taken.
    #[error("the gateway could not be served: {0}")]
    Serve(#[from] io::Error),
}

/// A running gateway; it ends when it is stopped or dropped.
pub struct Gateway {
    running: Running,
    core: Arc<Core>,
}

impl Gateway {
    /// Serves `routes` on 127.0.0.1, each by the router of its function, which are named as in the template.
    ///
    /// # Errors
    /// The functions of the routes and of the routers are not the same ones, or the port is taken.
    pub async fn start<N: Into<String>>(
        options: GatewayOptions,
        routes: Routes,
        routers: impl IntoIterator<Item = (N, Router)>,
    ) -> Result<Self, GatewayError> {
        let port = options.port;
        let core = Core::of(options, routes, routers)?;
        let router = Router::new().fallback(answer).with_state(Arc::clone(&core));
        let running = serve(router, port).await?;
        Ok(Self { running, core })
    }

    /// `http://127.0.0.1:<port>`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        self.running.url()
    }

    /// What it serves.
    #[must_use]
    pub fn routes(&self) -> &Routes {
        &self.core.routes
    }

    /// The newest events that functions were invoked with, oldest first; as many as were asked to be kept.
    #[must_use]
    pub fn events(&self) -> Vec<Value> {
        self.core.events.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Closes the listener and all connections. A function that is at work goes on, as a Lambda does whose caller went.
    pub async fn stop(self) {
        self.running.stop().await;
    }
}

/// The same without a port, for callers in this process: what they send goes over no wire.
#[derive(Clone)]
pub struct InProcess(Arc<Core>);

impl InProcess {
    /// A gateway before `routes`, each with the router of its function, which are named as in the template.
    ///
    /// # Errors
    /// The functions of the routes and of the routers are not the same ones.
    pub fn new<N: Into<String>>(
        options: GatewayOptions,
        routes: Routes,
        routers: impl IntoIterator<Item = (N, Router)>,
    ) -> Result<Self, GatewayError> {
        Ok(Self(Core::of(options, routes, routers)?))
    }

    /// Passes a call on, as if it had come by a wire.
    pub async fn call(&self, request: Request) -> Response {
        answer(State(Arc::clone(&self.0)), request).await
    }
}

struct Core {
    routes: Routes,
    routers: BTreeMap<String, Router>,
    authorizer: Authorizer,
    limits: Limits,
    kept_events: usize,
    events: Mutex<VecDeque<Value>>,
}

async fn answer(State(core): State<Arc<Core>>, request: Request) -> Response {
    let id = UuidV7.unique();
    let (parts, body) = request.into_parts();
    core.pass(&id, &parts, body).await.unwrap_or_else(|refused| refused.into_answer(&id))
}

impl Core {
    fn of<N: Into<String>>(
        options: GatewayOptions,
        routes: Routes,
        routers: impl IntoIterator<Item = (N, Router)>,
    ) -> Result<Arc<Self>, GatewayError> {
        let routers: BTreeMap<String, Router> =
            routers.into_iter().map(|(function, router)| (function.into(), router)).collect();
        let routed: BTreeSet<&str> = routes.iter().map(|route| route.function.as_str()).collect();
        if let Some(function) = routed.iter().find(|function| !routers.contains_key(**function)) {
            return Err(GatewayError::NoRouter((*function).to_owned()));
        }
        if let Some(function) = routers.keys().find(|function| !routed.contains(function.as_str())) {
            return Err(GatewayError::NoRoute(function.clone()));
        }
        let GatewayOptions { authorizer, limits, kept_events, .. } = options;
        let events = Mutex::new(VecDeque::new());
        Ok(Arc::new(Self { routes, routers, authorizer, limits, kept_events, events }))
    }

    async fn pass(&self, id: &str, parts: &Parts, body: Body) -> Result<Response, Refused> {
        // A body is always read to its end: a client that still sends would lose the answer with the connection.
        let body = read(body, self.limits.body_bytes).await;
        if event::head_bytes(parts) > self.limits.header_bytes {
            return Err(Refused::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE));
        }
        let body = body?;
        let path = event::decoded(parts.uri.path());
        let (route, variables) =
            self.routes.find(&parts.method, &path).ok_or_else(|| Refused::new(StatusCode::NOT_FOUND))?;
        let router = self.routers.get(&route.function).ok_or_else(Refused::broken)?;
        let at = SystemClock.now();
        let granted = match &route.access {
            Access::Open => None,
            Access::Token { scopes } => Some(self.authorizer.admit(&parts.headers, scopes, at)?),
        };
        let arrived = Arrived { id, at, parts, path: &path, body: &body, route, variables, granted };
        let event = arrived.event();
        let text = event.to_string();
        if text.len() > self.limits.event_bytes {
            return Err(Refused::new(StatusCode::PAYLOAD_TOO_LARGE));
        }
        self.keep(event);
        let invocation = Invocation {
            id,
            at,
            event: text,
            function_timeout: route.function_timeout,
            integration_timeout: route.integration_timeout.unwrap_or(self.limits.integration_timeout),
            answer_bytes: self.limits.answer_bytes,
        };
        invocation.run(router.clone()).await
    }

    fn keep(&self, event: Value) {
        if self.kept_events == 0 {
            return;
        }
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        if events.len() == self.kept_events {
            events.pop_front();
        }
        events.push_back(event);
    }
}

/// The whole body, or the refusal of one that is longer than `limit` bytes or broke off.
async fn read(body: Body, limit: usize) -> Result<Vec<u8>, Refused> {
    let mut chunks = body.into_data_stream();
    let (mut bytes, mut length) = (Vec::new(), 0_usize);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Refused::new(StatusCode::BAD_REQUEST))?;
        length = length.saturating_add(chunk.len());
        if length <= limit {
            bytes.extend_from_slice(&chunk);
        }
    }
    if length > limit { Err(Refused::new(StatusCode::PAYLOAD_TOO_LARGE)) } else { Ok(bytes) }
}
