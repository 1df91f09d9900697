//! As much of HTTP/1.1 as a receiver of alerts needs: one request a connection, with a length.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The longest request in bytes.
const MAX_HEAD_BYTES: usize = 64 * 1024;
const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: String,
    /// The path and query.
    pub(super) path: String,
    /// Names in lower case.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Request {
    /// The value of a header that must be there once.
    pub(super) fn header(&self, name: &str) -> Result<&str, String> {
        let mut found = self.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        match (found.next(), found.next()) {
            (Some(value), None) => Ok(value),
            (None, _) => Err(format!("there is no {name}")),
            (Some(_), Some(_)) => Err(format!("there is more than one {name}")),
        }
    }
}

/// Reads a request to its end.
pub(super) async fn read(stream: &mut TcpStream) -> io::Result<Request> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        if bytes.len() > MAX_HEAD_BYTES || stream.read_buf(&mut bytes).await? == 0 {
            return Err(malformed("no whole head"));
        }
    };
    let body = bytes.split_off(head_end + 4);
    let head = String::from_utf8(bytes).map_err(|_| malformed("a head that is no text"))?;
    let mut request = parse(&head).ok_or_else(|| malformed("a head that is none"))?;
    let length = request.header("content-length").map_err(malformed)?.parse().map_err(malformed)?;
    if length > MAX_BODY_BYTES {
        return Err(malformed("too long a body"));
    }
    request.body = body;
    while request.body.len() < length {
        if stream.read_buf(&mut request.body).await? == 0 {
            return Err(malformed("no whole body"));
        }
    }
    Ok(request)
}

fn parse(head: &str) -> Option<Request> {
    let mut lines = head.trim_end().split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_ascii_lowercase(), value.trim().to_owned()))
    };
    let headers = lines.map(header).collect::<Option<_>>()?;
    Some(Request { method, path, headers, body: Vec::new() })
}

fn malformed(why: impl ToString) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.to_string())
}

/// Answers without a body and ends the connection; `headers` are whole lines.
pub(super) async fn answer(stream: &mut TcpStream, status: u16, headers: &str) -> io::Result<()> {
    let length = if status == 204 { "" } else { "content-length: 0\r\n" };
    let head = format!("HTTP/1.1 {status} As-Told\r\n{length}connection: close\r\n{headers}\r\n");
    stream.write_all(head.as_bytes()).await?;
    stream.shutdown().await
}
