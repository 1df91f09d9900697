//! A PSA with a little in it, a client that holds every answer against the vendor's document, and short words for both.

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use simulators::connectwise::auth::{Credential, Role};
use simulators::connectwise::schema::{Verdict, validate};
use simulators::connectwise::{ConnectWise, Settings};
use simulators::simulator::serve::Running;

/// The clock of every world stands here.
pub(crate) const NOW: &str = "2025-11-20T08:30:00Z";

const CLIENT_ID: &str = "2f0c3b62-5b4e-4c1d-9a55-0d9d3b8f6a11";

/// A served PSA: company 1 with agreement 1; products 1 (price 4.5, cost 2), 2 (Bundle class), 3 (inactive), 4.
pub(crate) struct World {
    pub(crate) psa: ConnectWise,
    pub(crate) server: Running,
    pub(crate) subcategory: u32,
    pub(crate) product_type: u32,
    pub(crate) agreement_type: u32,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// The body, after a look at the status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    pub(crate) fn link(&self) -> Option<&str> {
        self.headers.get("link").map(|link| link.to_str().unwrap())
    }

    /// The error codes of the single fields, with the fields: `MissingRequiredField identifier`.
    pub(crate) fn field_errors(&self) -> Vec<String> {
        let errors = self.body["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|one| format!("{} {}", text(&one["code"]), text(&one["field"]))).collect()
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

pub(crate) fn credential(public_key: &str, role: Role) -> Credential {
    Credential {
        company_id: "acme".to_owned(),
        public_key: public_key.to_owned(),
        private_key: "secret".to_owned(),
        member: "Integrator".to_owned(),
        role,
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        let psa = ConnectWise::new(settings);
        psa.set_now(NOW.parse().unwrap());
        psa.add_credential(credential("public", Role::administrator()));
        let category = psa.add_category("Security").unwrap();
        let subcategory = psa.add_subcategory(category, "Subscriptions").unwrap();
        let product_type = psa.add_product_type("Software").unwrap();
        let unit = psa.add_unit_of_measure("Each").unwrap();
        let basis = |more: Value| {
            let mut fields = json!({"subcategory": {"id": subcategory}, "type": {"id": product_type},
                "unitOfMeasure": {"id": unit}, "price": 4.5, "cost": 2});
            fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            fields
        };
        psa.add_catalog_item("Endpoint", "Endpoint protection", basis(json!({}))).unwrap();
        psa.add_catalog_item("Suite", "Security suite", basis(json!({"productClass": "Bundle"}))).unwrap();
        psa.add_catalog_item("Old", "Old antivirus", basis(json!({"inactiveFlag": true}))).unwrap();
        psa.add_catalog_item("Server", "Server protection", basis(json!({"price": 9.25, "cost": 5}))).unwrap();
        let company = psa.add_company("ADL", "Adler Bakery").unwrap();
        let agreement_type = psa.add_agreement_type("Managed services").unwrap();
        psa.add_agreement(company, agreement_type, "Adler security", json!({})).unwrap();
        let server = psa.start(0).await.unwrap();
        Self { psa, server, subcategory, product_type, agreement_type }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}/v4_6_release/apis/3.0{path}", self.server.url())
    }

    /// A call with good keys.
    pub(crate) fn call(&self, method: Method, path: &str) -> RequestBuilder {
        self.call_as("public", method, path)
    }

    pub(crate) fn call_as(&self, public_key: &str, method: Method, path: &str) -> RequestBuilder {
        let user = format!("acme+{public_key}");
        let call = http().request(method, self.url(path));
        call.basic_auth(user, Some("secret")).header("clientId", CLIENT_ID)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.call(Method::GET, path)).await
    }

    pub(crate) async fn list(&self, path: &str, query: &[(&str, &str)]) -> Answer {
        send(self.call(Method::GET, path).query(query)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        send(self.call(Method::POST, path).json(&body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        send(self.call(Method::PUT, path).json(&body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        send(self.call(Method::PATCH, path).json(&body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        send(self.call(Method::DELETE, path)).await
    }

    /// The ids of the records that a condition admits.
    pub(crate) async fn ids_where(&self, path: &str, conditions: &str) -> Vec<u64> {
        let found = self.list(path, &[("conditions", conditions)]).await.expect(200);
        found.as_array().unwrap().iter().map(|record| record["id"].as_u64().unwrap()).collect()
    }

    /// A valid body for a new catalog item.
    pub(crate) fn item(&self, identifier: &str) -> Value {
        json!({"identifier": identifier, "description": "New", "customerDescription": "New",
            "subcategory": {"id": self.subcategory}, "type": {"id": self.product_type}})
    }
}

/// A client that opens a connection for each call, so that a connection closed by a fault belongs to that call alone.
pub(crate) fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap()
}

/// Sends a call and holds its answer against the vendor's document.
pub(crate) async fn send(call: RequestBuilder) -> Answer {
    let request = call.build().unwrap();
    let (method, path) = (request.method().clone(), request.url().path().to_owned());
    let answer = http().execute(request).await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let body = answer.text().await.unwrap();
    let body = serde_json::from_str(&body).unwrap_or(Value::String(body));
    if !body.is_string() {
        let verdict = validate(&path, method.as_str(), status, &body);
        assert!(!matches!(verdict, Verdict::Broken(_)), "{method} {path} {status}: {verdict:?} {body}");
    }
    Answer { status, headers, body }
}
