//! Writes to ConnectWise: their bodies, and that a write is sent again only if nothing was done.

use std::time::{Duration, Instant};

use rust_decimal::Decimal;
use shared::domain::psa::NewAddition;
use shared::error::PsaError;
use shared::ports::Psa;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer};

use crate::served::{ADDITION, ADDITIONS, agreement, api_calls, connect, connectwise, discovery, http, json};

fn new_addition() -> NewAddition {
    NewAddition {
        product: 5.try_into().unwrap(),
        quantity: Decimal::new(1200, 2),
        effective: jiff::civil::date(2026, 11, 1),
        terms: None,
    }
}

#[tokio::test]
async fn a_new_addition_is_posted_with_the_required_values_only() {
    let (server, client) = connectwise(json(201, ADDITION)).await;
    let addition = client.create_addition(agreement(), &new_addition()).await.unwrap();
    assert_eq!((addition.id.get(), addition.quantity), (31, Decimal::from(12)));
    let call = api_calls(&server).await.remove(0);
    assert_eq!((call.method.as_str(), call.url.path()), ("POST", ADDITIONS));
    assert_eq!(call.headers.get("content-type").unwrap(), "application/json");
    assert_eq!(
        String::from_utf8(call.body).unwrap(),
        r#"{"product":{"id":5},"billCustomer":"Billable","quantity":12,"effectiveDate":"2026-11-01T00:00:00Z"}"#
    );
}

#[tokio::test]
async fn a_quantity_is_patched_and_nothing_else() {
    let (server, client) = connectwise(json(200, ADDITION)).await;
    let addition = client.set_quantity(agreement(), 31.try_into().unwrap(), Decimal::new(25, 1)).await.unwrap();
    assert_eq!(addition.quantity, Decimal::from(12));
    let call = api_calls(&server).await.remove(0);
    assert_eq!((call.method.as_str(), call.url.path()), ("PATCH", format!("{ADDITIONS}/31").as_str()));
    assert_eq!(String::from_utf8(call.body).unwrap(), r#"[{"op":"replace","path":"quantity","value":2.5}]"#);
}

#[tokio::test]
async fn a_throttled_change_is_not_retried_by_the_client_and_succeeds_after_its_retry_after() {
    let server = MockServer::start().await;
    discovery(&server, "v2025_1/").await;
    let throttled = json(429, r#"{"error":"ConnectWiseAPI"}"#).insert_header("Retry-After", "1");
    let change = || Mock::given(method("PATCH")).and(path(format!("{ADDITIONS}/31")));
    change().respond_with(throttled).up_to_n_times(1).mount(&server).await;
    change().respond_with(json(200, ADDITION)).mount(&server).await;
    let client = connect(&server.uri(), http()).await.unwrap();
    let start = Instant::now();
    let set = || client.set_quantity(agreement(), 31.try_into().unwrap(), Decimal::from(12));
    let error = set().await.unwrap_err();
    // The stored intent is valid from the first attempt: whoever stored the change has to store it again.
    assert!(matches!(error, PsaError::Throttled { retry_after: Some(_) }), "{error}");
    assert_eq!(api_calls(&server).await.len(), 1);
    client.reserve_permit().await.unwrap();
    assert!(set().await.is_ok());
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert_eq!(api_calls(&server).await.len(), 2);
}

#[tokio::test]
async fn a_create_that_would_have_to_wait_is_not_sent() {
    let throttled = json(429, "").insert_header("Retry-After", "30");
    let (server, client) = connectwise(throttled).await;
    for _ in 0..3 {
        let error = client.create_addition(agreement(), &new_addition()).await.unwrap_err();
        assert!(matches!(error, PsaError::Throttled { retry_after: Some(_) }), "{error}");
    }
    assert_eq!(api_calls(&server).await.len(), 1, "one met the 429, and none left inside of its Retry-After");
}

#[tokio::test]
async fn a_retry_after_that_one_call_meets_pauses_the_whole_client() {
    let throttled = json(429, "").insert_header("Retry-After", "3600");
    let (server, client) = connectwise(throttled).await;
    assert!(client.create_addition(agreement(), &new_addition()).await.is_err());
    let held = client.clone().list_additions(agreement()).await.unwrap_err();
    let PsaError::Throttled { retry_after: Some(left) } = held else {
        panic!("{held}");
    };
    assert!(left > Duration::from_secs(3000));
    assert_eq!(api_calls(&server).await.len(), 1, "a call was sent inside the Retry-After");
}

#[tokio::test]
async fn an_unreadable_response_to_a_write_may_have_taken_effect() {
    let (server, client) = connectwise(json(201, r#"{"id":31,"product":null}"#)).await;
    let error = client.create_addition(agreement(), &new_addition()).await.unwrap_err();
    assert!(error.may_have_taken_effect());
    assert!(error.to_string().contains("addition 31 cannot be read: it has no product"), "{error}");
    assert_eq!(api_calls(&server).await.len(), 1);
}

#[tokio::test]
async fn a_404_still_proves_no_effect_if_discovery_fails() {
    let server = MockServer::start().await;
    Mock::given(path("/login/companyinfo/acme"))
        .respond_with(json(200, r#"{"Codebase":"v2025_1/"}"#))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    Mock::given(path("/login/companyinfo/acme")).respond_with(json(500, "")).mount(&server).await;
    let client = connect(&server.uri(), http()).await.unwrap();
    assert_eq!(client.create_addition(agreement(), &new_addition()).await, Err(PsaError::NotFound));
}
