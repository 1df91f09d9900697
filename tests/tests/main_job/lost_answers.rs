//! Answers that get lost after they took effect: no duplicate, no blind repetition, and the next run reads back first.

use harness::simulator::faults::{Fault, FaultKind, FaultPlan};
use usage_sync::Limits;

use crate::started::{api_writes, billed, hasty, outcomes, plain_stack, preview_and_apply, stack_of, sync_now};

const CREATE: (&str, &str) = ("POST", "/finance/agreements/*/additions");
const UPDATE: (&str, &str) = ("PATCH", "/finance/agreements/*/additions/*");

fn no_duplicates(stack: &harness::stack::Stack) {
    for ((agreement, product), quantities) in billed(stack) {
        assert_eq!(quantities.len(), 1, "agreement {agreement}, product {product}: {quantities:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_whose_answer_is_lost_after_it_took_effect_is_found_by_the_next_run() {
    for kind in [FaultKind::ResetAfter, FaultKind::ErrorAfter { status: 500 }, FaultKind::TruncatedJson] {
        let stack = plain_stack().await;
        let lost = Fault::new(kind).on(CREATE.0, CREATE.1).call(2);
        stack.psa.gate().set_faults(FaultPlan::of(1, [lost])).unwrap();
        let (_, ledger) = preview_and_apply(&stack).await;
        assert_eq!(outcomes(&ledger).iter().filter(|outcome| *outcome == "failed.unknown").count(), 1);
        let posts = api_writes(&stack).len();

        let (run, ledger) = sync_now(&stack).await;

        let others: Vec<String> = outcomes(&ledger).into_iter().filter(|outcome| outcome != "unchanged").collect();
        assert_eq!(others, ["created"], "the run that learns of it tells of it");
        assert_eq!((run.tally.counts.writes(), api_writes(&stack).len()), (1, posts), "nothing is sent again");
        no_duplicates(&stack);
        let (run, ledger) = sync_now(&stack).await;
        assert!(outcomes(&ledger).iter().all(|outcome| outcome == "unchanged"), "told once: {:?}", outcomes(&ledger));
        assert_eq!(run.tally.counts.writes(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_that_never_took_effect_is_repeated_only_after_the_settle_time() {
    for (settle_s, expected) in [(3600, "failed.unsettled"), (0, "created")] {
        let size = harness::demo::Size { seed: 11, customers: 6, products: 4 };
        let stack = stack_of(size, Limits { settle_s, ..hasty() }).await;
        let lost = Fault::new(FaultKind::ResetBefore).on(CREATE.0, CREATE.1).call(1);
        stack.psa.gate().set_faults(FaultPlan::of(1, [lost])).unwrap();
        let (_, ledger) = preview_and_apply(&stack).await;
        assert_eq!(outcomes(&ledger).iter().filter(|outcome| *outcome == "failed.unknown").count(), 1);

        let (_, ledger) = sync_now(&stack).await;

        let others: Vec<String> = outcomes(&ledger).into_iter().filter(|outcome| outcome != "unchanged").collect();
        assert_eq!(others, [expected], "settle time {settle_s} s");
        no_duplicates(&stack);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_whose_answer_is_lost_is_our_own_when_it_is_read_back() {
    for kind in [FaultKind::ResetAfter, FaultKind::ErrorAfter { status: 500 }] {
        let stack = crate::started::awkward_stack().await;
        let lost = Fault::new(kind).on(UPDATE.0, UPDATE.1).call(1);
        stack.psa.gate().set_faults(FaultPlan::of(1, [lost])).unwrap();
        let (_, ledger) = preview_and_apply(&stack).await;
        let unknown = |ledger: &[_]| outcomes(ledger).iter().filter(|outcome| *outcome == "failed.unknown").count();
        assert_eq!(unknown(&ledger), 1);
        let writes = api_writes(&stack).len();
        let (_, ledger) = sync_now(&stack).await;
        assert_eq!(unknown(&ledger), 0);
        assert_eq!(api_writes(&stack).len(), writes, "nothing is sent again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_that_is_refused_is_named_and_leaves_nothing_behind() {
    let stack = plain_stack().await;
    let refused = Fault::new(FaultKind::TooManyCalls { retry_after_s: 0 }).on(CREATE.0, CREATE.1);
    stack.psa.gate().set_faults(FaultPlan::of(1, [refused])).unwrap();
    let (_, ledger) = preview_and_apply(&stack).await;
    assert!(outcomes(&ledger).iter().any(|outcome| outcome == "failed.refused"), "{:?}", outcomes(&ledger));
    stack.psa.gate().set_faults(FaultPlan::default()).unwrap();
    let (_, ledger) = sync_now(&stack).await;
    assert!(outcomes(&ledger).iter().all(|outcome| outcome == "unchanged" || outcome == "created"));
    no_duplicates(&stack);
}
