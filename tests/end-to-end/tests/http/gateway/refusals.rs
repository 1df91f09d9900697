//! What the gateway answers by itself, as the service does: status, body, `www-authenticate`, and no function is invoked.

use local_stack::gateway::Limits;
use local_stack::gateway::token::Issuer;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::gateway::echo::{Echo, ISSUER, minted, now, token};

/// Sees that a call is refused so, and returns the challenge.
async fn refused(echo: &Echo, request: RequestBuilder, status: u16, message: &str) -> Option<String> {
    let handed_over = echo.gateway.events().len();
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), status);
    assert_eq!(answer.headers()["content-type"], "application/json");
    assert!(answer.headers().contains_key("apigw-requestid"));
    let challenge = answer.headers().get("www-authenticate").map(|value| value.to_str().unwrap().to_owned());
    assert_eq!(challenge.is_some(), status == 401);
    assert_eq!(answer.text().await.unwrap(), json!({ "message": message }).to_string());
    assert_eq!(echo.gateway.events().len(), handed_over, "no function may see it");
    challenge
}

async fn challenge(echo: &Echo, request: RequestBuilder) -> String {
    refused(echo, request, 401, "Unauthorized").await.unwrap()
}

#[tokio::test]
async fn what_has_no_route_is_not_found_before_any_token_is_asked_for() {
    let echo = Echo::start().await;
    for (method, target) in [
        ("GET", "/"),
        ("GET", "/v1"),
        ("GET", "/v1/echo/"),
        ("PUT", "/v1/echo"),
        ("GET", "/v1/echo/a%2Fb"),
        ("HEAD", "/v1/echo"),
    ] {
        let request = echo.request(method, target);
        if method == "HEAD" {
            assert_eq!(request.send().await.unwrap().status(), 404);
        } else {
            refused(&echo, request, 404, "Not Found").await;
        }
    }
}

#[tokio::test]
async fn without_a_token_nobody_gets_in() {
    let echo = Echo::start().await;
    assert_eq!(challenge(&echo, echo.get("/v1/echo")).await, "Bearer");
    for empty in ["", "Bearer", "Bearer ", "bearer  "] {
        assert_eq!(challenge(&echo, echo.get("/v1/echo").header("authorization", empty)).await, "Bearer", "{empty:?}");
    }
}

#[tokio::test]
async fn each_fault_of_a_token_is_refused_and_named() {
    let echo = Echo::start().await;
    let other = Issuer::ephemeral().unwrap();
    let good = token(&["psa/read"]);
    let at = now().as_second();
    let signed = |header: Value| ISSUER.sign(&header, &Value::Object(good.claims().clone())).unwrap();
    let cut = minted(&good);
    let (head, rest) = cut.split_once('.').unwrap();
    let (claims, signature) = rest.split_once('.').unwrap();
    let (_, foreign) = other.mint(&good).unwrap().rsplit_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let wider = minted(&token(&["psa/read", "psa/admin"]));
    let wider = wider.split('.').nth(1).unwrap();
    let hour = jiff::SignedDuration::from_hours(1);
    let audience = "the token does not have a valid audience";
    let invalid = "the token's signature is invalid";
    let cases = [
        ("nonsense".to_owned(), "invalid number of segments"),
        (format!("{head}.{claims}"), "invalid number of segments"),
        (format!("{head}.{claims}.a.{signature}"), "invalid number of segments"),
        (format!("%.{claims}.{signature}"), "the token's header cannot be read"),
        (format!("{head}.{claims}.{foreign}"), invalid),
        (format!("{head}.{claims}."), invalid),
        (format!("{head}.{wider}.{signature}"), invalid),
        (other.mint(&good).unwrap(), "unable to find a signing key that matches the kid"),
        (signed(json!({ "alg": "RS256" })), "the token has no kid"),
        (signed(json!({ "alg": "none", "kid": ISSUER.kid() })), "signing method is invalid"),
        (signed(json!({ "alg": "HS256", "kid": ISSUER.kid() })), "signing method is invalid"),
        (signed(json!({ "alg": "PS256", "kid": ISSUER.kid() })), "signing method is invalid"),
        (signed(json!({ "alg": "RS512", "kid": ISSUER.kid() })), invalid),
        (minted(&good.clone().claim("iss", "https://issuer.localhost/")), "the token was not issued by a valid issuer"),
        (minted(&good.clone().without("iss")), "the token was not issued by a valid issuer"),
        (minted(&good.clone().audience("another")), audience),
        (minted(&good.clone().without("aud")), audience),
        (minted(&good.clone().audience("another").claim("client_id", "psa-usage-sync")), audience),
        (minted(&good.clone().lasting(-hour, now())), "the token has expired"),
        (minted(&good.clone().claim("exp", at)), "the token has expired"),
        (minted(&good.clone().without("exp")), "the token has expired"),
        (minted(&good.clone().claim("exp", "9999999999")), "a time in the token is no number"),
        (minted(&good.clone().claim("nbf", at + 600)), "the token is not valid yet"),
        (minted(&good.clone().claim("iat", at + 600)), "the token was issued in the future"),
    ];
    for (given, description) in cases {
        let expected = format!("Bearer scope=\"psa/read\" error=\"invalid_token\" error_description=\"{description}\"");
        assert_eq!(challenge(&echo, echo.get("/v1/echo").bearer_auth(&given)).await, expected, "{given}");
    }
    let unscoped = minted(&good.audience("another"));
    let expected = format!("Bearer scope=\"\" error=\"invalid_token\" error_description=\"{audience}\"");
    assert_eq!(challenge(&echo, echo.get("/v1/echo/a").bearer_auth(unscoped)).await, expected);
}

