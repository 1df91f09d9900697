//! What waits for a person stands where the person finds it, and what was decided is done, once.

use local_stack::stack::Stack;
use shared::domain::decision::{Decision, HoldDue, StandingHold, Verdict};
use shared::domain::ledger::CustomerLedger;
use shared::domain::outcome::{Hold, Would};
use shared::error::StoreError;
use simulators::simulator::faults::{Fault, FaultKind, FaultPlan};
use simulators::sophos::UsageRow;

use crate::main_job::started::{api_writes, november, outcomes, plain_stack, preview, preview_and_apply, sync_now};

async fn holds(stack: &Stack) -> Vec<StandingHold> {
    stack.store.list_holds(stack.demo.partner(), november(), "", None).await.unwrap().holds
}

/// The first customer's usage falls to 0 after all was synced: each of its additions waits.
async fn waiting() -> (Stack, Vec<StandingHold>) {
    let stack = plain_stack().await;
    preview_and_apply(&stack).await;
    let first = stack.demo.customer(0).to_string();
    let fall = |mut row: UsageRow| {
        if row.account_id.is_some_and(|id| id.to_string() == first) {
            row.billable_quantity = 0;
        }
        row
    };
    let rows: Vec<UsageRow> = stack.demo.usage_rows(november()).into_iter().map(fall).collect();
    stack.demo.set_usage(&stack.sophos, november(), &rows);
    let (_, ledger) = sync_now(&stack).await;
    let held = outcomes(&ledger).into_iter().filter(|outcome| outcome == "held.toZero").count();
    let holds = holds(&stack).await;
    assert!(held > 0);
    assert_eq!(holds.len(), held, "{holds:?}");
    (stack, holds)
}

