//! Starting, repeating, cancelling and trying again.

use std::collections::BTreeSet;

use local_stack::stack::Live;
use serde_json::json;
use shared::clock::SystemClock;
use shared::domain::month::UsageMonth;
use shared::domain::run::{Run, RunKind, RunRequest};
use shared::ports::Clock;
use simulators::connectwise::Collection;
use simulators::simulator::faults::{Fault, FaultKind, FaultPlan};

use crate::runs_api::world::{World, id_of, november};

/// A run of the partner that nobody works on.
async fn open_run(world: &World) -> String {
    let request = world.stack.request(RunKind::Now, november(), None);
    let run = Run::open(RunRequest { slot: "idle".into(), ..request }, true, SystemClock.now());
    let run = run.unwrap();
    world.stack.store.open_run(&run).await.unwrap();
    run.id.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_with_the_same_key_is_one_run() {
    let world = World::open().await;
    let body = json!({ "month": november().to_string() });
    let first = world.post_with("one", "/v1/sync/previews", &body).await;
    let again = world.post_with("one", "/v1/sync/previews", &body).await;
    assert_eq!((again.status.as_u16(), &again.body["runId"]), (202, &first.body["runId"]));
    assert_eq!(again.header("idempotency-replayed"), "true");
    world.follow(first).await;
    let other = world.post_with("one", "/v1/sync/previews", &json!({})).await;
    assert_eq!((other.status.as_u16(), other.code()), (422, "idempotencyKeyReused"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_run_is_open_at_a_time_and_a_cancelled_one_makes_way() {
    let world = World::open().await;
    let open = open_run(&world).await;
    let busy = world.post("/v1/sync/previews", &json!({})).await;
    assert_eq!((busy.status.as_u16(), busy.code()), (409, "runOpen"));
    assert_eq!(busy.body["present"]["runId"], open.as_str());
    let cancelled = world.post(&format!("/v1/sync/runs/{open}/cancel"), &json!({})).await;
    assert_eq!((cancelled.status.as_u16(), &cancelled.body["state"]), (200, &"cancelled".into()));
    assert_eq!(cancelled.body["cancelledBy"], "9f31");
    let again = world.post(&format!("/v1/sync/runs/{open}/cancel"), &json!({})).await;
    assert_eq!((again.status.as_u16(), &again.body), (200, &cancelled.body), "a cancel whose answer was lost");
    let shown = world.preview(&json!({})).await;
    let late = world.post(&format!("/v1/sync/runs/{}/cancel", id_of(&shown)), &json!({})).await;
    assert_eq!((late.status.as_u16(), late.code()), (409, "runOver"));
    assert_eq!(shown["state"], "succeeded", "{shown}");
    let listed = world.get("/v1/sync/runs").await.body;
    let listed: Vec<&str> = listed["items"].as_array().unwrap().iter().map(id_of).collect();
    assert_eq!(listed.len(), 2, "{listed:?}");
    assert!(listed.contains(&open.as_str()) && listed.contains(&id_of(&shown)));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_meets_an_open_run_has_its_lost_message_sent_again() {
    let world = World::open().await;
    let open = open_run(&world).await;
    let busy = world.post("/v1/sync/previews", &json!({})).await;
    assert_eq!((busy.status.as_u16(), busy.code()), (409, "runOpen"));
    world.stack.queue.drained().await;
    let carried_on = world.get(&format!("/v1/sync/runs/{open}")).await.body;
    assert_eq!(carried_on["state"], "succeeded", "{carried_on}");
    world.preview(&json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_that_is_named_does_not_make_way_for_the_one_before() {
    let world = World::open().await;
    let settings = world.stack.store.find_settings(world.stack.demo.partner()).await.unwrap().unwrap();
    // Sophos has no usage of it, nor of the one before.
    let present = UsageMonth::containing(Live::today(&settings));
    let named = world.post("/v1/sync/runs", &json!({ "month": present.to_string() })).await;
    let named = world.follow(named).await;
    assert_eq!((&named["state"], &named["month"]), (&"failed".into(), &present.to_string().into()), "{named}");
    let months = async || {
        let listed = world.get("/v1/sync/runs").await.body;
        listed["items"].as_array().unwrap().iter().map(|run| run["month"].as_str().unwrap().to_owned()).collect()
    };
    let listed: BTreeSet<String> = months().await;
    assert_eq!(listed, BTreeSet::from([present.to_string()]));
    let unnamed = world.follow(world.post("/v1/sync/runs", &json!({})).await).await;
    assert_eq!(unnamed["state"], "superseded", "{unnamed}");
    assert_eq!(months().await, BTreeSet::from([present.to_string(), present.previous().to_string()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cancelled_or_over_cannot_be_applied_and_a_strangers_run_is_not_found() {
    let world = World::open().await;
    let shown = world.preview(&json!({})).await;
    let applied_run = world.apply(&shown).await;
    let path = format!("/v1/sync/previews/{}/apply", id_of(&applied_run));
    let refused = world.post(&path, &json!({})).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (409, "previewUnusable"), "{}", refused.body);
    let unknown = world.post("/v1/sync/previews/20251130T011200Z-preview-0123abcd/apply", &json!({})).await;
    assert_eq!((unknown.status.as_u16(), unknown.code()), (404, "notFound"));
    for path in ["", "/lines", "/lines.csv", "/usage-lines"] {
        let unknown = world.get(&format!("/v1/sync/runs/20251130T011200Z-preview-0123abcd{path}")).await;
        assert_eq!(unknown.status, 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_that_has_not_begun_is_refused() {
    let world = World::open().await;
    for month in ["2999-01", "2025-13", "November"] {
        let refused = world.post("/v1/sync/previews", &json!({ "month": month })).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (400, "invalidRequest"), "{month}");
        assert_eq!(refused.body["errors"][0]["pointer"], "/month");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_is_about_those_customers_alone_of_whom_something_failed() {
    let world = World::open().await;
    let shown = world.preview(&json!({})).await;
    let broken = world.stack.psa.records(Collection::Agreements, 0)[0]["id"].as_u64().unwrap();
    let path = format!("*/finance/agreements/{broken}/additions");
    // A permanent error; transient ones are retried within the run.
    let fault = Fault::new(FaultKind::Html { status: 403 }).on("GET", &path);
    world.stack.psa.gate().set_faults(FaultPlan::of(1, [fault])).unwrap();
    let partial = world.apply(&shown).await;
    assert_eq!(partial["state"], "partial", "{partial}");
    world.stack.psa.gate().set_faults(FaultPlan::default()).unwrap();
    let failed = world.lines(&partial, "&outcome=failed").await;
    assert!(!failed.is_empty() && failed.iter().all(|line| line["customerId"] == failed[0]["customerId"]));
    let retried = world.follow(world.post(&format!("/v1/sync/runs/{}/retry", id_of(&partial)), &json!({})).await).await;
    assert_eq!((&retried["kind"], &retried["failedIn"]), (&"now".into(), &partial["runId"]));
    let lines = world.lines(&retried, "").await;
    assert_eq!(lines.len(), failed.len());
    assert!(lines.iter().all(|line| line["customerId"] == failed[0]["customerId"]), "{lines:?}");
    assert_eq!((&retried["counts"]["failed"], &retried["tiesOut"]), (&0.into(), &true.into()), "{retried}");
    let again = world.post(&format!("/v1/sync/runs/{}/retry", id_of(&retried)), &json!({})).await;
    assert_eq!((again.status.as_u16(), again.code()), (409, "nothingToRetry"));
}
