//! Another quantity than the usage, over three months: it is billed as long as it lasts, and its end is reported once.

use local_stack::stack::Stack;
use shared::domain::decision::{Decision, HoldKey, OtherQuantity, StandingHold, Verdict};
use shared::domain::ledger::{CustomerLedger, Line};
use shared::domain::month::UsageMonth;
use shared::domain::outcome::Outcome;
use shared::domain::quantity_override::{DecisionReason, QuantityRule};
use shared::domain::run::{Run, RunKind};
use simulators::simulator::faults::{Fault, FaultKind, FaultPlan};
use simulators::sophos::UsageRow;

use crate::main_job::started::{api_writes, hasty, november, preview_and_apply, stack_of};

/// Every customer but the first uses what the demo has; of the first, each product has so many units.
fn first_uses(stack: &Stack, month: UsageMonth, units: i64) {
    let first = stack.demo.customer(0).to_string();
    let change = |mut row: UsageRow| {
        if row.account_id.is_some_and(|id| id.to_string() == first) {
            row.billable_quantity = units;
        }
        row
    };
    let rows: Vec<UsageRow> = stack.demo.usage_rows(month).into_iter().map(change).collect();
    stack.demo.set_usage(&stack.sophos, month, &rows);
}

async fn sync(stack: &Stack, month: UsageMonth) -> (Run, Vec<CustomerLedger>) {
    let run = stack.run(stack.request(RunKind::Now, month, None), |_| {}).await.unwrap();
    let ledger = stack.ledger(&run.id).await.unwrap();
    (run, ledger)
}

async fn holds(stack: &Stack, month: UsageMonth) -> Vec<StandingHold> {
    stack.store.list_holds(stack.demo.partner(), month, "", None).await.unwrap().holds
}

/// What becomes of the line that is decided.
fn line_of(ledger: &[CustomerLedger], key: HoldKey) -> &Line {
    let of_customer = ledger.iter().find(|entry| entry.customer == Some(key.customer)).unwrap();
    let on = |line: &&Line| line.billed.as_ref().is_some_and(|billed| billed.product == key.product);
    of_customer.lines.iter().find(on).unwrap()
}

fn billed(ledger: &[CustomerLedger], key: HoldKey) -> (String, rust_decimal::Decimal, Option<String>, bool) {
    let line = line_of(ledger, key);
    let billed = line.billed.as_ref().unwrap();
    let overridden = billed.overridden.as_ref().map(ToString::to_string);
    (line.outcome.code(), billed.target, overridden, billed.ended.is_some())
}

/// A small partner of whose first customer all usage has fallen to 0 in November, so that each of its lines waits.
async fn fallen() -> (Stack, Vec<StandingHold>) {
    let stack = stack_of(
        local_stack::demo::Size { seed: 11, customers: 6, products: 4 },
        usage_sync::Limits { settle_s: 1, ..hasty() },
    )
    .await;
    preview_and_apply(&stack).await;
    first_uses(&stack, november(), 0);
    sync(&stack, november()).await;
    let waiting = holds(&stack, november()).await;
    assert!(!waiting.is_empty());
    (stack, waiting)
}

