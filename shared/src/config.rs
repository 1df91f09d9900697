//! The settings of each function. No other code reads the environment.
//!
//! A function reads all of its settings once, before anything else. One error names everything that is missing or
//! wrong, so that a deployment is corrected once rather than once for each variable.
//!
//! The credentials and the region of AWS are not here: the SDK reads them itself (see [`crate::aws`]), and with them
//! `AWS_ENDPOINT_URL`, which names the replacement for AWS in a local stack.

mod alert_delivery;
mod alerts;
mod connections;
mod console;
mod mappings;
mod psa_forms;
mod reader;
mod sync_invoke;
mod sync_runs;
mod sync_schedule;
mod usage_sync;

use std::fmt;

pub use alert_delivery::AlertDelivery;
pub use alerts::Alerts;
pub use connections::Connections;
pub use console::Console;
pub use mappings::Mappings;
pub use psa_forms::PsaForms;
pub use sync_invoke::SyncInvoke;
pub use sync_runs::SyncRuns;
pub use sync_schedule::SyncSchedule;
pub use usage_sync::UsageSync;

/// Variables that only a developer's machine sets, to reach simulators and sinks. The template sets none of them.
pub const LOCAL_ONLY: [&str; 4] =
    ["PSA_ALLOW_LOOPBACK", "SOPHOS_API_URL", "SOPHOS_SIGN_IN_URL", "WEBHOOK_ALLOW_LOOPBACK"];

/// A variable that is missing or cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The name of the variable.
    pub name: &'static str,
    /// What is wrong with it, and what is expected.
    pub what: String,
}

/// The settings cannot be used. The `Debug` form is the message, because `main` prints errors in that form.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// Every fault, in the order of the settings; never empty.
    pub faults: Vec<Fault>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the function cannot start with its environment; mend it where it was deployed:")?;
        for (n, Fault { name, what }) in self.faults.iter().enumerate() {
            write!(f, "{} {name} {what}", if n == 0 { "" } else { ";" })?;
        }
        Ok(())
    }
}

impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A variable of this process' environment; none if it is not set or not Unicode.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
