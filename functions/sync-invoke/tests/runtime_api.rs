//! The function as Lambda runs it: its own program, asked over the Runtime API, with a table and a queue behind it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use shared::domain::id::PartnerId;
use shared::domain::settings::{Frequency, Guards, Settings, TimeZoneName};
use simulators::table::LocalTable;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

const PARTNER: &str = "718b6047-2fbc-4f4b-a143-45ee42bf5d3a";
const PATIENCE: Duration = Duration::from_secs(60);

/// What the program answered: to which invocation, as `response` or `error`, and what.
type Answer = (String, &'static str, Value);

/// Lambda's side of the Runtime API.
struct Lambda {
    events: Mutex<UnboundedReceiver<(String, Value)>>,
    answers: UnboundedSender<Answer>,
}

async fn next(State(lambda): State<Arc<Lambda>>) -> impl IntoResponse {
    let (id, event) = lambda.events.lock().await.recv().await.unwrap();
    let headers = [
        ("lambda-runtime-aws-request-id", id),
        ("lambda-runtime-deadline-ms", "4102444800000".to_owned()),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-west-1:123456789012:function:invoke".to_owned()),
        ("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700".to_owned()),
    ];
    (headers, Json(event))
}

async fn answered(
    State(lambda): State<Arc<Lambda>>,
    Path((id, kind)): Path<(String, String)>,
    body: String,
) -> StatusCode {
    let kind = if kind == "response" { "response" } else { "error" };
    // The program names no content type.
    lambda.answers.send((id, kind, serde_json::from_str(&body).unwrap())).unwrap();
    StatusCode::ACCEPTED
}

/// The program; it ends with the test.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

/// The program with its surroundings.
struct Invoked {
    events: UnboundedSender<(String, Value)>,
    answers: UnboundedReceiver<Answer>,
    queued: Arc<Mutex<Vec<Value>>>,
    sent: u32,
    _program: Program,
}

impl Invoked {
    async fn start(table: &LocalTable) -> Self {
        let (events, waiting) = unbounded_channel();
        let (sender, answers) = unbounded_channel();
        let lambda = Arc::new(Lambda { events: Mutex::new(waiting), answers: sender });
        let runtime = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/{kind}", post(answered))
            .with_state(lambda);
        let queued: Arc<Mutex<Vec<Value>>> = Arc::default();
        let noted = queued.clone();
        let queue = Router::new().fallback(move |body: String| async move {
            noted.lock().await.push(serde_json::from_str(&body).unwrap());
            Json(json!({ "MessageId": "1", "MD5OfMessageBody": "0" }))
        });
        let (runtime, queue) = (serve(runtime).await, serve(queue).await);
        let program = Command::new(env!("CARGO_BIN_EXE_sync-invoke"))
            .env_clear()
            .envs([
                ("AWS_LAMBDA_RUNTIME_API", runtime.as_str()),
                ("AWS_LAMBDA_FUNCTION_NAME", "sync-invoke"),
                ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
                ("AWS_REGION", "eu-west-1"),
                ("AWS_ACCESS_KEY_ID", "local"),
                ("AWS_SECRET_ACCESS_KEY", "local"),
                ("AWS_ENDPOINT_URL_DYNAMODB", table.url()),
                ("AWS_ENDPOINT_URL_SQS", &format!("http://{queue}")),
                ("TABLE_NAME", table.name()),
                ("QUEUE_URL", &format!("http://{queue}/123456789012/sync")),
            ])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Self { events, answers, queued, sent: 0, _program: Program(program) }
    }

    /// What an event is answered: `response` or `error`, and what.
    async fn invoke(&mut self, event: Value) -> (&'static str, Value) {
        self.sent += 1;
        let id = format!("event-{}", self.sent);
        self.events.send((id.clone(), event)).unwrap();
        let (to, kind, body) = timeout(PATIENCE, self.answers.recv()).await.expect("an answer").unwrap();
        assert_eq!(to, id);
        (kind, body)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn through_the_runtime_api_the_same_key_is_the_same_run_and_failures_have_types() {
    let table = LocalTable::in_memory().await.unwrap();
    let settings = Settings {
        time_zone: TimeZoneName::parse("Europe/Rome").unwrap(),
        frequency: Frequency::default(),
        writes: true,
        guards: Guards::default(),
    };
    table.store().put_settings(PartnerId::parse(PARTNER).unwrap(), &settings).await.unwrap();
    let mut function = Invoked::start(&table).await;

    let event: Value = serde_json::from_str(include_str!("../events/start-sync.json")).unwrap();
    let mut wanted = event.clone();
    wanted["input"]["month"] = "2025-11".into();
    let (kind, first) = function.invoke(wanted.clone()).await;
    assert_eq!((kind, &first["version"], &first["result"]["state"]), ("response", &"1".into(), &"running".into()));
    let (kind, again) = function.invoke(wanted.clone()).await;
    assert_eq!((kind, &again), ("response", &first));
    let asked = json!({ "version": "1", "operation": "getRun", "partnerId": PARTNER,
        "input": { "runId": first["result"]["runId"] } });
    assert_eq!(function.invoke(asked).await, ("response", first.clone()));
    let queued = function.queued.lock().await.clone();
    assert!(queued.iter().all(|sent| sent["MessageBody"].as_str().unwrap().contains("2025-11")), "{queued:?}");
    assert_eq!(queued.len(), 1, "a repetition that was answered before asks for nothing");

    for (change, expected) in [
        (json!({ "version": "2" }), "UnsupportedVersion"),
        (json!({ "operation": "removePartner" }), "UnsupportedOperation"),
        (json!({ "partnerId": "ACME" }), "InvalidInput"),
        (json!({ "idempotencyKey": "another" }), "RunOpen"),
        (json!({ "input": { "month": "2025-10" } }), "IdempotencyKeyReused"),
        (json!({ "partnerId": "00000000-0000-4000-8000-000000000009" }), "NotSetUp"),
    ] {
        let mut wrong = wanted.clone();
        wrong.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let (kind, failure) = function.invoke(wrong).await;
        assert_eq!((kind, failure["errorType"].as_str()), ("error", Some(expected)), "{failure}");
        assert!(!failure["errorMessage"].as_str().unwrap().is_empty());
    }
    drop(function);
    table.stop().await.unwrap();
}
