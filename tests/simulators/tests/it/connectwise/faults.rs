//! The gate in front of the PSA: what goes wrong on demand, and what is counted meanwhile.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use simulators::simulator::faults::{Fault, FaultKind, FaultPlan, Latency, RateLimit};

use crate::connectwise::world::{World, http, send};

const ADDITIONS: &str = "/finance/agreements/1/additions";

fn line() -> Value {
    json!({"product": {"id": 1}, "billCustomer": "Billable", "quantity": 5})
}

fn meet(world: &World, kind: FaultKind) {
    let fault = Fault::new(kind).on("POST", "/finance/agreements/*/additions").call(1);
    world.psa.gate().set_faults(FaultPlan::of(1, [fault])).unwrap();
}

async fn closed_without_answer(world: &World) -> bool {
    let call = world.call(Method::POST, ADDITIONS).json(&line()).build().unwrap();
    http().execute(call).await.is_err()
}

#[tokio::test]
async fn a_500_before_the_commit_has_no_effect_and_one_after_it_has() {
    let world = World::new().await;
    meet(&world, FaultKind::ErrorBefore { status: 500 });
    world.post(ADDITIONS, line()).await.expect(500);
    assert_eq!(world.psa.additions(1).len(), 0);
    meet(&world, FaultKind::ErrorAfter { status: 500 });
    let told = world.post(ADDITIONS, line()).await.expect(500);
    assert!(told["message"].as_str().unwrap().contains("Timeout"), "{told}");
    assert_eq!(world.psa.additions(1).len(), 1);
    world.post(ADDITIONS, line()).await.expect(201);
}

#[tokio::test]
async fn a_reset_closes_the_connection_without_an_answer_before_or_after_the_commit() {
    let world = World::new().await;
    meet(&world, FaultKind::ResetBefore);
    assert!(closed_without_answer(&world).await);
    assert_eq!(world.psa.additions(1).len(), 0);
    meet(&world, FaultKind::ResetAfter);
    assert!(closed_without_answer(&world).await);
    assert_eq!(world.psa.additions(1).len(), 1);
    assert_eq!(world.psa.gate().counters().tally().answered(0), 2);
}

