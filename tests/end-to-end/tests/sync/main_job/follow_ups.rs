//! A look at the newest runs: what stopped is carried on, what was left undone is retried until it is done.

use jiff::Timestamp;
use local_stack::demo::Size;
use local_stack::stack::Stack;
use shared::domain::follow_up::FollowUp;
use shared::domain::run::{Run, RunKind, RunRequest, RunScope, RunState};
use shared::domain::settings::Frequency;
use shared::store::DueFor;
use simulators::simulator::faults::{Fault, FaultKind, FaultPlan};
use usage_sync::Limits;

use crate::main_job::started::{hasty, november, plain_stack, preview_and_apply, stack_of};

async fn looks(stack: &Stack, look: FollowUp) -> Vec<Timestamp> {
    let far = "2999-01-01T00:00:00Z".parse().unwrap();
    let mut looks = Vec::new();
    for shard in 0..16 {
        let due = stack.store.list_due(shard, far, 100).await.unwrap();
        looks.extend(due.iter().filter(|due| due.due_for == DueFor::FollowUp(look)).map(|due| due.next_run_at));
    }
    looks
}

fn scheduled(stack: &Stack, at: &str) -> RunRequest {
    RunRequest {
        partner: stack.demo.partner(),
        kind: RunKind::Scheduled,
        month: november(),
        slot: at[..10].into(),
        scheduled_at: at.parse().unwrap(),
        preview: None,
        retry_of: None,
        scope: RunScope::default(),
        asked_by: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_message_was_lost_is_carried_on_by_the_next_look() {
    let stack = plain_stack().await;
    let request = stack.request(RunKind::Now, november(), None);
    let open = Run::open(request.clone(), true, request.scheduled_at).unwrap();
    stack.store.open_run(&open).await.unwrap();
    stack
        .store
        .schedule_follow_up(request.partner, FollowUp::ResumeStalledRun, Some(request.scheduled_at))
        .await
        .unwrap();
    stack.tick(request.scheduled_at + jiff::SignedDuration::from_mins(5)).await.unwrap();
    stack.queue.drained().await;
    let run = stack.store.find_run(request.partner, &open.id).await.unwrap().unwrap();
    assert_eq!(run.state, RunState::Succeeded);
    assert_eq!(looks(&stack, FollowUp::ResumeStalledRun).await, [], "a run that is over is not looked at");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_monthly_run_that_ended_partial_is_retried_at_night_until_it_is_done() {
    // Whom ConnectWise cannot be read for is asked once more at the end of the run.
    let size = Size { seed: 11, customers: 6, products: 4 };
    let stack = stack_of(size, Limits { settle_s: 0, ..hasty() }).await;
    let partner = stack.demo.partner();
    preview_and_apply(&stack).await;
    let mut settings = stack.store.find_settings(partner).await.unwrap().unwrap();
    settings.frequency = Frequency::SophosInvoice;
    stack.store.put_settings(partner, &settings).await.unwrap();
    stack.store.put_due(partner, "2999-01-01T00:00:00Z".parse().unwrap()).await.unwrap();
    let (agreement, _) = crate::main_job::again::first_addition(&stack);
    let broken = format!("*/finance/agreements/{agreement}/additions");
    let fault = Fault::new(FaultKind::Html { status: 500 }).on("GET", &broken);
    stack.psa.gate().set_faults(FaultPlan::of(1, [fault])).unwrap();

    let first = stack.run(scheduled(&stack, "2026-11-20T02:00:00Z"), |_| {}).await.unwrap();
    assert_eq!(first.state, RunState::Partial);
    let [look] = looks(&stack, FollowUp::RetryFailedRun).await[..] else { panic!("no look is set") };
    let preview = stack.request(RunKind::Preview, november(), None);
    stack.run(preview, |_| {}).await.unwrap();
    assert_eq!(looks(&stack, FollowUp::RetryFailedRun).await, [look], "a preview between takes no retry away");
    stack.tick(look).await.unwrap();
    stack.queue.drained().await;
    let newest = stack.store.list_runs(partner, 1).await.unwrap().remove(0);
    assert_eq!((newest.request.retry_of.as_ref(), &newest.state), (Some(&first.id), &RunState::Partial));

    stack.psa.gate().set_faults(FaultPlan::of(1, [])).unwrap();
    let [look] = looks(&stack, FollowUp::RetryFailedRun).await[..] else { panic!("it is not retried again") };
    // A second retry of the same night would be the same run.
    let mut again = newest.request.clone();
    again.slot = "2027-01-01".into();
    let last = stack.run(again, |_| {}).await.unwrap();
    assert!(last.state == RunState::Succeeded && look > first.opened_at);
    assert_eq!(looks(&stack, FollowUp::RetryFailedRun).await, [], "done is done");
    assert_eq!(looks(&stack, FollowUp::ResumeStalledRun).await, [], "no run is open");
}
