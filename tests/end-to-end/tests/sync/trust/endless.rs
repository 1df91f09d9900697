//! Lists without an end, of each kind that a run reads: a named failure within bounds, in little memory, and the next run
//! is clean.

use end_to_end::killable::{KillableWorld, Supervisor};
use jiff::SignedDuration;
use local_stack::demo::{Demo, Size, TypedIn};
use shared::domain::run::{Run, RunFailureCode, RunState};
use simulators::simulator::faults::{Fault, FaultKind, FaultPlan};

use crate::trust::killed::{november, program, run_of};

/// What a worker may have in use at its peak, in KiB.
const MOST_KIB: u64 = 128 * 1024;
/// How many calls one endless list may take: its pages, and what is read beside it.
const MOST_CALLS: u64 = 1_300;

struct Ended {
    run: Run,
    outcomes: Vec<(String, String)>,
    calls: u64,
}

async fn world() -> KillableWorld {
    let size = Size { seed: 61, customers: 20, products: 3 };
    let world = KillableWorld::start(Demo::plain(size, TypedIn::Nothing), november()).await.unwrap();
    world.mark_all_applied().await.unwrap();
    world
}

/// A run while the list at `path` of one service has no end, and a clean one after it.
async fn endless(path: &str, rows: u32) -> Ended {
    let world = world().await;
    let plan = FaultPlan::of(61, [Fault::new(FaultKind::EndlessList { rows }).on("GET", path)]);
    let is_sophos = path.starts_with("/partner/");
    let gate = if is_sophos { world.sophos.gate() } else { world.psa.gate() };
    gate.set_faults(plan).unwrap();
    let mut supervisor = Supervisor::new(&world, program(), Vec::new(), 61);
    let (run, ledger, worked) = run_of(&world, &mut supervisor, SignedDuration::ZERO).await;
    let calls = gate.counters().tally().total;
    println!("{path}, {rows} rows a page: {calls} calls, {} KiB at the peak, {:?}", worked.peak_kib, run.state);
    assert!((1..MOST_KIB).contains(&worked.peak_kib), "{path}: {} KiB", worked.peak_kib);
    assert!(calls < MOST_CALLS, "{path}: {calls} calls");
    let outcomes = ledger.iter().flat_map(|entry| &entry.lines);
    let outcomes = outcomes.map(|line| (line.outcome.code(), line.outcome.reason())).collect();

    gate.set_faults(FaultPlan::default()).unwrap();
    let (next, _, _) = run_of(&world, &mut supervisor, SignedDuration::from_mins(3)).await;
    assert_eq!((&next.state, next.tally.counts.failed), (&RunState::Succeeded, 0), "{path}");
    Ended { run, outcomes, calls }
}

fn is_named(ended: &Ended, list: &str) {
    let RunState::Failed(failure) = &ended.run.state else { panic!("{list}: {:?}", ended.run.state) };
    assert_eq!(failure.code, RunFailureCode::ListTooLong, "{failure}");
    let text = failure.to_string();
    assert!(text.contains(&format!("list of {list} has no end that is reached: more than")), "{text}");
    assert!(text.contains("Running the sync again does not help soon"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_list_of_agreements_ends_the_run_by_name() {
    for rows in [1000, 1] {
        is_named(&endless("*/finance/agreements", rows).await, "agreements");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_list_of_products_ends_the_run_by_name() {
    is_named(&endless("*/procurement/catalog", 1000).await, "products by their ids");
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_lists_of_additions_fail_their_customers_by_name() {
    for rows in [1000, 1] {
        let ended = endless("*/finance/agreements/*/additions", rows).await;
        assert_eq!(ended.run.state, RunState::Partial);
        for (code, reason) in &ended.outcomes {
            assert_eq!(code, "failed.listTooLong", "{reason}");
            assert!(reason.contains("additions of agreement"), "{reason}");
        }
        assert!(ended.outcomes.len() >= 20 && ended.calls > 20);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_list_of_sophos_customers_ends_the_run_by_name() {
    is_named(&endless("/partner/v1/tenants", 100).await, "customers");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_list_of_usage_lines_ends_the_run_by_name() {
    is_named(&endless("/partner/v1/billing/usage/*", 1000).await, "usage lines");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_many_megabytes_ends_the_run_by_name() {
    // More rows than are asked for: some hundred bytes each.
    let ended = endless("*/finance/agreements", 20_000).await;
    is_named(&ended, "agreements");
    assert!(ended.calls < 60, "it is not asked for again: {} calls", ended.calls);
}
