//! Another quantity than the usage: deciding it, taking it back, writing it now, listing it and ending it early.

use serde_json::{Value, json};

use crate::runs_api::world::World;

const DECISIONS: &str = "/v1/sync/holds/decisions";
const WRITE: &str = "/v1/sync/holds/decisions/write";

/// A partner whose usage has fallen to a tenth since it was billed.
async fn fallen() -> (World, Vec<Value>) {
    let world = World::open().await;
    let shown = world.preview(&json!({})).await;
    world.apply(&shown).await;
    world.usage_times(|units| units / 10);
    world.sync_now(&json!({})).await;
    let holds = holds(&world).await;
    assert!(holds.len() >= 3, "{holds:?}");
    (world, holds)
}

async fn holds(world: &World) -> Vec<Value> {
    let listed = world.get("/v1/sync/holds?pageSize=500").await;
    listed.body["items"].as_array().unwrap().clone()
}

async fn overrides(world: &World) -> Vec<Value> {
    let listed = world.get("/v1/sync/overrides").await;
    assert_eq!(listed.status, 200, "{}", listed.body);
    listed.body["items"].as_array().unwrap().clone()
}

fn row(hold: &Value, verdict: &str, more: &Value) -> Value {
    let mut row = json!({
        "month": hold["month"], "customerId": hold["customerId"], "psaProductId": hold["psaProductId"],
        "version": hold["version"], "verdict": verdict,
    });
    row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    row
}

fn at_least(hold: &Value, least: &str) -> Value {
    let quantity = json!({ "rule": "minimum", "value": least });
    row(
        hold,
        "useQuantity",
        &json!({ "quantity": quantity, "until": "2026-03", "reason": "customerAgreed", "why": "a floor" }),
    )
}

async fn decide(world: &World, rows: Vec<Value>) -> Value {
    let decided = world.post(DECISIONS, &json!({ "decisions": rows })).await;
    assert_eq!((decided.status.as_u16(), &decided.body["moved"]), (200, &json!([])), "{}", decided.body);
    decided.body
}

