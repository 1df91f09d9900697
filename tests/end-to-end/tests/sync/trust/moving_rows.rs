//! Rows that come and go between two pages: no row that was there all the time is missed silently.

use local_stack::demo::{Demo, Size, TypedIn};
use local_stack::stack::{LONGEST_SLICE, Stack, StackOptions};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use shared::domain::month::UsageMonth;
use shared::domain::run::{RunFailureCode, RunKind, RunState};
use simulators::simulator::faults::{Fault, FaultKind, FaultPlan};
use simulators::sophos::UsageRow;
use usage_sync::Limits;
use uuid::Uuid;

/// The path at which the list is read.
const USAGE: &str = "/partner/v1/billing/usage/*";

fn november() -> UsageMonth {
    UsageMonth::parse("2026-11").unwrap()
}

fn changes(seed: u64, path: &str) -> FaultPlan {
    let mut draws = ChaCha8Rng::seed_from_u64(seed);
    // As many come as go in every other world: the list's length says nothing then.
    let insert = draws.random_range(0..=3);
    let delete = if draws.random() { insert } else { draws.random_range(0..=3) };
    let kind = FaultKind::RowsChange { insert, delete };
    FaultPlan::of(seed, [Fault::new(kind).on("GET", path).with_probability(0.5)])
}

async fn small_partner(customers: usize) -> Stack {
    let size = Size { seed: 81, customers, products: 1 };
    let limits = Limits { wait_s: 0, attempts: 0, ..Limits::default() };
    let options = StackOptions { size, month: november(), data: None, limits, slice: LONGEST_SLICE };
    Stack::start_for(Demo::plain(size, TypedIn::Nothing), options).await.unwrap()
}

async fn preview(stack: &Stack) -> (shared::domain::run::Run, Vec<shared::domain::ledger::CustomerLedger>) {
    let run = stack.run(stack.request(RunKind::Preview, november(), None), |_| {}).await.unwrap();
    let ledger = stack.ledger(&run.id).await.unwrap();
    (run, ledger)
}

/// Of some worlds, in how many the list was read whole and in how many the run said that it could not be.
#[derive(Debug, Default)]
struct Worlds {
    whole: u64,
    told: u64,
}

impl Worlds {
    /// Both ways were seen, or the test shows nothing.
    fn assert_both(&self, what: &str) {
        println!("{what}: {self:?}");
        assert!(self.whole > 0 && self.told > 0, "{what}: {self:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_lines_that_move_between_pages_are_billed_once_or_the_run_says_so_60_seeds() {
    read_moving_usage(60).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes; infra/check ignored-tests"]
async fn usage_lines_that_move_between_pages_are_billed_once_or_the_run_says_so_1000_seeds() {
    read_moving_usage(1000).await;
}

async fn read_moving_usage(seeds: u64) {
    let stack = small_partner(3).await;
    let partner: Uuid = stack.demo.partner().to_string().parse().unwrap();
    let code = stack.demo.usage_rows(november())[0].product_code.clone();
    let rows: Vec<UsageRow> = (0..30)
        .map(|line| {
            let customer: Uuid = stack.demo.customer(line % 3).to_string().parse().unwrap();
            let order_line_item_number = format!("OrderLine-{line}");
            UsageRow { order_line_item_number, ..UsageRow::new(customer, code.clone(), 1 << (line / 3)) }
        })
        .collect();
    stack.sophos.cap_usage_pages(7);
    let mut worlds = Worlds::default();
    for seed in 0..seeds {
        stack.sophos.set_usage(partner, november().first_day(), &rows);
        stack.sophos.gate().set_faults(changes(seed, USAGE)).unwrap();
        let (run, ledger) = preview(&stack).await;
        if let RunState::Failed(failure) = &run.state {
            assert_eq!(failure.code, RunFailureCode::UsageIncomplete, "seed {seed}: {failure}");
            worlds.told += 1;
        } else {
            let units: Vec<u64> = ledger.iter().map(|entry| entry.lines.iter().map(|line| line.units).sum()).collect();
            assert_eq!(units, [1023; 3], "seed {seed}: {:?}", run.state);
            worlds.whole += 1;
        }
    }
    worlds.assert_both("usage");
}
