//! The errors of the ports, grouped by what the caller can do next.
//!
//! The texts are for people; fields hold a vendor's own message and are safe to log. No error contains a credential.

use std::fmt;
use std::time::Duration;

/// An error of the store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another write changed what this write was based on. Read again and decide again.
    #[error("{what} was changed by someone else meanwhile")]
    Conflict {
        /// The name of the entry.
        what: String,
    },
    /// Another worker holds the lease: stop and write nothing more.
    #[error("another worker has taken over this partner's run")]
    LeaseLost,
    /// The table is slow, throttled or unavailable. The same call may succeed later.
    #[error("the table could not be reached: {why}")]
    Unavailable {
        /// The service's message.
        why: String,
    },
    /// This release cannot read the stored entry.
    #[error("a stored entry cannot be read: {what}: {why}")]
    Unreadable {
        /// The name of the entry.
        what: String,
        /// The parser's message.
        why: String,
    },
    /// The table refuses the call: a right is missing, or this program has a defect.
    #[error("the table refused: {why}")]
    Refused {
        /// The service's message.
        why: String,
    },
}

impl StoreError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Unavailable { .. } => true,
            Self::Conflict { .. } | Self::LeaseLost | Self::Unreadable { .. } | Self::Refused { .. } => false,
        }
    }
}

/// ConnectWise did not do what was asked, or did not confirm it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PsaError {
    /// The keys, the company or the client id are wrong (401).
    Unauthorized,
    /// The API member's role lacks a right (403).
    Forbidden {
        /// ConnectWise's message.
        message: String,
    },
    /// The record does not exist (404).
    NotFound,
    /// ConnectWise refuses the request (another 4xx), which had no effect.
    Refused {
        /// ConnectWise's code, such as `InvalidObject`.
        code: String,
        /// ConnectWise's messages, those about fields included.
        message: String,
        /// The refused fields, in ConnectWise's order; empty if it names none.
        fields: Vec<RefusedField>,
    },
    /// Somebody else has the record in use (423, or a 409 that names no field). The request had no effect and can be
    /// retried.
    Locked {
        /// ConnectWise's message.
        message: String,
    },
    /// Too many requests (429), even after waiting. The request had no effect.
    Throttled {
        /// ConnectWise's `Retry-After`, if it sent one.
        retry_after: Option<Duration>,
    },
    /// A list is longer than the bounds. Reading it again does not help.
    ListTooLong {
        /// The name of the list.
        list: String,
        /// The exceeded bound, such as `more than 5,000 rows`.
        bound: String,
    },
    /// The circuit breaker is open, because many requests in a row failed. The request was not sent and had no effect.
    Away {
        /// How long the circuit breaker stays open.
        retry_after: Duration,
    },
    /// The request was not sent: there was no connection, or the address is not allowed. It had no effect.
    NotSent {
        /// The reason.
        why: String,
    },
    /// No response, a server error, or an unreadable response. A write may have taken effect.
    Unanswered {
        /// What happened instead.
        why: String,
    },
}

/// A field that ConnectWise refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedField {
    /// ConnectWise's name of the field, such as `identifier` or `subcategory/id`.
    pub field: String,
    /// Its code, such as `MissingRequiredField`, `OutOfRange`, `MaxLengthField`, `NotFound`, `ObjectExists`; may be
    /// empty.
    pub code: String,
    /// ConnectWise's message about the field.
    pub message: String,
}

impl PsaError {
    /// The fields that ConnectWise refuses.
    #[must_use]
    pub fn fields(&self) -> &[RefusedField] {
        match self {
            Self::Refused { fields, .. } => fields,
            Self::Unauthorized
            | Self::Forbidden { .. }
            | Self::NotFound
            | Self::Locked { .. }
            | Self::Throttled { .. }
            | Self::ListTooLong { .. }
            | Self::Away { .. }
            | Self::NotSent { .. }
            | Self::Unanswered { .. } => &[],
        }
    }

    /// Whether a write with this error may have taken effect. Such a write must not simply be sent again.
    #[must_use]
    pub const fn may_have_taken_effect(&self) -> bool {
        match self {
            Self::Unanswered { .. } => true,
            Self::Unauthorized
            | Self::Forbidden { .. }
            | Self::NotFound
            | Self::Refused { .. }
            | Self::Locked { .. }
            | Self::Throttled { .. }
            | Self::ListTooLong { .. }
            | Self::Away { .. }
            | Self::NotSent { .. } => false,
        }
    }
}

