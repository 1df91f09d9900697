//! A partner with a simulated ConnectWise, its keys sealed in a store in memory, and the two functions on top.

use std::time::Duration;

use axum::Router;
use local_stack::api::asking::{Answered, Asking, options};
use local_stack::api::held::Standing;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use shared::client::address::{AddressPolicy, AddressRules};
use shared::client::connections::{ConnectionOptions, StoredConnections};
use shared::client::credentials::{ConnectWiseCredentials, Credentials};
use shared::client::http::{Http, HttpLimits};
use shared::domain::id::PartnerId;
use shared::ids::UuidV7;
use shared::ports::Seal;
use shared::seal::LocalSeal;
use shared::store::MemoryStore;
use shared::store::Store;
use shared::table::Table;
use shared::table::memory::MemoryTable;
use simulators::connectwise::auth::{Credential, Role};
use simulators::connectwise::{ConnectWise, Settings};
use simulators::simulator::faults::{Fault, FaultPlan};
use simulators::simulator::serve::Running;
use uuid::Uuid;

pub(crate) fn partner(n: u128) -> PartnerId {
    PartnerId::from_uuid(Uuid::from_u128(0xaaaa_0000 << 96 | n))
}

pub(crate) fn reader(n: u128) -> Asking {
    Asking::new(partner(n), "psa/read")
}

pub(crate) fn writer(n: u128) -> Asking {
    Asking::new(partner(n), "psa/read psa/write").claim("email", Some("billing@msp.example"))
}

/// Both functions as they are served, and what they stand on.
pub(crate) struct World<T = MemoryTable> {
    pub(crate) store: Store<T>,
    pub(crate) search: Router,
    pub(crate) products: Router,
    seal: LocalSeal,
    clock: Standing,
    _keys: tempfile::TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::on(MemoryStore::default())
    }
}

impl<T: Table> World<T> {
    pub(crate) fn on(store: Store<T>) -> Self {
        let keys = tempfile::tempdir().unwrap();
        let seal = LocalSeal::from_file(&keys.path().join("key")).unwrap();
        let policy = AddressPolicy::VendorAndLoopback;
        let http = Http::build(policy, HttpLimits::default()).unwrap();
        let rules = AddressRules { policy, ..AddressRules::default() };
        let mut waits = ConnectionOptions::new(http, rules).unwrap().interactive();
        waits.connectwise.calls_per_minute = 600_000;
        waits.connectwise.reads.first_delay = Duration::from_millis(1);
        waits.connectwise.writes.first_delay = Duration::from_millis(1);
        let connections = StoredConnections::new(store.clone(), seal.clone(), waits);
        let clock = Standing::at("2026-11-23T10:00:00Z".parse().unwrap());
        let search = psa_search::app(psa_search::World::new(connections.clone(), clock.clone()), options());
        let products = psa_products::World { store: store.clone(), connections, clock: clock.clone(), ids: UuidV7 };
        let products = psa_products::app(products, options());
        Self { store, search, products, seal, clock, _keys: keys }
    }

    /// Saves a partner's keys of the ConnectWise at this address.
    pub(crate) async fn connect(&self, partner: PartnerId, site: String) {
        let saved = ConnectWiseCredentials {
            site,
            company: "acme".to_owned(),
            public_key: "public".into(),
            private_key: "private".into(),
            client_id: "00000000-0000-4000-8000-000000000000".into(),
        };
        let credentials = Credentials { connectwise: Some(saved), sophos: None };
        let sealed = self.seal.seal(partner, credentials.to_json().expose_secret()).await.unwrap();
        self.store.put_credentials(partner, &sealed).await.unwrap();
        local_stack::stack::claim(&self.store, partner, &credentials).await.unwrap();
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.clock.pass(seconds);
    }

    /// What a search for a text answers.
    pub(crate) async fn find(&self, asking: &Asking, what: &str, text: &str) -> Answered {
        let text: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        asking.get(&self.search, &format!("/v1/psa/{what}/search?text={text}")).await
    }

    /// What a partner's writer is answered by `psa-products`.
    pub(crate) async fn write(&self, head: &str, headers: &[(&str, &str)], body: &Value) -> Answered {
        writer(1).ask(&self.products, head, headers, Some(body)).await
    }

    /// Creates a product with this key.
    pub(crate) async fn create(&self, key: &str, body: &Value) -> Answered {
        self.write("POST /v1/psa/products", &[("idempotency-key", key)], body).await
    }

    pub(crate) async fn view(&self, id: u64) -> Answered {
        reader(1).get(&self.products, &format!("/v1/psa/products/{id}")).await
    }
}

/// A simulated ConnectWise with one category, subcategory and type.
pub(crate) struct Psa {
    pub(crate) psa: ConnectWise,
    pub(crate) running: Running,
}

impl Psa {
    pub(crate) async fn new(role: Role) -> Self {
        let psa = ConnectWise::new(Settings::default());
        let category = psa.add_category("Security").unwrap();
        psa.add_subcategory(category, "Subscriptions").unwrap();
        psa.add_product_type("Software").unwrap();
        psa.add_credential(Credential {
            company_id: "acme".to_owned(),
            public_key: "public".to_owned(),
            private_key: "private".to_owned(),
            member: "API".to_owned(),
            role,
        });
        let running = psa.start(0).await.unwrap();
        Self { psa, running }
    }

    pub(crate) fn plant(&self, identifier: &str, description: &str, more: &Value) -> u64 {
        let mut fields = json!({"subcategory": {"id": 1}, "type": {"id": 1}, "price": 4.5});
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        u64::from(self.psa.add_catalog_item(identifier, description, fields).unwrap())
    }

    /// All calls that arrived so far.
    pub(crate) fn calls(&self) -> u64 {
        self.psa.gate().counters().tally().total
    }

    /// The calls of one verb that arrived so far.
    pub(crate) fn calls_of(&self, verb: &str) -> u64 {
        self.psa.gate().counters().tally().calls(verb, "")
    }

    pub(crate) fn faults(&self, faults: impl Into<Vec<Fault>>) {
        self.psa.gate().set_faults(FaultPlan { seed: 1, faults: faults.into(), ..FaultPlan::default() }).unwrap();
    }
}

/// Partner 1 with a ConnectWise in which its API member may do all that the sync needs.
pub(crate) async fn served() -> (World, Psa) {
    served_with(Role::integrator()).await
}

pub(crate) async fn served_with(role: Role) -> (World, Psa) {
    let (world, psa) = (World::new(), Psa::new(role).await);
    world.connect(partner(1), psa.running.url()).await;
    (world, psa)
}
