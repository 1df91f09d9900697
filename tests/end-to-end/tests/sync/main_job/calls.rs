//! The calls to ConnectWise stay within the design's formula, by the simulator's own counters.

use local_stack::demo::Size;
use local_stack::stack::Stack;
use shared::domain::run::Run;

use crate::main_job::started::{hasty, preview, preview_and_apply, stack_of};

/// The calls that reached the simulator, and those that the design allows: K + ⌈A/1000⌉ + ⌈P/100⌉ + customers read + W.
fn assert_within_formula(stack: &Stack, run: &Run, agreements: u64, products: u64) {
    let tally = stack.psa.gate().counters().tally();
    let writes = tally.calls("POST", "") + tally.calls("PATCH", "");
    let read = tally.calls("GET", "/finance/agreements/{id}/additions");
    let formula = 1 + agreements.div_ceil(1000) + products.div_ceil(100) + read + writes;
    assert!(tally.total <= formula, "{} calls, the formula allows {formula}", tally.total);
    assert!(read <= stack.demo.size().customers as u64, "{read} customers read");
    assert_eq!(run.psa.calls, tally.total, "the run reports the calls that arrived");
    assert!(run.psa.calls <= run.call_formula(), "{} > {}", run.psa.calls, run.call_formula());
    assert_eq!(writes, run.tally.counts.writes());
}

#[tokio::test(flavor = "multi_thread")]
async fn at_40_customers_a_preview_and_an_apply_stay_within_the_formula() {
    let stack = crate::main_job::started::awkward_stack().await;
    let run = preview(&stack).await;
    assert_within_formula(&stack, &run, 41, 24);
    stack.psa.gate().counters().reset();
    let (run, _) = preview_and_apply(&stack).await;
    // Both runs read all; the second one's share is what it reports.
    let tally = stack.psa.gate().counters().tally();
    let writes = tally.calls("POST", "") + tally.calls("PATCH", "");
    assert!(writes > 0);
    assert!(tally.total <= 2 * (run.call_formula() - writes) + writes, "{} calls", tally.total);
}

#[tokio::test(flavor = "multi_thread")]
async fn at_1000_customers_a_full_read_stays_within_the_formula() {
    let stack = stack_of(Size { seed: 3, customers: 1000, products: 3 }, hasty()).await;
    let run = preview(&stack).await;
    assert_eq!(run.tally.counts.customers, 1000);
    assert_eq!(run.buckets, 16);
    assert_within_formula(&stack, &run, 1000, 3);
}
