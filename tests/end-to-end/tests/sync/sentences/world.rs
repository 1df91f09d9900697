//! A partner whose usage, ConnectWise and API are all there, and what a person does with them.

use std::collections::BTreeMap;
use std::time::Duration;

use local_stack::demo::{Demo, Size, TypedIn};
use local_stack::stack::{Api, LONGEST_SLICE, Stack, StackOptions};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use shared::domain::month::UsageMonth;
use shared::domain::run::{Run, RunKind, RunRequest, RunState};
use shared::ids::UuidV7;
use shared::ports::Ids;
use simulators::connectwise::{Collection, Row};
use simulators::sophos::UsageRow;
use usage_sync::Limits;
use uuid::Uuid;

/// Names and ids of customers follow from it.
const SEED: u64 = 23;
/// Who uses what: each product has a quantity for each of them.
const CUSTOMERS: usize = 2;

/// The two Sophos products that are mapped and on from the start.
pub(crate) const INTERCEPT: &str = "CIXA-MSP";
pub(crate) const ENDPOINT: &str = "CEP";
/// Two that no usage has named so far.
pub(crate) const XDR: &str = "CIXAXDR";
pub(crate) const EMAIL: &str = "CEMA";

/// How each pair of a run ended, by Sophos product and in the order of the ledger.
pub(crate) type Outcomes = BTreeMap<String, Vec<String>>;

pub(crate) fn november() -> UsageMonth {
    UsageMonth::parse("2026-11").unwrap()
}

/// A usage line for each customer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Used {
    code: &'static str,
    called: &'static str,
    units: [i64; CUSTOMERS],
}

/// What the customers use of a Sophos product.
pub(crate) const fn used(code: &'static str, units: [i64; CUSTOMERS]) -> Used {
    Used { code, called: "Central Protection", units }
}

impl Used {
    /// The same under another name.
    pub(crate) const fn called(self, called: &'static str) -> Self {
        Self { called, ..self }
    }
}

/// An answer of the API.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) etag: String,
    pub(crate) body: Value,
}

impl Answer {
    /// Status and code of a problem.
    pub(crate) fn refusal(&self) -> (u16, &str) {
        (self.status, self.body["code"].as_str().unwrap_or_default())
    }

    /// The body of what must have gone well.
    #[track_caller]
    pub(crate) fn done(self) -> Value {
        assert!(matches!(self.status, 200 | 201), "{} {}", self.status, self.body);
        self.body
    }
}

/// The partner, and a person with a token.
pub(crate) struct World {
    pub(crate) stack: Stack,
    api: Api,
    client: reqwest::Client,
    token: String,
}

impl World {
    /// Two customers that use two mapped products, none of which ConnectWise bills yet.
    pub(crate) async fn open() -> Self {
        println!("the partner of seed {SEED}");
        let size = Size { seed: SEED, customers: CUSTOMERS, products: 2 };
        // Nothing waits for real: what has to wait is delivered again at once.
        let limits = Limits { wait_s: 0, attempts: 3, ..Limits::default() };
        let options = StackOptions { size, month: november(), data: None, limits, slice: LONGEST_SLICE };
        let stack = Stack::start_for(Demo::plain(size, TypedIn::Nothing), options).await.unwrap();
        // Whenever the test runs: a month is never too new.
        let mut settings = stack.store.find_settings(stack.demo.partner()).await.unwrap().unwrap();
        settings.guards.new_month_days = 0;
        stack.store.put_settings(stack.demo.partner(), &settings).await.unwrap();
        let api = stack.serve_functions(0).await.unwrap();
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build().unwrap();
        let token = api.token().unwrap();
        let world = Self { stack, api, client, token };
        world.uses(november(), &[used(INTERCEPT, [12, 7]), used(ENDPOINT, [5, 3])]);
        world
    }

    /// The same once a person has applied the first preview: ConnectWise bills 12 and 7, 5 and 3.
    pub(crate) async fn billing() -> Self {
        let world = Self::open().await;
        world.apply(november()).await;
        world
    }

