//! From a response to an error, status by status: for a read, a POST and a PATCH, and how often each is sent.

use std::time::Duration;

use rust_decimal::Decimal;
use shared::domain::psa::NewAddition;
use shared::error::{PsaError, RefusedField};
use shared::ports::Psa;
use wiremock::ResponseTemplate;

use crate::served::{ATTEMPTS, agreement, api_calls, connectwise, json};

/// The error for a status and a body, and how often a read is sent. A write is sent once, whatever the response.
struct Row {
    answer: ResponseTemplate,
    error: PsaError,
    reads: u64,
}

impl Row {
    /// A response that proves the outcome: sent once, whatever the method.
    fn settled(answer: ResponseTemplate, error: PsaError) -> Self {
        Self { answer, error, reads: 1 }
    }

    /// A response that proves nothing: a read is retried, a write never.
    fn unknown(answer: ResponseTemplate, why: &str) -> Self {
        let error = PsaError::Unanswered { why: why.to_owned() };
        Self { answer, error, reads: ATTEMPTS }
    }

    async fn check(self) {
        let (server, client) = connectwise(self.answer).await;
        let addition = NewAddition {
            product: 5.try_into().unwrap(),
            quantity: Decimal::from(12),
            effective: jiff::civil::date(2026, 11, 1),
            terms: None,
        };
        let sent = async |verb: &str| {
            let calls = api_calls(&server).await;
            calls.iter().filter(|call| call.method.as_str() == verb).count() as u64
        };
        assert_eq!(client.list_additions(agreement()).await.unwrap_err(), self.error);
        assert_eq!(sent("GET").await, self.reads);
        // A new client for each method: a Retry-After pauses the client that met it.
        let client = crate::served::connect(&server.uri(), crate::served::http()).await.unwrap();
        assert_eq!(client.create_addition(agreement(), &addition).await.unwrap_err(), self.error);
        assert_eq!(sent("POST").await, 1, "a create leaves once: who sends it decides again");
        let client = crate::served::connect(&server.uri(), crate::served::http()).await.unwrap();
        let set = client.set_quantity(agreement(), 31.try_into().unwrap(), Decimal::ONE);
        assert_eq!(set.await.unwrap_err(), self.error);
        assert_eq!(sent("PATCH").await, 1, "and so does a change of a quantity");
    }
}

fn html(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw("<html><body>Gateway</body></html>", "text/html")
}

fn refused(code: &str, message: &str, fields: &[(&str, &str, &str)]) -> PsaError {
    let field = |(field, code, message): &(&str, &str, &str)| RefusedField {
        field: (*field).to_owned(),
        code: (*code).to_owned(),
        message: (*message).to_owned(),
    };
    PsaError::Refused { code: code.to_owned(), message: message.to_owned(), fields: fields.iter().map(field).collect() }
}

#[tokio::test]
async fn wrong_keys_are_unauthorized() {
    let body = r#"{"code":"ConnectWiseApi","message":"UserNotAuthenticated","errors":null}"#;
    Row::settled(json(401, body), PsaError::Unauthorized).check().await;
}

#[tokio::test]
async fn a_missing_right_is_forbidden_with_connectwises_message() {
    let message = "You do not have security permission to perform this action.";
    let body = format!(r#"{{"code":"Security","message":"{message}","errors":null}}"#);
    let error = PsaError::Forbidden { message: message.to_owned() };
    Row::settled(json(403, body), error).check().await;
}

#[tokio::test]
async fn a_denial_of_the_edge_is_forbidden_without_its_page() {
    let error = PsaError::Forbidden { message: "it does not say why".to_owned() };
    Row::settled(html(403), error).check().await;
}

#[tokio::test]
async fn a_missing_record_is_not_found() {
    let body = r#"{"code":"NotFound","message":"Agreement 812 not found","errors":null}"#;
    Row::settled(json(404, body), PsaError::NotFound).check().await;
}

#[tokio::test]
async fn a_refused_field_is_named_with_all_messages_joined() {
    let body = r#"{"code":"InvalidObject","message":"addition object is invalid","errors":[
        {"code":"OutOfRange","message":"quantity is too large","resource":"addition","field":"quantity"},
        {"code":"MissingRequiredField","message":"product is required","resource":"addition","field":"product"}]}"#;
    let fields = [
        ("quantity", "OutOfRange", "quantity is too large"),
        ("product", "MissingRequiredField", "product is required"),
    ];
    let message = "addition object is invalid; quantity is too large; product is required";
    let error = refused("InvalidObject", message, &fields);
    Row::settled(json(400, body), error).check().await;
}

#[tokio::test]
async fn a_refusal_without_field_errors_has_its_message() {
    let body = r#"{"code":"ApiFindCondition","message":"invoiceDate is not a\r\nrecognized name.","errors":null}"#;
    let error = refused("ApiFindCondition", "invoiceDate is not a recognized name.", &[]);
    Row::settled(json(400, body), error).check().await;
}

#[tokio::test]
async fn a_refusal_without_a_message_has_its_status() {
    Row::settled(html(405), refused("HTTP 405", "it does not say why", &[])).check().await;
}

#[tokio::test]
async fn a_long_retry_after_ends_any_call_at_once() {
    let body = r#"{"error":"ConnectWiseAPI","message":"Too many requests. Please try again in 3600 seconds."}"#;
    let error = PsaError::Throttled { retry_after: Some(Duration::from_secs(3600)) };
    Row::settled(json(429, body).insert_header("Retry-After", "3600"), error).check().await;
}

#[tokio::test]
async fn throttling_without_retry_after_proves_no_effect_and_a_read_is_retried() {
    let row = Row { answer: html(429), error: PsaError::Throttled { retry_after: None }, reads: ATTEMPTS };
    row.check().await;
}

#[tokio::test]
async fn a_server_error_may_have_committed() {
    let body = r#"{"code":"Timeout","message":"Execution Timeout Expired.","errors":null}"#;
    Row::unknown(json(500, body), "HTTP 500 Internal Server Error").check().await;
}

#[tokio::test]
async fn an_error_page_of_the_gateway_proves_nothing() {
    Row::unknown(html(502), "HTTP 502 Bad Gateway").check().await;
}

#[tokio::test]
async fn a_request_timeout_proves_nothing() {
    Row::unknown(json(408, ""), "HTTP 408 Request Timeout").check().await;
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_proves_nothing() {
    let elsewhere = wiremock::MockServer::start().await;
    let answer = ResponseTemplate::new(307).insert_header("Location", elsewhere.uri());
    Row::unknown(answer, "HTTP 307 Temporary Redirect").check().await;
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_success_with_a_web_page_is_unusable() {
    Row::unknown(html(200), "HTTP 200 with a web page").check().await;
}

#[tokio::test]
async fn a_success_with_half_of_a_json_text_is_unusable() {
    Row::unknown(json(200, r#"[{"id":31,"#), "HTTP 200 with a body that cannot be read").check().await;
}

#[tokio::test]
async fn a_success_with_an_empty_body_is_unusable() {
    Row::unknown(json(200, ""), "HTTP 200 with an empty body").check().await;
    Row::unknown(ResponseTemplate::new(204), "HTTP 204 with an empty body").check().await;
}
