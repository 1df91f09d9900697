//! What a person saw and decided is what is done: on the agreement that was shown, with writes as they are now.

use local_stack::stack::Stack;
use shared::domain::id::AgreementId;
use shared::domain::mapping::CustomerMapping;
use shared::domain::run::{Run, RunFailureCode, RunKind, RunRequest, RunState, Stage};
use shared::ports::{Queue, SyncMessage};
use simulators::connectwise::Collection;
use simulators::simulator::faults::{Fault, FaultKind, FaultPlan};
use usage_sync::Limits;

use crate::main_job::started::{
    api_writes, billed, hasty, november, outcomes, plain_stack, preview, preview_and_apply, stack_of, sync_now,
};

/// Maps a customer to another active agreement of its company; returns the mapping before and the new agreement.
async fn remap_one(stack: &Stack) -> (CustomerMapping, u32) {
    let partner = stack.demo.partner();
    let (before, _) = stack.store.list_customer_mappings(partner, "").await.unwrap().remove(0);
    let kind = u32::try_from(stack.psa.records(Collection::Agreements, 0)[0]["type"]["id"].as_u64().unwrap()).unwrap();
    let new = stack.psa.add_agreement(before.company.get(), kind, "Renewed", serde_json::json!({})).unwrap();
    let agreement = AgreementId::try_from(i64::from(new)).unwrap();
    stack.store.put_customer_mapping(partner, &CustomerMapping { agreement, ..before.clone() }).await.unwrap();
    (before, new)
}

