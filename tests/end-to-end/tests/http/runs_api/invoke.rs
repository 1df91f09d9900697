//! The direct contract, by its committed schema and event fixtures.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use shared::clock::SystemClock;
use shared::ids::UuidV7;
use sync_invoke::{FailureType, InvokedState};

use crate::runs_api::world::{World, november};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../functions/sync-invoke")
}

fn fixtures() -> Vec<(String, Value)> {
    let files = fs::read_dir(folder().join("events")).unwrap();
    let read = |file: fs::DirEntry| {
        let name = file.file_name().into_string().unwrap();
        (name, serde_json::from_str(&fs::read_to_string(file.path()).unwrap()).unwrap())
    };
    files.map(|file| read(file.unwrap())).collect()
}

fn invoke(
    world: &World,
) -> sync_invoke::World<local_stack::stack::TableClient, shared::queue::LocalQueue, SystemClock, UuidV7> {
    let (store, queue) = (world.stack.store.clone(), world.stack.queue.clone());
    sync_invoke::World { store, queue, clock: SystemClock, ids: UuidV7 }
}

fn event(world: &World, operation: &str, key: &str, input: Value) -> Value {
    let partner = world.stack.demo.partner().to_string();
    json!({ "version": "1", "operation": operation, "partnerId": partner, "idempotencyKey": key, "input": input })
}

#[test]
fn the_committed_schema_is_that_of_the_contract() {
    let path = folder().join("contract.schema.json");
    let schema = format!("{:#}\n", sync_invoke::schema().unwrap());
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == schema, "write it anew: cargo openapi");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_fixture_is_an_event_of_the_contract() {
    let world = World::open().await;
    let fixtures = fixtures();
    assert!(fixtures.len() >= 4);
    for (name, event) in fixtures {
        // The partner of the fixtures has set nothing up, and no run: what is refused is that, and nothing of the event.
        let failure = invoke(&world).handle(event).await.unwrap_err();
        assert!(
            matches!(failure.kind, FailureType::NotSetUp | FailureType::NotFound | FailureType::InvalidInput),
            "{name}: {failure}"
        );
        assert!(
            failure.kind != FailureType::InvalidInput || failure.message.contains("Sophos lists no customer"),
            "{name}: {failure}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_is_the_same_run_also_once_it_is_over() {
    let world = World::open().await;
    let wanted = event(&world, "preview", "night-1", json!({ "month": november().to_string() }));
    let first = invoke(&world).handle(wanted.clone()).await.unwrap().result;
    assert_eq!(invoke(&world).handle(wanted.clone()).await.unwrap().result.run_id, first.run_id);
    world.stack.queue.drained().await;
    let again = invoke(&world).handle(wanted).await.unwrap().result;
    assert_eq!(
        (again.run_id.as_str(), again.state, again.over),
        (first.run_id.as_str(), InvokedState::Succeeded, true)
    );
    let asked = json!({ "version": "1", "operation": "getRun", "partnerId": world.stack.demo.partner().to_string(),
        "input": { "runId": first.run_id } });
    assert_eq!(invoke(&world).handle(asked).await.unwrap().result, again);
    let other = event(&world, "preview", "night-1", json!({}));
    assert_eq!(invoke(&world).handle(other).await.unwrap_err().kind, FailureType::IdempotencyKeyReused);
    let apply = event(&world, "startSync", "apply-1", json!({ "preview": first.run_id }));
    invoke(&world).handle(apply).await.unwrap();
    world.stack.queue.drained().await;
    assert!(!world.stack.psa.writes().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_of_the_contract_is_refused_by_type() {
    let world = World::open().await;
    let good = event(&world, "startSync", "k", json!({}));
    let with = |field: &str, value: Value| {
        let mut event = good.clone();
        event[field] = value;
        event
    };
    for (event, expected) in [
        (with("version", "2".into()), FailureType::UnsupportedVersion),
        (with("version", 1.into()), FailureType::UnsupportedVersion),
        (json!({}), FailureType::UnsupportedVersion),
        (json!("preview"), FailureType::UnsupportedVersion),
        (with("operation", "deleteEverything".into()), FailureType::UnsupportedOperation),
        (with("partnerId", "ACME".into()), FailureType::InvalidInput),
        (with("idempotencyKey", "".into()), FailureType::InvalidInput),
        (with("idempotencyKey", Value::Null), FailureType::InvalidInput),
        (with("extra", 1.into()), FailureType::InvalidInput),
        (with("input", json!({ "months": "2025-11" })), FailureType::InvalidInput),
        (with("input", json!({ "month": "2999-01" })), FailureType::InvalidInput),
        (with("input", json!({ "preview": "20251130T011200Z-preview-0123abcd" })), FailureType::NotFound),
        (with("input", json!({ "preview": "x", "month": "2025-11" })), FailureType::InvalidInput),
        (with("partnerId", "00000000-0000-4000-8000-000000000001".into()), FailureType::NotSetUp),
    ] {
        let failure = invoke(&world).handle(event.clone()).await.unwrap_err();
        assert_eq!(failure.kind, expected, "{event}: {failure}");
    }
    assert_eq!(world.get("/v1/sync/runs").await.body["items"], json!([]), "nothing was started");
}
