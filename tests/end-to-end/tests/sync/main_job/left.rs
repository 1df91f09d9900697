//! Customers that leave monthly billing: nothing that ConnectWise bills for them becomes invisible, and what Sophos billed
//! in their last month waits for a person.

use local_stack::stack::Stack;
use shared::domain::decision::{Decision, StandingHold, Verdict};
use shared::domain::id::CustomerId;
use shared::domain::ledger::CustomerLedger;
use shared::domain::outcome::Outcome;
use shared::domain::run::Run;
use simulators::sophos::{BillingType, Tenant, UsageRow};
use uuid::Uuid;

use crate::main_job::started::{api_writes, november, plain_stack, preview_and_apply, sync_now};

fn uuid(id: impl std::fmt::Display) -> Uuid {
    id.to_string().parse().unwrap()
}

/// The usage of a customer, each line by `change`; none where it says so.
fn uses(stack: &Stack, customer: CustomerId, change: impl Fn(i64) -> Option<i64>) {
    let of = |mut row: UsageRow| {
        if row.account_id.map(CustomerId::from_uuid) == Some(customer) {
            row.billable_quantity = change(row.billable_quantity)?;
        }
        Some(row)
    };
    let rows: Vec<UsageRow> = stack.demo.usage_rows(november()).into_iter().filter_map(of).collect();
    stack.demo.set_usage(&stack.sophos, november(), &rows);
}

fn list(stack: &Stack, customer: CustomerId, change: impl FnOnce(Tenant) -> Tenant) {
    let tenant = change(Tenant::new(uuid(customer), "The one who leaves"));
    stack.sophos.add_tenant(uuid(stack.demo.partner()), tenant);
}

fn unlink(stack: &Stack, customer: CustomerId) {
    stack.sophos.unlink(uuid(customer)).unwrap();
}

fn outcomes_of(ledger: &[CustomerLedger], customer: CustomerId) -> Vec<String> {
    let of = ledger.iter().filter(|entry| entry.customer == Some(customer));
    of.flat_map(|entry| &entry.lines).map(|line| line.outcome.code()).collect()
}

async fn holds(stack: &Stack) -> Vec<StandingHold> {
    stack.store.list_holds(stack.demo.partner(), november(), "", None).await.unwrap().holds
}

async fn release_all(stack: &Stack) {
    for hold in holds(stack).await {
        let decision = Decision {
            verdict: Verdict::Release,
            who: "billing".into(),
            reason: None,
            why: "their last month".into(),
            at: hold.seen_at,
            basis: hold.basis.clone(),
            reading: None,
            moves: None,
        };
        stack.store.decide_hold(stack.demo.partner(), hold.key, &decision).await.unwrap();
    }
}

/// All that was synced of one customer, which then leaves.
async fn left(leave: impl FnOnce(&Stack, CustomerId)) -> (Stack, CustomerId) {
    let stack = plain_stack().await;
    preview_and_apply(&stack).await;
    let customer = stack.demo.customer(0);
    leave(&stack, customer);
    (stack, customer)
}

/// That there are outcomes, and that all are this one.
fn all_are(expected: &str, outcomes: &[String]) {
    assert!(!outcomes.is_empty() && outcomes.iter().all(|outcome| outcome == expected), "{outcomes:?}");
}

/// That everything of the customer waits, and nothing is written.
async fn all_waits(stack: &Stack, customer: CustomerId) -> Run {
    let before = api_writes(stack).len();
    let (run, ledger) = sync_now(stack).await;
    let outcomes = outcomes_of(&ledger, customer);
    assert!(!outcomes.is_empty() && outcomes.iter().all(|o| o == "held.leftMonthlyBilling"), "{outcomes:?}");
    assert_eq!(api_writes(stack).len(), before);
    assert_eq!(run.tally.counts.held, outcomes.len() as u64);
    assert_eq!(holds(stack).await.len(), outcomes.len(), "each can be decided");
    run
}

