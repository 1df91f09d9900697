//! Refusals that pass: 429, 503 and a lock are waited out, and no pair fails by one while its run can go on.

use jiff::SignedDuration;
use local_stack::demo::Size;
use local_stack::stack::Stack;
use shared::clock::SystemClock;
use shared::domain::ledger::{CustomerLedger, Line};
use shared::domain::run::{Run, RunState};
use shared::ports::Clock;
use simulators::simulator::faults::{Fault, FaultKind, FaultPlan};
use usage_sync::Limits;

use crate::main_job::started::{api_writes, billed, hasty, outcomes, preview_and_apply, stack_of, sync_now};

/// One agreement of the small partner, to which four additions are created.
const CREATES: (&str, &str) = ("POST", "*/finance/agreements/3/additions");
const UPDATES: (&str, &str) = ("PATCH", "*/finance/agreements/*/additions/*");
const READS: (&str, &str) = ("GET", "*/finance/agreements/3/additions");

async fn small(settle_s: i64) -> Stack {
    let limits = Limits { settle_s, ..hasty() };
    stack_of(Size { seed: 11, customers: 6, products: 4 }, limits).await
}

/// What a run with these faults writes to the small partner; each create is refused `times` times.
async fn with_creates_refused(kind: FaultKind, times: u64) -> (Stack, Run, Vec<CustomerLedger>) {
    let stack = small(0).await;
    let each = creates_there().await;
    assert!(each > 1, "the agreement takes several creates");
    refuse(&stack, kind, CREATES, each * times);
    let (run, ledger) = preview_and_apply(&stack).await;
    (stack, run, ledger)
}

/// How many additions are created in the agreement where nothing goes wrong.
async fn creates_there() -> u64 {
    let stack = small(0).await;
    preview_and_apply(&stack).await;
    let created = |path: &str| path.ends_with("/agreements/3/additions") || path.contains("/agreements/3/additions/");
    api_writes(&stack).iter().filter(|write| write.verb == "POST" && created(&write.path)).count() as u64
}

fn refuse(stack: &Stack, kind: FaultKind, (verb, path): (&str, &str), times: u64) {
    let refused = Fault::new(kind).on(verb, path).at_most(times);
    stack.psa.gate().set_faults(FaultPlan::of(1, [refused])).unwrap();
}

fn all_are_written_once(stack: &Stack, run: &Run, ledger: &[CustomerLedger]) {
    assert_eq!(run.state, RunState::Succeeded, "{:?}", outcomes(ledger));
    for ((agreement, product), quantities) in billed(stack) {
        assert_eq!(quantities.len(), 1, "agreement {agreement}, product {product}: {quantities:?}");
    }
}

fn failed(ledger: &[CustomerLedger]) -> Vec<&Line> {
    let lines = ledger.iter().flat_map(|entry| &entry.lines);
    lines.filter(|line| line.outcome.code().starts_with("failed")).collect()
}

/// A 429 that says nothing of the rate: the other calls are as fast as ever.
fn without_a_pause() -> FaultKind {
    FaultKind::HtmlAfter { status: 429, retry_after: "0".to_owned() }
}

/// A date as HTTP writes it, two seconds from now.
fn soon() -> String {
    let at = SystemClock.now() + SignedDuration::from_secs(2);
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn three_429_on_one_create_failed_it_though_the_run_could_wait() {
    let edge = |retry_after: &str| FaultKind::HtmlAfter { status: 429, retry_after: retry_after.to_owned() };
    for kind in [
        FaultKind::Html { status: 429 },
        FaultKind::TooManyCalls { retry_after_s: 1 },
        edge("1"),
        edge(&soon()),
        edge("in a while"),
    ] {
        let (stack, run, ledger) = with_creates_refused(kind.clone(), 3).await;
        all_are_written_once(&stack, &run, &ledger);
        assert_eq!(run.set_aside.len(), 0, "{kind:?}: waited out on the spot");
        let (run, _) = sync_now(&stack).await;
        assert_eq!(run.tally.counts.writes(), 0, "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_429_on_one_update_failed_it_though_the_run_could_wait() {
    let limits = Limits { settle_s: 0, ..hasty() };
    let stack = stack_of(Size::default(), limits).await;
    refuse(&stack, FaultKind::Html { status: 429 }, UPDATES, 3);
    let (_, ledger) = preview_and_apply(&stack).await;
    let codes = outcomes(&ledger);
    assert_eq!(codes.iter().filter(|code| *code == "updated").count(), 1, "{codes:?}");
    assert_eq!(codes.iter().filter(|code| *code == "failed.busy").count(), 0, "{codes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_in_use_is_waited_for() {
    for status in [423, 409] {
        let (stack, run, ledger) = with_creates_refused(FaultKind::Html { status }, 4).await;
        all_are_written_once(&stack, &run, &ledger);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_503_that_proves_nothing_is_read_back_and_sent_again_in_the_same_run() {
    let (stack, run, ledger) = with_creates_refused(FaultKind::ErrorBefore { status: 503 }, 3).await;
    all_are_written_once(&stack, &run, &ledger);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_429_than_one_turn_waits_for_set_the_customer_aside_and_the_others_went_on() {
    let (stack, run, ledger) = with_creates_refused(without_a_pause(), 9).await;
    all_are_written_once(&stack, &run, &ledger);
    assert_eq!(run.set_aside.len(), 1, "{:?}", run.set_aside);
    let mut posts = api_writes(&stack).into_iter().filter(|write| write.verb == "POST");
    let last = posts.next_back().unwrap();
    assert!(last.path.contains("/agreements/3/"), "the others did not wait for it: {}", last.path);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_429_that_never_passes_told_people_to_put_something_right_in_connectwise() {
    let (stack, run, ledger) = with_creates_refused(without_a_pause(), 1_000).await;
    assert_eq!(run.state, RunState::Partial);
    let lines = failed(&ledger);
    assert!(!lines.is_empty());
    for line in lines {
        assert_eq!(line.outcome.code(), "failed.busy");
        assert!(line.outcome.advice().contains("the next run writes it"), "{}", line.outcome.advice());
    }

    stack.psa.gate().set_faults(FaultPlan::default()).unwrap();
    let (run, ledger) = sync_now(&stack).await;
    all_are_written_once(&stack, &run, &ledger);
    assert!(run.tally.counts.additions_created > 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn additions_that_could_not_be_read_for_a_while_failed_the_customer() {
    let stack = small(0).await;
    // As often as one turn asks for them.
    refuse(&stack, FaultKind::ErrorBefore { status: 503 }, READS, 5);
    let (run, ledger) = sync_now(&stack).await;
    assert_eq!(failed(&ledger).len(), 0, "{:?}", outcomes(&ledger));
    assert_eq!(run.set_aside.len(), 1);
}
