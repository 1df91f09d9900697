//! What waits for a person, and deciding it.

use serde_json::{Value, json};

use crate::runs_api::world::{World, id_of};

/// A partner whose usage has fallen by half since it was billed: everything waits.
async fn fallen() -> (World, Vec<Value>) {
    let world = World::open().await;
    let shown = world.preview(&json!({})).await;
    world.apply(&shown).await;
    world.usage_times(|units| units / 10);
    let run = world.sync_now(&json!({})).await;
    assert!(run["counts"]["held"].as_u64().unwrap() > 0, "{run}");
    assert!(run["held"]["units"].as_str().unwrap().starts_with('-'), "{run}");
    let holds = world.get("/v1/sync/holds?pageSize=500").await;
    assert_eq!(holds.status, 200, "{}", holds.body);
    let holds = holds.body["items"].as_array().unwrap().clone();
    (world, holds)
}

fn decision(hold: &Value, verdict: &str) -> Value {
    let mut row = json!({
        "month": hold["month"], "customerId": hold["customerId"], "psaProductId": hold["psaProductId"],
        "version": hold["version"], "verdict": verdict, "why": "The customer closed an office.",
    });
    if verdict == "reject" {
        row["reason"] = "customerAgreed".into();
    }
    row
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_released_is_written_by_the_next_run_and_what_is_rejected_stays() {
    let (world, holds) = fallen().await;
    assert!(holds.len() >= 2, "{holds:?}");
    let rows: Vec<Value> =
        holds.iter().enumerate().map(|(n, hold)| decision(hold, if n == 0 { "release" } else { "reject" })).collect();
    let decided = world.post("/v1/sync/holds/decisions", &json!({ "decisions": rows })).await;
    assert_eq!((decided.status.as_u16(), &decided.body["decided"]), (200, &holds.len().into()), "{}", decided.body);
    assert_eq!(decided.body["holds"][0]["decision"]["who"], "9f31");
    let open = world.get("/v1/sync/holds?decided=false").await.body;
    assert_eq!(open["items"], json!([]));
    let before = world.stack.psa.writes().len();
    let run = world.sync_now(&json!({})).await;
    assert_eq!(run["counts"]["quantitiesSet"], 1, "{run}");
    assert_eq!(world.stack.psa.writes().len(), before + 1);
    let rejected = world.lines(&run, "&outcome=skipped").await;
    assert_eq!(rejected.len(), holds.len() - 1, "{rejected:?}");
    assert!(rejected.iter().all(|line| line["reason"] == "rejected"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_on_what_has_moved_since_is_refused_and_none_of_the_others_is_taken() {
    let (world, holds) = fallen().await;
    let mut rows: Vec<Value> = holds.iter().take(2).map(|hold| decision(hold, "release")).collect();
    rows[1]["version"] = "0000000000000000".into();
    let refused = world.post("/v1/sync/holds/decisions", &json!({ "decisions": rows })).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (412, "versionMismatch"), "{}", refused.body);
    assert_eq!(refused.body["errors"][0]["pointer"], "/decisions/1/version");
    assert!(refused.body["present"].as_array().unwrap().iter().all(|hold| hold["decision"].is_null()));
    let decided = world.get("/v1/sync/holds?decided=true").await.body;
    assert_eq!(decided["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_replaced_one_that_the_person_had_not_seen() {
    let (world, holds) = fallen().await;
    let seen = decision(&holds[0], "reject");
    let by_somebody_else = json!({ "decisions": [decision(&holds[0], "release")] });
    let first = world.post("/v1/sync/holds/decisions", &by_somebody_else).await;
    assert_eq!(first.body["decided"], 1, "{}", first.body);
    let refused = world.post("/v1/sync/holds/decisions", &json!({ "decisions": [seen] })).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (412, "versionMismatch"), "{}", refused.body);
    assert_eq!(refused.body["present"][0]["decision"]["verdict"], "release");
    assert_eq!(refused.body["errors"][0]["pointer"], "/decisions/0/version");

    let mut rows: Vec<Value> = holds.iter().take(2).map(|hold| decision(hold, "reject")).collect();
    let bulk = world.post("/v1/sync/holds/decisions", &json!({ "decisions": rows })).await;
    assert_eq!((bulk.status.as_u16(), bulk.code()), (412, "versionMismatch"), "{}", bulk.body);
    let moved = bulk.body["errors"].as_array().unwrap();
    assert_eq!((moved.len(), &moved[0]["pointer"]), (1, &json!("/decisions/0/version")), "the moved one is named");
    rows[0]["version"] = refused.body["present"][0]["version"].clone();
    let decided = world.post("/v1/sync/holds/decisions", &json!({ "decisions": rows })).await;
    assert_eq!((decided.status.as_u16(), &decided.body["decided"]), (200, &json!(2)), "{}", decided.body);
    // Said once more, as by a program whose answer was lost.
    let again = world.post("/v1/sync/holds/decisions", &json!({ "decisions": rows })).await;
    assert_eq!((again.status.as_u16(), &again.body["decided"]), (200, &json!(2)), "{}", again.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_wrong_with_decisions_is_told_at_once() {
    let (world, holds) = fallen().await;
    let good = decision(&holds[0], "reject");
    let with = |field: &str, value: Value| {
        let mut row = good.clone();
        row[field] = value;
        row
    };
    let rows = [
        good.clone(),
        good.clone(),
        with("why", "x".repeat(501).into()),
        with("customerId", "ACME".into()),
        with("month", "x".into()),
    ];
    let refused = world.post("/v1/sync/holds/decisions", &json!({ "decisions": rows })).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (400, "invalidRequest"), "{}", refused.body);
    let pointers: Vec<&str> =
        refused.body["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    for pointer in ["/decisions/1/psaProductId", "/decisions/2/why", "/decisions/3/customerId", "/decisions/4/month"] {
        assert!(pointers.contains(&pointer), "{pointers:?}");
    }
    let none = world.post("/v1/sync/holds/decisions", &json!({ "decisions": [] })).await;
    assert_eq!(none.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn holds_are_paged_and_filtered_by_month_and_customer() {
    let (world, holds) = fallen().await;
    let (mut seen, mut key) = (Vec::new(), String::new());
    loop {
        let page = world.get(&format!("/v1/sync/holds?pageSize=2{key}")).await.body;
        seen.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["pages"]["nextKey"].as_str() {
            Some(next) => key = format!("&pageFromKey={next}"),
            None => break,
        }
    }
    assert_eq!(seen, holds);
    let customer = holds[0]["customerId"].as_str().unwrap();
    let of_one = world.get(&format!("/v1/sync/holds?customer={customer}&month=2025-11&pageSize=500")).await.body;
    let expected: Vec<&Value> = holds.iter().filter(|hold| hold["customerId"] == customer).collect();
    assert_eq!(of_one["items"].as_array().unwrap().iter().collect::<Vec<_>>(), expected);
    assert_eq!(world.get("/v1/sync/holds?month=2025-10").await.body["items"], json!([]));
    let run = holds[0]["runId"].as_str().unwrap();
    assert_eq!(world.get(&format!("/v1/sync/runs/{run}")).await.body["runId"], run);
    assert_eq!(id_of(&json!({ "runId": run })), run);
}

fn matching(filter: &Value, verdict: &str, more: &Value) -> Value {
    let mut body = json!({ "matching": filter, "verdict": verdict, "why": "Checked with all of them." });
    if verdict == "reject" {
        body["reason"] = "oneOff".into();
    }
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

const MATCHING: &str = "/v1/sync/holds/decisions/matching";

#[tokio::test(flavor = "multi_thread")]
async fn all_that_match_are_looked_at_with_their_sum_and_decided_as_they_were_seen() {
    let (world, holds) = fallen().await;
    let reason = holds[0]["reason"].as_str().unwrap();
    let of_reason: Vec<&Value> = holds.iter().filter(|hold| hold["reason"] == reason).collect();
    let filter = json!({ "month": "2025-11", "reason": reason });
    let look = world.post(MATCHING, &matching(&filter, "release", &json!({ "validateOnly": true }))).await;
    assert_eq!((look.status.as_u16(), &look.body["applied"]), (200, &json!(false)), "{}", look.body);
    assert_eq!((&look.body["matching"], &look.body["left"]), (&json!(of_reason.len()), &json!(0)));
    let units: i64 =
        of_reason.iter().map(|hold| hold["release"]["units"].as_str().unwrap().parse::<i64>().unwrap()).sum();
    assert_eq!(look.body["change"]["units"], units.to_string());
    assert_eq!(world.get("/v1/sync/holds?decided=true").await.body["items"], json!([]), "a look decides nothing");
    let body = matching(&filter, "release", &json!({ "version": look.body["version"] }));
    let decided = world.post_with("all-of-them", MATCHING, &body).await;
    assert_eq!((decided.status.as_u16(), &decided.body["decided"]), (200, &json!(of_reason.len())), "{}", decided.body);
    let again = world.post_with("all-of-them", MATCHING, &body).await;
    assert_eq!(again.body, decided.body, "the same request has the same answer");
    let listed = world.get(&format!("/v1/sync/holds?decided=true&reason={reason}&pageSize=500")).await.body;
    assert_eq!(listed["items"].as_array().unwrap().len(), of_reason.len());
    let run = world.sync_now(&json!({})).await;
    assert_eq!(run["counts"]["quantitiesSet"], of_reason.len(), "{run}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_matches_and_has_moved_since_it_was_seen_is_not_decided() {
    let (world, holds) = fallen().await;
    let filter = json!({ "month": "2025-11" });
    let look = world.post(MATCHING, &matching(&filter, "reject", &json!({ "validateOnly": true }))).await.body;
    assert_eq!((&look["matching"], &look["decided"]), (&json!(holds.len()), &json!(holds.len())));
    // Somebody else decides one of them.
    let one = json!({ "decisions": [decision(&holds[0], "release")] });
    assert_eq!(world.post("/v1/sync/holds/decisions", &one).await.body["decided"], 1);
    let body = matching(&filter, "reject", &json!({ "version": look["version"] }));
    let refused = world.post(MATCHING, &body).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (412, "versionMismatch"), "{}", refused.body);
    assert_eq!(refused.body["present"]["matching"], holds.len() - 1);
    let decided = world.get("/v1/sync/holds?decided=true&pageSize=500").await.body;
    assert_eq!(decided["items"].as_array().unwrap().len(), 1, "nothing of the request was decided");
    let body = matching(&filter, "reject", &json!({ "version": refused.body["present"]["version"] }));
    let taken = world.post(MATCHING, &body).await;
    assert_eq!((taken.status.as_u16(), &taken.body["decided"]), (200, &json!(holds.len() - 1)), "{}", taken.body);
    assert_eq!(taken.body["moved"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn holds_are_filtered_by_reason_product_and_run_and_a_bad_filter_is_told_at_once() {
    let (world, holds) = fallen().await;
    let first = &holds[0];
    let (code, psa) = (first["products"][0].as_str().unwrap(), &first["psaProductId"]);
    for (query, field, value) in [
        (format!("product={code}"), "products", json!([code])),
        (format!("psaProductId={psa}"), "psaProductId", psa.clone()),
        (format!("run={}", first["runId"].as_str().unwrap()), "runId", first["runId"].clone()),
    ] {
        let listed = world.get(&format!("/v1/sync/holds?pageSize=500&{query}")).await.body;
        let expected: Vec<&Value> = holds.iter().filter(|hold| hold[field] == value).collect();
        assert_eq!(listed["items"].as_array().unwrap().iter().collect::<Vec<_>>(), expected, "{query}");
    }
    let bad = json!({ "month": "x", "customer": "ACME", "run": "none", "psaProductId": 0 });
    let refused = world.post(MATCHING, &matching(&bad, "reject", &json!({ "why": "x".repeat(501) }))).await;
    let errors = refused.body["errors"].as_array().unwrap();
    let mut pointers: Vec<&str> = errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    pointers.sort_unstable();
    let expected =
        ["/matching/customer", "/matching/month", "/matching/psaProductId", "/matching/run", "/version", "/why"];
    assert_eq!((refused.status.as_u16(), pointers), (400, expected.to_vec()), "{}", refused.body);
}
