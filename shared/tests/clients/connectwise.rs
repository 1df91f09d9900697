//! Connecting to ConnectWise: the address, discovery, and a codebase that moves.

use std::time::Duration;

use shared::client::address::{AddressPolicy, AddressRules};
use shared::client::connectwise::ConnectWise;
use shared::client::http::{Http, HttpLimits};
use shared::error::PsaError;
use shared::ports::Psa;
use wiremock::matchers::{method, path, path_regex};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::served::{
    ADDITIONS, agreement, api_calls, connect, connectwise_credentials, connectwise_options, discovery, http, json,
};

#[tokio::test]
async fn discovery_happens_once_without_keys() {
    let server = MockServer::start().await;
    discovery(&server, "v2025_1/").await;
    Mock::given(path(ADDITIONS)).respond_with(json(200, "[]")).mount(&server).await;
    let client = connect(&server.uri(), http()).await.unwrap();
    for _ in 0..3 {
        client.list_additions(agreement()).await.unwrap();
    }
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 4);
    assert_eq!(client.calls(), 4);
    assert_eq!(client.clone().calls(), 4);
    assert!(!requests[0].headers.contains_key("authorization") && !requests[0].headers.contains_key("clientid"));
}

#[tokio::test]
async fn every_call_carries_the_keys_the_client_id_and_the_model_version() {
    let server = MockServer::start().await;
    discovery(&server, "v2025_1/").await;
    Mock::given(path(ADDITIONS)).respond_with(json(200, "[]")).mount(&server).await;
    connect(&server.uri(), http()).await.unwrap().list_additions(agreement()).await.unwrap();
    let call = api_calls(&server).await.remove(0);
    let header = |name: &str| call.headers.get(name).unwrap().to_str().unwrap().to_owned();
    // base64 of acme+canary-public:canary-private
    assert_eq!(header("authorization"), "Basic YWNtZStjYW5hcnktcHVibGljOmNhbmFyeS1wcml2YXRl");
    assert_eq!(header("clientid"), "canary-client-id");
    assert_eq!(header("accept"), "application/vnd.connectwise.com+json; version=2025.1");
    assert_eq!(header("pagination-type"), "forward-only");
    assert!(header("user-agent").starts_with("psa-usage-sync/"));
}

#[tokio::test]
async fn a_company_that_the_server_does_not_know_is_refused_by_name() {
    for answer in [json(200, "null"), ResponseTemplate::new(404)] {
        let server = MockServer::start().await;
        Mock::given(path("/login/companyinfo/acme")).respond_with(answer).mount(&server).await;
        let error = connect(&server.uri(), http()).await.unwrap_err();
        assert!(!error.may_have_taken_effect());
        assert!(error.to_string().contains("\"acme\""), "{error}");
    }
}

#[tokio::test]
async fn a_codebase_that_is_not_a_path_is_refused() {
    for codebase in ["", "/", "../../evil", "https://evil.example/", "v2025_1/?x=", ".."] {
        let server = MockServer::start().await;
        discovery(&server, codebase).await;
        let error = connect(&server.uri(), http()).await.unwrap_err();
        assert!(matches!(error, PsaError::Unanswered { .. }), "{codebase}: {error}");
    }
}

#[tokio::test]
async fn an_unexpected_404_repeats_discovery_and_follows_a_moved_api() {
    let server = MockServer::start().await;
    let moved = json(200, r#"{"Codebase":"v2025_2/"}"#);
    let first = json(200, r#"{"Codebase":"v2025_1/"}"#);
    let discovery = || Mock::given(method("GET")).and(path("/login/companyinfo/acme"));
    discovery().respond_with(first).up_to_n_times(1).mount(&server).await;
    discovery().respond_with(moved).mount(&server).await;
    Mock::given(path_regex("^/v2025_1/")).respond_with(ResponseTemplate::new(404)).mount(&server).await;
    Mock::given(path_regex("^/v2025_2/")).respond_with(json(200, "[]")).mount(&server).await;
    let client = connect(&server.uri(), http()).await.unwrap();
    assert_eq!(client.list_additions(agreement()).await, Ok(Vec::new()));
    assert_eq!(client.list_additions(agreement()).await, Ok(Vec::new()));
    // Discovery, the old place, discovery, the new place, and then the new place directly.
    assert_eq!(client.calls(), 5);
}

#[tokio::test]
async fn deleted_records_do_not_double_the_calls() {
    let server = MockServer::start().await;
    discovery(&server, "v2025_1/").await;
    let client = connect(&server.uri(), http()).await.unwrap();
    for _ in 0..10 {
        assert_eq!(client.list_additions(agreement()).await, Err(PsaError::NotFound));
    }
    assert_eq!(client.calls(), 1 + 10 + 1);
    let error = client.list_companies(None).await.unwrap_err();
    assert!(error.to_string().contains("check the company id and the keys"), "{error}");
}

#[tokio::test]
async fn a_forbidden_address_is_never_called() {
    let server = MockServer::start().await;
    let strict = Http::build(AddressPolicy::Vendor, HttpLimits::default()).unwrap();
    let mut options = connectwise_options(strict);
    options.addresses = AddressRules::default();
    let error = ConnectWise::connect(&connectwise_credentials(&server.uri()), &options).await.unwrap_err();
    assert!(matches!(error, PsaError::NotSent { .. }), "{error}");
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_allowed_name_that_resolves_to_this_machine_is_not_called() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let site = format!("localhost:{}", listener.local_addr().unwrap().port());
    let strict = Http::build(AddressPolicy::Vendor, HttpLimits::default()).unwrap();
    let mut options = connectwise_options(strict);
    options.addresses = AddressRules { allowed_hosts: vec![site.clone()], ..AddressRules::default() };
    let error = ConnectWise::connect(&connectwise_credentials(&site), &options).await.unwrap_err();
    assert_eq!(error.to_string(), "ConnectWise could not be reached: localhost leads to no public address");
    let knock = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
    assert!(knock.is_err(), "somebody connected");
}
