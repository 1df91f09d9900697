//! How a partner syncs.

use std::time::Duration;

use jiff::Timestamp;
use local_stack::api::asking::Asking;
use serde_json::json;
use shared::clock::SystemClock;
use shared::domain::id::{PartnerId, ProductCode, PsaProductId};
use shared::domain::mapping::ProductMapping;
use shared::domain::settings::{Frequency, Guards, Settings, TimeZoneName};
use shared::ids::UuidV7;
use shared::ports::Clock;
use shared::queue::LocalQueue;
use simulators::table::LocalTable;
use simulators::table::wire::Wire;
use uuid::Uuid;

use crate::runs_api::world::World;

fn nightly() -> serde_json::Value {
    json!({
        "timeZone": "America/New_York",
        "frequency": { "every": "nightly" },
        "guards": {
            "decrease": null,
            "increase": { "percent": 30, "units": 3 },
            "toZeroUnits": 1,
            "amount": "500.00",
            "unfinished": { "percent": 10, "pairs": 7, "unitsPercent": 20 },
            "newMonthDays": 2,
        },
        "usagePeriods": { "duplicateUsage": "countOnce", "otherPeriod": "ask", "consecutivePeriods": "lastPeriod" },
        "cancelledDate": "lastBilledDay",
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_shown_saved_at_their_version_and_move_the_next_run() {
    let world = World::open().await;
    let partner = world.stack.demo.partner();
    let before = world.get("/v1/sync/settings").await;
    assert_eq!(before.status, 200, "{}", before.body);
    let checked = world.put("/v1/sync/settings?validateOnly=true", before.header("etag"), &nightly()).await;
    assert_eq!(checked.status, 200, "{}", checked.body);
    assert_eq!(world.get("/v1/sync/settings").await.body, before.body, "nothing is saved");
    let saved = world.put("/v1/sync/settings", before.header("etag"), &nightly()).await;
    assert_eq!((saved.status.as_u16(), &saved.body["settings"]), (200, &nightly()), "{}", saved.body);
    let after = world.get("/v1/sync/settings").await;
    assert_eq!((after.header("etag"), &after.body), (saved.header("etag"), &saved.body));
    let due = world.stack.store.find_due(partner).await.unwrap().unwrap();
    assert_eq!(after.body["nextRunAt"].as_str().unwrap().parse::<Timestamp>().unwrap(), due);
    assert!(due.duration_since(SystemClock.now()).as_hours() < 48, "a night, not a month: {due}");
    let late = world.put("/v1/sync/settings", before.header("etag"), &nightly()).await;
    assert_eq!((late.status.as_u16(), late.code()), (412, "versionMismatch"));
    let edits = saved.body["warnings"].as_array().unwrap();
    assert!(edits.is_empty(), "no firewall product is mapped: {edits:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_the_invoice_mode_warns_of_firewall_products() {
    let world = World::open().await;
    let partner = world.stack.demo.partner();
    let target = world.stack.store.list_product_mappings(partner).await.unwrap().targets()[0];
    let firewall = ProductMapping::discovered(ProductCode::parse("XGS-MSP").unwrap(), true).map_to(target, None);
    world.stack.store.put_product_mapping(partner, &firewall).await.unwrap();
    let etag = world.get("/v1/sync/settings").await.header("etag").to_owned();
    let checked = world.put("/v1/sync/settings?validateOnly=true", &etag, &nightly()).await;
    let warning = checked.body["warnings"][0].as_str().unwrap();
    assert!(warning.contains("1 firewall product") && warning.contains("monthly invoice"), "{warning}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_save_looks_once_for_what_freezes_though_it_shows_its_settings_twice() {
    let partner = PartnerId::from_uuid(Uuid::from_u128(7));
    let table = LocalTable::in_memory().await.unwrap();
    let (frequency, guards) = (Frequency::Nightly, Guards::default());
    let settings = Settings { time_zone: TimeZoneName::parse("Europe/Rome").unwrap(), frequency, writes: true, guards };
    table.store().put_settings(partner, &settings).await.unwrap();
    let target = PsaProductId::try_from(7).unwrap();
    let firewall = ProductMapping::discovered(ProductCode::parse("XGS-MSP").unwrap(), true).map_to(target, None);
    table.store().put_product_mapping(partner, &firewall).await.unwrap();
    let wire = Wire::to(&table).await.unwrap();
    let queue = LocalQueue::new(Duration::from_secs(60));
    let world = sync_runs::World { store: wire.store(), queue, clock: SystemClock, ids: UuidV7 };
    let app = sync_runs::app(world, local_stack::api::asking::options());
    let person = Asking::new(partner, "psa/admin psa/read");

    let shown = person.get(&app, "/v1/sync/settings").await;
    let looks = wire.count("Query");
    wire.forget();
    let if_match = [("if-match", shown.header("etag"))];
    let saved = person.ask(&app, "PUT /v1/sync/settings", &if_match, Some(&nightly())).await;

    assert_eq!((shown.status.as_u16(), saved.status.as_u16()), (200, 200), "{} {}", shown.body, saved.body);
    assert_eq!(saved.body["warnings"].as_array().unwrap().len(), 1);
    assert!(looks > 0 && wire.count("Query") == looks, "{looks} reads to show, {} to save", wire.count("Query"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_due_time_that_was_lost_is_mended_by_saving_the_same_settings_again() {
    let world = World::open().await;
    let partner = world.stack.demo.partner();
    let etag = world.get("/v1/sync/settings").await.header("etag").to_owned();
    let saved = world.put("/v1/sync/settings", &etag, &nightly()).await;
    let due = world.stack.store.find_due(partner).await.unwrap().unwrap();
    // The worker of the save died before it could say when the next run is: the month of before stands.
    let lost = due + jiff::SignedDuration::from_hours(20 * 24);
    world.stack.store.put_due(partner, lost).await.unwrap();
    let shown = world.get("/v1/sync/settings").await;
    assert_eq!(shown.body["nextRunAt"], lost.to_string());
    let again = world.put("/v1/sync/settings", shown.header("etag"), &nightly()).await;
    assert_eq!((again.status.as_u16(), &again.body), (200, &saved.body));
    assert_eq!(world.stack.store.find_due(partner).await.unwrap(), Some(due));
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_cannot_be_are_refused_field_by_field() {
    let world = World::open().await;
    let etag = world.get("/v1/sync/settings").await.header("etag").to_owned();
    let mut wrong = nightly();
    wrong["timeZone"] = "Mars/Olympus".into();
    wrong["frequency"] = json!({ "every": "monthly", "day": 32, "month": "byDay" });
    wrong["guards"]["newMonthDays"] = 29.into();
    wrong["guards"]["increase"]["percent"] = 1001.into();
    wrong["guards"]["amount"] = "-1".into();
    wrong["guards"]["unfinished"]["unitsPercent"] = 1001.into();
    let refused = world.put("/v1/sync/settings", &etag, &wrong).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (400, "invalidRequest"));
    let pointers: Vec<&str> =
        refused.body["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    let guards = ["/guards/increase", "/guards/unfinished", "/guards/amount", "/guards/newMonthDays"];
    assert_eq!(pointers, [&["/timeZone", "/frequency/day"][..], &guards].concat());
}
