//! A look at a partner's newest runs: one that stopped is carried on, one that left something undone is retried.

use jiff::{SignedDuration, Timestamp};
use shared::domain::follow_up::FollowUp;
use shared::domain::month::UsageMonth;
use shared::domain::run::{Run, RunFailure, RunFailureCode, RunKind, RunRequest, RunScope, RunState};
use shared::domain::settings::Frequency;
use shared::ports::AlertMessage;
use sync_schedule::TickReport;

use crate::world::{World, partner};
use crate::{at, settings, tick};

const LOOK: &str = "2026-12-01T01:40:00Z";

fn run(kind: RunKind, state: RunState) -> Run {
    let request = RunRequest {
        partner: partner(1),
        kind,
        month: UsageMonth::parse("2026-11").unwrap(),
        slot: "2026-11-30".into(),
        scheduled_at: at("2026-11-30T01:40:00Z"),
        preview: None,
        retry_of: None,
        scope: RunScope::default(),
        asked_by: None,
    };
    Run { state, ..Run::open(request, true, at("2026-11-30T01:41:00Z")).unwrap() }
}

fn failed() -> RunState {
    let what = "Sophos did not answer.".into();
    RunState::Failed(RunFailure { code: RunFailureCode::UsageIncomplete, what })
}

/// A partner with these runs whose follow-up is due; the worker sets a retry when a scheduled run ends.
async fn world(follow_up: FollowUp, runs: Vec<Run>) -> World {
    let world = World::new().with(1, &settings(Frequency::SophosInvoice), at("2026-12-03T01:40:00Z"));
    world.put_runs(partner(1), &runs, at(LOOK));
    if follow_up == FollowUp::RetryFailedRun {
        // A run that is no longer stored is followed up like any other.
        let last = runs.iter().find(|run| run.request.kind == RunKind::Scheduled).or(runs.first()).cloned();
        let last = last.unwrap_or_else(|| run(RunKind::Scheduled, RunState::Partial));
        world.stored.put_retry(partner(1), &last.id, at(LOOK)).await.unwrap();
    } else {
        world.stored.schedule_follow_up(partner(1), follow_up, Some(at(LOOK))).await.unwrap();
    }
    world
}

fn soon() -> Timestamp {
    at(LOOK) + SignedDuration::from_mins(5)
}

#[tokio::test]
async fn a_run_that_ended_partial_or_failed_is_retried_for_its_month_on_the_next_night() {
    for state in [RunState::Partial, failed()] {
        let first = run(RunKind::Scheduled, state.clone());
        let world =
            world(FollowUp::RetryFailedRun, vec![run(RunKind::Preview, RunState::Succeeded), first.clone()]).await;
        tick(&world, soon()).await;
        let sent = world.take_sent();
        let request = &sent[0].request;
        assert_eq!(
            (sent.len(), request.month, request.kind),
            (1, first.request.month, RunKind::Scheduled),
            "{state:?}"
        );
        assert_eq!((request.slot.as_str(), &request.retry_of), ("2026-12-01", &Some(first.id.clone())));
        assert_ne!(request.id().unwrap(), first.id, "a retry is a run of its own");
        tick(&world, soon()).await;
        assert_eq!(world.take_sent(), [], "a look is taken once");
    }
}

#[tokio::test]
async fn fifty_runs_by_hand_hid_the_run_that_was_to_be_retried() {
    let by_hand = |n: u32| {
        let mut run = run(RunKind::Now, RunState::Succeeded);
        run.request.slot = n.to_string();
        Run { id: run.request.id().unwrap(), ..run }
    };
    let first = run(RunKind::Scheduled, RunState::Partial);
    let runs: Vec<Run> = (0..200).map(by_hand).chain([first.clone()]).collect();
    let world = world(FollowUp::RetryFailedRun, runs).await;
    tick(&world, soon()).await;
    assert_eq!(world.take_sent()[0].request.retry_of, Some(first.id));
}