impl fmt::Display for PsaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unauthorized => f.write_str("ConnectWise does not accept the company id and keys"),
            Self::Forbidden { message } => write!(f, "ConnectWise denies access: {message}"),
            Self::NotFound => f.write_str("ConnectWise has no such record"),
            Self::Refused { code, message, fields } => match fields.first() {
                None => write!(f, "ConnectWise refuses ({code}): {message}"),
                Some(first) => write!(f, "ConnectWise refuses ({code}, field {}): {message}", first.field),
            },
            Self::Locked { message } => write!(f, "ConnectWise has the record in use: {message}"),
            Self::Throttled { .. } => f.write_str("ConnectWise asks for fewer requests"),
            Self::ListTooLong { list, bound } => {
                write!(f, "ConnectWise's list of {list} has no end that is reached: {bound}")
            }
            Self::Away { retry_after } => {
                write!(
                    f,
                    "ConnectWise is away: it answered none of many requests; it is asked again in {} s",
                    retry_after.as_secs().max(1)
                )
            }
            Self::NotSent { why } => write!(f, "ConnectWise could not be reached: {why}"),
            Self::Unanswered { why } => write!(f, "ConnectWise gave no usable answer: {why}"),
        }
    }
}

impl std::error::Error for PsaError {}

/// An error of Sophos.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The client id or the secret is wrong or was revoked.
    #[error("Sophos does not accept the client id and secret")]
    Unauthorized,
    /// The credentials are not this partner's.
    #[error("these Sophos credentials belong to a {found}, not to this partner")]
    NotAPartner {
        /// The account that they belong to, in Sophos' word.
        found: String,
    },
    /// The credentials lack a right (403).
    #[error("Sophos denies access: {message}")]
    Forbidden {
        /// Sophos' message.
        message: String,
    },
    /// Too many requests, even after waiting.
    #[error("Sophos asks for fewer requests")]
    Throttled {
        /// Sophos' `Retry-After`, if it sent one.
        retry_after: Option<Duration>,
    },
    /// No response or a server error, even after retries.
    #[error("Sophos could not be reached: {why}")]
    Unavailable {
        /// What happened instead.
        why: String,
    },
    /// A response is longer than the limit. A retry does not help.
    #[error("Sophos' answer has no end that is reached: {bound}")]
    TooLong {
        /// The exceeded limit, such as `more than 16777216 bytes`.
        bound: String,
    },
    /// The response differs from Sophos' documentation, or the pages contradict each other.
    #[error("Sophos' answer cannot be used: {why}")]
    Malformed {
        /// The difference.
        why: String,
    },
}

/// Why there is no connection to one of the two services.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// The partner has not saved this connection.
    #[error("no {service} connection is saved")]
    Missing {
        /// `ConnectWise` or `Sophos`.
        service: &'static str,
    },
    /// The saved connection cannot be opened or is not valid.
    #[error("the saved {service} connection cannot be used: {why}")]
    Unusable {
        /// `ConnectWise` or `Sophos`.
        service: &'static str,
        /// The reason, without any secret.
        why: String,
    },
    /// The ConnectWise database has no owner: another partner could claim it at any moment.
    #[error("this ConnectWise company is not claimed for this account; save the ConnectWise connection again")]
    Unclaimed,
    /// The ConnectWise database belongs to another partner. The message never names that partner.
    #[error("this ConnectWise company is connected by another account of this service; only one can write to it")]
    TakenByAnother,
    /// The saved credentials could not be opened, temporarily or permanently.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// ConnectWise failed.
    #[error(transparent)]
    Psa(#[from] PsaError),
    /// Sophos failed.
    #[error(transparent)]
    Source(#[from] SourceError),
}

/// Why a secret could not be sealed or opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("credentials could not be {action}: {why}")]
pub struct SealError {
    /// `sealed` or `opened`.
    pub action: &'static str,
    /// The service's message.
    pub why: String,
    /// Whether a retry can help.
    pub outlook: SealOutlook,
}

/// Whether a failed sealing or opening can succeed later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealOutlook {
    /// The key service is unavailable or busy: the same call may succeed later.
    MayPass,
    /// Somebody has to act: the key is another one, disabled or deleted, or the text is damaged. The partner has to
    /// save the credentials again; a disabled key has to be enabled.
    Lasting,
}

impl SealError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        match self.outlook {
            SealOutlook::MayPass => true,
            SealOutlook::Lasting => false,
        }
    }
}

/// Why a message could not be queued.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the queue could not be reached: {why}")]
pub struct QueueError {
    /// The service's message.
    pub why: String,
}

/// Why a mail was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// The mail service is unavailable or takes no more mails at the moment. The same mail may be accepted later.
    #[error("the mail service could not take the mail: {why}")]
    Unavailable {
        /// The service's message.
        why: String,
    },
    /// The mail service refuses the address, the sender or this account. Somebody has to act.
    #[error("the mail service refuses the mail: {why}")]
    Refused {
        /// The service's message.
        why: String,
    },
}

impl MailError {
    /// Whether the same mail may be accepted later.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Unavailable { .. } => true,
            Self::Refused { .. } => false,
        }
    }
}
