//! What a client gets of a function's answer.

use crate::gateway::echo::{Echo, binary};

#[tokio::test]
async fn a_binary_answer_comes_back_byte_for_byte() {
    let echo = Echo::start().await;
    let answer = echo.get("/open/binary").send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/octet-stream");
    assert_eq!(answer.headers()["content-length"], "256");
    assert_eq!(answer.bytes().await.unwrap(), binary());
}

#[tokio::test]
async fn a_problem_comes_back_as_text() {
    let echo = Echo::start().await;
    let answer = echo.get("/open/problem").send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    assert_eq!(answer.text().await.unwrap(), "{\"é\":1}");
}

#[tokio::test]
async fn an_answer_without_a_body_has_none() {
    let echo = Echo::start().await;
    let answer = echo.get("/open/empty").send().await.unwrap();
    assert_eq!(answer.status(), 204);
    assert!(answer.bytes().await.unwrap().is_empty());
}

#[tokio::test]
async fn each_cookie_is_set_by_itself_but_another_repeated_header_keeps_its_first_value_only() {
    let echo = Echo::start().await;
    let answer = echo.get("/open/headers").send().await.unwrap();
    let all = |name: &str| -> Vec<String> {
        answer.headers().get_all(name).iter().map(|value| value.to_str().unwrap().to_owned()).collect()
    };
    assert_eq!(all("set-cookie"), ["a=1", "b=2; Secure"]);
    assert_eq!(all("link"), ["<a>"], "lambda_http writes one value a name");
    assert_eq!(all("connection"), Vec::<String>::new(), "the connection is the gateway's own");
    assert_eq!(all("apigw-requestid").len(), 1);
}
