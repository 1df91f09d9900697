//! The HTTP client of both services: bounded in time and size, without redirects.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use super::address::AddressPolicy;
use super::resolver::{PublicOnly, resolve_by_system};

/// The limits of a call.
#[derive(Clone, Copy, Debug)]
pub struct HttpLimits {
    /// Until the connection is established, with name resolution and TLS; 5 s by default.
    pub connect_timeout: Duration,
    /// From the first byte of the request to the last of the response; 30 s by default.
    pub call_timeout: Duration,
    /// The largest response that is read; 16 MiB by default, ten times a full page of either service.
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

/// The client could not be built: the TLS set-up of this machine is broken.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the HTTP client could not be built: {why}")]
pub struct HttpError {
    why: String,
}

/// An HTTP client, built once for all partners; clones share its connections.
#[derive(Clone, Debug)]
pub struct Http {
    pub(super) client: reqwest::Client,
    pub(super) limits: HttpLimits,
}

impl Http {
    /// Builds a client that follows no redirect, retries nothing and uses no proxy: a proxy would resolve names without
    /// the policy.
    ///
    /// # Errors
    /// The TLS set-up of this machine is broken.
    pub fn build(policy: AddressPolicy, limits: HttpLimits) -> Result<Self, HttpError> {
        Self::build_with(policy, limits, resolve_by_system)
    }

    /// As [`Self::build`], with another name resolution.
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
