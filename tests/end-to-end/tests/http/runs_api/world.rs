//! A partner on the local stack, and a person who asks for runs and follows them.

use axum::Router;
use local_stack::api::asking::{Answered, Asking};
use local_stack::demo::{Demo, Size, TypedIn};
use local_stack::stack::{LONGEST_SLICE, Stack, StackOptions};
use serde_json::{Value, json};
use shared::domain::month::UsageMonth;
use shared::ids::UuidV7;
use shared::ports::Ids;
use simulators::sophos::UsageRow;
use usage_sync::Limits;

/// The month of all tests: over, so that nothing is too early.
pub(crate) fn november() -> UsageMonth {
    UsageMonth::parse("2025-11").unwrap()
}

pub(crate) struct World {
    pub(crate) stack: Stack,
    pub(crate) router: Router,
    mappings: Router,
    person: Asking,
}

impl World {
    /// A small partner without awkward cases, none of whose additions are there yet.
    pub(crate) async fn open() -> Self {
        Self::of(Size { seed: 31, customers: 5, products: 3 }).await
    }

    pub(crate) async fn of(size: Size) -> Self {
        println!("the partner of seed {}", size.seed);
        // Nothing waits for real: what has to wait is delivered again at once.
        let limits = Limits { wait_s: 0, attempts: 3, ..Limits::default() };
        let options = StackOptions { size, month: november(), data: None, limits, slice: LONGEST_SLICE };
        let stack = Stack::start_for(Demo::plain(size, TypedIn::Nothing), options).await.unwrap();
        let mut routers: std::collections::BTreeMap<_, _> =
            stack.local_api().unwrap().by_folder().into_iter().collect();
        let (router, mappings) = (routers.remove("sync-runs").unwrap(), routers.remove("mappings").unwrap());
        let person = Asking::new(stack.demo.partner(), "psa/read psa/write psa/admin");
        Self { stack, router, mappings, person }
    }

    pub(crate) async fn get(&self, path: &str) -> Answered {
        self.person.get(&self.router, path).await
    }

    pub(crate) async fn get_in(&self, language: &str, path: &str) -> Answered {
        self.person.ask(&self.router, &format!("GET {path}"), &[("accept-language", language)], None).await
    }

    /// Sends what has an effect, once.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answered {
        self.post_with(&UuidV7.unique(), path, body).await
    }

    pub(crate) async fn post_in(&self, language: &str, path: &str, body: &Value) -> Answered {
        let headers = [("idempotency-key", &*UuidV7.unique()), ("accept-language", language)];
        self.person.ask(&self.router, &format!("POST {path}"), &headers, Some(body)).await
    }

    pub(crate) async fn post_with(&self, key: &str, path: &str, body: &Value) -> Answered {
        self.person.ask(&self.router, &format!("POST {path}"), &[("idempotency-key", key)], Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, etag: &str, body: &Value) -> Answered {
        self.person.ask(&self.router, &format!("PUT {path}"), &[("if-match", etag)], Some(body)).await
    }

    /// Switches a product's sync on or off, as its row's toggle does.
    pub(crate) async fn toggle(&self, code: &str, sync: bool) {
        let rows = self.get_mappings().await;
        let row = rows["items"].as_array().unwrap().iter().find(|row| row["code"] == code).unwrap();
        let body = json!({ "rows": [{ "code": code, "version": row["version"], "sync": sync }] });
        let saved = self.post_mappings(&UuidV7.unique(), &body).await;
        assert_eq!(saved.status, 200, "{}", saved.body);
    }

    pub(crate) async fn get_mappings(&self) -> Value {
        self.person.get(&self.mappings, "/v1/product-mappings?pageSize=100").await.body
    }

    pub(crate) async fn post_mappings(&self, key: &str, body: &Value) -> Answered {
        let head = "POST /v1/product-mappings/save";
        self.person.ask(&self.mappings, head, &[("idempotency-key", key)], Some(body)).await
    }

    /// The run that was started, once it is over.
    pub(crate) async fn follow(&self, started: Answered) -> Value {
        assert_eq!(started.status, 202, "{}", started.body);
        let place = started.header("location").to_owned();
        assert_eq!(place, format!("/v1/sync/runs/{}", started.body["runId"].as_str().unwrap()));
        self.stack.queue.drained().await;
        let shown = self.get(&place).await;
        assert_eq!(shown.status, 200, "{}", shown.body);
        assert_ne!(shown.body["state"], "running", "{}", shown.body);
        shown.body
    }

    pub(crate) async fn preview(&self, body: &Value) -> Value {
        self.follow(self.post("/v1/sync/previews", &with_month(body)).await).await
    }

    pub(crate) async fn apply(&self, preview: &Value) -> Value {
        let path = format!("/v1/sync/previews/{}/apply", id_of(preview));
        self.follow(self.post(&path, &json!({})).await).await
    }

    pub(crate) async fn sync_now(&self, body: &Value) -> Value {
        self.follow(self.post("/v1/sync/runs", &with_month(body)).await).await
    }

    /// All lines of a run, page by page.
    pub(crate) async fn lines(&self, run: &Value, filter: &str) -> Vec<Value> {
        let path = format!("/v1/sync/runs/{}/lines?pageSize=4{filter}", id_of(run));
        let (mut lines, mut key) = (Vec::new(), None);
        loop {
            let from = key.map_or_else(String::new, |key: String| format!("&pageFromKey={key}"));
            let page = self.get(&format!("{path}{from}")).await;
            assert_eq!(page.status, 200, "{}", page.body);
            lines.extend(page.body["items"].as_array().unwrap().iter().cloned());
            key = page.body["pages"]["nextKey"].as_str().map(str::to_owned);
            if key.is_none() {
                return lines;
            }
        }
    }

    /// Multiplies what every customer uses.
    pub(crate) fn usage_times(&self, factor: fn(i64) -> i64) {
        let rows = self.stack.demo.usage_rows(november()).into_iter();
        let rows: Vec<UsageRow> = rows
            .map(|row| {
                let units = factor(row.billable_quantity);
                UsageRow { billable_quantity: units, ..row }
            })
            .collect();
        self.stack.demo.set_usage(&self.stack.sophos, november(), &rows);
    }
}

fn with_month(body: &Value) -> Value {
    let mut body = body.clone();
    body.as_object_mut().unwrap().entry("month").or_insert_with(|| november().to_string().into());
    body
}

pub(crate) fn id_of(run: &Value) -> &str {
    run["runId"].as_str().unwrap()
}
