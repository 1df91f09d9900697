//! From saved credentials to clients: found, opened as those of this partner, connected.

use secrecy::ExposeSecret;
use shared::client::address::{AddressPolicy, AddressRules};
use shared::client::connections::{ConnectionOptions, StoredConnections};
use shared::client::credentials::{ConnectWiseCredentials, Credentials};
use shared::domain::id::PartnerId;
use shared::error::ConnectError;
use shared::ports::{Connections, Psa, Seal, Sealed};
use shared::seal::LocalSeal;
use shared::store::MemoryStore;
use shared::store::PsaDatabase;
use shared::table::memory::MemoryTable;
use wiremock::MockServer;

use crate::served::{PARTNER, connectwise_credentials, discovery, http, sophos_credentials, sophos_sign_in};

const OTHER: &str = "718b6047-2fbc-4f4b-a143-45ee42bf5d3b";

/// A store, a seal, and connections through both to one server.
struct World {
    store: MemoryStore,
    seal: LocalSeal,
    server: MockServer,
}

impl World {
    async fn new() -> Self {
        let server = MockServer::start().await;
        discovery(&server, "v2025_1/").await;
        sophos_sign_in(&server).await;
        Self { store: MemoryStore::default(), seal: LocalSeal::ephemeral(), server }
    }

    /// Saves credentials in the entry of `partner`, sealed for `sealed_for`.
    async fn save(&self, partner: &str, sealed_for: &str, credentials: &Credentials) {
        let text = credentials.to_json();
        let sealed = self.seal.seal(id(sealed_for), text.expose_secret()).await.unwrap();
        self.store.put_credentials(id(partner), &sealed).await.unwrap();
        if let Some(connectwise) = &credentials.connectwise {
            self.store.claim_psa(id(partner), &database(connectwise)).await.unwrap();
        }
    }

    fn both(&self) -> Credentials {
        Credentials {
            connectwise: Some(connectwise_credentials(&self.server.uri())),
            sophos: Some(sophos_credentials()),
        }
    }

    fn connections(self) -> (StoredConnections<MemoryTable, LocalSeal>, MockServer) {
        let addresses = AddressRules { policy: AddressPolicy::VendorAndLoopback, ..AddressRules::default() };
        let mut options = ConnectionOptions::new(http(), addresses).unwrap();
        options.connectwise.calls_per_minute = 600_000;
        options.sophos.sign_in_url = self.server.uri().parse().unwrap();
        options.sophos.api_url = self.server.uri().parse().unwrap();
        (StoredConnections::new(self.store, self.seal, options), self.server)
    }
}

fn database(credentials: &ConnectWiseCredentials) -> PsaDatabase {
    PsaDatabase::new(credentials.site.trim_start_matches("http://"), &credentials.company)
}

fn id(text: &str) -> PartnerId {
    PartnerId::parse(text).unwrap()
}

#[tokio::test]
async fn a_partner_is_connected_with_its_saved_credentials() {
    let world = World::new().await;
    world.save(PARTNER, PARTNER, &world.both()).await;
    let (connections, _server) = world.connections();
    assert_eq!(connections.psa(id(PARTNER)).await.unwrap().calls(), 1);
    assert_eq!(connections.usage_source(id(PARTNER)).await.unwrap().calls(), 2);
}

#[tokio::test]
async fn a_database_without_an_owner_is_refused_and_a_runs_work_is_noted() {
    let world = World::new().await;
    let both = world.both();
    world.save(PARTNER, PARTNER, &both).await;
    let (store, database) = (world.store.clone(), database(both.connectwise.as_ref().unwrap()));
    let (connections, _server) = world.connections();
    let worked_at = async || store.find_psa_holder(&database).await.unwrap().unwrap().worked_at;
    connections.psa(id(PARTNER)).await.unwrap();
    assert_eq!(worked_at().await, None, "a form is no run");
    let runs = connections.clone().noting_work();
    runs.psa(id(PARTNER)).await.unwrap();
    let first = worked_at().await;
    runs.psa(id(PARTNER)).await.unwrap();
    assert!(first.is_some() && worked_at().await == first, "once a day is enough");
    store.release_psa(id(PARTNER), &database).await.unwrap();
    assert_eq!(runs.psa(id(PARTNER)).await.err(), Some(ConnectError::Unclaimed));
    store.claim_psa(id(OTHER), &database).await.unwrap();
    assert_eq!(runs.psa(id(PARTNER)).await.err(), Some(ConnectError::TakenByAnother));
}

#[tokio::test]
async fn an_unsaved_service_is_named_as_missing() {
    let world = World::new().await;
    world.save(PARTNER, PARTNER, &Credentials { connectwise: None, ..world.both() }).await;
    let (connections, _server) = world.connections();
    let missing = |service| Some(ConnectError::Missing { service });
    assert_eq!(connections.psa(id(PARTNER)).await.err(), missing("ConnectWise"));
    assert_eq!(connections.usage_source(id(OTHER)).await.err(), missing("Sophos"));
}

#[tokio::test]
async fn credentials_sealed_for_another_partner_cannot_be_opened() {
    let world = World::new().await;
    world.save(PARTNER, OTHER, &world.both()).await;
    let (connections, server) = world.connections();
    let error = connections.psa(id(PARTNER)).await.unwrap_err();
    assert!(matches!(error, ConnectError::Seal(_)), "{error}");
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_unsealed_text_is_unusable_and_not_quoted() {
    let world = World::new().await;
    world.store.put_credentials(id(PARTNER), &Sealed("canary".to_owned())).await.unwrap();
    let (connections, _server) = world.connections();
    let error = connections.usage_source(id(PARTNER)).await.unwrap_err();
    assert!(matches!(error, ConnectError::Seal(_)), "{error}");
    assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
}

#[tokio::test]
async fn a_saved_address_that_is_not_allowed_is_not_called() {
    let world = World::new().await;
    let connectwise = connectwise_credentials("http://169.254.169.254");
    world.save(PARTNER, PARTNER, &Credentials { connectwise: Some(connectwise), sophos: None }).await;
    let (connections, _server) = world.connections();
    let error = connections.psa(id(PARTNER)).await.unwrap_err();
    assert!(matches!(error, ConnectError::Unusable { .. }), "{error}");
}
