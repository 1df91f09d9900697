//! Both simulators behind the routes of `connections`.

use axum::Router;
use connections::{World, app};
use jiff::Timestamp;
use local_stack::api::asking::{Answered, Asking, options};
use local_stack::api::limits::forget_limits;
use serde_json::{Value, json};
use shared::client::address::{AddressPolicy, AddressRules};
use shared::client::connections::ConnectionOptions;
use shared::client::http::{Http, HttpLimits};
use shared::domain::id::PartnerId;
use shared::ports::Clock;
use shared::seal::LocalSeal;
use shared::store::MemoryStore;
use shared::table::memory::MemoryTable;
use simulators::connectwise::auth::{Credential, Role};
use simulators::connectwise::{ConnectWise, Settings};
use simulators::simulator::faults::{Fault, FaultPlan};
use simulators::simulator::serve::Running;
use simulators::sophos::{Config, Sophos, start};
use uuid::Uuid;

pub(crate) const CLIENT_ID: &str = "00000000-0000-4000-8000-00000000abcd";
pub(crate) const CONNECTWISE: &str = "/v1/connections/connectwise";
pub(crate) const SOPHOS: &str = "/v1/connections/sophos";
pub(crate) const WRITES: &str = "/v1/connections/writes";

/// A clock that stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }
}

pub(crate) fn partner(n: u128) -> PartnerId {
    PartnerId::from_uuid(Uuid::from_u128(0xaaaa_0000 << 96 | n))
}

/// An administrator of a partner.
pub(crate) fn admin(n: u128) -> Asking {
    Asking::new(partner(n), "psa/read psa/admin").claim("email", Some("ann@msp.example"))
}

/// The simulators, a store, and the routes between them.
pub(crate) struct Served {
    pub(crate) psa: ConnectWise,
    pub(crate) sophos: Sophos,
    pub(crate) store: MemoryStore,
    pub(crate) table: MemoryTable,
    pub(crate) seal: LocalSeal,
    pub(crate) app: Router,
    psa_server: Running,
    sophos_server: Running,
}

impl Served {
    /// ConnectWise's companies `acme` and `other`, and partners 1 and 17 of Sophos.
    pub(crate) async fn new() -> Self {
        Self::with(Settings::default(), Role::integrator()).await
    }

    pub(crate) async fn with(settings: Settings, role: Role) -> Self {
        let psa = ConnectWise::new(settings);
        for company in ["acme", "other"] {
            psa.add_credential(Credential {
                company_id: company.to_owned(),
                public_key: "public-key-wxyz".to_owned(),
                private_key: "private".to_owned(),
                member: "API".to_owned(),
                role: role.clone(),
            });
        }
        let sophos = Sophos::new(Config::default());
        for n in [1, 0x11] {
            let id = Uuid::parse_str(&partner(n).to_string()).unwrap();
            sophos.add_partner(id, &format!("client-of-{n:04}"), "sophos-secret");
        }
        let psa_server = psa.start(0).await.unwrap();
        let sophos_server = start(&sophos, 0).await.unwrap();
        let (table, seal) = (MemoryTable::default(), LocalSeal::ephemeral());
        let store = MemoryStore::on(table.clone());
        let world =
            World { store: store.clone(), seal: seal.clone(), clock: Noon, options: calls(&sophos_server.url()) };
        let app = app(world, options());
        Self { psa, sophos, store, table, seal, app, psa_server, sophos_server }
    }

    pub(crate) fn site(&self) -> String {
        self.psa_server.url()
    }

    pub(crate) fn sophos_url(&self) -> String {
        self.sophos_server.url()
    }

    /// A connection to ConnectWise that works.
    pub(crate) fn connectwise(&self) -> Value {
        json!({
            "site": self.site(), "company": "acme", "publicKey": "public-key-wxyz", "privateKey": "private",
            "clientId": CLIENT_ID,
        })
    }

    /// The same with another value of a field.
    pub(crate) fn connectwise_but(&self, field: &str, value: &str) -> Value {
        let mut connection = self.connectwise();
        connection[field] = value.into();
        connection
    }

    /// Lets partners 1 and 17 try as often as they like.
    pub(crate) async fn forget_limits(&self) {
        for n in [1, 0x11] {
            forget_limits(&self.table, partner(n)).await.unwrap();
        }
    }

    /// Saves a connection to ConnectWise, over whatever there is.
    pub(crate) async fn save(&self, asking: &Asking, connection: Value) -> Answered {
        let zone = match self.get_writes_version(asking).await {
            0 => json!("Europe/Rome"),
            _ => Value::Null,
        };
        let body = json!({"connection": connection, "timeZone": zone});
        asking.ask(&self.app, &format!("PUT {CONNECTWISE}"), &[("if-match", "*")], Some(&body)).await
    }

    async fn get_writes_version(&self, asking: &Asking) -> u64 {
        let tag = asking.get(&self.app, WRITES).await.header("etag").to_owned();
        tag.trim_matches('"').split('.').next().unwrap().parse().unwrap()
    }

    pub(crate) async fn save_sophos(&self, asking: &Asking, client_id: &str, secret: &str) -> Answered {
        let body = json!({"connection": {"clientId": client_id, "clientSecret": secret}});
        asking.ask(&self.app, &format!("PUT {SOPHOS}"), &[("if-match", "*")], Some(&body)).await
    }

    pub(crate) async fn test(&self, asking: &Asking, service: &str, connection: Option<Value>) -> Answered {
        let body = connection.map_or(json!({}), |connection| json!({"connection": connection}));
        asking.ask(&self.app, &format!("POST {service}/test"), &[], Some(&body)).await
    }

    pub(crate) async fn shown(&self, asking: &Asking) -> Value {
        asking.get(&self.app, "/v1/connections").await.body
    }

    pub(crate) async fn switch(&self, asking: &Asking, writes: bool) -> Answered {
        let body = json!({"writes": writes});
        asking.ask(&self.app, &format!("PUT {WRITES}"), &[("if-match", "*")], Some(&body)).await
    }

    pub(crate) async fn writes(&self, asking: &Asking) -> bool {
        asking.get(&self.app, WRITES).await.body["writes"].as_bool().unwrap()
    }

    pub(crate) async fn remove(&self, asking: &Asking, service: &str) -> Answered {
        asking.ask(&self.app, &format!("DELETE {service}"), &[("if-match", "*")], None).await
    }

    pub(crate) fn faults(&self, faults: impl IntoIterator<Item = Fault>) {
        self.psa.gate().set_faults(FaultPlan::of(1, faults)).unwrap();
    }
}

/// Calls to simulators: any ConnectWise on this machine, and Sophos at `sophos`.
pub(crate) fn calls(sophos: &str) -> ConnectionOptions {
    let policy = AddressPolicy::VendorAndLoopback;
    let http = Http::build(policy, HttpLimits::default()).unwrap();
    let mut options = ConnectionOptions::new(http, AddressRules { policy, ..AddressRules::default() }).unwrap();
    options.sophos.sign_in_url = sophos.parse().unwrap();
    options.sophos.api_url = sophos.parse().unwrap();
    options.connectwise.calls_per_minute = 600_000;
    options
}

/// Status and code, for comparisons.
pub(crate) fn refused(answered: &Answered) -> (u16, &str) {
    (answered.status.as_u16(), answered.code())
}
