//! Answers as a test bends them: any status, any headers, any bytes, and an end in the middle.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::Response;
use futures::stream;

use super::Sophos;

/// What a test does to each answer.
pub(super) type Bend = Arc<dyn Fn(&Uri, &mut BentAnswer) + Send + Sync>;

/// An answer on its way out.
#[derive(Debug)]
pub struct BentAnswer {
    pub status: StatusCode,
    /// The headers, but for the length, which follows from the body.
    pub headers: HeaderMap,
    /// The bytes.
    pub body: Vec<u8>,
    /// What comes after the last byte.
    pub end: End,
}

/// How an answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// In order.
    Whole,
    /// The connection is closed, though more was announced.
    CutOff,
}

/// Lets the test have a look at each answer.
pub(super) async fn bend(State(sophos): State<Sophos>, request: Request, next: Next) -> Result<Response, Infallible> {
    let uri = request.uri().clone();
    let answer = next.run(request).await;
    let Some(bend) = sophos.world().bend.clone() else { return Ok(answer) };
    let (mut parts, body) = answer.into_parts();
    // The simulator's own bodies are whole in memory: reading one cannot fail.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default().to_vec();
    let headers = std::mem::take(&mut parts.headers);
    let mut bent = BentAnswer { status: parts.status, headers, body, end: End::Whole };
    bend(&uri, &mut bent);
    (parts.status, parts.headers) = (bent.status, bent.headers);
    parts.headers.remove(CONTENT_LENGTH);
    Ok(Response::from_parts(parts, bytes(bent.body, bent.end)))
}

fn bytes(body: Vec<u8>, end: End) -> Body {
    match end {
        End::Whole => Body::from(body),
        End::CutOff => {
            let broken = io::Error::from(io::ErrorKind::ConnectionReset);
            Body::from_stream(stream::iter([Ok(Bytes::from(body)), Err(broken)]))
        }
    }
}
