//! What a receiver can do to its sender.

use std::future::pending;
use std::io;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::wire;

/// What happens to a request instead of an honest answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misbehaviour {
    /// This status; the alert is not taken.
    Status(u16),
    /// This status, which leads to this address; the alert is not taken.
    Redirect(u16, String),
    /// No answer for ever; the alert is not taken.
    Hang,
    /// The first half of an answer's head, and the end; the alert is not taken.
    CutInTheHead,
    /// A header that never ends; the alert is not taken.
    EndlessHeader,
    /// Interim answers (100) for ever, and no last one; the alert is not taken.
    InterimForEver,
    /// An answer that is no HTTP; the alert is not taken.
    Nonsense,
    /// The alert is taken and answered, with a body that drips for ever.
    DripBody,
    /// The alert is taken and answered, with a body that comes as fast as it is read, for ever.
    FloodBody,
    /// The alert is taken, and the connection ends without a word.
    LoseAnswer,
}

impl Misbehaviour {
    pub(super) const fn takes_the_alert(&self) -> bool {
        match self {
            Self::DripBody | Self::FloodBody | Self::LoseAnswer => true,
            Self::Status(_)
            | Self::Redirect(..)
            | Self::Hang
            | Self::CutInTheHead
            | Self::EndlessHeader
            | Self::InterimForEver
            | Self::Nonsense => false,
        }
    }

    /// Does it; returns when the sender has gone, or never. `status` is what an honest answer would have been.
    pub(super) async fn carry_out(self, stream: &mut TcpStream, status: u16) -> io::Result<()> {
        match self {
            Self::Status(told) => wire::answer(stream, told, "").await,
            Self::Redirect(told, to) => wire::answer(stream, told, &format!("location: {to}\r\n")).await,
            Self::Hang => pending().await,
            Self::CutInTheHead => stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-le").await,
            Self::EndlessHeader => flood(stream, "HTTP/1.1 200 OK\r\nx-endless: ", "and more of it, ").await,
            Self::InterimForEver => flood(stream, "", "HTTP/1.1 100 Continue\r\n\r\n").await,
            Self::Nonsense => stream.write_all(b"220 mail.example.com ESMTP\r\n\r\n").await,
            Self::DripBody => drip(stream, status_of_a_body(status)).await,
            Self::FloodBody => flood(stream, &chunked(status_of_a_body(status)), "4\r\nmore\r\n").await,
            Self::LoseAnswer => Ok(()),
        }
    }
}

/// 204 has no body.
const fn status_of_a_body(status: u16) -> u16 {
    if status == 204 { 200 } else { status }
}

fn chunked(status: u16) -> String {
    format!("HTTP/1.1 {status} As-Told\r\ntransfer-encoding: chunked\r\n\r\n")
}

async fn flood(stream: &mut TcpStream, first: &str, then: &str) -> io::Result<()> {
    stream.write_all(first.as_bytes()).await?;
    let much = then.repeat(256);
    loop {
        stream.write_all(much.as_bytes()).await?;
    }
}

async fn drip(stream: &mut TcpStream, status: u16) -> io::Result<()> {
    stream.write_all(chunked(status).as_bytes()).await?;
    let mut drops = tokio::time::interval(Duration::from_millis(5));
    loop {
        drops.tick().await;
        stream.write_all(b"1\r\n.\r\n").await?;
    }
}
