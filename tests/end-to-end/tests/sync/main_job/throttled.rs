//! A ConnectWise that takes 120 calls a minute: every customer is read, few calls are refused, none comes too early.

use std::time::Duration;

use local_stack::demo::Size;
use shared::client::address::{AddressPolicy, AddressRules};
use shared::client::connectwise::{ConnectWise, ConnectWiseOptions};
use shared::client::http::{Http, HttpLimits};
use shared::clock::SystemClock;
use shared::domain::run::RunState;
use shared::ports::Psa;
use simulators::simulator::faults::{FaultPlan, RateLimit};

use crate::main_job::started::{hasty, preview, stack_of};

/// Until then both clients have met the limit and learnt it.
const WARM_UP: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes of real time; part of infra/check ignored-tests"]
async fn in_a_storm_of_429_every_customer_is_read_and_no_call_comes_too_early() {
    let stack = stack_of(Size { seed: 5, customers: 400, products: 3 }, hasty()).await;
    let rate = Some(RateLimit { calls: 120, window_ms: 60_000, retry_after_s: None });
    stack.psa.gate().set_faults(FaultPlan { rate, ..FaultPlan::default() }).unwrap();

    // Another program of ours that calls the same ConnectWise and shares the table with the worker.
    let policy = AddressPolicy::VendorAndLoopback;
    let http = Http::build(policy, HttpLimits::default()).unwrap();
    let options = ConnectWiseOptions::new(http, AddressRules { policy, ..AddressRules::default() });
    let credentials = stack.credentials().connectwise.unwrap();
    let other = ConnectWise::connect_sharing(&credentials, &options, stack.store.clone(), SystemClock).await.unwrap();
    let searching = tokio::spawn(async move {
        let mut every = tokio::time::interval(Duration::from_secs(4));
        loop {
            every.tick().await;
            // Neither client may call before its Retry-After is over.
            drop(other.list_companies(None).await);
        }
    });

    let counters = stack.psa.gate().counters().clone();
    let warmed_up = tokio::spawn(async move {
        tokio::time::sleep(WARM_UP).await;
        let early = counters.tally().early;
        counters.reset();
        early
    });
    let run = preview(&stack).await;
    searching.abort();

    assert_eq!((run.state.clone(), run.tally.counts.failed), (RunState::Succeeded, 0), "{run:?}");
    let tally = stack.psa.gate().counters().tally();
    assert!(warmed_up.is_finished(), "the run was over before the clients had warmed up");
    assert_eq!(warmed_up.await.unwrap() + tally.early, 0, "calls inside a Retry-After");
    let refused = tally.answered(429);
    assert!(refused * 50 <= tally.total, "{refused} of {} calls were refused", tally.total);
}