#[tokio::test]
async fn a_token_without_a_scope_of_the_route_is_forbidden() {
    let echo = Echo::start().await;
    for scopes in [&[][..], &["psa/write"], &["psa/reader"], &["psa"], &["PSA/READ"]] {
        let given = minted(&token(scopes));
        refused(&echo, echo.get("/v1/echo").bearer_auth(given), 403, "Forbidden").await;
    }
    let none = minted(&token(&[]).without("scope"));
    refused(&echo, echo.get("/v1/echo").bearer_auth(none), 403, "Forbidden").await;
}

#[tokio::test]
async fn a_body_above_ten_megabytes_is_too_large() {
    let echo = Echo::start().await;
    let limit = Limits::default().body_bytes;
    let request = echo.request("POST", "/open/a").header("content-type", "text/plain").body(vec![b'a'; limit + 1]);
    refused(&echo, request, 413, "Request Entity Too Large").await;
}

#[tokio::test]
async fn an_event_above_six_megabytes_is_too_large_for_lambda() {
    let echo = Echo::start().await;
    // In base64 it grows by a third.
    let request = echo.request("POST", "/open/a").body(vec![0_u8; 5_000_000]);
    refused(&echo, request, 413, "Request Entity Too Large").await;
    let text = echo.request("POST", "/open/a").header("content-type", "text/plain").body(vec![b'a'; 4_000_000]);
    assert_eq!(text.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn headers_above_ten_kilobytes_are_too_large() {
    let echo = Echo::start().await;
    let long = |bytes| echo.get("/open/a").header("x-long", "a".repeat(bytes));
    refused(&echo, long(10_240), 431, "Request Header Fields Too Large").await;
    assert_eq!(long(9_900).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_function_that_does_not_answer_in_time_is_unavailable() {
    let echo = Echo::start().await;
    let answer = echo.get("/never").send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.text().await.unwrap().as_str()),
        (503, "{\"message\":\"Service Unavailable\"}")
    );
}

#[tokio::test]
async fn a_function_that_dies_or_is_ended_by_lambda_is_an_internal_error() {
    let echo = Echo::start().await;
    for target in ["/open/panic", "/brief"] {
        let answer = echo.get(target).send().await.unwrap();
        let expected = (500, "{\"message\":\"Internal Server Error\"}");
        assert_eq!((answer.status().as_u16(), answer.text().await.unwrap().as_str()), expected, "{target}");
    }
}

#[tokio::test]
async fn an_answer_above_six_megabytes_is_an_internal_error() {
    let echo = Echo::start().await;
    let answer = echo.get("/open/long?6291556").send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.text().await.unwrap().as_str()),
        (500, "{\"message\":\"Internal Server Error\"}")
    );
    let answer = echo.get("/open/long?6000000").send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.bytes().await.unwrap().len()), (200, 6_000_000));
}
