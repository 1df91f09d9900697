//! Answers that get lost after they took effect: no duplicate, no blind repetition, and what happened is read back first.

use local_stack::demo::Size;
use shared::domain::ledger::CustomerLedger;
use shared::domain::run::RunState;
use simulators::simulator::faults::{Fault, FaultKind, FaultPlan};
use usage_sync::Limits;

use crate::main_job::started::{
    api_writes, billed, hasty, outcomes, plain_stack, preview, preview_and_apply, stack_of, sync_now,
};

const CREATE: (&str, &str) = ("POST", "/finance/agreements/*/additions");
const UPDATE: (&str, &str) = ("PATCH", "/finance/agreements/*/additions/*");

fn no_duplicates(stack: &local_stack::stack::Stack) {
    for ((agreement, product), quantities) in billed(stack) {
        assert_eq!(quantities.len(), 1, "agreement {agreement}, product {product}: {quantities:?}");
    }
}

fn small() -> Size {
    Size { seed: 11, customers: 6, products: 4 }
}

/// So much settle time, and all else without waiting.
fn settling(settle_s: i64) -> Limits {
    Limits { settle_s, ..hasty() }
}

fn count(ledger: &[CustomerLedger], code: &str) -> usize {
    outcomes(ledger).iter().filter(|outcome| *outcome == code).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_whose_answer_is_lost_after_it_took_effect_is_found_by_the_same_run() {
    let (undisturbed, _) = preview_and_apply(&plain_stack().await).await;
    for kind in [FaultKind::ResetAfter, FaultKind::ErrorAfter { status: 500 }, FaultKind::TruncatedJson] {
        let stack = stack_of(small(), settling(1)).await;
        let lost = Fault::new(kind).on(CREATE.0, CREATE.1).call(2);
        stack.psa.gate().set_faults(FaultPlan::of(1, [lost])).unwrap();
        let (run, ledger) = preview_and_apply(&stack).await;
        assert_eq!(run.state, RunState::Succeeded);
        let posts = api_writes(&stack).len();
        assert_eq!((count(&ledger, "created"), run.tally.counts.additions_created), (posts, posts as u64));
        assert_eq!(run.set_aside.len(), 1, "one customer had its turn once more");
        assert_eq!(run.tally.billing, undisturbed.tally.billing, "what was found counts in units and money");
        assert!(run.psa.calls <= run.call_formula(), "{} calls, {} allowed", run.psa.calls, run.call_formula());
        no_duplicates(&stack);

        let (run, ledger) = sync_now(&stack).await;
        assert!(outcomes(&ledger).iter().all(|outcome| outcome == "unchanged"), "told once: {:?}", outcomes(&ledger));
        assert_eq!((run.tally.counts.writes(), api_writes(&stack).len()), (0, posts), "nothing is sent again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_that_never_took_effect_is_repeated_only_after_the_settle_time() {
    let settle_s = 3;
    let stack = stack_of(small(), settling(settle_s)).await;
    let lost = Fault::new(FaultKind::ResetBefore).on(CREATE.0, CREATE.1).call(1);
    stack.psa.gate().set_faults(FaultPlan::of(1, [lost])).unwrap();
    let (run, ledger) = preview_and_apply(&stack).await;
    let took = run.opened_at.duration_until(run.ended_at.unwrap());
    assert!(took.as_secs() >= settle_s, "{took:?}");
    assert_eq!(count(&ledger, "created"), api_writes(&stack).len(), "{:?}", outcomes(&ledger));
    assert_eq!((run.state, count(&ledger, "failed.unknown")), (RunState::Succeeded, 0));
    no_duplicates(&stack);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_got_lost_twice_ended_as_not_known_although_the_run_could_go_on() {
    let stack = stack_of(small(), settling(0)).await;
    let lost = |call| Fault::new(FaultKind::ResetBefore).on(CREATE.0, CREATE.1).call(call);
    let all = preview(&stack).await.tally.counts.created;
    // The first one, and its repetition after all others.
    stack.psa.gate().set_faults(FaultPlan::of(1, [lost(1), lost(all + 1)])).unwrap();
    let (run, ledger) = preview_and_apply(&stack).await;
    assert_eq!((run.state, count(&ledger, "created") as u64), (RunState::Succeeded, all), "{:?}", outcomes(&ledger));
    no_duplicates(&stack);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_gets_lost_in_every_turn_is_reported_as_not_known_and_found_by_the_next_run() {
    let stack = stack_of(small(), settling(0)).await;
    let all = preview(&stack).await.tally.counts.created;
    let lost = |call| Fault::new(FaultKind::ResetBefore).on(CREATE.0, CREATE.1).call(call);
    // The first one, and its five repetitions after all others.
    let always = [1, all + 1, all + 2, all + 3, all + 4, all + 5].map(lost);
    stack.psa.gate().set_faults(FaultPlan::of(1, always)).unwrap();
    let (run, ledger) = preview_and_apply(&stack).await;
    assert_eq!((run.state, count(&ledger, "failed.unknown")), (RunState::Partial, 1), "{:?}", outcomes(&ledger));
    let (run, ledger) = sync_now(&stack).await;
    assert_eq!((run.state, count(&ledger, "created")), (RunState::Succeeded, 1), "{:?}", outcomes(&ledger));
    no_duplicates(&stack);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_whose_answer_is_lost_is_our_own_when_it_is_read_back() {
    let (undisturbed, _) = preview_and_apply(&stack_of(Size::default(), hasty()).await).await;
    for kind in [FaultKind::ResetAfter, FaultKind::ErrorAfter { status: 500 }] {
        let stack = stack_of(Size::default(), settling(1)).await;
        let lost = Fault::new(kind).on(UPDATE.0, UPDATE.1).call(1);
        stack.psa.gate().set_faults(FaultPlan::of(1, [lost])).unwrap();
        let (run, ledger) = preview_and_apply(&stack).await;
        assert_eq!((count(&ledger, "failed.unknown"), run.set_aside.len()), (0, 1));
        assert_eq!(run.tally.billing, undisturbed.tally.billing, "what was found counts in units and money");
        assert_eq!(count(&ledger, "updated"), 1, "{:?}", outcomes(&ledger));
        let writes = api_writes(&stack).len();
        sync_now(&stack).await;
        assert_eq!(api_writes(&stack).len(), writes, "nothing is sent again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_that_is_refused_is_named_and_leaves_nothing_behind() {
    let stack = plain_stack().await;
    let refused = Fault::new(FaultKind::Html { status: 400 }).on(CREATE.0, CREATE.1);
    stack.psa.gate().set_faults(FaultPlan::of(1, [refused])).unwrap();
    let (_, ledger) = preview_and_apply(&stack).await;
    assert!(outcomes(&ledger).iter().any(|outcome| outcome == "failed.refused"), "{:?}", outcomes(&ledger));
    stack.psa.gate().set_faults(FaultPlan::default()).unwrap();
    let (_, ledger) = sync_now(&stack).await;
    assert!(outcomes(&ledger).iter().all(|outcome| outcome == "unchanged" || outcome == "created"));
    no_duplicates(&stack);
}
