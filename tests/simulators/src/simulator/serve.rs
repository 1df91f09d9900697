//! Serves a router on a loopback port, over http or https, until told to stop.
//!
//! `axum::serve` always answers; a simulator must also be able to close a connection without an answer, so the
//! connections are driven through hyper here.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::extract::Request;
use axum::http::uri::Scheme;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tower_service::Service;

use super::gate::Unanswered;
use super::tls::Authority;

/// A server that runs until it is stopped or dropped; its connections end with it.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    scheme: Scheme,
    serving: JoinHandle<()>,
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:<port>`, or `https` likewise, without a slash at the end.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Closes the listener and all connections; returns when the port is free again.
    pub async fn stop(mut self) {
        self.serving.abort();
        // The only error of a task that was just aborted is that it was aborted.
        if let Err(ended) = (&mut self.serving).await {
            tracing::debug!(%ended, address = %self.address, "simulator stopped");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Serves `router` over http on 127.0.0.1 at `port`, or at a free port if that is 0.
pub async fn serve(router: Router, port: u16) -> io::Result<Running> {
    bind(router, port, None).await
}

/// The same over https, with a certificate of `authority`.
pub async fn serve_tls(router: Router, port: u16, authority: &Authority) -> io::Result<Running> {
    bind(router, port, Some(authority.acceptor())).await
}

async fn bind(router: Router, port: u16, tls: Option<TlsAcceptor>) -> io::Result<Running> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = listener.local_addr()?;
    let scheme = if tls.is_some() { Scheme::HTTPS } else { Scheme::HTTP };
    let serving = tokio::spawn(accept(listener, router, tls));
    Ok(Running { address, scheme, serving })
}

async fn accept(listener: TcpListener, router: Router, tls: Option<TlsAcceptor>) {
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(greet(stream, router.clone(), tls.clone()));
            }
            Err(refused) => tracing::warn!(%refused, "a connection to a simulator could not be accepted"),
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn greet(stream: TcpStream, router: Router, tls: Option<TlsAcceptor>) {
    if let Err(failed) = stream.set_nodelay(true) {
        tracing::debug!(%failed, "a simulator's connection stays with delayed packets");
    }
    let Some(tls) = tls else { return drive(stream, router, Scheme::HTTP).await };
    match tls.accept(stream).await {
        Ok(stream) => drive(stream, router, Scheme::HTTPS).await,
        Err(failed) => tracing::debug!(%failed, "a simulator's TLS handshake failed"),
    }
}

/// Speaks HTTP/1.1, or HTTP/2 with a client that begins so: by ALPN over TLS, by prior knowledge in clear.
async fn drive(stream: impl AsyncRead + AsyncWrite + Unpin + 'static, router: Router, scheme: Scheme) {
    let service = service_fn(move |request: hyper::Request<Incoming>| answer(router.clone(), scheme.clone(), request));
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http1().timer(TokioTimer::new());
    server.http2().timer(TokioTimer::new());
    if let Err(ended) = server.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%ended, "a simulator's connection ended early");
    }
}

/// The reason for which hyper closes a connection without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the fault plan leaves this call without an answer")]
struct LeftUnanswered;

/// Each request carries the [`Scheme`] it came by as an extension, for the links of its answer.
async fn answer(
    mut router: Router,
    scheme: Scheme,
    request: hyper::Request<Incoming>,
) -> Result<Response, LeftUnanswered> {
    let mut request: Request = request.map(axum::body::Body::new);
    request.extensions_mut().insert(scheme);
    let Ok(answer) = router.call(request).await;
    if answer.extensions().get::<Unanswered>().is_some() { Err(LeftUnanswered) } else { Ok(answer) }
}
