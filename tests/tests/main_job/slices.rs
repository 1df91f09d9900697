//! A run that no slice can finish is carried on by the next one, and comes to the same.

use harness::demo::Size;
use harness::stack::{Stack, StackOptions};
use jiff::SignedDuration;
use shared::domain::run::RunState;

use crate::started::{api_writes, billed, hasty, november, outcomes, plain_stack, preview_and_apply};

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
