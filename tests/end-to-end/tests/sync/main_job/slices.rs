//! A run that no slice can finish is carried on by the next one, and comes to the same.

use jiff::SignedDuration;
use local_stack::demo::Size;
use local_stack::stack::{Stack, StackOptions};
use shared::domain::ledger::{CustomerLedger, Line};
use shared::domain::run::RunState;
use usage_sync::Limits;

use crate::main_job::started::{
    api_writes, billed, hasty, november, outcomes, plain_stack, preview_and_apply, stack_of,
};

#[tokio::test(flavor = "multi_thread")]
async fn slices_without_any_time_left_still_carry_the_run_to_its_end() {
    let size = Size { seed: 11, customers: 6, products: 4 };
    let hurried = StackOptions { size, month: november(), data: None, limits: hasty(), slice: SignedDuration::ZERO };
    let hurried = Stack::start(hurried).await.unwrap();
    let (run, ledger) = preview_and_apply(&hurried).await;
    let at_ease = plain_stack().await;
    let (whole, in_one) = preview_and_apply(&at_ease).await;

    assert_eq!((run.state.clone(), whole.psa.slices), (RunState::Succeeded, 1));
    assert!(run.psa.slices >= 6, "{} slices", run.psa.slices);
    assert_eq!(outcomes(&ledger), outcomes(&in_one));
    assert_eq!(billed(&hurried), billed(&at_ease));
    assert_eq!(api_writes(&hurried).len(), api_writes(&at_ease).len());
    assert_eq!(run.tally, whole.tally);
    assert!(run.psa.calls <= run.call_formula(), "{} > {}", run.psa.calls, run.call_formula());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_before_a_deadline_in_the_middle_of_a_customer_counts_in_units_and_money() {
    let size = Size { seed: 11, customers: 4, products: 12 };
    // Two writes at once: a customer of more is left in the middle.
    let limits = Limits { in_flight: 1, ..hasty() };
    let hurried = StackOptions { size, month: november(), data: None, limits, slice: SignedDuration::ZERO };
    let hurried = Stack::start(hurried).await.unwrap();
    let (run, ledger) = preview_and_apply(&hurried).await;
    let at_ease = stack_of(size, hasty()).await;
    let (whole, in_one) = preview_and_apply(&at_ease).await;

    assert!(ledger.iter().any(|entry| entry.created > 2), "nobody was left in the middle");
    assert!(run.psa.slices > whole.tally.counts.customers, "{} slices", run.psa.slices);
    assert_eq!(run.tally.billing, whole.tally.billing);
    // ConnectWise gives ids in the order in which it is asked.
    let would = |line: &Line| line.billed.as_ref().map(|billed| billed.would);
    let told = |ledger: &[CustomerLedger]| -> Vec<_> {
        let lines = ledger.iter().flat_map(|entry| &entry.lines);
        lines.map(|line| (line.code.clone(), line.outcome.clone(), would(line))).collect()
    };
    assert_eq!(told(&ledger), told(&in_one));
}