#[tokio::test(flavor = "multi_thread")]
async fn a_converted_customers_last_usage_waits_and_is_written_once_when_it_is_released() {
    let (stack, customer) = left(|stack, customer| {
        list(stack, customer, |tenant| tenant.billed_by(BillingType::Term));
        uses(stack, customer, |units| Some(units + 4));
    })
    .await;
    let waiting = all_waits(&stack, customer).await;
    let alerts = stack.store.list_alerts(stack.demo.partner(), None, 100).await.unwrap();
    assert!(format!("{alerts:?}").contains(waiting.id.as_str()), "nobody is told of {}", waiting.id);
    let before = api_writes(&stack).len();
    release_all(&stack).await;
    let (run, ledger) = sync_now(&stack).await;
    all_are("updated", &outcomes_of(&ledger, customer));
    assert_eq!(api_writes(&stack).len() as u64, before as u64 + run.tally.counts.writes());
    assert!(run.tally.counts.writes() > 0);
    let (again, ledger) = sync_now(&stack).await;
    assert_eq!((again.tally.counts.writes(), again.tally.counts.held), (0, 0), "{:?}", outcomes_of(&ledger, customer));
    assert_eq!(holds(&stack).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unlinked_customer_with_usage_waits_by_the_name_of_its_company() {
    let (stack, customer) = left(|stack, customer| {
        unlink(stack, customer);
        uses(stack, customer, |units| Some(units + 4));
    })
    .await;
    all_waits(&stack, customer).await;
    let named = holds(&stack).await;
    assert!(named.iter().all(|hold| hold.name != customer.to_string()), "{named:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unlinked_customer_without_usage_waits_and_is_done_with_once_it_is_released_to_nothing() {
    let (stack, customer) = left(|stack, customer| {
        unlink(stack, customer);
        uses(stack, customer, |_| None);
    })
    .await;
    all_waits(&stack, customer).await;
    release_all(&stack).await;
    let (run, _) = sync_now(&stack).await;
    assert!(run.tally.counts.quantities_set > 0);
    let (again, ledger) = sync_now(&stack).await;
    assert_eq!((again.tally.counts.writes(), again.tally.counts.held, again.tally.counts.failed), (0, 0, 0));
    assert!(outcomes_of(&ledger, customer).iter().all(|outcome| outcome == "skipped.customerLeft"), "{ledger:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_that_is_deleted_and_listed_again_under_its_id_syncs_again() {
    let (stack, customer) = left(|stack, customer| {
        unlink(stack, customer);
        uses(stack, customer, |units| Some(units + 4));
    })
    .await;
    all_waits(&stack, customer).await;
    list(&stack, customer, |tenant| tenant);
    let (run, ledger) = sync_now(&stack).await;
    all_are("updated", &outcomes_of(&ledger, customer));
    assert_eq!((run.tally.counts.held, holds(&stack).await), (0, Vec::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_converted_to_trial_and_back_syncs_again() {
    let (stack, customer) = left(|stack, customer| {
        list(stack, customer, |tenant| tenant.billed_by(BillingType::Trial));
    })
    .await;
    nothing_waits_or_changes(&stack, customer).await;
    list(&stack, customer, |tenant| tenant);
    uses(&stack, customer, |units| Some(units + 1));
    let (_, ledger) = sync_now(&stack).await;
    all_are("updated", &outcomes_of(&ledger, customer));
}

/// The month was written before it left: nothing of it waits.
async fn nothing_waits_or_changes(stack: &Stack, customer: CustomerId) {
    let (run, ledger) = sync_now(stack).await;
    all_are("unchanged", &outcomes_of(&ledger, customer));
    assert_eq!(run.tally.counts.held, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_customer_syncs_and_is_marked() {
    let (stack, customer) = left(|stack, customer| {
        list(stack, customer, |tenant| Tenant { status: "suspended".into(), ..tenant });
        uses(stack, customer, |units| Some(units + 1));
    })
    .await;
    let (_, ledger) = sync_now(&stack).await;
    let entry = ledger.iter().find(|entry| entry.customer == Some(customer)).unwrap();
    assert!(entry.suspended);
    assert!(
        !entry.lines.is_empty() && entry.lines.iter().all(|line| matches!(line.outcome, Outcome::Updated)),
        "{entry:?}"
    );
    assert!(ledger.iter().filter(|entry| entry.customer != Some(customer)).all(|entry| !entry.suspended));
}