    /// This, and nothing else, is a month's usage.
    pub(crate) fn uses(&self, month: UsageMonth, all: &[Used]) {
        let customers: Vec<Uuid> =
            (0..CUSTOMERS).map(|n| self.stack.demo.customer(n).to_string().parse().unwrap()).collect();
        let lines = |used: &Used| {
            let line = |(id, units): (&Uuid, i64)| UsageRow {
                product_description: used.called.to_owned(),
                ..UsageRow::new(*id, used.code, units)
            };
            customers.iter().zip(used.units).map(line).collect::<Vec<_>>()
        };
        let rows: Vec<UsageRow> = all.iter().flat_map(lines).collect();
        self.stack.demo.set_usage(&self.stack.sophos, month, &rows);
    }

    async fn run(&self, request: RunRequest) -> Run {
        let run = self.stack.run(request, |_| {}).await.unwrap();
        assert_eq!(run.state, RunState::Succeeded, "{:?}", run.tally.counts);
        run
    }

    async fn outcomes(&self, run: &Run) -> Outcomes {
        let mut outcomes = Outcomes::new();
        for line in self.stack.ledger(&run.id).await.unwrap().into_iter().flat_map(|entry| entry.lines) {
            outcomes.entry(line.code.unwrap().to_string()).or_default().push(line.outcome.code());
        }
        outcomes
    }

    /// A person previews a month and applies that.
    pub(crate) async fn apply(&self, month: UsageMonth) -> Outcomes {
        let preview = self.run(self.stack.request(RunKind::Preview, month, None)).await;
        let run = self.run(self.stack.request(RunKind::Apply, month, Some(preview.id))).await;
        self.outcomes(&run).await
    }

    /// *Sync now*.
    pub(crate) async fn sync(&self, month: UsageMonth) -> Outcomes {
        let run = self.run(self.stack.request(RunKind::Now, month, None)).await;
        self.outcomes(&run).await
    }

    /// The schedule's run of a month.
    pub(crate) async fn night(&self, month: UsageMonth) -> Outcomes {
        let request = self.stack.request(RunKind::Scheduled, month, None);
        let run = self.run(request).await;
        self.outcomes(&run).await
    }

    async fn ask(&self, method: Method, path: &str, more: impl FnOnce(RequestBuilder) -> RequestBuilder) -> Answer {
        let url = format!("{}{path}", self.api.gateway.url());
        let answered = more(self.client.request(method, url).bearer_auth(&self.token)).send().await.unwrap();
        let etag = answered.headers().get("etag").map(|tag| tag.to_str().unwrap().to_owned()).unwrap_or_default();
        let status = answered.status().as_u16();
        Answer { status, etag, body: answered.json().await.unwrap() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, |request| request).await
    }

