//! Why an alert was not accepted, in texts for the person who set up the webhook.

use std::error::Error;
use std::io;
use std::time::Duration;

use reqwest::StatusCode;

use crate::client::http::HttpLimits;

/// Why an alert was not accepted.
///
/// It holds nothing but numbers, so that its text cannot show an address, a secret or what a receiver made up. Name the
/// host in addition to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookFailure {
    /// The id cannot be a header: a defect of this program. Nothing was sent.
    #[error("the alert has an id that cannot be sent")]
    Unsendable,
    /// The name does not resolve. Nothing was sent.
    #[error("the webhook's host is not known to the Internet; check its name")]
    UnknownHost,
    /// The name leads to private networks only. Nothing was sent.
    #[error("the webhook's host leads to no public address; only a server on the Internet can be called")]
    NoPublicAddress,
    /// Nobody listens at that address and port. Nothing was sent.
    #[error("the webhook's server refuses the connection; check the address and its port, and that the server runs")]
    ConnectionRefused,
    /// The server's certificate is not valid for its name. Nothing was sent.
    #[error(
        "the certificate of the webhook's server is not accepted: it has expired, is made for another name, or is of no \
         public authority; renew it"
    )]
    BadCertificate,
    /// There was no connection for another reason. Nothing was sent.
    #[error("no connection to the webhook's server could be made; check the address, and that it speaks https")]
    NoConnection,
    /// The connection was not established in time. Nothing was sent.
    #[error(
        "no connection to the webhook's server stood within {within:?}; check the address, and that its firewall lets \
         this service in"
    )]
    NoConnectionInTime {
        /// The time limit.
        within: Duration,
    },
    /// No response came in time. The receiver may have accepted the alert.
    #[error("the webhook's server did not answer within {within:?}; it must answer before it works on an alert")]
    NoAnswerInTime {
        /// The time limit.
        within: Duration,
    },
    /// The connection broke, or the response cannot be read. The receiver may have accepted the alert.
    #[error("the webhook's server broke off before it had answered, or its answer cannot be read")]
    NoUsableAnswer,
    /// The receiver answered 3xx.
    #[error("the webhook's server answered {status}, a redirect, which is not followed; save the address it leads to")]
    Redirect {
        /// The status, 300 to 399.
        status: u16,
    },
    /// The receiver answered 410: it wants no more alerts at this address.
    #[error("the webhook's server answered 410, the webhook is gone; make a new one there and save its address")]
    Gone,
    /// The receiver answered with any other status but 2xx.
    #[error("the webhook's server answered {status} instead of taking the alert; check the webhook there")]
    Answered { status: u16 },
}

impl WebhookFailure {
    pub(super) fn unless_taken(status: StatusCode) -> Result<(), Self> {
        let number = status.as_u16();
        match number {
            200..=299 => Ok(()),
            300..=399 => Err(Self::Redirect { status: number }),
            410 => Err(Self::Gone),
            _ => Err(Self::Answered { status: number }),
        }
    }

    /// The failure of a call without a response. The texts of `error` contain the address and are dropped.
    pub(super) fn from_error(error: &reqwest::Error, limits: HttpLimits) -> Self {
        if error.is_builder() {
            return Self::Unsendable;
        }
        match (error.is_timeout(), error.is_connect()) {
            (true, true) => Self::NoConnectionInTime { within: limits.connect_timeout },
            (true, false) => Self::NoAnswerInTime { within: limits.call_timeout },
            (false, true) => Self::of_connecting(error),
            (false, false) => Self::NoUsableAnswer,
        }
    }

    fn of_connecting(error: &reqwest::Error) -> Self {
        let of_kind =
            |kind| causes(error).filter_map(|cause| cause.downcast_ref::<io::Error>()).any(|io| io.kind() == kind);
        if error.is_dns() {
            // Our resolver answers with this kind where it found addresses and may use none of them.
            return if of_kind(io::ErrorKind::PermissionDenied) { Self::NoPublicAddress } else { Self::UnknownHost };
        }
        if of_kind(io::ErrorKind::ConnectionRefused) {
            return Self::ConnectionRefused;
        }
        // The error of TLS is inside an I/O error that shows its text.
        let mut words = causes(error).map(ToString::to_string);
        let certificate = words.any(|words| words.starts_with("invalid peer certificate"));
        if certificate { Self::BadCertificate } else { Self::NoConnection }
    }
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}