#[tokio::test]
async fn a_late_commit_answers_an_error_now_and_takes_effect_later() {
    let world = World::new().await;
    meet(&world, FaultKind::LateCommit { status: 503, delay_ms: 150 });
    let sent = Instant::now();
    world.post(ADDITIONS, line()).await.expect(503);
    while world.psa.additions(1).is_empty() {
        assert!(sent.elapsed() < Duration::from_secs(10), "the late commit never came");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(sent.elapsed() >= Duration::from_millis(150), "it came too early: {:?}", sent.elapsed());
}

#[tokio::test]
async fn a_slow_answer_comes_late_to_a_call_that_took_effect_at_once() {
    let world = World::new().await;
    meet(&world, FaultKind::SlowAnswer { delay_ms: 30_000 });
    let call = world.call(Method::POST, ADDITIONS).json(&line()).timeout(Duration::from_millis(400));
    assert!(call.send().await.unwrap_err().is_timeout());
    assert_eq!(world.psa.additions(1).len(), 1);
}

#[tokio::test]
async fn a_call_that_its_client_gave_up_takes_effect_all_the_same() {
    let world = World::new().await;
    let latency = Some(Latency::fixed(300));
    world.psa.gate().set_faults(FaultPlan { latency, ..FaultPlan::default() }).unwrap();
    let call = world.call(Method::POST, ADDITIONS).json(&line()).timeout(Duration::from_millis(50));
    assert!(call.send().await.unwrap_err().is_timeout());
    let sent = Instant::now();
    while world.psa.additions(1).is_empty() {
        assert!(sent.elapsed() < Duration::from_secs(10), "the call was dropped with its client");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn html_truncated_and_malformed_answers_are_no_json() {
    let world = World::new().await;
    for (kind, status, made) in [
        (FaultKind::Html { status: 502 }, 502, 0),
        (FaultKind::Html { status: 200 }, 200, 0),
        (FaultKind::TruncatedJson, 201, 1),
        (FaultKind::MalformedJson, 201, 1),
    ] {
        let before = world.psa.additions(1).len();
        meet(&world, kind.clone());
        let body = world.post(ADDITIONS, line()).await.expect(status);
        assert!(body.is_string(), "{kind:?}: {body}");
        assert_eq!(world.psa.additions(1).len() - before, made, "{kind:?}");
    }
}

#[tokio::test]
async fn a_429_says_error_where_others_say_code_and_when_to_come_back() {
    let world = World::new().await;
    let rate = Some(RateLimit { calls: 2, window_ms: 60_000, retry_after_s: Some(30) });
    world.psa.gate().set_faults(FaultPlan { rate, ..FaultPlan::default() }).unwrap();
    world.get("/system/info").await.expect(200);
    world.get("/system/info").await.expect(200);
    let refused = world.get("/system/info").await;
    assert_eq!(refused.headers["retry-after"], "30");
    let expected = json!({
        "error": "ConnectWiseAPI",
        "message": "Too many requests. Please try again in 30 seconds.",
    });
    assert_eq!(refused.expect(429), expected);
}

#[tokio::test]
async fn too_many_calls_in_flight_are_refused_while_the_others_go_on() {
    let world = World::new().await;
    let plan = FaultPlan { max_in_flight: Some(2), latency: Some(Latency::fixed(200)), ..FaultPlan::default() };
    world.psa.gate().set_faults(plan).unwrap();
    let calls = (0..5).map(|_| send(world.call(Method::GET, "/system/info")));
    let answers = futures::future::join_all(calls).await;
    let good = answers.iter().filter(|answer| answer.status == 200).count();
    let refused = answers.iter().filter(|answer| answer.status == 429).count();
    assert_eq!((good, refused), (2, 3));
    assert_eq!(world.psa.gate().counters().tally().peak_in_flight, 5);
}

#[tokio::test]
async fn rows_come_and_go_between_pages_and_only_forward_only_paging_loses_none() {
    let world = World::new().await;
    for number in 0..60 {
        world.psa.add_company(&format!("C{number}"), "Company").unwrap();
    }
    let stayed: Vec<u64> = (1..=61).collect();
    let change = FaultKind::RowsChange { insert: 1, delete: 1 };
    world.psa.gate().set_faults(FaultPlan::of(3, [Fault::new(change).on("GET", "/company/companies")])).unwrap();
    let mut seen = Vec::new();
    let mut after = 0;
    loop {
        let query = [("pageSize", "20".to_owned()), ("pageId", after.to_string())];
        let call = world.call(Method::GET, "/company/companies").query(&query);
        let page = send(call.header("pagination-type", "forward-only")).await;
        let at_end = page.link() == Some("");
        seen.extend(page.expect(200).as_array().unwrap().iter().map(|row| row["id"].as_u64().unwrap()));
        after = *seen.last().unwrap();
        if at_end {
            break;
        }
    }
    let deleted: Vec<u64> = world
        .psa
        .writes()
        .iter()
        .filter(|write| write.verb == "DELETE")
        .map(|write| write.path.rsplit('/').next().unwrap().parse().unwrap())
        .collect();
    assert!(!deleted.is_empty());
    let missed: Vec<_> = stayed.iter().filter(|id| !seen.contains(id) && !deleted.contains(id)).collect();
    assert!(missed.is_empty(), "{missed:?}");
}

#[tokio::test]
async fn faults_are_set_and_counters_read_over_http_without_keys_and_without_being_counted() {
    let world = World::new().await;
    let admin = |path: &str| format!("{}/_sim/{path}", world.server.url());
    let plan =
        json!({"seed": 4, "faults": [{"kind": {"errorBefore": {"status": 500}}, "path": "*additions", "atMost": 1}]});
    let set = http().put(admin("faults")).json(&plan).send().await.unwrap();
    assert_eq!(set.status(), 204);
    world.get(ADDITIONS).await.expect(500);
    world.get(ADDITIONS).await.expect(200);
    let wrong = json!({"faults": [{"kind": "resetBefore", "when": {"probability": 1.5}}]});
    assert_eq!(http().put(admin("faults")).json(&wrong).send().await.unwrap().status(), 400);
    let tally: Value = http().get(admin("counters")).send().await.unwrap().json().await.unwrap();
    let expected = json!([{
        "verb": "GET",
        "path": "/finance/agreements/{id}/additions",
        "caller": "acme+public",
        "calls": 2,
        "byStatus": {"200": 1, "500": 1},
    }]);
    assert_eq!((&tally["counts"], &tally["total"]), (&expected, &json!(2)));
    http().delete(admin("counters")).send().await.unwrap();
    assert_eq!(world.psa.gate().counters().tally().total, 0);
}
