//! The same run twice writes nothing the second time, in one process and across a restart.

use local_stack::demo::Size;
use local_stack::stack::{LONGEST_SLICE, Stack, StackOptions};
use shared::clock::SystemClock;
use shared::domain::run::{Run, RunKind, RunState};
use shared::ports::{Clock, Queue};
use shared::store::Opened;
use usage_sync::Limits;

use crate::main_job::started::{
    api_writes, awkward_stack, billed, hasty, november, preview_and_apply, stack_of, sync_now,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_writes_nothing() {
    let stack = awkward_stack().await;
    let (first, _) = preview_and_apply(&stack).await;
    let (writes, additions) = (api_writes(&stack).len(), billed(&stack));
    assert!(first.tally.counts.writes() > 0);
    let (second, _) = preview_and_apply(&stack).await;
    let counts = second.tally.counts;
    assert_eq!((counts.writes(), counts.created, counts.updated, counts.adopted), (0, 0, 0, 0));
    assert_eq!(counts.pairs(), first.tally.counts.pairs());
    assert_eq!((api_writes(&stack).len(), billed(&stack)), (writes, additions));
}

#[tokio::test(flavor = "multi_thread")]
async fn sync_now_writes_nothing_after_an_apply() {
    let stack = awkward_stack().await;
    preview_and_apply(&stack).await;
    let (run, _) = sync_now(&stack).await;
    assert_eq!(run.tally.counts.writes(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_finds_everything_as_it_was_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let options = StackOptions {
        size: Size::default(),
        month: november(),
        data: Some(folder.path().to_path_buf()),
        limits: hasty(),
        slice: LONGEST_SLICE,
    };
    let stack = Stack::start(options.clone()).await.unwrap();
    assert!(stack.fresh);
    preview_and_apply(&stack).await;
    let additions = billed(&stack);
    stack.stop().await.unwrap();

    let stack = Stack::start(options).await.unwrap();
    assert!(!stack.fresh);
    let (run, _) = preview_and_apply(&stack).await;
    assert_eq!(run.tally.counts.writes(), 0);
    assert_eq!(billed(&stack), additions);
    stack.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_delivered_twice_is_one_run() {
    let stack = awkward_stack().await;
    preview_and_apply(&stack).await;
    let request = stack.request(RunKind::Now, november(), None);
    let message = shared::ports::SyncMessage {
        request: request.clone(),
        attempt: 0,
        turns: 0,
        first_sent_at: request.scheduled_at,
    };
    stack.queue.send(&message, 0).await.unwrap();
    let run = stack.run(request, |_| {}).await.unwrap();
    assert_eq!(run.tally.counts.writes(), 0);
    assert!(run.state.is_over());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_message_was_lost_is_taken_up_by_the_next_one() {
    let stack = stack_of(Size { seed: 11, customers: 6, products: 4 }, Limits { wait_s: 1, ..hasty() }).await;
    let lost = stack.request(RunKind::Preview, november(), None);
    let opened = Run::open(lost, true, SystemClock.now()).unwrap();
    assert_eq!(stack.store.open_run(&opened).await.unwrap(), Opened::Fresh);

    let (next, _) = sync_now(&stack).await;

    assert_eq!(next.state, RunState::Succeeded);
    let taken_up = stack.store.find_run(stack.demo.partner(), &opened.id).await.unwrap().unwrap();
    assert_eq!(taken_up.state, RunState::Succeeded);
}
