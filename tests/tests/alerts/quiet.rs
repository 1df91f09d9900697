//! A sync that stands still: told once a quiet time, and only to those who want to know.

use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::domain::month::UsageMonth;
use shared::domain::run::{Run, RunKind, RunRequest, RunState};
use shared::ports::{Change, Opened, RunStore};

use crate::world::{World, partner};

const A_DAY: SignedDuration = SignedDuration::from_hours(24);

/// A run that wrote and ended now.
async fn run(world: &World, kind: RunKind) {
    let now = world.now();
    let month = UsageMonth::parse("2026-11").unwrap();
    let request = RunRequest::new(partner(), kind, (month, now.to_string()), now);
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
