//! What the environment says: which services are called and how, and the keys.

use shared::client::address::{AddressPolicy, AddressRules};
use shared::client::connections::ConnectionOptions;
use shared::client::http::{Http, HttpLimits};
use shared::config::Connections;

use super::LiveError;
use crate::stack::StackError;

/// A variable of this process; none where it is empty or no Unicode.
#[expect(clippy::disallowed_methods, reason = "keys come from the environment, and this is where it is read")]
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

/// How both services are called: by the variables of the deployed functions, and beside the vendor's cloud only to the
/// hosts that are named here or there.
pub(super) fn connection_options(psa_hosts: &[String]) -> Result<ConnectionOptions, LiveError> {
    let lookup = |name: &str| match name {
        "TABLE_NAME" | "SEAL_KEY_ID" => Some("local".to_owned()),
        "PSA_ALLOWED_HOSTS" => {
            let hosts: Vec<String> = variable(name).into_iter().chain(psa_hosts.iter().cloned()).collect();
            Some(hosts.join(","))
        }
        // What is logged is said by --log.
        "RUST_LOG" => None,
        other => variable(other),
    };
    let settings = Connections::from_lookup(lookup).map_err(|error| {
        let faults = error.faults.iter().map(|fault| format!("{} {}", fault.name, fault.what));
        LiveError::Said(format!("The environment cannot be used: {}.", faults.collect::<Vec<_>>().join("; ")))
    })?;
    let policy = if settings.psa_allow_loopback { AddressPolicy::VendorAndLoopback } else { AddressPolicy::Vendor };
    let http = Http::build(policy, HttpLimits::default()).map_err(StackError::from)?;
    let rules = AddressRules { policy, allowed_hosts: settings.psa_allowed_hosts };
    let mut options = ConnectionOptions::new(http, rules).map_err(StackError::from)?;
    options.sophos.sign_in_url = settings.sophos_sign_in_url;
    options.sophos.api_url = settings.sophos_api_url;
    Ok(options)
}

/// Who decides here, for the audit: the user that this machine knows.
pub(super) fn who() -> String {
    let user = ["USER", "LOGNAME"].into_iter().find_map(variable);
    user.map_or_else(|| "command line".to_owned(), |user| format!("{user} (command line)"))
}
