//! What a preview shows in units and money, what its apply does of it, and what both come from.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use simulators::simulator::faults::{Fault, FaultKind, FaultPlan};

use crate::runs_api::world::{World, id_of};

fn decimal(value: &Value) -> Decimal {
    value.as_str().unwrap().parse().unwrap()
}

/// Customer, product and the change of each line that has one.
fn changes(lines: &[Value]) -> Vec<(&Value, &Value, &Value)> {
    let changed = lines.iter().filter(|line| line["billed"]["change"].is_object());
    changed.map(|line| (&line["customerId"], &line["product"], &line["billed"]["change"])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apply_does_line_by_line_what_its_preview_showed_in_units_and_money() {
    let world = World::open().await;
    let shown = world.preview(&json!({})).await;
    let lines = world.lines(&shown, "").await;
    assert_eq!(world.stack.psa.writes().len(), 0, "a preview writes nothing");
    let total: Decimal = changes(&lines).iter().map(|(_, _, change)| decimal(&change["units"])).sum();
    let amount: Decimal =
        changes(&lines).iter().filter(|(_, _, c)| c["amount"].is_string()).map(|(_, _, c)| decimal(&c["amount"])).sum();
    assert_eq!((decimal(&shown["done"]["units"]), decimal(&shown["done"]["amounts"][0]["amount"])), (total, amount));
    assert!(total > Decimal::ZERO && amount > Decimal::ZERO, "{shown}");
    let applied = world.apply(&shown).await;
    assert_eq!(changes(&world.lines(&applied, "").await), changes(&lines));
    assert_eq!(applied["done"], shown["done"]);
    let written: Decimal =
        world.stack.psa.writes().iter().map(|write| decimal_of(&write.after.as_ref().unwrap()["quantity"])).sum();
    assert_eq!(written, total);
}

fn decimal_of(value: &Value) -> Decimal {
    value.to_string().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_failed_is_not_shown_as_done() {
    let world = World::open().await;
    let shown = world.preview(&json!({})).await;
    let refused = Fault::new(FaultKind::ErrorBefore { status: 400 });
    let refused = refused.on("POST", "/finance/agreements/*/additions").call(1);
    world.stack.psa.gate().set_faults(FaultPlan::of(1, [refused])).unwrap();
    let applied = world.apply(&shown).await;
    let failed = world.lines(&applied, "&outcome=failed").await;
    let [line] = &failed[..] else { panic!("{failed:?}") };
    assert!(line["billed"]["quantity"].is_string() && line["billed"]["change"].is_null(), "{line}");
    let lines = world.lines(&applied, "").await;
    let total: Decimal = changes(&lines).iter().map(|(_, _, change)| decimal(&change["units"])).sum();
    assert_eq!(decimal(&applied["done"]["units"]), total);
    assert_eq!(applied["failed"]["units"], line["billed"]["quantity"]);
    assert_eq!(decimal(&shown["done"]["units"]), total + decimal(&applied["failed"]["units"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_are_filtered_paged_and_exported_alike() {
    let world = World::open().await;
    let shown = world.preview(&json!({})).await;
    let lines = world.lines(&shown, "").await;
    let one = &lines[0];
    let (customer, product) = (one["customerId"].as_str().unwrap(), one["product"].as_str().unwrap());
    for (filter, field, value) in [
        (format!("&customer={customer}"), "customerId", customer),
        (format!("&product={product}"), "product", product),
        ("&outcome=created".to_owned(), "outcome", "created"),
    ] {
        let expected: Vec<&Value> = lines.iter().filter(|line| line[field] == value).collect();
        let found = world.lines(&shown, &filter).await;
        assert!(!found.is_empty() && found.iter().collect::<Vec<_>>() == expected, "{filter}");
    }
    assert_eq!(world.lines(&shown, "&reason=decrease").await, Vec::<Value>::new());

    let (mut csv, mut key) = (String::new(), String::new());
    loop {
        let page = world.get(&format!("/v1/sync/runs/{}/lines.csv?pageSize=4{key}", id_of(&shown))).await;
        csv.push_str(page.body.as_str().unwrap());
        match page.header("x-next-page-key") {
            "" => break,
            next => key = format!("&pageFromKey={next}"),
        }
    }
    let rows: Vec<&str> = csv.lines().collect();
    assert_eq!(rows.len(), lines.len() + 1, "{csv}");
    assert!(rows[0].starts_with("customerId,customer,") && rows[1].starts_with(customer), "{csv}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lines_usage_lines_add_up_to_its_units_also_of_an_apply() {
    let world = World::open().await;
    let shown = world.preview(&json!({})).await;
    let applied = world.apply(&shown).await;
    for run in [&shown, &applied] {
        for line in world.lines(run, "").await {
            let (customer, product) = (line["customerId"].as_str().unwrap(), line["product"].as_str().unwrap());
            let path = format!("/v1/sync/runs/{}/usage-lines?customer={customer}&product={product}", id_of(run));
            let page = world.get(&path).await;
            assert_eq!(page.status, 200, "{}", page.body);
            let rows = page.body["items"].as_array().unwrap();
            assert_eq!(rows.len() as u64, line["usageLines"].as_u64().unwrap());
            let units: u64 = rows.iter().map(|row| row["units"].as_u64().unwrap()).sum();
            assert_eq!(units, line["units"].as_u64().unwrap());
            assert!(rows.iter().all(|row| row["serial"].is_string() && row["order"].is_string()));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_sheet_would_run_is_defused() {
    let world = World::open().await;
    let shown = world.preview(&json!({})).await;
    let path = format!("/v1/sync/runs/{}/lines.csv?reason==1%2B1", id_of(&shown));
    assert_eq!(world.get(&path).await.status, 200);
    world.apply(&shown).await;
    world.usage_times(|units| units / 2);
    let lower = world.preview(&json!({})).await;
    let csv = world.get(&format!("/v1/sync/runs/{}/lines.csv?pageSize=1000", id_of(&lower))).await;
    let csv = csv.body.as_str().unwrap().to_owned();
    let starts =
        |cell: &str| cell.starts_with(['=', '+', '@']) || (cell.starts_with('-') && cell.parse::<f64>().is_err());
    let cells = csv.lines().flat_map(|row| row.split(','));
    assert!(!cells.clone().any(|cell| starts(cell.trim_matches('"'))), "{csv}");
    assert!(csv.contains(",-"), "amounts below zero are numbers: {csv}");
}
