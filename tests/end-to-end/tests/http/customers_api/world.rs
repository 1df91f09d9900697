//! A partner with four Sophos customers and three ConnectWise companies, one agreement each.

use axum::Router;
use local_stack::api::asking::{Answered, Asking, options};
use local_stack::api::mappings_world;
use mappings::app;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use shared::client::credentials::{ConnectWiseCredentials, Credentials};
use shared::domain::customer::Customer;
use shared::domain::id::{CustomerId, PartnerId};
use shared::ids::UuidV7;
use shared::ports::{Ids, Seal};
use shared::seal::LocalSeal;
use shared::store::MemoryStore;
use shared::store::Store;
use shared::table::Table;
use shared::table::memory::MemoryTable;
use simulators::connectwise::auth::{Credential, Role};
use simulators::connectwise::{Collection, ConnectWise, Settings};
use simulators::simulator::serve::Running;
use uuid::Uuid;

pub(crate) const SAVE: &str = "POST /v1/customer-mappings/save";
pub(crate) const IMPORT: &str = "POST /v1/customer-mappings/import";

pub(crate) fn partner() -> PartnerId {
    PartnerId::from_uuid(Uuid::from_u128(0xaaaa_0000 << 96 | 1))
}

/// Their ids sort by number.
pub(crate) fn customer(n: u32) -> CustomerId {
    CustomerId::from_uuid(Uuid::from_u128(u128::from(n) << 96 | 7))
}

pub(crate) fn listed(n: u32, name: &str, billing: &str) -> Customer {
    Customer { id: customer(n), name: name.to_owned(), billing: billing.to_owned(), suspended: false }
}

/// The API before a store, with a ConnectWise.
pub(crate) struct World<T> {
    pub(crate) app: Router,
    pub(crate) store: Store<T>,
    pub(crate) psa: ConnectWise,
    pub(crate) kind: u32,
    /// Adler Bakery, Brook Dental, Cedar Logistics.
    pub(crate) companies: [u32; 3],
    pub(crate) agreements: [u32; 3],
    _running: Running,
}

impl World<MemoryTable> {
    pub(crate) async fn new() -> Self {
        Self::on(MemoryStore::default()).await
    }
}

impl<T> World<T>
where
    T: Table,
{
    pub(crate) async fn on(store: Store<T>) -> Self {
        let psa = ConnectWise::new(Settings::default());
        let kind = psa.add_agreement_type("Managed services").unwrap();
        let names = [("ADLER", "Adler Bakery Ltd"), ("C200", "Brook Dental"), ("C300", "Cedar Logistics")];
        let companies = names.map(|(identifier, name)| psa.add_company(identifier, name).unwrap());
        let agreements =
            [0, 1, 2].map(|n| psa.add_agreement(companies[n], kind, &format!("Security {n}"), json!({})).unwrap());
        psa.add_credential(Credential {
            company_id: "acme".to_owned(),
            public_key: "public".to_owned(),
            private_key: "private".to_owned(),
            member: "API".to_owned(),
            role: Role::integrator(),
        });
        let running = psa.start(0).await.unwrap();
        let connectwise = ConnectWiseCredentials {
            site: running.url(),
            company: "acme".to_owned(),
            public_key: "public".into(),
            private_key: "private".into(),
            client_id: "00000000-0000-4000-8000-000000000000".into(),
        };
        let credentials = Credentials { connectwise: Some(connectwise), sophos: None };
        let seal = LocalSeal::ephemeral();
        let sealed = seal.seal(partner(), credentials.to_json().expose_secret()).await.unwrap();
        store.put_credentials(partner(), &sealed).await.unwrap();
        local_stack::stack::claim(&store, partner(), &credentials).await.unwrap();
        let customers = [
            listed(1, "Adler", "usage"),
            listed(2, "Brook Dental", "usage"),
            listed(3, "Cedar Logistics GmbH", "usage"),
            listed(4, "Delta", "trial"),
        ];
        store.refresh_known_customers(partner(), "", &customers).await.unwrap();
        let app = app(mappings_world(store.clone(), seal).unwrap(), options());
        Self { app, store, psa, kind, companies, agreements, _running: running }
    }

    pub(crate) async fn get(&self, path: &str) -> Answered {
        Asking::new(partner(), "psa/read").get(&self.app, path).await
    }

    pub(crate) async fn post(&self, head: &str, body: &Value) -> Answered {
        let key = UuidV7.unique();
        let asking = Asking::new(partner(), "psa/write");
        asking.ask(&self.app, head, &[("idempotency-key", &key)], Some(body)).await
    }

    /// Saves rows as somebody who reads that language.
    pub(crate) async fn save_in(&self, language: &str, rows: &[Value]) -> Answered {
        let key = UuidV7.unique();
        let headers = [("idempotency-key", key.as_str()), ("accept-language", language)];
        Asking::new(partner(), "psa/write").ask(&self.app, SAVE, &headers, Some(&json!({"rows": rows}))).await
    }

    pub(crate) async fn save(&self, rows: &[Value]) -> Answered {
        self.post(SAVE, &json!({"rows": rows})).await
    }

    /// Saves rows that nothing is wrong with.
    pub(crate) async fn saved(&self, rows: &[Value]) -> Value {
        let saved = self.save(rows).await;
        assert_eq!(saved.status, 200, "{:#}", saved.body);
        saved.body
    }

    pub(crate) async fn row(&self, n: u32) -> Value {
        let shown = self.get(&format!("/v1/customer-mappings/{}", customer(n))).await;
        assert_eq!(shown.status, 200, "{:#}", shown.body);
        shown.body
    }

    /// A row that maps a customer to company and agreement `place`.
    pub(crate) fn map(&self, n: u32, version: u64, place: usize) -> Value {
        map_to(n, version, self.companies[place], self.agreements[place])
    }

    pub(crate) fn edit_agreement(&self, id: u32, fields: &Value) {
        self.psa.edit(Collection::Agreements, 0, id, fields).unwrap();
    }

    pub(crate) fn psa_calls(&self) -> u64 {
        self.psa.gate().counters().tally().total
    }
}

pub(crate) fn map_to(n: u32, version: u64, company: u32, agreement: u32) -> Value {
    json!({"customerId": customer(n).to_string(), "version": version,
        "mapTo": {"companyId": company, "agreementId": agreement}})
}

pub(crate) fn switch(n: u32, version: u64, on: bool) -> Value {
    json!({"customerId": customer(n).to_string(), "version": version, "sync": on})
}

pub(crate) fn unmap(n: u32, version: u64) -> Value {
    json!({"customerId": customer(n).to_string(), "version": version, "unmap": true})
}

/// Pointer and code of each error.
pub(crate) fn errors(answered: &Answered) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let errors = answered.body["errors"].as_array().unwrap_or_else(|| panic!("{:#}", answered.body));
    errors.iter().map(|error| (text(&error["pointer"]), text(&error["code"]))).collect()
}

pub(crate) fn told(pointer: &str, code: &str) -> (String, String) {
    (pointer.to_owned(), code.to_owned())
}