/// Bills at least 10 for it, until the end of that month.
async fn at_least_ten(stack: &Stack, hold: &StandingHold, until: UsageMonth) {
    let rule = QuantityRule::Minimum(10.into());
    let billed = hold.billed_by(rule).unwrap();
    assert_eq!(billed, 10.into());
    let decision = Decision {
        verdict: Verdict::UseQuantity(OtherQuantity { rule, until, billed }),
        who: "Ann".to_owned(),
        reason: Some(DecisionReason::CustomerAgreed),
        why: String::new(),
        at: hold.seen_at,
        basis: hold.basis.clone(),
        reading: None,
        moves: None,
    };
    stack.store.decide_hold(stack.demo.partner(), hold.key, &decision).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_minimum_is_billed_in_two_months_and_its_end_is_reported_in_the_third_once() {
    let (stack, waiting) = fallen().await;
    let (november, december) = (november(), november().next());
    let january = december.next();
    let key = waiting[0].key;
    at_least_ten(&stack, &waiting[0], december).await;

    let before = api_writes(&stack).len();
    let (run, ledger) = sync(&stack, november).await;
    let says = |used: u32| Some(format!("{used} used, 10 billed (minimum)"));
    assert_eq!(billed(&ledger, key), ("updated".to_owned(), 10.into(), says(0), false));
    assert_eq!(run.tally.tie_out(), Ok(()), "the used units tie out to Sophos");
    assert_eq!(api_writes(&stack).len(), before + 1, "the decided line and no other");
    assert!(holds(&stack, november).await.iter().all(|hold| hold.key != key), "the hold is answered");
    let (_, ledger) = sync(&stack, november).await;
    assert_eq!(billed(&ledger, key), ("unchanged".to_owned(), 10.into(), says(0), false));
    assert_eq!(api_writes(&stack).len(), before + 1, "a second run writes nothing");

    // The second month: the same quantity for other usage, without a question and without a write to it.
    first_uses(&stack, december, 7);
    let (run, ledger) = sync(&stack, december).await;
    assert_eq!(billed(&ledger, key), ("unchanged".to_owned(), 10.into(), says(7), false));
    assert_eq!(line_of(&ledger, key).units, 7);
    assert_eq!(run.tally.tie_out(), Ok(()));

    // The third: it has ended by itself.
    first_uses(&stack, january, 8);
    let preview = stack.run(stack.request(RunKind::Preview, january, None), |_| {}).await.unwrap();
    let shown = stack.ledger(&preview.id).await.unwrap();
    assert_eq!(billed(&shown, key), ("updated".to_owned(), 8.into(), None, true), "a preview shows it, too");
    let (_, ledger) = sync(&stack, january).await;
    assert_eq!(billed(&ledger, key), ("updated".to_owned(), 8.into(), None, true));
    let (_, ledger) = sync(&stack, january).await;
    assert_eq!(billed(&ledger, key), ("unchanged".to_owned(), 8.into(), None, false), "it is reported once");
    let kept = stack.store.list_overrides(stack.demo.partner(), "").await.unwrap();
    assert_eq!(kept.iter().map(|one| one.reported.is_some()).collect::<Vec<_>>(), [true]);

    // A run of December that is repeated after all still knows it.
    let preview = stack.run(stack.request(RunKind::Preview, december, None), |_| {}).await.unwrap();
    let shown = stack.ledger(&preview.id).await.unwrap();
    assert_eq!(line_of(&shown, key).billed.as_ref().map(|billed| billed.target), Some(10.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_usage_was_written_over_another_quantity_whose_answer_was_lost() {
    for kind in [FaultKind::ResetAfter, FaultKind::ErrorAfter { status: 500 }, FaultKind::ResetBefore] {
        let (stack, waiting) = fallen().await;
        let key = waiting[0].key;
        at_least_ten(&stack, &waiting[0], november()).await;
        let lost = Fault::new(kind.clone()).on("PATCH", "/finance/agreements/*/additions/*").call(1);
        stack.psa.gate().set_faults(FaultPlan::of(1, [lost])).unwrap();
        sync(&stack, november()).await;
        stack.psa.gate().set_faults(FaultPlan::default()).unwrap();
        let (_, ledger) = sync(&stack, november()).await;
        let line = line_of(&ledger, key);
        assert!(matches!(line.outcome, Outcome::Unchanged | Outcome::Updated), "{kind:?}: {:?}", line.outcome);
        let quantities: Vec<f64> = api_writes(&stack)
            .iter()
            .filter(|write| write.verb == "PATCH")
            .filter_map(|write| write.after.as_ref().and_then(|row| row["quantity"].as_f64()))
            .collect();
        assert!(quantities.iter().all(|quantity| (*quantity - 10.0).abs() < f64::EPSILON), "{kind:?}: {quantities:?}");
        assert!(!quantities.is_empty(), "{kind:?}");
    }
}
