//! What a tick promises, late, doubled, cut off or in company of partners that fail.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod follow_up;
mod world;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use shared::domain::id::PartnerId;
use shared::domain::run::RunKind;
use shared::domain::schedule::next_run_after;
use shared::domain::settings::{DayOfMonth, Frequency, Guards, MonthRule, Settings, TimeZoneName};
use sync_schedule::{MAX_PARTNERS_PER_SHARD, PartnerError, Tick, TickReport};

use crate::world::{World, partner};

const FIVE_MINUTES: SignedDuration = SignedDuration::from_mins(5);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn settings(frequency: Frequency) -> Settings {
    Settings {
        time_zone: TimeZoneName::parse("Europe/Rome").unwrap(),
        frequency,
        writes: true,
        guards: Guards::default(),
    }
}

fn monthly(day: i8) -> Frequency {
    Frequency::Monthly { day: DayOfMonth::try_from(day).unwrap(), month: MonthRule::ByDay }
}

async fn tick(world: &World, time: Timestamp) -> TickReport {
    sync_schedule::tick(&world.store(), &world.queue, &world.queue, time).await.unwrap()
}

#[test]
fn the_event_carries_the_schedules_own_time_and_nothing_else() {
    let event: Tick = serde_json::from_str(r#"{"time":"2026-11-30T01:15:00Z"}"#).unwrap();
    assert_eq!(event.time, at("2026-11-30T01:15:00Z"));
    for wrong in [r#"{"time":"<aws.scheduler.scheduled-time>"}"#, "{}", r#"{"time":"2026-11-30T01:15:00Z","now":1}"#] {
        assert!(serde_json::from_str::<Tick>(wrong).is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn a_partner_that_is_due_is_queued_and_moved_on_and_another_is_left_alone() {
    let nightly = settings(Frequency::Nightly);
    let due = at("2026-11-22T01:10:00Z");
    let later = at("2026-11-22T03:00:00Z");
    let world = World::new().with(1, &nightly, due).with(2, &nightly, later);
    let time = at("2026-11-22T01:15:00Z");

    let report = tick(&world, time).await;

    assert_eq!(report, TickReport { sent: 1, ..TickReport::default() });
    let sent = world.take_sent();
    let request = &sent[0].request;
    assert_eq!((request.partner, request.kind), (partner(1), RunKind::Scheduled));
    assert_eq!(request.scheduled_at, due, "the schedule's own time, not the tick's");
    assert_eq!((sent[0].attempt, sent[0].first_sent_at), (0, time));
    assert_eq!(world.due_of(1), next_run_after(&nightly, partner(1), time));
    assert_eq!(world.due_of(2), later);
}

#[tokio::test]
async fn each_frequency_asks_for_its_month_and_slot() {
    let cases = [
        (Frequency::SophosInvoice, "2026-11-30T01:10:00Z", "2026-11", "2026-11-30"),
        (Frequency::SophosInvoice, "2026-12-03T01:10:00Z", "2026-11", "2026-12-03"),
        (monthly(25), "2026-11-25T01:10:00Z", "2026-11", "2026-11"),
        (monthly(10), "2026-11-10T01:10:00Z", "2026-10", "2026-11"),
        (Frequency::Nightly, "2026-11-30T23:30:00Z", "2026-12", "2026-12-01"),
    ];
    for (frequency, due, month, slot) in cases {
        let world = World::new().with(1, &settings(frequency), at(due));
        tick(&world, at(due) + FIVE_MINUTES).await;
        let request = world.take_sent().remove(0).request;
        assert_eq!((request.month.to_string().as_str(), request.slot.as_str()), (month, slot), "{frequency:?}");
    }
}

#[tokio::test]
async fn a_late_tick_asks_for_the_same_run_as_one_in_time() {
    let due = at("2026-11-30T01:10:00Z");
    let mut runs = Vec::new();
    for late in [SignedDuration::ZERO, FIVE_MINUTES, SignedDuration::from_hours(50)] {
        let world = World::new().with(1, &settings(Frequency::SophosInvoice), due);
        tick(&world, due + late).await;
        runs.push(world.take_sent().remove(0).request.id().unwrap());
        assert!(world.due_of(1) > due + late, "what was missed meanwhile is not made up one by one");
    }
    assert!(runs.iter().all(|run| *run == runs[0]), "{runs:?}");
}

#[tokio::test]
async fn two_ticks_at_once_ask_for_one_run_and_move_the_partner_on_once() {
    let nightly = settings(Frequency::Nightly);
    let world = World::new().with(1, &nightly, at("2026-11-22T01:10:00Z"));
    let time = at("2026-11-22T01:15:00Z");

    let (first, second) = tokio::join!(tick(&world, time), tick(&world, time));

    let sent = world.take_sent();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0].request.id().unwrap(), sent[1].request.id().unwrap());
    assert_eq!((first.sent, second.sent), (1, 1));
    assert_eq!(first.moved_meanwhile + second.moved_meanwhile, 1);
    assert_eq!(world.due_of(1), next_run_after(&nightly, partner(1), time));
    assert_eq!(tick(&world, time).await, TickReport::default(), "a third finds nobody due");
}

#[tokio::test]
async fn a_tick_cut_off_between_sending_and_moving_on_is_made_good_by_the_next() {
    let world = World::new().with(1, &settings(Frequency::Nightly), at("2026-11-22T01:10:00Z"));
    world.faults.lock().unwrap().not_moved.insert(partner(1));
    let report = tick(&world, at("2026-11-22T01:15:00Z")).await;
    assert!(matches!(report.failed[0].error, PartnerError::Advance(_)));
    world.faults.lock().unwrap().not_moved.clear();
    let report = tick(&world, at("2026-11-22T01:20:00Z")).await;
    assert!(report.failed.is_empty());
    let runs: Vec<_> = world.take_sent().iter().map(|sent| sent.request.id().unwrap()).collect();
    assert_eq!(runs.len(), 2);
    assert_eq!(runs[0], runs[1]);
}

#[tokio::test]
async fn partners_that_fail_keep_their_due_time_are_named_and_stop_nobody() {
    let nightly = settings(Frequency::Nightly);
    let due = at("2026-11-22T01:10:00Z");
    let mut world = (1..=20).fold(World::new(), |world, number| world.with(number, &nightly, due));
    world.spoil_settings(partner(3));
    world.queue.refused.insert(partner(7));

    let report = tick(&world, at("2026-11-22T01:15:00Z")).await;

    assert_eq!((report.sent, report.failed.len()), (18, 2));
    let failed: BTreeMap<PartnerId, String> =
        report.failed.iter().map(|failure| (failure.partner, failure.error.to_string())).collect();
    assert!(failed[&partner(3)].contains("a stored entry cannot be read: CFG"), "{failed:?}");
    assert!(failed[&partner(7)].contains("the queue could not be reached"), "{failed:?}");
    for number in 1..=20 {
        assert_eq!(world.due_of(number) == due, [3, 7].contains(&number), "partner {number}");
    }
}

#[tokio::test]
async fn a_partner_without_settings_is_moved_on_by_a_day_and_not_queued() {
    let world = World::new();
    world.stored.put_due(partner(1), at("2026-11-22T01:10:00Z")).await.unwrap();
    let report = tick(&world, at("2026-11-22T01:15:00Z")).await;
    assert_eq!(report, TickReport { without_settings: 1, ..TickReport::default() });
    assert_eq!(world.due_of(1), at("2026-11-23T01:15:00Z"));
    assert!(world.take_sent().is_empty());
}

#[tokio::test]
async fn a_shard_that_cannot_be_read_fails_the_tick_after_the_others_were_worked_off() {
    let nightly = settings(Frequency::Nightly);
    let due = at("2026-11-22T01:10:00Z");
    let time = at("2026-11-22T01:15:00Z");
    let world = (0..16).fold(World::new(), |world, number| world.with(number, &nightly, due));
    let shard = (0..16).find(|shard| world.partners_of(*shard) > 0).unwrap();
    let in_shard = world.partners_of(shard);
    world.faults.lock().unwrap().shard_away = Some(shard);

    let error = sync_schedule::tick(&world.store(), &world.queue, &world.queue, time).await.unwrap_err();

    assert_eq!((error.report.sent, error.shards.len()), (16 - in_shard, 1));
    assert!(error.to_string().contains(&format!("shard {shard}: the table could not be reached")), "{error}");
    world.faults.lock().unwrap().shard_away = None;
    assert_eq!(tick(&world, time).await.sent, in_shard);
}

#[tokio::test]
async fn a_tick_takes_on_a_bounded_number_and_leaves_the_rest_to_the_next() {
    let nightly = settings(Frequency::Nightly);
    let due = at("2026-11-22T01:10:00Z");
    let time = at("2026-11-22T01:15:00Z");
    let limit = MAX_PARTNERS_PER_SHARD as usize;
    let mut world = World::new();
    let mut of_shard_0 = (1_u128..).filter(|n| World::new().with(*n, &nightly, due).partners_of(0) == 1);
    for number in of_shard_0.by_ref().take(limit + 3) {
        world = world.with(number, &nightly, due);
    }
    let first = tick(&world, time).await;
    assert_eq!((first.sent, first.full_shards), (MAX_PARTNERS_PER_SHARD as usize, 1));
    let second = tick(&world, time).await;
    assert_eq!((second.sent, second.full_shards), (3, 0));
}

#[tokio::test]
async fn ten_thousand_partners_are_spread_over_the_night_and_each_is_queued_once() {
    let nightly = settings(Frequency::Nightly);
    let evening = at("2026-11-22T20:00:00Z");
    let world = (0..10_000).fold(World::new(), |world, number| {
        world.with(number, &nightly, next_run_after(&nightly, partner(number), evening))
    });
    let mut runs_of: BTreeMap<PartnerId, usize> = BTreeMap::new();
    let mut most = 0;
    let mut time = evening;
    while time < at("2026-11-23T12:00:00Z") {
        let report = tick(&world, time).await;
        assert!(report.failed.is_empty() && report.full_shards == 0, "{report:?}");
        most = most.max(report.sent);
        for sent in world.take_sent() {
            *runs_of.entry(sent.request.partner).or_default() += 1;
        }
        time += FIVE_MINUTES;
    }
    assert_eq!(runs_of.len(), 10_000);
    assert!(runs_of.values().all(|runs| *runs == 1));
    // Four hours are 48 ticks, 208 partners each on average.
    assert!(most < 300, "{most} partners in one tick");
}
