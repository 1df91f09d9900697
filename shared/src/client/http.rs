//! The one HTTP client behind both services: bounded in time and size, going nowhere but where it was sent.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use super::address::AddressPolicy;
use super::resolver::{PublicOnly, ask_system};

/// How long a call may take and how much it may answer.
#[derive(Clone, Copy, Debug)]
pub struct HttpLimits {
    /// Until a connection stands, name resolution and TLS included; 5 s by default.
    pub connect_timeout: Duration,
    /// From the request's first byte to the answer's last; 30 s by default.
    pub call_timeout: Duration,
    /// The largest answer that is read; 16 MiB by default, ten times a full page of either service.
    pub max_body_bytes: usize,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            call_timeout: Duration::from_secs(30),
            max_body_bytes: 16 * 1024 * 1024,
        }
    }
}

/// The client could not be built: this machine's TLS set-up is broken.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the HTTP client could not be built: {why}")]
pub struct HttpError {
    why: String,
}

/// An HTTP client; clones share its connections. Built once, used for all partners.
#[derive(Clone, Debug)]
pub struct Http {
    pub(super) client: reqwest::Client,
    pub(super) limits: HttpLimits,
}

impl Http {
    /// Builds a client that follows no redirect, repeats nothing by itself and uses no proxy (a proxy would resolve
    /// names where the policy cannot see it).
    ///
    /// # Errors
    /// [`HttpError`].
    pub fn build(policy: AddressPolicy, limits: HttpLimits) -> Result<Self, HttpError> {
        Self::build_with(policy, limits, ask_system)
    }

    /// The same, with another way to look up names.
    pub(super) fn build_with<L, F>(policy: AddressPolicy, limits: HttpLimits, lookup: L) -> Result<Self, HttpError>
    where
        L: Fn(String) -> F + Send + Sync + 'static,
        F: Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static,
    {
        let client = reqwest::Client::builder()
            .connect_timeout(limits.connect_timeout)
            .timeout(limits.call_timeout)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .https_only(policy == AddressPolicy::Vendor)
            .dns_resolver(PublicOnly { policy, lookup })
            .user_agent(concat!("psa-usage-sync/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| HttpError { why: error.to_string() })?;
        Ok(Self { client, limits })
    }
}
