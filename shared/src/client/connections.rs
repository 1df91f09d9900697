//! From a partner's saved credentials to a client. The credentials are not kept.

use super::address::{AddressRules, PsaAddress};
use super::connectwise::{ConnectWise, ConnectWiseOptions};
use super::credentials::{ConnectWiseCredentials, Credentials};
use super::http::Http;
use super::retry::RetryPolicy;
use super::sophos::{SophosCentral, SophosOptions};
use crate::clock::SystemClock;
use crate::domain::id::PartnerId;
use crate::error::ConnectError;
use crate::ports::{Clock, Connections, Seal};
use crate::store::{PsaDatabase, PsaOwner, Store};
use crate::table::Table;

const CONNECTWISE: &str = "ConnectWise";
const SOPHOS: &str = "Sophos";

/// How the clients of all partners are configured.
#[derive(Clone, Debug)]
pub struct ConnectionOptions {
    pub connectwise: ConnectWiseOptions,
    /// For Sophos Central.
    pub sophos: SophosOptions,
}

impl ConnectionOptions {
    /// The defaults; both clients send through `http`.
    ///
    /// # Errors
    /// As [`SophosOptions::new`].
    pub fn new(http: Http, addresses: AddressRules) -> Result<Self, url::ParseError> {
        Ok(Self { sophos: SophosOptions::new(http.clone())?, connectwise: ConnectWiseOptions::new(http, addresses) })
    }
}

impl ConnectionOptions {
    /// The same for calls that a person waits for: they give up within seconds.
    #[must_use]
    pub fn interactive(mut self) -> Self {
        let policy = RetryPolicy::interactive();
        (self.connectwise.reads, self.connectwise.writes, self.sophos.reads) = (policy, policy, policy);
        self
    }
}

/// Connections with the credentials that partners have saved in the store.
#[derive(Clone, Debug)]
pub struct StoredConnections<T, K, C = SystemClock> {
    store: Store<T>,
    seal: K,
    clock: C,
    options: ConnectionOptions,
    notes_work: bool,
}

impl<T: Table, K: Seal> StoredConnections<T, K> {
    /// Reads from `store` and opens with `seal`. All clients of one ConnectWise share its limit through `store`.
    pub const fn new(store: Store<T>, seal: K, options: ConnectionOptions) -> Self {
        Self { store, seal, clock: SystemClock, options, notes_work: false }
    }
}

impl<T: Table, K: Seal, C: Clock> StoredConnections<T, K, C> {
    /// The same with another clock than the machine's.
    pub fn by_clock<D: Clock>(self, clock: D) -> StoredConnections<T, K, D> {
        let Self { store, seal, options, notes_work, .. } = self;
        StoredConnections { store, seal, clock, options, notes_work }
    }

    /// The same for runs: it notes that a run works with a ConnectWise database, which keeps the database the
    /// partner's.
    #[must_use]
    pub fn noting_work(self) -> Self {
        Self { notes_work: true, ..self }
    }

    async fn credentials(&self, partner: PartnerId, service: &'static str) -> Result<Credentials, ConnectError> {
        let unusable = |why: String| ConnectError::Unusable { service, why };
        let sealed = self.store.find_credentials(partner).await?;
        let sealed = sealed.ok_or(ConnectError::Missing { service })?;
        let opened = self.seal.open(partner, &sealed).await?;
        Credentials::parse(&opened).map_err(|error| unusable(error.to_string()))
    }
}

impl<T: Table, K, C: Clock> StoredConnections<T, K, C> {
    /// Two partners never write to one ConnectWise database: each would take the other's writes for manual edits. A
    /// database without an owner is refused too; saving the connection claims it.
    async fn check_owner(&self, partner: PartnerId, credentials: &ConnectWiseCredentials) -> Result<(), ConnectError> {
        let address = PsaAddress::parse(&credentials.site, &self.options.connectwise.addresses);
        let address =
            address.map_err(|error| ConnectError::Unusable { service: CONNECTWISE, why: error.to_string() })?;
        let database = PsaDatabase::new(&address.host(), &credentials.company);
        match self.store.find_psa_owner(partner, &database).await? {
            PsaOwner::Another => return Err(ConnectError::TakenByAnother),
            PsaOwner::Nobody => return Err(ConnectError::Unclaimed),
            PsaOwner::Asker => {}
        }
        if self.notes_work
            && let Err(error) = self.store.note_worked(partner, &database, self.clock.now()).await
        {
            // The next run notes it again.
            tracing::warn!(%partner, %error, "that a run works with its ConnectWise database was not noted");
        }
        Ok(())
    }
}

impl<T, K, C> Connections for StoredConnections<T, K, C>
where
    T: Table,
    K: Seal,
    C: Clock + Clone + 'static,
{
    type Psa = ConnectWise;
    type UsageSource = SophosCentral;

    async fn psa(&self, partner: PartnerId) -> Result<ConnectWise, ConnectError> {
        let saved = self.credentials(partner, CONNECTWISE).await?.connectwise;
        let credentials = saved.ok_or(ConnectError::Missing { service: CONNECTWISE })?;
        self.check_owner(partner, &credentials).await?;
        let (store, clock) = (self.store.clone(), self.clock.clone());
        Ok(ConnectWise::connect_sharing(&credentials, &self.options.connectwise, store, clock).await?)
    }

    async fn usage_source(&self, partner: PartnerId) -> Result<SophosCentral, ConnectError> {
        let saved = self.credentials(partner, SOPHOS).await?.sophos;
        let credentials = saved.ok_or(ConnectError::Missing { service: SOPHOS })?;
        Ok(SophosCentral::connect(partner, &credentials, &self.options.sophos).await?)
    }
}
