//! A partner with a simulated ConnectWise behind the function.

use axum::Router;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use shared::client::credentials::{ConnectWiseCredentials, Credentials};
use shared::ports::{Seal, Sealed};
use shared::seal::LocalSeal;
use shared::store::Store;
use shared::table::Table;
use simulators::connectwise::auth::{Credential, Role};
use simulators::connectwise::{Collection, ConnectWise, Settings};
use simulators::simulator::serve::Running;

use super::{partner, serving, store};

/// Partner 1 with the products of [`store`], and a ConnectWise with a few products.
pub(super) struct Shop {
    pub(super) psa: ConnectWise,
    pub(super) app: Router,
    running: Running,
    basis: Value,
}

impl Shop {
    pub(super) async fn open() -> Self {
        Self::on(store().await, serving).await
    }

    /// A function on a store, as `serve` makes it.
    pub(super) async fn on<T: Table>(store: Store<T>, serve: impl FnOnce(Store<T>, LocalSeal) -> Router) -> Self {
        let (seal, psa) = (LocalSeal::ephemeral(), ConnectWise::new(Settings::default()));
        let category = psa.add_category("Security").unwrap();
        let subcategory = psa.add_subcategory(category, "Subscriptions").unwrap();
        let kind = psa.add_product_type("Service").unwrap();
        psa.add_credential(Credential {
            company_id: "acme".to_owned(),
            public_key: "public".to_owned(),
            private_key: "private".to_owned(),
            member: "API".to_owned(),
            role: Role::integrator(),
        });
        let running = psa.start(0).await.unwrap();
        let credentials = credentials(&running.url());
        let sealed: Sealed = seal.seal(partner(1), credentials.to_json().expose_secret()).await.unwrap();
        store.put_credentials(partner(1), &sealed).await.unwrap();
        local_stack::stack::claim(&store, partner(1), &credentials).await.unwrap();
        let app = serve(store, seal);
        Self { psa, app, running, basis: json!({"subcategory": {"id": subcategory}, "type": {"id": kind}}) }
    }

    /// A ConnectWise product, with more fields.
    pub(super) fn product(&self, identifier: &str, description: &str, more: &Value) -> u32 {
        let mut fields = self.basis.clone();
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.psa.add_catalog_item(identifier, description, fields).unwrap()
    }

    /// Changes a ConnectWise product behind our back.
    pub(super) fn edit(&self, id: u32, change: &Value) {
        self.psa.edit(Collection::Catalog, 0, id, change).unwrap();
    }

    /// ConnectWise goes away.
    pub(super) async fn close(self) {
        self.running.stop().await;
    }
}

fn credentials(site: &str) -> Credentials {
    Credentials {
        connectwise: Some(ConnectWiseCredentials {
            site: site.to_owned(),
            company: "acme".to_owned(),
            public_key: "public".into(),
            private_key: "private".into(),
            client_id: "00000000-0000-4000-8000-000000000000".into(),
        }),
        sophos: None,
    }
}
