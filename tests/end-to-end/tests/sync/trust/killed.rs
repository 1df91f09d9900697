//! `kill -9` of the worker, wherever it stands: redelivered, the run comes to the same end.

use std::path::PathBuf;

use end_to_end::killable::{Kill, KillableWorld, Supervisor};
use jiff::SignedDuration;
use local_stack::demo::{Demo, Size, TypedIn};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use shared::domain::ledger::CustomerLedger;
use shared::domain::month::UsageMonth;
use shared::domain::run::{Run, RunKind, RunRequest, RunScope, RunState};
use shared::ports::SyncMessage;
use simulators::simulator::faults::{FaultPlan, Latency};
use tokio::time::Instant;

use crate::trust::verdict::{Verdict, expected, judge};

/// What a kill may cost, in calls to ConnectWise.
const MOST_EXTRA_A_KILL: u64 = 36;
/// The killed run, one after the settle time, and one in reserve.
const MOST_RUNS: usize = 3;

pub(crate) fn november() -> UsageMonth {
    UsageMonth::parse("2026-11").unwrap()
}

/// The worker that may be killed.
pub(crate) fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_killable-worker"))
}

/// Answers take a moment, so that some are under way whenever a worker dies.
fn a_moment(seed: u64) -> FaultPlan {
    let latency = Latency { min_ms: 1, p50_ms: 2, p90_ms: 5, p99_ms: 20, max_ms: 40 };
    FaultPlan { seed, latency: Some(latency), ..FaultPlan::default() }
}

/// Kills at random calls: some while Sophos is read, which takes `sophos` calls, the others until ConnectWise is written
/// to for the last time, after `connectwise` calls.
fn plan(seed: u64, kills: usize, sophos: u64, connectwise: u64) -> Vec<Kill> {
    let mut draws = ChaCha8Rng::seed_from_u64(seed);
    let mut some = |number: usize, most: u64| {
        let mut calls: Vec<u64> = (0..number).map(|_| draws.random_range(1..=most)).collect();
        calls.sort_unstable();
        calls
    };
    let early = kills / 10 + 1;
    let mut plan: Vec<Kill> = some(early, sophos).into_iter().map(Kill::AtSophosCall).collect();
    plan.extend(some(kills - early, connectwise).into_iter().map(Kill::AtConnectWiseCall));
    plan
}

pub(crate) async fn run_of(
    world: &KillableWorld,
    supervisor: &mut Supervisor<'_>,
    delay: SignedDuration,
) -> (Run, Vec<CustomerLedger>, end_to_end::killable::Worked) {
    let scheduled_at = supervisor.now();
    let (partner, month) = (world.demo.partner(), november());
    let slot = scheduled_at.to_string();
    let request = RunRequest {
        partner,
        kind: RunKind::Now,
        month,
        slot,
        scheduled_at,
        preview: None,
        retry_of: None,
        scope: RunScope::default(),
        asked_by: None,
    };
    let id = request.id().unwrap();
    supervisor.send(SyncMessage { request, attempt: 0, turns: 0, first_sent_at: scheduled_at }, delay);
    let worked = supervisor.work_off().await.unwrap();
    let run = world.store.find_run(partner, &id).await.unwrap().expect("the run was opened");
    assert!(run.state.is_over(), "{:?}", run.state);
    (run, world.ledger(&id).await.unwrap(), worked)
}

async fn kill_all_along(size: Size, kills: usize) {
    let world = KillableWorld::start(Demo::plain(size, TypedIn::Nothing), november()).await.unwrap();
    world.mark_all_applied().await.unwrap();
    let expected = expected(&world.demo, &world.store, november()).await;
    let customers = size.customers as u64;
    // One call a page or product list, one a customer, one a creation; and to find out where ConnectWise is.
    let ideal = 1 + customers.div_ceil(1000) + 1 + customers + expected.len() as u64;
    // The token, whoami, the customers' and the usage's pages.
    let sophos = 2 + customers.div_ceil(100) + 1;
    world.psa.gate().set_faults(a_moment(size.seed)).unwrap();
    world.sophos.gate().set_faults(a_moment(size.seed)).unwrap();
    let mut supervisor = Supervisor::new(&world, program(), plan(size.seed, kills, sophos, ideal), size.seed);

    let started = Instant::now();
    let (mut last, ledger, worked) = run_of(&world, &mut supervisor, SignedDuration::ZERO).await;
    let calls = world.psa.gate().counters().tally().total;
    let extra = calls.saturating_sub(ideal);
    println!(
        "seed {}: {} kills in {} deliveries of one run ({:.1?}); {calls} calls, {ideal} without kills: {} extra a kill; \
         {} pairs open",
        size.seed,
        worked.kills,
        worked.deliveries,
        started.elapsed(),
        extra.div_ceil(worked.kills.max(1)),
        last.tally.counts.failed,
    );
    assert_eq!((worked.kills, worked.failures), (kills as u64, Vec::new()), "seed {}", size.seed);
    assert!(extra <= MOST_EXTRA_A_KILL * worked.kills, "seed {}: {extra} extra calls", size.seed);
    let mut ledgers = vec![ledger];
    while last.state != RunState::Succeeded && ledgers.len() < MOST_RUNS {
        world.psa.gate().counters().reset();
        let (run, ledger, _) = run_of(&world, &mut supervisor, SignedDuration::from_mins(3)).await;
        let calls = world.psa.gate().counters().tally().total;
        assert!(calls <= run.call_formula(), "seed {}: {calls} calls, {} allowed", size.seed, run.call_formula());
        last = run;
        ledgers.push(ledger);
    }
    assert_eq!(last.state, RunState::Succeeded, "seed {}: {:?}", size.seed, last.tally.counts);
    let verdict = judge(&world.psa, &expected, &ledgers);
    assert_eq!(verdict, Verdict::default(), "seed {}", size.seed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_60_customers_survives_8_kills() {
    kill_all_along(Size { seed: 51, customers: 60, products: 3 }, 8).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes where the machine is slow; infra/check ignored-tests"]
async fn a_run_of_1000_customers_survives_50_kills() {
    kill_all_along(Size { seed: 52, customers: 1000, products: 3 }, 50).await;
}
