//! Alerts that no run raises, each sent once: a sync that stands still, and invoices made without lines that waited.

use jiff::SignedDuration;
use jiff::civil::{Date, date};
use serde_json::{Value, json};
use shared::domain::decision::{HoldBasis, HoldFacts, HoldKey, StandingHold};
use shared::domain::id::{CustomerId, ProductCode, RunId};
use shared::domain::month::UsageMonth;
use shared::domain::outcome::{Hold, Would};
use shared::domain::run::{Run, RunKind, RunRequest, RunState};
use shared::domain::settings::{Frequency, Guards, Settings, TimeZoneName};
use shared::store::{Change, Opened};

use crate::alerts::world::{World, partner};

const A_DAY: SignedDuration = SignedDuration::from_hours(24);

/// A run that wrote and ended now.
async fn run(world: &World, kind: RunKind) {
    let now = world.now();
    let month = UsageMonth::parse("2026-11").unwrap();
    let request = RunRequest::new(partner(), kind, month, now.to_string(), now);
    let run = Run::open(request, true, now).unwrap();
    assert_eq!(world.store.open_run(&run).await, Ok(Opened::Fresh));
    let lease = world.store.acquire_lease(partner(), "worker", now, 60).await.unwrap().unwrap();
    let over = Run { state: RunState::Succeeded, ended_at: Some(now), ..run };
    let lease = world.store.commit(&lease, now + A_DAY, vec![Change::PutRun(Box::new(over))]).await.unwrap();
    world.store.release_lease(&lease).await.unwrap();
}

fn quiet_days(days: Option<u16>) -> Value {
    json!({"failed": true, "held": true, "missed": true, "quietDays": days, "mail": []})
}

#[tokio::test]
async fn a_partner_is_told_once_that_nothing_ran_for_so_long_and_again_after_the_next_run() {
    let world = World::with_webhook().await;
    run(&world, RunKind::Now).await;
    world.save_settings(&quiet_days(Some(3))).await;
    world.tick_for(A_DAY * 3).await;
    assert_eq!(world.hook.taken(), [], "three days are not over");
    world.tick_for(A_DAY * 5).await;
    assert_eq!(world.hook.taken().len(), 1);
    let body: Value = serde_json::from_str(&world.hook.taken()[0].body).unwrap();
    assert_eq!((&body["type"], &body["data"]["about"]["days"]), (&json!("sync.quiet"), &json!(3)));
    run(&world, RunKind::Now).await;
    world.tick_for(A_DAY * 6).await;
    assert_eq!(world.hook.taken().len(), 2);
    assert!(world.hook.taken().iter().all(|alert| alert.times == 1));
}

#[tokio::test]
async fn previews_do_not_count_as_a_sync() {
    let world = World::with_webhook().await;
    run(&world, RunKind::Now).await;
    world.save_settings(&quiet_days(Some(2))).await;
    for _ in 0..5 {
        world.tick_for(A_DAY).await;
        run(&world, RunKind::Preview).await;
    }
    assert_eq!(world.hook.taken().len(), 1);
}

#[tokio::test]
async fn who_does_not_want_to_know_is_not_told() {
    let world = World::with_webhook().await;
    run(&world, RunKind::Now).await;
    world.save_settings(&quiet_days(Some(1))).await;
    world.save_settings(&quiet_days(None)).await;
    world.tick_for(A_DAY * 3).await;
    assert_eq!((world.hook.requests(), world.listed().await.len()), (0, 0));
}

#[tokio::test]
async fn a_partner_that_never_synced_has_nothing_that_could_have_stopped() {
    let world = World::with_webhook().await;
    world.save_settings(&quiet_days(Some(1))).await;
    world.tick_for(A_DAY * 3).await;
    assert_eq!(world.hook.requests(), 0);
}

