//! Why an alert was not taken, in words for the person who set up the webhook.

use std::error::Error;
use std::io;
use std::time::Duration;

use reqwest::StatusCode;

use crate::client::http::HttpLimits;

/// Why an alert was not taken.
///
/// Holds nothing but numbers, so that no text of it can show an address, a secret or what a receiver made up; say the
/// host beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookFailure {
    /// Its id cannot be a header: a defect of this program. Nothing was sent.
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
    /// The server could not prove that it is the one. Nothing was sent.
    #[error(
        "the certificate of the webhook's server is not accepted: it has expired, is made for another name, or is of no \
         public authority; renew it"
    )]
    BadCertificate,
    /// Another reason for which no connection stood. Nothing was sent.
    #[error("no connection to the webhook's server could be made; check the address, and that it speaks https")]
    NoConnection,
    /// No connection stood in time. Nothing was sent.
    #[error(
        "no connection to the webhook's server stood within {within:?}; check the address, and that its firewall lets \
         this service in"
    )]
    NoConnectionInTime {
        /// How long was waited.
        within: Duration,
    },
    /// No answer came in time. The receiver may have taken the alert.
    #[error("the webhook's server did not answer within {within:?}; it must answer before it works on an alert")]
    NoAnswerInTime {
        /// How long was waited.
        within: Duration,
    },
    /// The connection broke, or what came is no answer. The receiver may have taken the alert.
    #[error("the webhook's server broke off before it had answered, or its answer cannot be read")]
    NoUsableAnswer,
    /// A 3xx.
    #[error("the webhook's server answered {status}, a redirect, which is not followed; save the address it leads to")]
    Redirect {
        /// The status.
        status: u16,
    },
    /// A 410: the receiver wants no more alerts at this address.
    #[error("the webhook's server answered 410, the webhook is gone; make a new one there and save its address")]
    Gone,
    /// Any other status but a 2xx.
    #[error("the webhook's server answered {status} instead of taking the alert; check the webhook there")]
    Answered {
        /// The status.
        status: u16,
    },
}

impl WebhookFailure {
    /// Nothing where the status says that the alert was taken.
    pub(super) fn unless_taken(status: StatusCode) -> Result<(), Self> {
        let number = status.as_u16();
        match number {
            200..=299 => Ok(()),
            300..=399 => Err(Self::Redirect { status: number }),
            410 => Err(Self::Gone),
            _ => Err(Self::Answered { status: number }),
        }
    }

    /// What a call without an answer came to. The error's own texts hold the address and are let go.
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
            // The kind by which the resolver tells that it found addresses and may use none of them.
            return if of_kind(io::ErrorKind::PermissionDenied) { Self::NoPublicAddress } else { Self::UnknownHost };
        }
        if of_kind(io::ErrorKind::ConnectionRefused) {
            return Self::ConnectionRefused;
        }
        // TLS' own error stands inside of an I/O error that shows it.
        let mut words = causes(error).map(ToString::to_string);
        let certificate = words.any(|words| words.starts_with("invalid peer certificate"));
        if certificate { Self::BadCertificate } else { Self::NoConnection }
    }
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}
