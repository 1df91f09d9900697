//! From a partner's saved credentials to a client: opened, read, connected, never kept.

use super::address::AddressRules;
use super::connectwise::{ConnectWise, ConnectWiseOptions};
use super::credentials::Credentials;
use super::http::Http;
use super::retry::RetryPolicy;
use super::sophos::{SophosCentral, SophosOptions};
use crate::domain::id::PartnerId;
use crate::error::ConnectError;
use crate::ports::{Connections, Seal, SettingsStore};

const CONNECTWISE: &str = "ConnectWise";
const SOPHOS: &str = "Sophos";

/// How the clients of all partners are made.
#[derive(Clone, Debug)]
pub struct ConnectionOptions {
    /// ConnectWise's.
    pub connectwise: ConnectWiseOptions,
    /// Sophos Central's.
    pub sophos: SophosOptions,
}

impl ConnectionOptions {
    /// The defaults, both clients sending with `http`.
    ///
    /// # Errors
    /// As [`SophosOptions::new`].
    pub fn new(http: Http, addresses: AddressRules) -> Result<Self, url::ParseError> {
        Ok(Self { sophos: SophosOptions::new(http.clone())?, connectwise: ConnectWiseOptions::new(http, addresses) })
    }
}

impl ConnectionOptions {
    /// The same for calls that a person waits for: they give up in seconds rather than minutes.
    #[must_use]
    pub fn interactive(mut self) -> Self {
        let policy = RetryPolicy::interactive();
        (self.connectwise.reads, self.connectwise.writes, self.sophos.reads) = (policy, policy, policy);
        self
    }
}

/// Connections by what partners have saved in the store.
#[derive(Clone, Debug)]
pub struct StoredConnections<S, K> {
    store: S,
    seal: K,
    options: ConnectionOptions,
}

impl<S: SettingsStore, K: Seal> StoredConnections<S, K> {
    /// Reads from `store` and opens with `seal`.
    pub const fn new(store: S, seal: K, options: ConnectionOptions) -> Self {
        Self { store, seal, options }
    }

    async fn credentials(&self, partner: PartnerId, service: &'static str) -> Result<Credentials, ConnectError> {
        let unusable = |why: String| ConnectError::Unusable { service, why };
        let sealed = self.store.find_credentials(partner).await?;
        let sealed = sealed.ok_or(ConnectError::Missing { service })?;
        let opened = self.seal.open(partner, &sealed).await?;
        Credentials::parse(&opened).map_err(|error| unusable(error.to_string()))
    }
}

impl<S: SettingsStore, K: Seal> Connections for StoredConnections<S, K> {
    type Psa = ConnectWise;
    type UsageSource = SophosCentral;

    async fn psa(&self, partner: PartnerId) -> Result<ConnectWise, ConnectError> {
        let saved = self.credentials(partner, CONNECTWISE).await?.connectwise;
        let credentials = saved.ok_or(ConnectError::Missing { service: CONNECTWISE })?;
        Ok(ConnectWise::connect(&credentials, &self.options.connectwise).await?)
    }

    async fn usage_source(&self, partner: PartnerId) -> Result<SophosCentral, ConnectError> {
        let saved = self.credentials(partner, SOPHOS).await?.sophos;
        let credentials = saved.ok_or(ConnectError::Missing { service: SOPHOS })?;
        Ok(SophosCentral::connect(partner, &credentials, &self.options.sophos).await?)
    }
}
