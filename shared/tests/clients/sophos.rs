//! Sophos Central: from a response to an error, the token, and responses that are not trusted.

use std::time::Duration;

use shared::domain::month::UsageMonth;
use shared::error::SourceError;
use shared::ports::UsageSource;
use wiremock::matchers::{body_string_contains, header, method, path, path_regex};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::served::{ATTEMPTS, PARTNER, http, json, sophos, sophos_client, sophos_sign_in};

fn november() -> UsageMonth {
    UsageMonth::parse("2026-11").unwrap()
}

async fn usage_calls(server: &MockServer) -> u64 {
    let requests = server.received_requests().await.unwrap();
    requests.iter().filter(|request| request.url.path().contains("/billing/usage/")).count() as u64
}

/// Gives one answer to every call of the partner API, and checks the error of a usage request and its number of calls.
async fn check(answer: ResponseTemplate, error: SourceError, calls: u64) {
    let (server, client) = sophos(answer).await;
    assert_eq!(client.list_usage(november(), None).await.unwrap_err(), error);
    assert_eq!(usage_calls(&server).await, calls);
}

fn malformed(why: &str) -> SourceError {
    SourceError::Malformed { why: why.to_owned() }
}

fn unavailable(why: &str) -> SourceError {
    SourceError::Unavailable { why: why.to_owned() }
}

fn html(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw("<html></html>", "text/html")
}

#[tokio::test]
async fn a_refused_token_is_renewed_once() {
    let body = r#"{"error":"Unauthorized","correlationId":"c","requestId":"r"}"#;
    check(json(401, body), SourceError::Unauthorized, 2).await;
}

