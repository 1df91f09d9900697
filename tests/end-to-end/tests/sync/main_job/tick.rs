//! From a tick to changed agreement additions; and what a run that nobody looked at does not do.

use jiff::Timestamp;
use local_stack::demo::Size;
use local_stack::stack::Stack;
use shared::domain::mapping::CustomerMapping;
use shared::domain::run::{Run, RunFailureCode, RunState};
use simulators::simulator::faults::{Fault, FaultKind, FaultPlan};
use usage_sync::Limits;

use crate::main_job::started::{api_writes, hasty, november, outcomes, plain_stack, preview_and_apply, stack_of};

/// A night in November at which the partner is due.
fn night() -> Timestamp {
    "2026-11-23T02:30:00Z".parse().unwrap()
}

async fn tick_at(stack: &Stack, due: Timestamp) -> Run {
    stack.store.put_due(stack.demo.partner(), due).await.unwrap();
    let report = stack.tick(due).await.unwrap();
    assert!(report.failed.is_empty(), "{report:?}");
    stack.queue.drained().await;
    let runs = stack.store.list_runs(stack.demo.partner(), 100).await.unwrap();
    let scheduled = runs.into_iter().find(|run| run.id.as_str().contains("-scheduled-"));
    scheduled.expect("the tick's run")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tick_carries_usage_into_additions_once_a_person_has_applied_a_preview() {
    let stack = plain_stack().await;
    preview_and_apply(&stack).await;
    let tenant = stack.demo.customer(0).to_string().parse().unwrap();
    let partner = stack.demo.partner().to_string().parse().unwrap();
    let mut rows = stack.demo.usage_rows(november());
    rows.push(simulators::sophos::UsageRow::new(tenant, rows[0].product_code.clone(), 3));
    stack.sophos.set_usage(partner, november().first_day(), &rows);
    let before = api_writes(&stack).len();

    let run = tick_at(&stack, night()).await;

    assert_eq!(run.state, RunState::Succeeded, "{run:?}");
    assert_eq!(run.request.month, november());
    let writes = api_writes(&stack).split_off(before);
    assert_eq!(writes.len(), 1, "{writes:?}");
    let quantity = |row: &Option<simulators::connectwise::Row>| row.as_ref().unwrap()["quantity"].as_f64().unwrap();
    assert!((quantity(&writes[0].after) - quantity(&writes[0].before) - 3.0).abs() < f64::EPSILON);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_run_of_a_customer_waits_for_a_person_to_apply_its_preview() {
    let stack = plain_stack().await;
    let run = tick_at(&stack, night()).await;
    let ledger = stack.ledger(&run.id).await.unwrap();
    assert!(outcomes(&ledger).iter().all(|outcome| outcome == "held.firstRun"), "{:?}", outcomes(&ledger));
    assert_eq!(api_writes(&stack).len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_its_agreement_changed_a_customer_is_previewed_again() {
    let stack = plain_stack().await;
    preview_and_apply(&stack).await;
    let (mapping, _) = stack.store.list_customer_mappings(stack.demo.partner(), "").await.unwrap().remove(0);
    let applied = mapping.agreement;
    let mut other = mapping.clone();
    other.agreement = shared::domain::id::AgreementId::try_from(i64::from(applied.get()) % 6 + 1).unwrap();
    assert!(mapping.is_applied() && !CustomerMapping { agreement: other.agreement, ..mapping }.is_applied());
}

#[tokio::test(flavor = "multi_thread")]
async fn with_writes_off_a_night_is_a_preview() {
    let stack = plain_stack().await;
    preview_and_apply(&stack).await;
    let before = api_writes(&stack).len();
    let mut settings = stack.demo.settings().unwrap();
    settings.writes = false;
    stack.store.put_settings(stack.demo.partner(), &settings).await.unwrap();
    let partner = stack.demo.partner().to_string().parse().unwrap();
    let rows = stack.demo.usage_rows(november());
    let tenant = stack.demo.customer(0).to_string().parse().unwrap();
    let more = simulators::sophos::UsageRow::new(tenant, rows[0].product_code.clone(), 3);
    stack.sophos.set_usage(partner, november().first_day(), &[rows, vec![more]].concat());

    let run = tick_at(&stack, night()).await;

    assert!(!run.writes);
    assert_eq!(run.tally.counts.updated, 1, "it shows what would be done");
    assert_eq!((run.tally.counts.writes(), api_writes(&stack).len()), (0, before));
}

#[tokio::test(flavor = "multi_thread")]
async fn while_sophos_has_nothing_for_the_month_a_night_bills_the_month_before() {
    let stack = plain_stack().await;
    preview_and_apply(&stack).await;
    let december: Timestamp = "2026-12-02T02:30:00Z".parse().unwrap();
    let run = tick_at(&stack, december).await;
    let runs = stack.store.list_runs(stack.demo.partner(), 100).await.unwrap();
    let of_month = |month: &str| {
        runs.iter().find(|r| r.id.as_str().contains("-scheduled-") && r.request.month.to_string() == month).unwrap()
    };
    let stands = of_month("2026-11");
    assert_eq!(of_month("2026-12").state, RunState::Superseded { by: stands.id.clone() });
    assert_eq!(stands.state, RunState::Succeeded);
    assert_eq!(stands.tally.counts.writes(), 0, "November was written already");
    assert!(run.state.is_over());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_night_makes_way_for_the_month_before_also_while_connectwise_cannot_be_reached() {
    // The first try is the last: what cannot be read now fails.
    let limits = Limits { attempts: 0, ..hasty() };
    let stack = stack_of(Size { seed: 11, customers: 6, products: 4 }, limits).await;
    preview_and_apply(&stack).await;
    let away = Fault::new(FaultKind::Html { status: 502 });
    stack.psa.gate().set_faults(FaultPlan::of(1, [away])).unwrap();
    tick_at(&stack, "2026-12-02T02:30:00Z".parse().unwrap()).await;
    let runs = stack.store.list_runs(stack.demo.partner(), 100).await.unwrap();
    let of_month = |month| runs.iter().find(|run| run.request.slot == "2026-12-02" && run.request.month == month);
    let (december, stands) = (of_month(november().next()).unwrap(), of_month(november()).unwrap());
    assert_eq!(december.state, RunState::Superseded { by: stands.id.clone() });
    let RunState::Failed(failure) = &stands.state else { panic!("{stands:?}") };
    assert_eq!(failure.code, RunFailureCode::PsaUnreadable, "{failure}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doubled_tick_is_one_run() {
    let stack = plain_stack().await;
    tick_at(&stack, night()).await;
    tick_at(&stack, night()).await;
    let runs = stack.store.list_runs(stack.demo.partner(), 100).await.unwrap();
    assert_eq!(runs.len(), 1);
}
