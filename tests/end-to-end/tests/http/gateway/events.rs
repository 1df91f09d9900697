//! What a function is invoked with, and what `lambda_http` makes of it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use futures::StreamExt;
use lambda_http::request::LambdaRequest;
use serde_json::{Value, json};

use crate::gateway::echo::{Echo, binary, minted, partner, token};

async fn seen(request: reqwest::RequestBuilder) -> Value {
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

#[tokio::test]
async fn an_event_has_the_documented_shape() {
    let echo = Echo::start().await;
    let given = token(&["psa/read", "psa/write"]);
    let minted = minted(&given);
    let request = echo.request("POST", "/v1/echo?a=1&b=x%20y&a=2&c=").bearer_auth(&minted);
    let request = request.header("content-type", "application/json").header("Cookie", "one=1; two=2");
    let request = request.header("User-Agent", "test/1").header("X-Twice", "1").header("X-Twice", "2");
    seen(request.header("X-Forwarded-For", "192.0.2.1").body("{\"a\": \"é\"}")).await;
    let event = echo.event();
    serde_json::from_value::<LambdaRequest>(event.clone()).expect("it is the event that lambda_http knows");
    let host = echo.gateway.url().strip_prefix("http://").unwrap().to_owned();
    let (id, time) = (&event["requestContext"]["requestId"], &event["requestContext"]["time"]);
    let (epoch, trace) = (&event["requestContext"]["timeEpoch"], &event["headers"]["x-amzn-trace-id"]);
    let claim = |name: &str| given.claims()[name].to_string();
    let expected = json!({
        "version": "2.0",
        "routeKey": "POST /v1/echo",
        "rawPath": "/v1/echo",
        "rawQueryString": "a=1&b=x%20y&a=2&c=",
        "cookies": ["one=1", "two=2"],
        "headers": {
            "accept": "*/*",
            "authorization": format!("Bearer {minted}"),
            "content-length": "11",
            "content-type": "application/json",
            "host": host,
            "user-agent": "test/1",
            "x-amzn-trace-id": trace,
            "x-forwarded-for": "192.0.2.1, 127.0.0.1",
            "x-forwarded-port": host.rsplit_once(':').unwrap().1,
            "x-forwarded-proto": "http",
            "x-twice": "1,2",
        },
        "queryStringParameters": { "a": "1,2", "b": "x y", "c": "" },
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "authorizer": { "jwt": {
                "claims": {
                    "iss": "https://issuer.localhost",
                    "aud": "psa-usage-sync",
                    "sub": "demo",
                    "custom:partner_id": partner().to_string(),
                    "scope": "psa/read psa/write",
                    "iat": claim("iat"),
                    "nbf": claim("nbf"),
                    "exp": claim("exp"),
                },
                "scopes": ["psa/read", "psa/write"],
            } },
            "domainName": "127.0.0.1",
            "domainPrefix": "127",
            "http": {
                "method": "POST",
                "path": "/v1/echo",
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "test/1",
            },
            "requestId": id,
            "routeKey": "POST /v1/echo",
            "stage": "$default",
            "time": time,
            "timeEpoch": epoch,
        },
        "body": "{\"a\": \"é\"}",
        "isBase64Encoded": false,
    });
    assert_eq!(event, expected);
    let zone = jiff::fmt::strtime::parse("%d/%b/%Y:%H:%M:%S %z", time.as_str().unwrap()).unwrap().to_timestamp();
    assert_eq!(zone.unwrap().as_second(), epoch.as_i64().unwrap() / 1000);
    let parts: Vec<usize> = trace.as_str().unwrap().split('-').map(str::len).collect();
    assert_eq!(parts, ["Root=1".len(), 8, 24]);
}

#[tokio::test]
async fn what_is_empty_is_left_out_and_scopes_are_null() {
    let echo = Echo::start().await;
    let request = echo.get("/v1/echo/a%20b").bearer_auth(minted(&token(&["psa/read"])));
    assert_eq!(seen(request).await["method"], "GET");
    let event = echo.event();
    for absent in ["body", "cookies", "queryStringParameters", "stageVariables"] {
        assert_eq!(event.get(absent), None, "{absent}");
    }
    assert_eq!(event["rawQueryString"], "");
    assert_eq!(event["isBase64Encoded"], false);
    assert_eq!(event["pathParameters"], json!({ "name": "a b" }));
    let jwt = event["requestContext"]["authorizer"]["jwt"].as_object().unwrap();
    assert_eq!(jwt["scopes"], Value::Null, "the route asks for none, whatever the token has");
    assert_eq!(jwt["claims"]["scope"], "psa/read");
}

#[tokio::test]
async fn an_open_route_hands_over_no_authorizer_even_with_a_token() {
    let echo = Echo::start().await;
    seen(echo.get("/open/a/b").bearer_auth("anything")).await;
    let event = echo.event();
    assert_eq!(event["requestContext"].get("authorizer"), None);
    assert_eq!(event["routeKey"], "ANY /open/{proxy+}");
    assert_eq!(event["pathParameters"], json!({ "proxy": "a/b" }));
}

