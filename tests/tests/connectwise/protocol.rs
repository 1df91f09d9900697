//! What the answers travel by: HTTP/2 beside HTTP/1.1, and compression.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use harness::simulator::tls::Authority;
use hyper::Request;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::world::World;

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
async fn c19_http2_is_spoken_in_clear_with_a_client_that_begins_so() {
    let world = World::new().await;
    let stream = TcpStream::connect(world.server.address()).await.unwrap();
    let (status, agreement) = over_http2(stream, &world.url("/finance/agreements/1")).await;
    assert_eq!((status, &agreement["id"]), (200, &json!(1)));
    // The host of the links is the one that was addressed, which HTTP/2 has no header for.
    let href = agreement["company"]["_info"]["company_href"].as_str().unwrap();
    assert!(href.starts_with(&world.server.url()), "{href}");
}

#[tokio::test]
async fn c19_http2_is_agreed_on_over_tls_with_a_client_that_offers_it() {
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