fn decide(hold: &StandingHold, verdict: Verdict) -> Decision {
    let (who, why) = ("Ann".to_owned(), "the customer left".to_owned());
    Decision {
        verdict,
        who,
        reason: None,
        why,
        at: hold.seen_at,
        basis: hold.basis.clone(),
        reading: None,
        moves: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_says_what_a_release_would_do_and_how_long_there_is() {
    let (_, holds) = waiting().await;
    for hold in &holds {
        assert!(matches!(hold.basis.release, Would::Update { to, .. } if to.is_zero()), "{hold:?}");
        assert!(!matches!(hold.due(november().first_day()), HoldDue::Missed), "{hold:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_released_is_written_once_and_waits_no_more() {
    let (stack, waiting) = waiting().await;
    let partner = stack.demo.partner();
    stack.store.decide_hold(partner, waiting[0].key, &decide(&waiting[0], Verdict::Release)).await.unwrap();
    let before = api_writes(&stack).len();
    let (_, ledger) = sync_now(&stack).await;
    assert_eq!(api_writes(&stack).len(), before + 1, "the released one and nothing else");
    assert!(outcomes(&ledger).contains(&"updated".to_owned()));
    assert_eq!(holds(&stack).await.len(), waiting.len() - 1);
    sync_now(&stack).await;
    assert_eq!(api_writes(&stack).len(), before + 1);
    let decided = stack.store.decide_hold(partner, waiting[0].key, &decide(&waiting[0], Verdict::Release)).await;
    assert!(matches!(decided, Err(StoreError::Conflict { .. })), "it waits no more: {decided:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_rejected_keeps_its_quantity_for_the_month_and_says_who_decided() {
    let (stack, waiting) = waiting().await;
    for hold in &waiting {
        stack.store.decide_hold(stack.demo.partner(), hold.key, &decide(hold, Verdict::Reject)).await.unwrap();
    }
    let before = api_writes(&stack).len();
    for _ in 0..2 {
        let (_, ledger) = sync_now(&stack).await;
        let rejected =
            ledger.iter().flat_map(|entry| &entry.lines).filter(|line| line.outcome.code() == "skipped.rejected");
        let reasons: Vec<String> = rejected.map(|line| line.outcome.reason()).collect();
        assert_eq!(reasons.len(), waiting.len());
        assert!(reasons.iter().all(|reason| reason.contains("Ann") && reason.contains("the customer left")));
    }
    assert_eq!(api_writes(&stack).len(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_does_not_count_once_the_usage_has_moved() {
    let (stack, waiting) = waiting().await;
    for hold in &waiting {
        stack.store.decide_hold(stack.demo.partner(), hold.key, &decide(hold, Verdict::Release)).await.unwrap();
    }
    let first = stack.demo.customer(0).to_string();
    let tiny = |mut row: UsageRow| {
        if row.account_id.is_some_and(|id| id.to_string() == first) {
            row.billable_quantity = 1;
        }
        row
    };
    let rows: Vec<UsageRow> = stack.demo.usage_rows(november()).into_iter().map(tiny).collect();
    stack.demo.set_usage(&stack.sophos, november(), &rows);
    let before = api_writes(&stack);
    sync_now(&stack).await;
    let after = holds(&stack).await;
    assert!(after.iter().all(|hold| hold.decision.is_none()), "{after:?}");
    for write in api_writes(&stack).split_off(before.len()) {
        let quantity = write.after.as_ref().and_then(|row| row["quantity"].as_f64());
        assert_ne!(quantity, Some(0.0), "what was released is not what is asked for now: {}", write.path);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adoption_that_connectwise_refused_is_asked_for_again_before_another_quantity_is_written() {
    let stack = plain_stack().await;
    let shown = preview(&stack).await;
    let ledger = stack.ledger(&shown.id).await.unwrap();
    let of_customer = |entry: &CustomerLedger| {
        let line = entry.lines.iter().find(|line| line.outcome.code() == "created")?.clone();
        Some((entry.customer?.to_string(), entry.agreement.as_ref()?.0.get(), line))
    };
    let (customer, agreement, line) = ledger.iter().find_map(of_customer).unwrap();
    // Somebody has typed in a line with another quantity; its adoption is released, and ConnectWise refuses the change.
    let billed = line.billed.unwrap();
    let typed_in = u32::try_from(billed.target).unwrap() + 1;
    let since = serde_json::json!({"effectiveDate": "2026-11-01T00:00:00Z"});
    stack.psa.add_addition(agreement, billed.product.get(), typed_in, since).unwrap();
    preview_and_apply(&stack).await;
    let waiting = holds(&stack).await.into_iter().find(|hold| matches!(hold.hold, Hold::Adopt { .. })).unwrap();
    stack.store.decide_hold(stack.demo.partner(), waiting.key, &decide(&waiting, Verdict::Release)).await.unwrap();
    let refused = Fault::new(FaultKind::ErrorBefore { status: 400 }).on("PATCH", "/finance/agreements/*/additions/*");
    stack.psa.gate().set_faults(FaultPlan::of(1, [refused])).unwrap();
    let (_, ledger) = sync_now(&stack).await;
    assert!(outcomes(&ledger).contains(&"failed.refused".to_owned()), "{:?}", outcomes(&ledger));

    // With another usage the release no longer counts: the line is still somebody else's.
    stack.psa.gate().set_faults(FaultPlan::default()).unwrap();
    let code = line.code.unwrap();
    let more = |mut row: UsageRow| {
        if row.account_id.is_some_and(|id| id.to_string() == customer) && row.product_code == code.as_str() {
            row.billable_quantity += 2;
        }
        row
    };
    let rows: Vec<UsageRow> = stack.demo.usage_rows(november()).into_iter().map(more).collect();
    stack.demo.set_usage(&stack.sophos, november(), &rows);
    let before = api_writes(&stack).len();
    let (_, ledger) = sync_now(&stack).await;
    assert!(outcomes(&ledger).contains(&"held.adopt".to_owned()), "{:?}", outcomes(&ledger));
    assert_eq!(api_writes(&stack).len(), before);
}