#[tokio::test]
async fn claims_are_handed_over_as_texts() {
    let echo = Echo::start().await;
    let given = token(&[]).claim("number", 1_787_996_002).claim("yes", true).claim("none", Value::Null);
    let given = given.claim("groups", json!(["a", "b c", 3])).claim("nested", json!({ "b": [1], "a": "x" }));
    let given = given.claim("empty", json!([])).audience("psa-usage-sync");
    let given = given.claim("aud", json!(["other", "psa-usage-sync"]));
    seen(echo.get("/v1/echo/a").bearer_auth(minted(&given))).await;
    let event = echo.event();
    let claims = &event["requestContext"]["authorizer"]["jwt"]["claims"];
    for (name, text) in [
        ("number", "1787996002"),
        ("yes", "true"),
        ("none", "<nil>"),
        ("groups", "[a b c 3]"),
        ("nested", "map[a:x b:[1]]"),
        ("empty", "[]"),
        ("aud", "[other psa-usage-sync]"),
    ] {
        assert_eq!(claims[name], text, "{name}");
    }
    assert!(claims.as_object().unwrap().values().all(Value::is_string), "{claims}");
}

#[tokio::test]
async fn only_the_services_text_types_arrive_as_text() {
    for (kind, as_text) in [
        (Some("application/json"), true),
        (Some("Application/JSON; charset=utf-8"), true),
        (Some("text/csv"), true),
        (Some("application/xml"), true),
        (Some("application/javascript"), true),
        (Some("application/x-www-form-urlencoded"), false),
        (Some("application/merge-patch+json"), false),
        (Some("application/octet-stream"), false),
        (None, false),
    ] {
        let echo = Echo::start().await;
        let request = echo.request("POST", "/open/a").body("a=1");
        let request = kind.into_iter().fold(request, |request, kind| request.header("content-type", kind));
        assert_eq!(seen(request).await["body"], BASE64.encode("a=1"), "the function sees the same in any case");
        let expected = if as_text { json!(["a=1", false]) } else { json!([BASE64.encode("a=1"), true]) };
        let event = echo.event();
        assert_eq!(json!([event["body"], event["isBase64Encoded"]]), expected, "{kind:?}");
    }
}

#[tokio::test]
async fn every_byte_of_a_binary_body_reaches_the_function() {
    let echo = Echo::start().await;
    let request = echo.request("POST", "/open/a").header("content-type", "application/octet-stream").body(binary());
    assert_eq!(seen(request).await["body"], BASE64.encode(binary()));
    // A text that is none, whatever its type says.
    let request = echo.request("POST", "/open/a").header("content-type", "text/plain").body(binary());
    assert_eq!(seen(request).await["body"], BASE64.encode(binary()));
}

#[tokio::test]
async fn a_function_sees_the_path_decoded_once_and_encoded_again() {
    let echo = Echo::start().await;
    let root = echo.gateway.url();
    for (target, uri) in [
        ("/open/a%20b?q=%2F%20+", "/open/a%20b?q=%2F%20+"),
        ("/open/a%2Fb", "/open/a/b"),
        ("/open/a%252Fb", "/open/a%2Fb"),
        ("/open/%C3%A9", "/open/%C3%A9"),
        // A decoded `?` becomes a query: ids with a question mark must not be in a path.
        ("/open/a%3Fb=1", "/open/a?b=1"),
    ] {
        assert_eq!(seen(echo.get(target)).await["uri"], format!("{root}{uri}"), "{target}");
    }
}

#[tokio::test]
async fn cookies_come_back_as_one_header() {
    let echo = Echo::start().await;
    let saw = seen(echo.get("/open/a").header("cookie", "a=1;b=2").header("cookie", "c=3")).await;
    assert_eq!(saw["headers"]["cookie"], "a=1; b=2; c=3");
    assert_eq!(echo.event()["headers"].get("cookie"), None);
}

#[tokio::test]
async fn calls_at_the_same_time_do_not_meet() {
    let echo = Echo::start().await;
    let calls = futures::stream::iter(0..300).map(|number| {
        let subject = format!("user-{number}");
        let request = echo.get(&format!("/v1/echo/{number}")).bearer_auth(minted(&token(&[]).subject(&subject)));
        async move {
            let answer = request.send().await.unwrap();
            let id = answer.headers()["apigw-requestid"].to_str().unwrap().to_owned();
            let saw: Value = answer.json().await.unwrap();
            assert!(saw["uri"].as_str().unwrap().ends_with(&format!("/v1/echo/{number}")), "{saw}");
            (id, subject, number.to_string())
        }
    });
    let mut answered: Vec<_> = calls.buffer_unordered(50).collect().await;
    let events = echo.gateway.events();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut handed: Vec<_> = events
        .iter()
        .map(|event| {
            let context = &event["requestContext"];
            let subject = text(&context["authorizer"]["jwt"]["claims"]["sub"]);
            (text(&context["requestId"]), subject, text(&event["pathParameters"]["name"]))
        })
        .collect();
    answered.sort();
    handed.sort();
    assert_eq!(answered, handed);
    answered.dedup_by_key(|(id, ..)| id.clone());
    assert_eq!(answered.len(), 300, "no id comes twice");
}