#[tokio::test]
async fn a_partner_that_only_ever_previews_is_told_once_however_many_previews_it_makes() {
    let world = World::with_webhook().await;
    world.save_settings(&quiet_days(Some(1))).await;
    run(&world, RunKind::Preview).await;
    world.tick_for(A_DAY * 3).await;
    // More than are read at once, so that the first one is behind the newest.
    for _ in 0..120 {
        world.pass(SignedDuration::from_mins(5));
        run(&world, RunKind::Preview).await;
    }
    world.tick_for(A_DAY * 3).await;
    assert_eq!(world.hook.taken().len(), 1);
}

/// A line that waits since `now` for a decision before an invoice, with the next one that its agreement has by now.
async fn hold(world: &World, customer: u128, invoice: Date, next_invoice: Date) {
    let now = world.now();
    let (from, to) = (12.into(), 7.into());
    let held = StandingHold {
        key: HoldKey {
            month: UsageMonth::parse("2026-11").unwrap(),
            customer: CustomerId::from_uuid(uuid::Uuid::from_u128(customer)),
            product: 70.try_into().unwrap(),
        },
        name: format!("Customer {customer}"),
        parts: vec![ProductCode::parse("CIXA").unwrap()],
        hold: Hold::Decrease { from, to },
        basis: HoldBasis {
            agreement: 5.try_into().unwrap(),
            addition: None,
            quantity: from,
            release: Would::Update { from, to },
            readings: Vec::new(),
            elsewhere: Vec::new(),
        },
        invoice: Some(invoice),
        next_invoice: Some(next_invoice),
        run: RunId::parse("20261130T011200Z-scheduled-0123abcd").unwrap(),
        since: now,
        seen_at: now,
        facts: HoldFacts::default(),
        decision: None,
    };
    let lease = world.store.acquire_lease(partner(), "worker", now, 60).await.unwrap().unwrap();
    let changes = vec![Change::PutHold(Box::new(held))];
    let lease = world.store.commit(&lease, now + A_DAY, changes).await.unwrap();
    world.store.release_lease(&lease).await.unwrap();
}

#[tokio::test]
async fn lines_that_missed_their_invoice_are_told_once_an_invoice_also_when_the_next_month_has_begun() {
    let world = World::with_webhook().await;
    let settings = Settings {
        time_zone: TimeZoneName::parse("Europe/Rome").unwrap(),
        frequency: Frequency::Nightly,
        writes: true,
        guards: Guards::default(),
    };
    world.store.put_settings(partner(), &settings).await.unwrap();
    let (first, mid) = (date(2026, 12, 1), date(2026, 12, 15));
    for (customer, invoice) in [(1, first), (2, first), (3, mid)] {
        hold(&world, customer, invoice, invoice).await;
    }
    // It is the last of November: nothing is missed yet.
    world.tick_for(A_DAY).await;
    assert_eq!(world.hook.requests(), 0);
    for customer in [1, 2] {
        hold(&world, customer, first, date(2027, 1, 1)).await;
    }
    world.tick_for(A_DAY * 6).await;
    let taken = world.hook.taken();
    assert_eq!((taken.len(), taken[0].id.as_str()), (1, "missed-2026-11-2026-12-01"));
    let body: Value = serde_json::from_str(&taken[0].body).unwrap();
    assert_eq!((&body["type"], &body["data"]["about"]["missed"]), (&json!("sync.missedInvoice"), &json!(2)));
    let customers: Vec<&Value> =
        body["data"]["about"]["lines"].as_array().unwrap().iter().map(|line| &line["customer"]).collect();
    assert_eq!(customers, ["Customer 1", "Customer 2"]);
    hold(&world, 3, mid, date(2027, 1, 15)).await;
    world.tick_for(A_DAY * 14).await;
    let ids: Vec<String> = world.hook.taken().into_iter().map(|alert| alert.id).collect();
    assert_eq!(ids, ["missed-2026-11-2026-12-01", "missed-2026-11-2026-12-15"]);
}