#[tokio::test]
async fn a_token_that_ended_early_costs_one_more_sign_in() {
    let server = MockServer::start().await;
    sophos_sign_in(&server).await;
    let usage = || Mock::given(path("/partner/v1/billing/usage/2026/11"));
    usage().respond_with(json(401, "{}")).up_to_n_times(1).mount(&server).await;
    usage()
        .and(header("authorization", "Bearer canary-token"))
        .and(header("x-partner-id", PARTNER))
        .respond_with(json(200, r#"{"items":[],"pages":{"items":0}}"#))
        .mount(&server)
        .await;
    let client = sophos_client(&server.uri(), http()).await.unwrap();
    for _ in 0..3 {
        assert!(client.list_usage(november(), None).await.unwrap().unwrap().lines.is_empty());
    }
    // Two sign-ins, whoami, one refused usage call and three successful ones.
    assert_eq!(client.calls(), 2 + 1 + 4);
}

#[tokio::test]
async fn a_month_without_data_is_none_and_not_an_error() {
    let (server, client) = sophos(json(404, r#"{"error":"NotFound","message":"No usage"}"#)).await;
    assert_eq!(client.list_usage(november(), None).await, Ok(None));
    assert_eq!(usage_calls(&server).await, 1);
}

#[tokio::test]
async fn a_404_of_another_server_does_not_mean_no_data() {
    check(html(404), malformed("HTTP 404: it does not say why"), 1).await;
}

#[tokio::test]
async fn a_missing_right_is_forbidden_with_sophos_message() {
    let message = "Access is denied".to_owned();
    check(json(403, r#"{"error":"Forbidden","message":"Access is denied"}"#), SourceError::Forbidden { message }, 1)
        .await;
}

#[tokio::test]
async fn an_expired_page_key_is_refused_at_once() {
    check(
        json(410, r#"{"error":"Gone","message":"pageFromKey has expired"}"#),
        malformed("HTTP 410: pageFromKey has expired"),
        1,
    )
    .await;
}

#[tokio::test]
async fn a_long_retry_after_ends_the_call() {
    let throttled = |retry_after| SourceError::Throttled { retry_after };
    let long = json(429, r#"{"error":"TooManyRequests"}"#).insert_header("Retry-After", "3600");
    check(long, throttled(Some(Duration::from_secs(3600))), 1).await;
    check(html(429), throttled(None), ATTEMPTS).await;
}

#[tokio::test]
async fn a_transient_fault_is_retried() {
    check(json(500, r#"{"error":"InternalError"}"#), unavailable("HTTP 500: InternalError"), ATTEMPTS).await;
    check(html(502), unavailable("HTTP 502: it does not say why"), ATTEMPTS).await;
}

#[tokio::test]
async fn an_unreadable_body_is_requested_again_and_then_malformed() {
    for answer in [html(200), json(200, r#"{"items":[{"#), json(200, ""), json(200, r#"{"items":[]}"#)] {
        let (server, client) = sophos(answer).await;
        let error = client.list_usage(november(), None).await.unwrap_err();
        assert!(matches!(error, SourceError::Malformed { .. }), "{error}");
        assert_eq!(usage_calls(&server).await, ATTEMPTS);
    }
}

#[tokio::test]
async fn a_page_that_leads_to_itself_is_an_error() {
    let (_server, client) = sophos(json(200, r#"{"items":[{}],"pages":{"nextKey":"k"}}"#)).await;
    assert!(client.list_usage(november(), None).await.unwrap().unwrap().next.is_some());
    let error = client.list_usage(november(), Some("k")).await.unwrap_err();
    assert_eq!(error, malformed("a page of usage leads to itself"));
}

#[tokio::test]
async fn a_page_of_customers_is_read() {
    let body = r#"{"items":[{"id":"718b6047-2fbc-4f4b-a143-45ee42bf5d3b","showAs":"ACME","name":"acme","billingType":"usage"}],
        "pages":{"current":1,"size":100,"total":1,"items":1,"maxSize":100}}"#;
    let (_server, client) = sophos(json(200, body)).await;
    let page = client.list_customers(1).await.unwrap();
    assert_eq!((page.customers[0].name.as_str(), page.customers[0].billing.as_str()), ("ACME", "usage"));
    assert_eq!((page.pages, page.total, page.is_full), (Some(1), Some(1), false));
    assert!(client.list_customers(2).await.is_err(), "page 1 came for page 2");
}

#[tokio::test]
async fn an_unreadable_customer_is_named_and_the_others_are_read() {
    let body = r#"{"items":[{"id":"718b6047-2fbc-4f4b-a143-45ee42bf5d3b","name":"ACME","name":"Acme"},
        {"id":"17b80674-f2cb-4f4b-a134-54ee24fbd5b3","billingType":"usage"}],"pages":{"total":1,"items":2}}"#;
    let (_server, client) = sophos(json(200, body)).await;
    let page = client.list_customers(1).await.unwrap();
    assert_eq!((page.customers.len(), page.unreadable.len()), (1, 1));
    assert_eq!(page.unreadable[0].id.to_string(), "718b6047-2fbc-4f4b-a143-45ee42bf5d3b");
    assert!(page.unreadable[0].why.contains("duplicate field"), "{:?}", page.unreadable);
}

#[tokio::test]
async fn a_customer_without_an_id_is_an_error_that_shows_it() {
    let (_server, client) = sophos(json(200, r#"{"items":[{"id":"ACME"}],"pages":{"total":1,"items":1}}"#)).await;
    let error = client.list_customers(1).await.unwrap_err().to_string();
    assert!(error.contains("\"ACME\" is not a valid Sophos customer id"), "{error}");
}

#[tokio::test]
async fn wrong_credentials_are_refused_after_one_call() {
    for status in [400, 401] {
        let server = MockServer::start().await;
        let refused = json(status, r#"{"errorCode":"oauth.invalid_client_secret","message":"Unauthorized"}"#);
        let sign_in = Mock::given(method("POST")).and(body_string_contains("grant_type=client_credentials"));
        sign_in.respond_with(refused).expect(1).mount(&server).await;
        let error = sophos_client(&server.uri(), http()).await.unwrap_err();
        assert_eq!(error, SourceError::Unauthorized);
    }
}

#[tokio::test]
async fn a_foreign_api_host_is_never_called() {
    let (server, evil) = (MockServer::start().await, MockServer::start().await);
    let account = format!(r#"{{"id":"{PARTNER}","idType":"partner","apiHosts":{{"global":"{}"}}}}"#, evil.uri());
    Mock::given(path("/whoami/v1")).respond_with(json(200, account)).with_priority(1).mount(&server).await;
    sophos_sign_in(&server).await;
    Mock::given(path_regex(".*")).respond_with(json(200, "{}")).mount(&evil).await;
    let error = sophos_client(&server.uri(), http()).await.unwrap_err();
    assert!(matches!(error, SourceError::Malformed { .. }), "{error}");
    assert!(evil.received_requests().await.unwrap().is_empty());
}
