//! A product that another agreement bills already: the person who decides chooses where it is billed from which day on.

use serde_json::{Value, json};
use simulators::connectwise::Collection;

use crate::runs_api::world::World;

/// A partner of which one product would be created although a second agreement of the company bills it. The hold, the
/// agreement and its addition.
async fn billed_elsewhere() -> (World, Value, u32, u32) {
    let world = World::open().await;
    let shown = world.preview(&json!({})).await;
    let created = world.lines(&shown, "&outcome=created").await.remove(0);
    let number = |value: &Value| u32::try_from(value.as_u64().unwrap()).unwrap();
    let (agreement, product) = (number(&created["agreementId"]), number(&created["billed"]["psaProductId"]));
    let mapped = world.stack.psa.record(Collection::Agreements, 0, agreement).unwrap();
    let id = |field: &str| u32::try_from(mapped[field]["id"].as_u64().unwrap()).unwrap();
    let other = world.stack.psa.add_agreement(id("company"), id("type"), "Old MSA", json!({})).unwrap();
    let since = json!({"effectiveDate": "2025-01-01T00:00:00Z"});
    let addition = world.stack.psa.add_addition(other, product, 12, since).unwrap();
    let shown = world.preview(&json!({})).await;
    world.apply(&shown).await;
    let holds = world.get("/v1/sync/holds?pageSize=500").await.body;
    let waiting = holds["items"].as_array().unwrap().iter().find(|hold| hold["reason"] == "billedElsewhere");
    (world, waiting.expect("it waits").clone(), other, addition)
}

fn decision(hold: &Value, verdict: &str, moves: Option<&str>) -> Value {
    let mut row = json!({
        "month": hold["month"], "customerId": hold["customerId"], "psaProductId": hold["psaProductId"],
        "version": hold["version"], "verdict": verdict, "why": "One agreement for all.",
    });
    if let Some(day) = moves {
        row["moveOn"] = day.into();
    }
    json!({ "decisions": [row] })
}

fn cancelled(world: &World, agreement: u32, addition: u32) -> Option<String> {
    let row = world.stack.psa.record(Collection::Additions, agreement, addition).unwrap();
    row.get("cancelledDate").and_then(Value::as_str).map(|text| text[..10].to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_moves_here_by_one_decision_and_one_run() {
    let (world, hold, other, addition) = billed_elsewhere().await;
    assert_eq!(hold["release"]["date"], "2025-11-01", "{hold}");
    let decided = world.post("/v1/sync/holds/decisions", &decision(&hold, "release", Some("2025-11-30"))).await;
    assert_eq!(decided.status, 200, "{}", decided.body);
    assert_eq!(decided.body["holds"][0]["decision"]["moveOn"], "2025-11-30");
    assert_eq!(cancelled(&world, other, addition), None, "the next run does it");
    let run = world.sync_now(&json!({})).await;
    assert_eq!((&run["counts"]["additionsCreated"], &run["counts"]["quantitiesSet"]), (&json!(1), &json!(1)), "{run}");
    assert_eq!(cancelled(&world, other, addition).as_deref(), Some("2025-11-30"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_is_decided_otherwise_ends_nothing() {
    let (world, hold, other, addition) = billed_elsewhere().await;
    let moved = world.post("/v1/sync/holds/decisions", &decision(&hold, "release", Some("2025-11-30"))).await;
    let now = &moved.body["holds"][0];
    let decided = world.post("/v1/sync/holds/decisions", &decision(now, "reject", None)).await;
    assert_eq!(decided.status, 200, "{}", decided.body);
    world.sync_now(&json!({})).await;
    assert_eq!(cancelled(&world, other, addition), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_says_nothing_is_refused_by_name() {
    let (world, hold, ..) = billed_elsewhere().await;
    for (verdict, day) in [("release", "30.11.2026"), ("release", "2025-12-01"), ("reject", "2025-11-30")] {
        let refused = world.post("/v1/sync/holds/decisions", &decision(&hold, verdict, Some(day))).await;
        let pointer = &refused.body["errors"][0]["pointer"];
        assert_eq!((refused.status.as_u16(), pointer), (400, &json!("/decisions/0/moveOn")), "{verdict} {day}");
    }
}
