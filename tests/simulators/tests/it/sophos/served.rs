//! A served simulator with one partner, and a client that says in each call which status it expects.

use std::time::Duration;

use jiff::civil::{Date, date};
use reqwest::{Client, Response, StatusCode};
use serde_json::Value;
use simulators::simulator::serve::Running;
use simulators::sophos::{Config, Sophos, Tenant, UsageRow, start};
use uuid::Uuid;

pub(crate) const PARTNER: Uuid = Uuid::from_u128(0x5eed_0001);
pub(crate) const OTHER_PARTNER: Uuid = Uuid::from_u128(0x5eed_0002);
pub(crate) const SECRET: &str = "right-secret";
pub(crate) const NOVEMBER: Date = date(2026, 11, 1);
pub(crate) const USAGE: &str = "/partner/v1/billing/usage/2026/11";

pub(crate) struct Served {
    pub(crate) sophos: Sophos,
    running: Running,
    pub(crate) client: Client,
}

/// A client that gives up in the end, so that a server that hangs fails its test.
fn patient_client() -> Client {
    Client::builder().timeout(Duration::from_secs(30)).build().unwrap()
}

impl Served {
    pub(crate) async fn new() -> Self {
        let sophos = Sophos::new(Config::default());
        sophos.clock().set("2026-11-30T12:00:00Z".parse().unwrap());
        sophos.add_partner(PARTNER, "first", SECRET);
        sophos.add_partner(OTHER_PARTNER, "second", SECRET);
        Self::of(sophos).await
    }

    pub(crate) async fn of(sophos: Sophos) -> Self {
        let running = start(&sophos, 0).await.unwrap();
        Self { sophos, running, client: patient_client() }
    }

    /// The simulator with a customer of the partner, who has `rows` in November.
    pub(crate) async fn with_usage(rows: &[UsageRow]) -> Self {
        let served = Self::new().await;
        served.sophos.add_tenant(PARTNER, Tenant::new(customer(), "Pebblewick Dental"));
        served.sophos.set_usage(PARTNER, NOVEMBER, rows);
        served
    }

    pub(crate) fn url(&self) -> String {
        self.running.url()
    }

    pub(crate) async fn sign_in(&self, client_id: &str, secret: &str, expected: StatusCode) -> Value {
        let form = [
            ("grant_type", "client_credentials"),
            ("scope", "token"),
            ("client_id", client_id),
            ("client_secret", secret),
        ];
        let request = self.client.post(self.url() + "/api/v2/oauth2/token").form(&form);
        json(expect(request.send().await.unwrap(), expected)).await
    }

    pub(crate) async fn token(&self, client_id: &str) -> String {
        self.token_of(client_id, SECRET).await
    }

    pub(crate) async fn token_of(&self, client_id: &str, secret: &str) -> String {
        let answer = self.sign_in(client_id, secret, StatusCode::OK).await;
        answer["access_token"].as_str().unwrap().to_owned()
    }

    /// Calls with this token, and with this partner id unless it is `None`.
    pub(crate) async fn get_as(
        &self,
        token: &str,
        partner_id: Option<Uuid>,
        path: &str,
        expected: StatusCode,
    ) -> Response {
        let mut request = self.client.get(self.url() + path).bearer_auth(token);
        if let Some(id) = partner_id {
            request = request.header("X-Partner-ID", id.to_string());
        }
        expect(request.send().await.unwrap(), expected)
    }

    /// Calls as the first partner, with a fresh token.
    pub(crate) async fn get(&self, path: &str, expected: StatusCode) -> Value {
        json(self.response(path, expected).await).await
    }

    pub(crate) async fn response(&self, path: &str, expected: StatusCode) -> Response {
        let token = self.token("first").await;
        self.get_as(&token, Some(PARTNER), path, expected).await
    }

    /// The usage lines of all pages, following `nextKey` to the end, and how many pages there were.
    pub(crate) async fn all_pages(&self, path: &str) -> (Vec<Value>, usize) {
        let (mut lines, mut pages, mut key) = (Vec::new(), 0, String::new());
        loop {
            let page = self.get(&format!("{path}{key}"), StatusCode::OK).await;
            lines.extend(page["items"].as_array().unwrap().iter().cloned());
            pages += 1;
            match page["pages"]["nextKey"].as_str() {
                Some(next) => key = format!("&pageFromKey={next}"),
                None => return (lines, pages),
            }
        }
    }
}

pub(crate) fn customer() -> Uuid {
    Uuid::from_u128(0xc001)
}

/// Lines of the customer, told apart by their quantity, which counts from 1.
pub(crate) fn numbered_rows(count: i64) -> Vec<UsageRow> {
    (1..=count).map(|number| UsageRow::new(customer(), "CIXA-MSP", number)).collect()
}

pub(crate) fn quantities(lines: &[Value]) -> Vec<i64> {
    lines.iter().map(|line| line["billableQuantity"].as_i64().unwrap()).collect()
}

pub(crate) async fn json(response: Response) -> Value {
    response.json().await.unwrap()
}

fn expect(response: Response, expected: StatusCode) -> Response {
    assert_eq!(response.status(), expected, "{}", response.url());
    response
}
