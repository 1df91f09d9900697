//! The ConnectWise invoice on which a line goes: in lists, in sheets, and for what waits for a person.

use serde_json::{Value, json};
use simulators::connectwise::Collection;

use crate::runs_api::world::{World, id_of};

/// Gives every agreement that next ConnectWise invoice.
fn invoice_next_on(world: &World, day: &str) {
    let psa = &world.stack.psa;
    for agreement in psa.records(Collection::Agreements, 0) {
        let id = u32::try_from(agreement["id"].as_u64().unwrap()).unwrap();
        psa.edit(Collection::Agreements, 0, id, &json!({"nextInvoiceDate": format!("{day}T00:00:00Z")})).unwrap();
    }
}

const ENGLISH: &str = "usage of November 2025 → on the ConnectWise invoice for December 2025";
const ITALIAN: &str = "utilizzo di novembre 2025 → sulla fattura ConnectWise di dicembre 2025";

async fn rows(world: &World, language: &str, path: &str) -> Vec<Value> {
    let page = world.get_in(language, path).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let rows = page.body["items"].as_array().unwrap().clone();
    assert!(!rows.is_empty(), "{path}");
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_learnt_from_lines_sheets_and_decisions_which_connectwise_invoice_they_are_for() {
    let world = World::open().await;
    invoice_next_on(&world, "2025-12-01");
    let shown = world.preview(&json!({})).await;
    let created = format!("/v1/sync/runs/{}/lines?outcome=created", id_of(&shown));
    for (language, words) in [("en", ENGLISH), ("it", ITALIAN)] {
        for line in rows(&world, language, &created).await {
            assert_eq!((&line["landsOn"], &line["landing"]), (&json!("2025-12-01"), &json!(words)), "{line}");
        }
    }
    let sheet = world.get(&format!("/v1/sync/runs/{}/lines.csv?outcome=created", id_of(&shown))).await.body;
    let mut cells = sheet.as_str().unwrap().lines().map(|row| row.split(',').collect::<Vec<_>>());
    let at = cells.next().unwrap().iter().position(|name| *name == "landsOn").unwrap();
    let days: Vec<&str> = cells.map(|cells| cells[at]).collect();
    assert!(!days.is_empty() && days.iter().all(|day| *day == "2025-12-01"), "{sheet}");

    world.apply(&shown).await;
    world.usage_times(|units| units / 10);
    world.sync_now(&json!({})).await;
    for (language, words) in [("en", ENGLISH), ("it", ITALIAN)] {
        for hold in rows(&world, language, "/v1/sync/holds?pageSize=500").await {
            assert_eq!((&hold["landsOn"], &hold["landing"]), (&json!("2025-12-01"), &json!(words)), "{hold}");
        }
    }
    // The invoice was made without them.
    invoice_next_on(&world, "2026-01-01");
    world.sync_now(&json!({})).await;
    for hold in rows(&world, "en", "/v1/sync/holds?pageSize=500").await {
        assert_eq!((&hold["due"], &hold["landsOn"]), (&json!("missed"), &Value::Null), "{hold}");
    }
}