    /// Sends what has an effect, once.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        let key = UuidV7.unique();
        self.ask(Method::POST, path, |request| request.header("idempotency-key", key).json(body)).await
    }

    /// *Save* with one changed row, by a person who reads this language.
    pub(crate) async fn save_in(&self, language: &str, code: &str, change: Value) -> Answer {
        let (key, body) = (UuidV7.unique(), self.changed(code, change).await);
        let path = "/v1/product-mappings/save";
        let more = |request: RequestBuilder| {
            request.header("idempotency-key", key).header("accept-language", language).json(&body)
        };
        self.ask(Method::POST, path, more).await
    }

    /// Changes what was seen under `etag`.
    pub(crate) async fn patch(&self, path: &str, etag: &str, body: &Value) -> Answer {
        self.ask(Method::PATCH, path, |request| request.header("if-match", etag).json(body)).await
    }

    /// What is offered to who typed this.
    pub(crate) async fn typed(&self, text: &str) -> Answer {
        self.ask(Method::GET, "/v1/psa/products/search", |request| request.query(&[("text", text)])).await
    }

    /// All rows of the page.
    pub(crate) async fn rows(&self) -> Vec<Value> {
        let list = self.get("/v1/product-mappings").await.done();
        assert_eq!(list["pages"]["nextKey"], Value::Null, "one page holds them all");
        list["items"].as_array().unwrap().clone()
    }

    /// The row of a Sophos product.
    pub(crate) async fn row(&self, code: &str) -> Value {
        self.rows().await.into_iter().find(|row| row["code"] == code).unwrap_or_else(|| panic!("{code} has no row"))
    }

    /// *Save* with one changed row, as it was last read.
    pub(crate) async fn save(&self, code: &str, change: Value) -> Answer {
        self.post("/v1/product-mappings/save", &self.changed(code, change).await).await
    }

    /// *Apply*, before *Save*: what the row would become. Nothing is stored.
    pub(crate) async fn stage(&self, code: &str, change: Value) -> Value {
        let mut body = self.changed(code, change).await;
        body["validateOnly"] = json!(true);
        let shown = self.post("/v1/product-mappings/save", &body).await.done();
        assert_eq!(shown["applied"], false);
        shown["changes"][0]["after"].clone()
    }

    async fn changed(&self, code: &str, mut change: Value) -> Value {
        change["code"] = json!(code);
        change["version"] = self.row(code).await["version"].clone();
        json!({ "rows": [change] })
    }

    /// The ConnectWise product that a Sophos product is mapped to.
    pub(crate) async fn mapped_to(&self, code: &str) -> u64 {
        let row = self.row(code).await;
        row["psaProductId"].as_u64().unwrap_or_else(|| panic!("{row} names no ConnectWise product"))
    }

    /// ConnectWise's catalogue, as ConnectWise has it.
    pub(crate) fn catalogue(&self) -> Vec<Row> {
        self.stack.psa.records(Collection::Catalog, 0)
    }

    /// A product of the catalogue.
    pub(crate) fn product(&self, id: u64) -> Row {
        self.stack.psa.record(Collection::Catalog, 0, u32::try_from(id).unwrap()).unwrap()
    }

    /// The id of the product that ConnectWise's staff know by this identifier.
    pub(crate) fn identified(&self, identifier: &str) -> u64 {
        let found = self.catalogue().into_iter().find(|product| product["identifier"] == identifier);
        found.unwrap_or_else(|| panic!("ConnectWise has no {identifier}"))["id"].as_u64().unwrap()
    }

    /// Puts a product beside those that ConnectWise has, of the category and type of the first of them.
    pub(crate) fn plant(&self, identifier: &str, description: &str, mut fields: Value) -> u64 {
        let like = &self.catalogue()[0];
        for field in ["subcategory", "type"] {
            fields[field] = json!({"id": like[field]["id"]});
        }
        self.stack.psa.add_catalog_item(identifier, description, fields).unwrap().into()
    }

    /// All additions of a ConnectWise product with their agreements, in the order of the customers.
    pub(crate) fn additions(&self, product: u64) -> Vec<(u32, Row)> {
        let agreements = self.stack.psa.records(Collection::Agreements, 0);
        let ids = agreements.iter().map(|agreement| u32::try_from(agreement["id"].as_u64().unwrap()).unwrap());
        let all = ids.flat_map(|id| self.stack.psa.additions(id).into_iter().map(move |addition| (id, addition)));
        all.filter(|(_, addition)| addition["product"]["id"] == product).collect()
    }

    /// What ConnectWise bills of one of its products: the quantity of each addition, in the order of the customers.
    pub(crate) fn billed(&self, product: u64) -> Vec<f64> {
        self.additions(product).iter().map(|(_, addition)| addition["quantity"].as_f64().unwrap()).collect()
    }

    /// How many additions there are at all.
    pub(crate) fn all_additions(&self) -> usize {
        let products = self.catalogue().into_iter().map(|product| product["id"].as_u64().unwrap());
        products.map(|product| self.additions(product).len()).sum()
    }

    /// Changes all additions of a product as a person in ConnectWise does.
    pub(crate) fn edit_additions(&self, product: u64, change: &Value) {
        for (agreement, addition) in self.additions(product) {
            let id = u32::try_from(addition["id"].as_u64().unwrap()).unwrap();
            self.stack.psa.edit(Collection::Additions, agreement, id, change).unwrap();
        }
    }

    /// What our API member has written to ConnectWise, as verb and path; what people did there does not count.
    pub(crate) fn written(&self) -> Vec<String> {
        let ours = self.stack.psa.writes().into_iter().filter(|write| write.who == "UsageSync");
        ours.map(|write| format!("{} {}", write.verb, write.path)).collect()
    }
}

/// The ids of additions: they tell whether a line is still the same one.
pub(crate) fn ids(additions: &[(u32, Row)]) -> Vec<u64> {
    additions.iter().map(|(_, addition)| addition["id"].as_u64().unwrap()).collect()
}