fn billed_on(stack: &Stack, agreement: u32) -> usize {
    billed(stack).keys().filter(|(of, _)| *of == u64::from(agreement)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apply_writes_nothing_to_an_agreement_that_its_preview_never_showed() {
    let stack = plain_stack().await;
    let shown = preview(&stack).await;
    let (_, new) = remap_one(&stack).await;
    let run = stack.run(stack.request(RunKind::Apply, november(), Some(shown.id)), |_| {}).await.unwrap();
    assert_eq!(billed_on(&stack, new), 0);
    assert!(outcomes(&stack.ledger(&run.id).await.unwrap()).iter().any(|outcome| outcome == "held.moved"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_whose_preview_could_not_be_made_is_not_written_unseen() {
    let size = local_stack::demo::Size { seed: 11, customers: 6, products: 4 };
    let stack = stack_of(size, Limits { settle_s: 0, ..hasty() }).await;
    let (mapping, _) = stack.store.list_customer_mappings(stack.demo.partner(), "").await.unwrap().remove(0);
    let path = format!("*/finance/agreements/{}/additions", mapping.agreement);
    let broken = Fault::new(FaultKind::Html { status: 502 }).on("GET", &path);
    stack.psa.gate().set_faults(FaultPlan::of(1, [broken])).unwrap();
    preview_and_apply(&stack).await;
    stack.psa.gate().set_faults(FaultPlan::default()).unwrap();
    let before = api_writes(&stack).len();
    let (_, ledger) = sync_now(&stack).await;
    assert_eq!(api_writes(&stack).len(), before);
    assert!(outcomes(&ledger).iter().any(|outcome| outcome == "held.firstRun"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_that_went_to_another_agreement_is_not_billed_on_both() {
    let stack = plain_stack().await;
    preview_and_apply(&stack).await;
    let (before, new) = remap_one(&stack).await;
    let former = before.agreement.get();
    assert!(billed_on(&stack, former) > 0);
    let (_, ledger) = preview_and_apply(&stack).await;
    assert!(outcomes(&ledger).iter().any(|outcome| outcome == "held.formerAgreement"), "{:?}", outcomes(&ledger));
    let (_, _) = sync_now(&stack).await;
    assert_eq!(billed_on(&stack, new), 0, "the former agreement still bills all of it");

    for addition in stack.psa.additions(former) {
        let id = u32::try_from(addition["id"].as_u64().unwrap()).unwrap();
        // Before the usage month, so that no day of it was billed.
        let cancelled = serde_json::json!({
            "effectiveDate": "2026-10-01T00:00:00Z", "cancelledDate": "2026-10-31T00:00:00Z",
        });
        stack.psa.edit(Collection::Additions, former, id, &cancelled).unwrap();
    }
    preview_and_apply(&stack).await;
    assert!(billed_on(&stack, new) > 0, "once the former agreement bills nothing, the new one does");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_run_writes_no_more_once_writes_were_switched_off() {
    let stack = plain_stack().await;
    let partner = stack.demo.partner();
    let shown = preview(&stack).await;
    let request = stack.request(RunKind::Apply, november(), Some(shown.id));
    let opened = Run::open(request.clone(), true, request.scheduled_at).unwrap();
    stack.store.open_run(&opened).await.unwrap();
    let mut settings = stack.store.find_settings(partner).await.unwrap().unwrap();
    settings.writes = false;
    stack.store.put_settings(partner, &settings).await.unwrap();
    let run = stack.run(request, |_| {}).await.unwrap();
    assert_eq!(api_writes(&stack).len(), 0);
    assert!(matches!(run.state, RunState::Failed(failure) if failure.code == RunFailureCode::WritesOff));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_interrupted_for_more_than_a_day_is_not_carried_on() {
    let stack = plain_stack().await;
    let request = stack.request(RunKind::Preview, november(), None);
    let long_ago = request.scheduled_at - jiff::SignedDuration::from_hours(25);
    stack.store.open_run(&Run::open(request.clone(), true, long_ago).unwrap()).await.unwrap();
    let run = stack.run(request, |_| {}).await.unwrap();
    assert!(matches!(run.state, RunState::Failed(failure) if failure.code == RunFailureCode::TooOld));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_waited_long_for_its_turn_has_all_its_tries_left() {
    let size = local_stack::demo::Size { seed: 11, customers: 6, products: 4 };
    let stack = stack_of(size, Limits { wait_s: 0, turns: 10, ..Limits::default() }).await;
    let request = stack.request(RunKind::Now, november(), None);
    let busy = Fault::new(FaultKind::Html { status: 502 }).on("GET", "/finance/agreements").at_most(5);
    stack.psa.gate().set_faults(FaultPlan::of(1, [busy])).unwrap();
    let waited = SyncMessage { request: request.clone(), attempt: 0, turns: 9, first_sent_at: request.scheduled_at };
    stack.queue.send(&waited, 0).await.unwrap();
    stack.queue.drained().await;
    let run = stack.store.find_run(request.partner, &request.id().unwrap()).await.unwrap().unwrap();
    assert_eq!(run.state, RunState::Succeeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_was_asked_for_before_the_settle_time_proves_nothing_after_it() {
    let size = local_stack::demo::Size { seed: 11, customers: 6, products: 4 };
    let stack = stack_of(size, Limits { settle_s: 4, ..hasty() }).await;
    let creates = ("POST", "/finance/agreements/*/additions");
    let late = FaultKind::LateCommit { status: 500, delay_ms: 2800 };
    let slow = Fault::new(FaultKind::SlowAnswer { delay_ms: 4500 }).on("GET", creates.1);
    let shown = preview(&stack).await;
    stack.psa.gate().set_faults(FaultPlan::of(1, [Fault::new(late).on(creates.0, creates.1).call(1)])).unwrap();
    stack.run(stack.request(RunKind::Apply, november(), Some(shown.id)), |_| {}).await.unwrap();
    stack.psa.gate().set_faults(FaultPlan::of(1, [slow])).unwrap();
    sync_now(&stack).await;
    for ((agreement, product), quantities) in billed(&stack) {
        assert_eq!(quantities.len(), 1, "agreement {agreement}, product {product}: {quantities:?}");
    }
}

/// Asks for a run and returns it once it waits for the end of its lost writes.
async fn until_it_settles(stack: &local_stack::stack::Stack, request: RunRequest) -> Run {
    let (partner, id) = (request.partner, request.id().unwrap());
    let first_sent_at = request.scheduled_at;
    stack.queue.send(&SyncMessage { request, attempt: 0, turns: 0, first_sent_at }, 0).await.unwrap();
    let waits = async {
        loop {
            let run = stack.store.find_run(partner, &id).await.unwrap();
            match run {
                Some(run) if matches!(run.stage, Stage::Settle { .. }) => return run,
                _ => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), waits).await.expect("the run gets that far")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_that_had_to_wait_leaves_with_a_fresh_intent() {
    let size = local_stack::demo::Size { seed: 11, customers: 6, products: 4 };
    let stack = stack_of(size, Limits { settle_s: 3600, ..hasty() }).await;
    let creates = ("POST", "/finance/agreements/*/additions");
    let busy = Fault::new(FaultKind::TooManyCalls { retry_after_s: 3 }).on(creates.0, creates.1).at_most(1);
    let lost = Fault::new(FaultKind::ResetBefore).on(creates.0, creates.1);
    let shown = preview(&stack).await;
    stack.psa.gate().set_faults(FaultPlan::of(1, [busy, lost])).unwrap();
    let run = until_it_settles(&stack, stack.request(RunKind::Apply, november(), Some(shown.id))).await;
    let intents = stack.store.list_intents(stack.demo.partner()).await.unwrap();
    let waited: Vec<i64> = intents.iter().map(|intent| run.opened_at.duration_until(intent.at).as_secs()).collect();
    assert!(waited.iter().any(|seconds| *seconds >= 2), "the one that met the 429 was meant anew: {waited:?}");
    assert!(stack.psa.gate().counters().tally().early == 0, "no call inside of a Retry-After");
}
