//! A proxy in front of the table that records calls and injects faults.
//!
//! It stands between any client of DynamoDB's API and a [`LocalTable`], which by itself never throttles, never conflicts
//! and never loses an answer.

mod call;
mod fault;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use shared::store::DynamoStore;

pub use self::call::{Call, WireKey};
pub use self::fault::{Fault, Plan, crash, nth, times};
use super::ids::CountedIds;
use super::{LocalTable, TableError, client};
use crate::simulator::gate::Unanswered;
use crate::simulator::serve::{Running, serve};

/// A wire that is up until it is stopped or dropped.
pub struct Wire {
    running: Running,
    client: Client,
    traffic: Traffic,
    name: &'static str,
}

impl Wire {
    /// A wire to `table` on which nothing goes wrong yet.
    ///
    /// # Errors
    /// No port is free.
    pub async fn to(table: &LocalTable) -> Result<Self, TableError> {
        let forward = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build();
        let traffic = Traffic {
            target: table.url().to_owned(),
            forward: forward.map_err(|error| TableError::Served(error.to_string()))?,
            seen: Arc::default(),
        };
        // The table itself refuses what is too large.
        let router = Router::new().fallback(pass).layer(DefaultBodyLimit::disable()).with_state(traffic.clone());
        let running = serve(router, 0).await?;
        Ok(Self { client: client::at(&running.url()), running, traffic, name: table.name() })
    }

    /// A client at this end of the wire.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// A store at this end of the wire.
    pub fn store(&self) -> DynamoStore<CountedIds> {
        DynamoStore::new(self.client(), self.name.to_owned(), CountedIds)
    }

    /// `http://127.0.0.1:<port>` of this end.
    pub fn url(&self) -> String {
        self.running.url()
    }

    /// From now on each call meets what the plan says; it takes the place of any plan before.
    pub fn meets(&self, plan: impl FnMut(&Call) -> Option<Fault> + Send + 'static) {
        self.traffic.seen().plan = Some(Box::new(plan));
    }

    /// From now on nothing goes wrong any more.
    pub fn heals(&self) {
        self.traffic.seen().plan = None;
    }

    /// Every call since the start or since it was last forgotten, in the order in which they came.
    pub fn calls(&self) -> Vec<Call> {
        self.traffic.seen().calls.clone()
    }

    /// How many of them were of an operation, such as `TransactWriteItems`.
    pub fn count(&self, operation: &str) -> usize {
        let seen = self.traffic.seen();
        seen.calls.iter().filter(|call| call.operation == operation).count()
    }

    /// Forgets the calls so far.
    pub fn forget(&self) {
        self.traffic.seen().calls.clear();
    }

    /// Takes the wire down.
    pub async fn stop(self) {
        self.running.stop().await;
    }
}

#[derive(Clone)]
struct Traffic {
    target: String,
    forward: reqwest::Client,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    calls: Vec<Call>,
    plan: Option<Plan>,
}

impl Traffic {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes the call and draws its fault.
    fn note(&self, call: Call) -> Option<Fault> {
        let mut seen = self.seen();
        let fault = seen.plan.as_mut().and_then(|plan| plan(&call));
        seen.calls.push(call);
        fault
    }

    async fn forward(&self, headers: HeaderMap, body: Bytes) -> Response {
        let mut headers = headers;
        // Both are the forwarded request's own.
        headers.remove("host");
        headers.remove("content-length");
        let sent = self.forward.post(&self.target).headers(headers).body(body).send().await;
        let answer = async {
            let answer = sent?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            Ok::<_, reqwest::Error>((status, headers, Body::from(answer.bytes().await?)).into_response())
        };
        answer.await.unwrap_or_else(|failed| {
            (StatusCode::BAD_GATEWAY, format!("the table does not answer: {failed}")).into_response()
        })
    }
}

async fn pass(State(traffic): State<Traffic>, headers: HeaderMap, body: Bytes) -> Response {
    let fault = traffic.note(Call::read(&headers, &body));
    match fault {
        None => traffic.forward(headers, body).await,
        Some(Fault::LoseCall) => unanswered(),
        Some(Fault::LoseAnswer) => {
            traffic.forward(headers, body).await;
            unanswered()
        }
        Some(Fault::LoseAnswerAndToken) => {
            traffic.forward(headers, without_token(body)).await;
            unanswered()
        }
        Some(Fault::Refuse(refusal)) => refusal.into_response(),
    }
}

/// The call without its idempotency token.
fn without_token(body: Bytes) -> Bytes {
    let Ok(serde_json::Value::Object(mut fields)) = serde_json::from_slice(&body) else {
        return body;
    };
    fields.remove("ClientRequestToken");
    serde_json::Value::Object(fields).to_string().into()
}

fn unanswered() -> Response {
    let mut answer = StatusCode::INTERNAL_SERVER_ERROR.into_response();
    answer.extensions_mut().insert(Unanswered);
    answer
}
