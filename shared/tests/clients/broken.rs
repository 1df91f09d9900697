//! Connections that break: without a response, before or inside the response, and refused ones.

use std::time::Duration;

use rust_decimal::Decimal;
use shared::client::connectwise::{ConnectWise, ConnectWiseOptions};
use shared::client::retry::RetryPolicy;
use shared::error::PsaError;
use shared::ports::Psa;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::served::{ATTEMPTS, agreement, connect, connectwise_credentials, connectwise_options, http, http_within};

/// How each call after discovery ends.
#[derive(Clone, Copy)]
enum End {
    /// No response comes.
    Silence,
    /// The connection is closed without a response.
    Closed,
    /// The connection is reset without a response: it is closed with the request unread.
    Reset,
    /// The connection is closed in the middle of the body.
    HalfABody,
    /// The body has no end.
    Endless,
    /// The body comes a byte at a time.
    Trickle,
}

/// A server that answers discovery, and breaks every other call.
async fn serve(end: End) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(answer(stream, end));
        }
    });
    (url, serving)
}

async fn answer(mut stream: TcpStream, end: End) {
    let mut head = [0; 4096];
    assert_ne!(stream.peek(&mut head).await.unwrap(), 0);
    if !matches!(end, End::Reset) || is_discovery(&head) {
        assert_ne!(stream.read(&mut head).await.unwrap(), 0);
    }
    if is_discovery(&head) {
        let body = r#"{"Codebase":"v2025_1/"}"#;
        let answer = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        stream.write_all(answer.as_bytes()).await.unwrap();
        return;
    }
    match end {
        End::Silence => std::future::pending().await,
        End::Closed | End::Reset => {}
        End::HalfABody => {
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n[{\"id\":31,";
            stream.write_all(answer).await.unwrap();
        }
        End::Endless => {
            let head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n[";
            stream.write_all(head).await.unwrap();
            // Ends when the client closes the connection.
            while stream.write_all(&[b' '; 65536]).await.is_ok() {}
        }
        End::Trickle => {
            let head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n[";
            stream.write_all(head).await.unwrap();
            while stream.write_all(b" ").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

fn is_discovery(head: &[u8]) -> bool {
    head.starts_with(b"GET /login/companyinfo/")
}

async fn set_quantity(client: &ConnectWise) -> PsaError {
    let set = client.set_quantity(agreement(), 31.try_into().unwrap(), Decimal::ONE);
    set.await.unwrap_err()
}

/// A read is retried and fails with these words; a write fails after one call.
async fn proves_nothing(client: &ConnectWise, words: &str) {
    let before = client.calls();
    let error = client.list_additions(agreement()).await.unwrap_err();
    assert!(error.to_string().contains(words), "{error}");
    assert_eq!(client.calls() - before, ATTEMPTS);
    let error = set_quantity(client).await;
    assert!(error.may_have_taken_effect() && error.to_string().contains(words), "{error}");
    assert_eq!(client.calls() - before, ATTEMPTS + 1);
}

#[tokio::test]
async fn a_response_that_never_comes_times_out_and_proves_nothing() {
    let (url, _serving) = serve(End::Silence).await;
    let client = connect(&url, http_within(Duration::from_millis(300))).await.unwrap();
    proves_nothing(&client, "no whole answer within 300 ms").await;
}

/// A call at a form, with the bound of all its attempts shortened for the test.
#[tokio::test]
async fn a_call_that_a_person_waits_for_ends_in_time_however_slowly_its_answer_comes() {
    for end in [End::Silence, End::Trickle, End::Endless] {
        let (url, _serving) = serve(end).await;
        let reads = RetryPolicy { whole: Some(Duration::from_millis(400)), ..RetryPolicy::interactive() };
        // Each attempt by itself could take a minute.
        let options = ConnectWiseOptions { reads, ..connectwise_options(http_within(Duration::from_secs(60))) };
        let client = ConnectWise::connect(&connectwise_credentials(&url), &options).await.unwrap();
        let called = client.list_additions(agreement());
        let ended = tokio::time::timeout(Duration::from_secs(30), called).await.expect("the call never ended");
        assert!(ended.is_err(), "there is no whole answer");
    }
}

#[tokio::test]
async fn a_connection_closed_without_a_response_proves_nothing() {
    let (url, _serving) = serve(End::Closed).await;
    let client = connect(&url, http()).await.unwrap();
    proves_nothing(&client, "ConnectWise gave no usable answer").await;
}

#[tokio::test]
async fn a_connection_reset_without_a_response_proves_nothing() {
    let (url, _serving) = serve(End::Reset).await;
    let client = connect(&url, http()).await.unwrap();
    proves_nothing(&client, "Connection reset by peer").await;
}

#[tokio::test]
async fn half_a_body_proves_nothing() {
    let (url, _serving) = serve(End::HalfABody).await;
    let client = connect(&url, http()).await.unwrap();
    proves_nothing(&client, "ConnectWise gave no usable answer").await;
}

#[tokio::test]
async fn an_endless_body_is_cut_off_at_the_limit() {
    let (url, _serving) = serve(End::Endless).await;
    let client = connect(&url, http()).await.unwrap();
    let error = set_quantity(&client).await;
    assert!(error.to_string().contains("an answer of more than 16777216 bytes"), "{error}");
}

#[tokio::test]
async fn a_refused_connection_proves_that_nothing_was_done() {
    let (url, serving) = serve(End::Closed).await;
    let client = connect(&url, http()).await.unwrap();
    serving.abort();
    assert!(serving.await.is_err());
    let error = set_quantity(&client).await;
    assert!(matches!(error, PsaError::NotSent { .. }), "{error}");
    assert_eq!(client.calls(), 1 + 1, "who stored the change stores it anew before it is sent again");
    assert!(client.list_additions(agreement()).await.is_err());
    assert_eq!(client.calls(), 2 + ATTEMPTS, "a read is tried again");
}