#[tokio::test]
async fn the_retry_of_a_retry_names_the_first_run() {
    let first = run(RunKind::Scheduled, RunState::Partial);
    let mut second = run(RunKind::Scheduled, RunState::Partial);
    second.request.retry_of = Some(first.id.clone());
    second.request.slot = "2026-12-01".into();
    second.id = second.request.id().unwrap();
    let world = world(FollowUp::RetryFailedRun, vec![second, first.clone()]).await;
    tick(&world, soon()).await;
    assert_eq!(world.take_sent()[0].request.retry_of, Some(first.id));
}

#[tokio::test]
async fn a_run_that_stopped_without_a_word_is_carried_on_by_its_own_request() {
    let open = run(RunKind::Now, RunState::Running);
    let world = world(FollowUp::ResumeStalledRun, vec![open.clone(), run(RunKind::Scheduled, RunState::Partial)]).await;
    tick(&world, soon()).await;
    let sent = world.take_sent();
    assert_eq!((sent.len(), &sent[0].request), (1, &open.request));
}

#[tokio::test]
async fn a_run_that_ended_is_not_retried_because_it_was_thought_to_have_stopped() {
    let world = world(
        FollowUp::ResumeStalledRun,
        vec![run(RunKind::Now, RunState::Succeeded), run(RunKind::Scheduled, failed())],
    )
    .await;
    let report = tick(&world, soon()).await;
    assert_eq!((report.nothing_to_look_at, world.take_sent().len()), (1, 0));
}

#[tokio::test]
async fn nothing_is_asked_for_where_nothing_was_left_undone() {
    for runs in [vec![], vec![run(RunKind::Scheduled, RunState::Succeeded)], vec![run(RunKind::Now, RunState::Partial)]]
    {
        let world = world(FollowUp::RetryFailedRun, runs).await;
        let report = tick(&world, soon()).await;
        assert_eq!(report, TickReport { nothing_to_look_at: 1, ..TickReport::default() });
        assert_eq!(world.take_sent(), []);
        assert_eq!((0..16).map(|shard| world.partners_of(shard)).sum::<usize>(), 1, "only its next occasion");
    }
}

#[tokio::test]
async fn a_look_that_could_not_be_ended_is_taken_again_and_asks_for_the_same_run() {
    let world = world(FollowUp::RetryFailedRun, vec![run(RunKind::Scheduled, RunState::Partial)]).await;
    world.faults.lock().unwrap().not_moved.insert(partner(1));
    tick(&world, soon()).await;
    tick(&world, soon() + SignedDuration::from_mins(5)).await;
    let sent = world.take_sent();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0].request.id().unwrap(), sent[1].request.id().unwrap());
}

#[tokio::test]
async fn alerts_are_handed_on_before_their_look_is_moved_and_asked_for_again_if_nobody_ends_it() {
    for follow_up in [FollowUp::DeliverAlerts, FollowUp::CheckSilence] {
        let world = world(follow_up, Vec::new()).await;
        let report = tick(&world, soon()).await;
        let due_at = soon() + SignedDuration::from_mins(15);
        assert_eq!((report.alerts_asked, report.sent), (1, 0));
        let expected = AlertMessage { partner: partner(1), follow_up, due_at };
        assert_eq!(*world.queue.alerts.lock().unwrap(), std::slice::from_ref(&expected));
        assert_eq!(tick(&world, soon()).await.alerts_asked, 0, "it is under way");
        tick(&world, due_at).await;
        assert_eq!(world.queue.alerts.lock().unwrap().len(), 2, "the delivery died");
    }
}

#[tokio::test]
async fn a_look_whose_message_the_queue_did_not_take_stays() {
    let mut world = world(FollowUp::DeliverAlerts, Vec::new()).await;
    world.queue.refused.insert(partner(1));
    let report = tick(&world, soon()).await;
    assert_eq!(report.failed.len(), 1);
    assert!(report.failed[0].error.to_string().starts_with("the delivery of its alerts may not have been asked for"));
    world.queue.refused.clear();
    assert_eq!(tick(&world, soon()).await.alerts_asked, 1);
}
