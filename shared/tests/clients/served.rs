//! Clients of a mock server on this machine, with short delays so that tests of retries take milliseconds.

use std::time::Duration;

use shared::client::address::{AddressPolicy, AddressRules};
use shared::client::connectwise::{ConnectWise, ConnectWiseOptions};
use shared::client::credentials::{ConnectWiseCredentials, SophosCredentials};
use shared::client::http::{Http, HttpLimits};
use shared::client::retry::RetryPolicy;
use shared::client::sophos::{SophosCentral, SophosOptions};
use shared::domain::id::{AgreementId, PartnerId};
use shared::error::{PsaError, SourceError};
use wiremock::matchers::{method, path, path_regex};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// Attempts of each call that may be retried.
pub(crate) const ATTEMPTS: u64 = 3;
pub(crate) const PARTNER: &str = "d31ab2df-7005-4c06-bd7d-2bc8de44be06";
pub(crate) const ADDITIONS: &str = "/v2025_1/apis/3.0/finance/agreements/812/additions";
/// A response to a read or a write of an addition.
pub(crate) const ADDITION: &str = r#"{"id":31,"product":{"id":5,"identifier":"X"},"quantity":12.0,"billCustomer":"Billable",
    "effectiveDate":"2026-11-01T00:00:00Z","cancelledDate":"","_info":{"updatedBy":"API"},"somethingNew":{}}"#;

pub(crate) fn http() -> Http {
    http_within(Duration::from_secs(30))
}

pub(crate) fn http_within(call_timeout: Duration) -> Http {
    let limits = HttpLimits { call_timeout, ..HttpLimits::default() };
    Http::build(AddressPolicy::VendorAndLoopback, limits).unwrap()
}

fn with_short_delays(policy: RetryPolicy) -> RetryPolicy {
    RetryPolicy { attempts: ATTEMPTS as u32, first_delay: Duration::from_millis(1), ..policy }
}

pub(crate) fn agreement() -> AgreementId {
    812.try_into().unwrap()
}

pub(crate) fn connectwise_credentials(site: &str) -> ConnectWiseCredentials {
    ConnectWiseCredentials {
        site: site.to_owned(),
        company: "acme".to_owned(),
        public_key: "canary-public".into(),
        private_key: "canary-private".into(),
        client_id: "canary-client-id".into(),
    }
}

pub(crate) fn connectwise_options(http: Http) -> ConnectWiseOptions {
    let addresses = AddressRules { policy: AddressPolicy::VendorAndLoopback, ..AddressRules::default() };
    let options = ConnectWiseOptions::new(http, addresses);
    // Tests of responses do not wait for the rate limiter.
    let calls_per_minute = 600_000;
    ConnectWiseOptions {
        reads: with_short_delays(options.reads),
        writes: with_short_delays(options.writes),
        calls_per_minute,
        ..options
    }
}

pub(crate) async fn connect(site: &str, http: Http) -> Result<ConnectWise, PsaError> {
    ConnectWise::connect(&connectwise_credentials(site), &connectwise_options(http)).await
}

/// Makes a server answer discovery for `acme` with this codebase, as often as it is called.
pub(crate) async fn discovery(server: &MockServer, codebase: &str) {
    let body = format!(r#"{{"CompanyName":"Acme","Codebase":"{codebase}","IsCloud":"True","CompanyID":"acme"}}"#);
    let answer = ResponseTemplate::new(200).set_body_raw(body, "application/json");
    let discovery = Mock::given(method("GET")).and(path("/login/companyinfo/acme"));
    discovery.respond_with(answer).mount(server).await;
}

/// A ConnectWise that gives this answer to every call of its API, and a client of it.
pub(crate) async fn connectwise(answer: ResponseTemplate) -> (MockServer, ConnectWise) {
    let server = MockServer::start().await;
    discovery(&server, "v2025_1/").await;
    let api = Mock::given(path_regex("^/v2025_1/apis/3.0/"));
    api.respond_with(answer).mount(&server).await;
    let client = connect(&server.uri(), http()).await.unwrap();
    (server, client)
}

pub(crate) fn json(status: u16, body: impl Into<Vec<u8>>) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body, "application/json")
}

/// The calls that reached the API, without discovery.
pub(crate) async fn api_calls(server: &MockServer) -> Vec<wiremock::Request> {
    let requests = server.received_requests().await.unwrap();
    requests.into_iter().filter(|request| request.url.path().contains("/apis/")).collect()
}

pub(crate) fn sophos_credentials() -> SophosCredentials {
    SophosCredentials { client_id: "canary-client".into(), client_secret: "canary-secret".into() }
}

/// Makes a server accept the sign-in of a partner whose API is the same server.
pub(crate) async fn sophos_sign_in(server: &MockServer) {
    let token = r#"{"access_token":"canary-token","token_type":"bearer","expires_in":3600,"errorCode":"success"}"#;
    let sign_in = Mock::given(method("POST")).and(path("/api/v2/oauth2/token"));
    sign_in.respond_with(json(200, token)).mount(server).await;
    let account = format!(r#"{{"id":"{PARTNER}","idType":"partner","apiHosts":{{"global":"{}"}}}}"#, server.uri());
    let whoami = Mock::given(method("GET")).and(path("/whoami/v1"));
    whoami.respond_with(json(200, account)).mount(server).await;
}

pub(crate) async fn sophos_client(url: &str, http: Http) -> Result<SophosCentral, SourceError> {
    let options = SophosOptions::new(http).unwrap();
    let options = SophosOptions {
        sign_in_url: url.parse().unwrap(),
        api_url: url.parse().unwrap(),
        reads: with_short_delays(options.reads),
        ..options
    };
    let partner = PartnerId::parse(PARTNER).unwrap();
    SophosCentral::connect(partner, &sophos_credentials(), &options).await
}

/// A Sophos that gives this answer to every call of the partner API, and a client of it.
pub(crate) async fn sophos(answer: ResponseTemplate) -> (MockServer, SophosCentral) {
    let server = MockServer::start().await;
    sophos_sign_in(&server).await;
    let api = Mock::given(path_regex("^/partner/v1/"));
    api.respond_with(answer).mount(&server).await;
    let client = sophos_client(&server.uri(), http()).await.unwrap();
    (server, client)
}