/// More than is used, less than is billed.
fn between(hold: &Value) -> String {
    let number = |value: &Value| value.as_str().unwrap().parse::<u32>().unwrap();
    let (used, billed) = (number(&hold["used"]), number(&hold["quantity"]));
    assert!(used + 1 < billed, "{hold}");
    (used + 1).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn another_quantity_is_written_shown_beside_the_usage_and_listed_until_somebody_ends_it() {
    let (world, held) = fallen().await;
    let (hold, least) = (&held[0], between(&held[0]));
    assert_eq!(hold["takesQuantity"], "any", "{hold}");
    let decided = decide(&world, vec![at_least(hold, &least)]).await["holds"][0].clone();
    let decision = &decided["decision"];
    assert_eq!((&decision["verdict"], &decision["billed"]), (&json!("useQuantity"), &json!(least)));
    assert_eq!(decision["quantity"], json!({ "rule": "minimum", "value": least }));
    assert_eq!((&decision["until"], &decision["reason"]), (&json!("2026-03"), &json!("customerAgreed")));
    assert_eq!((&decision["change"]["from"], &decision["change"]["to"]), (&hold["quantity"], &json!(least)));

    let before = world.stack.psa.writes().len();
    let run = world.sync_now(&json!({})).await;
    assert_eq!((&run["counts"]["quantitiesSet"], world.stack.psa.writes().len()), (&json!(1), before + 1), "{run}");
    let lines = world.lines(&run, "&outcome=updated").await;
    let billed = &lines[0]["billed"];
    assert_eq!((&billed["quantity"], &billed["overridden"]["used"]), (&json!(least), &hold["used"]), "{billed}");
    let what = format!("{} used, {least} billed (minimum)", hold["used"].as_str().unwrap());
    assert_eq!(billed["overridden"]["what"], what);
    let path = format!("/v1/sync/runs/{}/lines", run["runId"].as_str().unwrap());
    let italian = world.get_in("it", &format!("{path}?outcome=updated")).await.body;
    let what_it = format!("{} utilizzati, {least} fatturati (minimo)", hold["used"].as_str().unwrap());
    assert_eq!(italian["items"][0]["billed"]["overridden"]["what"], what_it);
    let sheet = world.get(&format!("{path}.csv")).await;
    let sheet = sheet.body.as_str().map_or_else(|| sheet.body.to_string(), str::to_owned);
    assert!(sheet.contains(&what), "{sheet}");

    let listed = overrides(&world).await;
    assert_eq!(listed.len(), 1, "{listed:?}");
    let one = &listed[0];
    for field in ["customerId", "customer", "psaProductId", "psaProduct", "products", "descriptions"] {
        assert_eq!(one[field], hold[field], "{field}");
    }
    assert_eq!((&one["from"], &one["until"], &one["who"]), (&hold["month"], &json!("2026-03"), &json!("9f31")));

    let remove = |version: &Value| {
        json!({ "customerId": one["customerId"], "psaProductId": one["psaProductId"], "from": one["from"], "at": one["at"],
            "version": version, "why": "They pay by use again." })
    };
    let refused = world.post("/v1/sync/overrides/remove", &remove(&json!("0"))).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (412, "versionMismatch"), "{}", refused.body);
    let removed = world.post("/v1/sync/overrides/remove", &remove(&one["version"])).await;
    assert_eq!(removed.status, 200, "{}", removed.body);
    let again = world.post("/v1/sync/overrides/remove", &remove(&one["version"])).await;
    assert_eq!(again.status, 404, "{}", again.body);
    assert_eq!(overrides(&world).await, [] as [Value; 0]);
    world.sync_now(&json!({})).await;
    let line = world.lines(&run, "").await;
    assert!(!line.is_empty());
    let now = holds(&world).await;
    let same =
        now.iter().find(|now| now["customerId"] == hold["customerId"] && now["psaProductId"] == hold["psaProductId"]);
    assert!(same.is_none_or(|now| now["overridden"].is_null()), "the usage counts again: {same:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_is_taken_back_until_it_is_written_and_not_after_that() {
    let (world, held) = fallen().await;
    let (hold, least) = (&held[0], between(&held[0]));
    let decided =
        decide(&world, vec![at_least(hold, &least), row(&held[1], "release", &json!({}))]).await["holds"].clone();
    let back: Vec<Value> = decided.as_array().unwrap().iter().map(|hold| row(hold, "takeBack", &json!({}))).collect();
    let stale = row(hold, "takeBack", &json!({}));
    let refused = world.post(DECISIONS, &json!({ "decisions": [stale] })).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (412, "versionMismatch"), "{}", refused.body);
    let taken = decide(&world, back.clone()).await;
    assert!(taken["holds"].as_array().unwrap().iter().all(|hold| hold["decision"].is_null()), "{taken}");
    assert_eq!(overrides(&world).await, [] as [Value; 0], "its quantity goes with it");
    // Said once more, as by a program whose answer was lost.
    assert_eq!(decide(&world, back).await["holds"], taken["holds"]);
    let before = world.stack.psa.writes().len();
    world.sync_now(&json!({})).await;
    assert_eq!(world.stack.psa.writes().len(), before);

    let now = holds(&world).await;
    let decided = decide(&world, vec![at_least(&now[0], &least)]).await["holds"][0].clone();
    world.sync_now(&json!({})).await;
    let late = world.post(DECISIONS, &json!({ "decisions": [row(&decided, "takeBack", &json!({}))] })).await;
    assert_eq!(late.status, 412, "{}", late.body);
    assert_eq!(late.body["errors"][0]["code"], "notFound", "{}", late.body);
    assert_eq!(overrides(&world).await.len(), 1, "what is written is ended from the list");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_decided_lines_are_written_now_and_nothing_else() {
    let (world, held) = fallen().await;
    let nothing = world.post(WRITE, &json!({ "month": "2025-11" })).await;
    assert_eq!((nothing.status.as_u16(), nothing.code()), (409, "nothingDecided"), "{}", nothing.body);
    let keep = row(&held[2], "reject", &json!({ "reason": "oneOff" }));
    decide(&world, vec![at_least(&held[0], &between(&held[0])), row(&held[1], "release", &json!({})), keep]).await;
    // What needs no decision is not written by it either.
    world.usage_times(|units| if units % 2 == 0 { units + 1 } else { units / 10 });
    let before = world.stack.psa.writes().len();
    let key = "write-them-now-once-1";
    let started = world.post_with(key, WRITE, &json!({ "month": "2025-11" })).await;
    let run = world.follow(started).await;
    assert_eq!((&run["state"], &run["decidedAlone"]), (&json!("succeeded"), &json!(true)), "{run}");
    let lines = world.lines(&run, "").await;
    let written = lines.iter().filter(|line| line["outcome"] == "updated").count();
    let waits: Vec<&Value> = lines.iter().filter(|line| line["reason"] == "nextRun").collect();
    assert!(world.stack.psa.writes().len() - before == written && written <= 2, "{lines:?}");
    for line in &lines {
        assert!(
            ["updated", "waiting", "held", "skipped", "unchanged"].contains(&line["outcome"].as_str().unwrap()),
            "{line}"
        );
    }
    let again = world.post_with(key, WRITE, &json!({ "month": "2025-11" })).await;
    assert_eq!(again.body["runId"], run["runId"], "the same request is the same run: {}", again.body);
    let next = world.sync_now(&json!({})).await;
    assert!(next["counts"]["updated"].as_u64().unwrap() >= waits.len() as u64, "{next}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_another_quantity_is_said_field_by_field() {
    let (world, held) = fallen().await;
    let hold = &held[0];
    let fixed = |value: &str| json!({ "rule": "fixed", "value": value });
    for (more, pointer) in [
        (json!({ "reason": "other" }), "quantity"),
        (json!({ "reason": "other", "quantity": fixed("-1") }), "quantity"),
        (json!({ "reason": "other", "quantity": fixed("1.005") }), "quantity"),
        (json!({ "reason": "other", "quantity": { "rule": "plus", "value": "0" } }), "quantity"),
        (json!({ "reason": "other", "quantity": fixed("5"), "until": "2025-10" }), "until"),
        (json!({ "reason": "other", "quantity": fixed("5"), "until": "2028-12" }), "until"),
        (json!({ "quantity": fixed("5") }), "reason"),
    ] {
        let refused = world.post(DECISIONS, &json!({ "decisions": [row(hold, "useQuantity", &more)] })).await;
        let expected = format!("/decisions/0/{pointer}");
        assert_eq!(
            (refused.status.as_u16(), &refused.body["errors"][0]["pointer"]),
            (400, &json!(expected)),
            "{more} {}",
            refused.body
        );
    }
    let kept = world.post(DECISIONS, &json!({ "decisions": [row(hold, "reject", &json!({}))] })).await;
    assert_eq!(
        (kept.status.as_u16(), &kept.body["errors"][0]["pointer"]),
        (400, &json!("/decisions/0/reason")),
        "{}",
        kept.body
    );
    let named = row(hold, "release", &json!({ "quantity": fixed("5") }));
    let refused = world.post(DECISIONS, &json!({ "decisions": [named] })).await;
    assert_eq!(refused.status, 400, "{}", refused.body);
    assert_eq!(overrides(&world).await, [] as [Value; 0]);
    assert!(holds(&world).await.iter().all(|hold| hold["decision"].is_null()));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_match_are_billed_at_one_fixed_quantity() {
    let (world, held) = fallen().await;
    let path = "/v1/sync/holds/decisions/matching";
    let reason = &held[0]["reason"];
    let of_reason: Vec<&Value> = held.iter().filter(|hold| hold["reason"] == *reason).collect();
    let mut body = json!({
        "matching": { "month": held[0]["month"], "reason": reason }, "verdict": "useQuantity",
        "quantity": { "rule": "fixed", "value": "4" }, "reason": "sophosIsWrong", "validateOnly": true,
    });
    let look = world.post(path, &body).await;
    assert_eq!((look.status.as_u16(), &look.body["decided"]), (200, &json!(of_reason.len())), "{}", look.body);
    body["validateOnly"] = json!(false);
    body["version"] = look.body["version"].clone();
    let decided = world.post(path, &body).await;
    assert_eq!((decided.status.as_u16(), &decided.body["applied"]), (200, &json!(true)), "{}", decided.body);
    assert_eq!(decided.body["change"], look.body["change"]);
    let listed = overrides(&world).await;
    assert_eq!(listed.len(), of_reason.len());
    assert!(listed.iter().all(|one| one["quantity"] == json!({ "rule": "fixed", "value": "4" })
        && one["until"] == one["from"]
        && one["reason"] == "sophosIsWrong"));
    let run = world.follow(world.post(WRITE, &json!({ "month": "2025-11" })).await).await;
    assert_eq!(run["counts"]["quantitiesSet"], of_reason.len(), "{run}");
}
