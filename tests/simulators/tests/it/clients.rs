//! The shipped clients against the simulators, over the wire: what one side promises, the other side meets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod catalogue;
mod connectwise;
mod hostile_text;
mod probe;
mod sophos;

use std::time::Duration;

use shared::client::address::{AddressPolicy, AddressRules};
use shared::client::connections::ConnectionOptions;
use shared::client::http::{Http, HttpLimits};
use shared::client::retry::RetryPolicy;

/// Options by which both simulators may be called, and that wait no longer than a test likes to.
fn options() -> ConnectionOptions {
    let policy = AddressPolicy::VendorAndLoopback;
    let http = Http::build(policy, HttpLimits::default()).unwrap();
    let addresses = AddressRules { policy, ..AddressRules::default() };
    let mut options = ConnectionOptions::new(http, addresses).unwrap();
    let impatient = |policy| RetryPolicy { first_delay: Duration::from_millis(1), ..policy };
    options.sophos.reads = impatient(options.sophos.reads);
    options.connectwise.calls_per_minute = 600_000;
    options.connectwise.reads = impatient(options.connectwise.reads);
    options.connectwise.writes = impatient(options.connectwise.writes);
    options
}
