//! Runs and their alerts: stored with the run's end, sent by others, so that no webhook delays or fails a run.

use axum::Router;
use local_stack::api::asking::Asking;
use local_stack::demo::{Demo, Size, TypedIn};
use local_stack::stack::{LONGEST_SLICE, Stack, StackOptions};
use serde_json::json;
use shared::clock::SystemClock;
use shared::domain::alert::AlertAbout;
use shared::domain::month::UsageMonth;
use shared::domain::run::{Run, RunKind, RunState};
use shared::ports::Clock;
use simulators::webhook_sink::{Misbehaviour, WebhookSink};
use usage_sync::Limits;

fn november() -> UsageMonth {
    UsageMonth::parse("2025-11").unwrap()
}

/// A partner whose run leaves lines that failed and lines that wait.
async fn stack(size: Size) -> Stack {
    let limits = Limits { wait_s: 0, attempts: 3, ..Limits::default() };
    let options = StackOptions { size, month: november(), data: None, limits, slice: LONGEST_SLICE };
    Stack::start_for(Demo::new(size), options).await.unwrap()
}

const AWKWARD: Size = Size { seed: 31, customers: 60, products: 24 };

async fn sync(stack: &Stack) -> Run {
    stack.run(stack.request(RunKind::Now, november(), None), |_| {}).await.unwrap()
}

async fn save_webhook(stack: &Stack, sink: &WebhookSink) {
    let routers = stack.local_api().unwrap().by_folder();
    let app: Router = routers.into_iter().find(|(folder, _)| *folder == "alerts").unwrap().1;
    let admin = Asking::new(stack.demo.partner(), "psa/read psa/admin");
    let body = json!({"url": sink.url("/hooks")});
    let saved = admin.ask(&app, "PUT /v1/alerts/webhook", &[("if-match", "*")], Some(&body)).await;
    assert_eq!(saved.status, 200, "{}", saved.body);
    sink.trust(saved.body["secret"].as_str().unwrap()).unwrap();
}

/// What became of a run, without what differs from one to the next: its id and its times.
fn outcome(run: &Run) -> (RunState, shared::domain::tally::Tally, u64) {
    (run.state.clone(), run.tally.clone(), run.psa.calls)
}

#[tokio::test]
async fn a_run_ends_alike_and_with_one_alert_whether_its_webhook_is_well_hostile_or_not_there() {
    let mut outcomes = Vec::new();
    for how in [None, Some(Misbehaviour::Hang), Some(Misbehaviour::EndlessHeader), Some(Misbehaviour::Status(500))] {
        let (stack, sink) = (stack(AWKWARD).await, WebhookSink::start().await.unwrap());
        if let Some(how) = how {
            save_webhook(&stack, &sink).await;
            sink.misbehave(how, u32::MAX);
        }
        let run = sync(&stack).await;
        assert_eq!(sink.requests(), 0, "the run calls nobody's webhook");
        let alerts = stack.store.list_alerts(stack.demo.partner(), None, 10).await.unwrap().alerts;
        let [alert] = alerts.as_slice() else { panic!("{} alerts", alerts.len()) };
        let AlertAbout::Run(digest) = &alert.about else { panic!("{alert:?}") };
        let counts = run.tally.counts;
        assert_eq!((&digest.run, digest.failed, digest.held), (&run.id, counts.failed, counts.held));
        assert!(counts.failed > 0 && counts.held > 0);
        outcomes.push(outcome(&run));
        stack.stop().await.unwrap();
    }
    assert!(outcomes.windows(2).all(|pair| pair[0] == pair[1]), "{outcomes:#?}");
}

#[tokio::test]
async fn the_next_run_does_not_wait_for_an_alert_that_hangs() {
    let (stack, sink) = (stack(AWKWARD).await, WebhookSink::start().await.unwrap());
    save_webhook(&stack, &sink).await;
    sink.misbehave(Misbehaviour::Hang, u32::MAX);
    sync(&stack).await;
    stack.tick(SystemClock.now()).await.unwrap();
    while sink.requests() == 0 {
        tokio::task::yield_now().await;
    }
    // The alert is being sent, and will be for seconds.
    let run = sync(&stack).await;
    assert_eq!((stack.alerts.in_flight(), sink.requests()), (1, 1), "the alert still hangs");
    assert!(run.state.is_over());
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn a_digest_names_the_customers_and_products_of_its_run() {
    let (stack, sink) = (stack(AWKWARD).await, WebhookSink::start().await.unwrap());
    save_webhook(&stack, &sink).await;
    let run = sync(&stack).await;
    stack.tick(SystemClock.now()).await.unwrap();
    stack.alerts.drained().await;
    let taken = sink.taken();
    assert_eq!(taken.len(), 1);
    let body: serde_json::Value = serde_json::from_str(&taken[0].body).unwrap();
    let lines = body["data"]["about"]["lines"].as_array().unwrap();
    assert_eq!(lines.len(), 10, "the first ten are named");
    let ledger = stack.ledger(&run.id).await.unwrap();
    for line in lines {
        let of_ledger = ledger.iter().filter(|entry| line["customer"] == entry.name.as_str());
        let found = of_ledger.flat_map(|entry| &entry.lines).any(|known| {
            known.outcome.code() == line["outcome"].as_str().unwrap()
                && line["units"].as_str() == Some(&*known.units.to_string())
        });
        assert!(found, "{line}");
    }
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn a_run_that_leaves_nothing_to_do_raises_nothing() {
    let size = Size { seed: 31, customers: 5, products: 3 };
    let limits = Limits { wait_s: 0, attempts: 3, ..Limits::default() };
    let options = StackOptions { size, month: november(), data: None, limits, slice: LONGEST_SLICE };
    let stack = Stack::start_for(Demo::plain(size, TypedIn::Nothing), options).await.unwrap();
    let preview = stack.run(stack.request(RunKind::Preview, november(), None), |_| {}).await.unwrap();
    let run = stack.run(stack.request(RunKind::Apply, november(), Some(preview.id)), |_| {}).await.unwrap();
    assert_eq!((run.state.clone(), run.tally.counts.held), (RunState::Succeeded, 0));
    assert!(run.tally.counts.writes() > 0);
    assert_eq!(stack.store.list_alerts(stack.demo.partner(), None, 10).await.unwrap().alerts, []);
    stack.stop().await.unwrap();
}
