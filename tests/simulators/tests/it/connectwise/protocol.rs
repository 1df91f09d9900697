//! What the answers travel by: HTTP/2 beside HTTP/1.1, and compression.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use hyper::Request;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use reqwest::Method;
use serde_json::{Value, json};
use simulators::simulator::faults::{Fault, FaultKind, FaultPlan};
use simulators::simulator::tls::Authority;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::connectwise::world::World;

/// Asks for agreement 1 over HTTP/2 on a stream that is ready for it.
async fn over_http2(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, url: &str) -> (u16, Value) {
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    let driver = tokio::spawn(connection);
    let request = Request::get(url)
        .header("authorization", "Basic YWNtZStwdWJsaWM6c2VjcmV0")
        .header("clientId", uuid::Uuid::nil().to_string())
        .body(Body::empty())
        .unwrap();
    let answer = sender.send_request(request).await.unwrap();
    let status = answer.status().as_u16();
    let body = to_bytes(Body::new(answer.into_body()), usize::MAX).await.unwrap();
    driver.abort();
    (status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn http2_is_spoken_in_clear_with_a_client_that_begins_so() {
    let world = World::new().await;
    let stream = TcpStream::connect(world.server.address()).await.unwrap();
    let (status, agreement) = over_http2(stream, &world.url("/finance/agreements/1")).await;
    assert_eq!((status, &agreement["id"]), (200, &json!(1)));
    // The host of the links is the one that was addressed, which HTTP/2 has no header for.
    let href = agreement["company"]["_info"]["company_href"].as_str().unwrap();
    assert!(href.starts_with(&world.server.url()), "{href}");
}

#[tokio::test]
async fn http2_is_agreed_on_over_tls_with_a_client_that_offers_it() {
    let world = World::new().await;
    let authority = Authority::new().unwrap();
    let server = world.psa.start_tls(0, &authority).await.unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.certificate_pem().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let stream = TcpStream::connect(server.address()).await.unwrap();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
    let url = format!("{}/v4_6_release/apis/3.0/finance/agreements/1", server.url());
    let (status, agreement) = over_http2(stream, &url).await;
    assert_eq!((status, &agreement["id"]), (200, &json!(1)));
}

/// The bytes of an answer to a caller that takes gzip, and whether they are compressed.
async fn zipped(world: &World, path: &str) -> (bool, Vec<u8>) {
    let call = world.call(Method::GET, path).header("accept-encoding", "gzip, deflate, br");
    // This client has no gzip of its own: it hands on what came.
    let answer = call.send().await.unwrap();
    let is_gzip = answer.headers().get("content-encoding").is_some_and(|encoding| encoding == "gzip");
    (is_gzip, answer.bytes().await.unwrap().to_vec())
}

fn unzipped(bytes: &[u8]) -> String {
    std::io::read_to_string(flate2::read::GzDecoder::new(bytes)).unwrap()
}

#[tokio::test]
async fn an_answer_is_compressed_for_a_caller_that_asks_for_it_alone() {
    let world = World::new().await;
    let (is_gzip, bytes) = zipped(&world, "/procurement/catalog").await;
    assert!(is_gzip);
    let plain = world.get("/procurement/catalog").await;
    assert_eq!(plain.headers.get("content-encoding"), None);
    assert_eq!(serde_json::from_str::<Value>(&unzipped(&bytes)).unwrap(), plain.expect(200));
}

#[tokio::test]
async fn what_a_fault_spoils_is_spoilt_below_the_compression() {
    let world = World::new().await;
    let plain = world.call(Method::GET, "/procurement/catalog").send().await.unwrap().text().await.unwrap();
    let meet = |kind: FaultKind| {
        world.psa.gate().set_faults(FaultPlan::of(1, [Fault::new(kind).on("GET", "/procurement/catalog")])).unwrap();
    };
    meet(FaultKind::TruncatedJson);
    let (is_gzip, bytes) = zipped(&world, "/procurement/catalog").await;
    assert!(is_gzip);
    assert_eq!(unzipped(&bytes), plain[..plain.len() / 2]);
    meet(FaultKind::TextReplaced { text: "Endpoint".into(), by: "Elsewhere".into() });
    let (_, bytes) = zipped(&world, "/procurement/catalog").await;
    assert_eq!(unzipped(&bytes), plain.replace("Endpoint", "Elsewhere"));
    meet(FaultKind::ResetBefore);
    let call = world.call(Method::GET, "/procurement/catalog").header("accept-encoding", "gzip");
    assert!(call.send().await.is_err());
}
