//! How a port fails, told by what the caller can do next.
//!
//! The texts are for people; what stands behind them (a vendor's own words) is kept in fields that are safe to log.
//! No error carries a credential.

use std::fmt;
use std::time::Duration;

/// The store could not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Something else changed what this write was based on. Read again and decide again.
    #[error("{what} was changed by someone else meanwhile")]
    Conflict {
        /// What.
        what: String,
    },
    /// The lease went to another worker: stop, write nothing more.
    #[error("another worker has taken over this partner's run")]
    LeaseLost,
    /// The table is slow, throttled or away. The same call may succeed later.
    #[error("the table could not be reached: {why}")]
    Unavailable {
        /// The service's words.
        why: String,
    },
    /// What is stored cannot be read by this release.
    #[error("a stored entry cannot be read: {what}: {why}")]
    Unreadable {
        /// Which.
        what: String,
        /// Why.
        why: String,
    },
    /// The table refuses the call: a missing right or a defect of this program.
    #[error("the table refused: {why}")]
    Refused {
        /// The service's words.
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

/// ConnectWise did not do what was asked, or did not say that it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PsaError {
    /// The keys, the company or the client id are wrong (401).
    Unauthorized,
    /// The API member's role lacks a right (403).
    Forbidden {
        /// ConnectWise's words.
        message: String,
    },
    /// There is no such record (404).
    NotFound,
    /// ConnectWise refuses the request (other 4xx): it took no effect.
    Refused {
        /// Its code, such as `InvalidObject`.
        code: String,
        /// Its words, those of its field errors included.
        message: String,
        /// The fields that it complains of, in its order; empty where it names none.
        fields: Vec<RefusedField>,
    },
    /// Somebody else has the record in use (423, or a 409 that names no field): it took no effect, and that passes.
    Locked {
        /// ConnectWise's words.
        message: String,
    },
    /// Too many requests (429), also after waiting: it took no effect.
    Throttled {
        /// How long ConnectWise wants to be left alone, if it said so.
        retry_after: Option<Duration>,
    },
    /// A list has no end that is reached: it is longer than anything that is read. Reading it again does not help.
    ListTooLong {
        /// Of what.
        list: String,
        /// What was exceeded: `more than 5,000 rows`.
        bound: String,
    },
    /// The request never left: ConnectWise did not answer many requests in a row, and is not asked for a while. It took
    /// no effect.
    Away {
        /// After how long it is asked again.
        retry_after: Duration,
    },
    /// The request never left: no connection, or an address that is not allowed. It took no effect.
    NotSent {
        /// Why.
        why: String,
    },
    /// No answer, a server error, or one that cannot be read. A write may have taken effect.
    Unanswered {
        /// What came instead.
        why: String,
    },
}

/// What ConnectWise says of one field that it refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedField {
    /// Its name for the field, as it writes it: `identifier`, `subcategory/id`.
    pub field: String,
    /// Its code, such as `MissingRequiredField`, `OutOfRange`, `MaxLengthField`, `NotFound`, `ObjectExists`; may be empty.
    pub code: String,
    /// Its words.
    pub message: String,
}

impl PsaError {
    /// What ConnectWise says of single fields.
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

    /// Whether a write that ended so may have taken effect all the same. Such a write is never simply sent again.
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

/// Sophos did not give what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The client id or secret is wrong, or was withdrawn.
    #[error("Sophos does not accept the client id and secret")]
    Unauthorized,
    /// The credentials are not this partner's.
    #[error("these Sophos credentials belong to a {found}, not to this partner")]
    NotAPartner {
        /// What they belong to, in Sophos' word.
        found: String,
    },
    /// The credentials lack a right (403).
    #[error("Sophos denies access: {message}")]
    Forbidden {
        /// Sophos' words.
        message: String,
    },
    /// Too many requests, also after waiting.
    #[error("Sophos asks for fewer requests")]
    Throttled {
        /// How long Sophos wants to be left alone, if it said so.
        retry_after: Option<Duration>,
    },
    /// No answer, or a server error, also after trying again.
    #[error("Sophos could not be reached: {why}")]
    Unavailable {
        /// What came instead.
        why: String,
    },
    /// An answer is longer than anything that is read. Asking again does not help.
    #[error("Sophos' answer has no end that is reached: {bound}")]
    TooLong {
        /// What was exceeded: `more than 16777216 bytes`.
        bound: String,
    },
    /// The answer is not what Sophos documents, or the pages do not add up.
    #[error("Sophos' answer cannot be used: {why}")]
    Malformed {
        /// What is wrong with it.
        why: String,
    },
}

/// A connection to one of the two services cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// The partner has not saved any.
    #[error("no {service} connection is saved")]
    Missing {
        /// `ConnectWise` or `Sophos`.
        service: &'static str,
    },
    /// What is saved cannot be opened or is not valid.
    #[error("the saved {service} connection cannot be used: {why}")]
    Unusable {
        /// `ConnectWise` or `Sophos`.
        service: &'static str,
        /// Why, without any secret.
        why: String,
    },
    /// The ConnectWise database is nobody's: another partner could take it at any moment.
    #[error("this ConnectWise company is not claimed for this account; save the ConnectWise connection again")]
    Unclaimed,
    /// Another partner drives this ConnectWise database. Nobody is told which.
    #[error("this ConnectWise company is connected by another account of this service; only one can write to it")]
    TakenByAnother,
    /// The saved credentials could not be opened: now, or for good.
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

/// A secret could not be sealed or opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("credentials could not be {action}: {why}")]
pub struct SealError {
    /// `sealed` or `opened`.
    pub action: &'static str,
    /// The service's words.
    pub why: String,
    /// Whether trying again can help.
    pub outlook: SealOutlook,
}

/// Whether what could not be sealed or opened can be later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealOutlook {
    /// The key service is away or busy: the same call may succeed later.
    MayPass,
    /// The key is another one, disabled or gone, or the text is damaged: somebody has to act. For a partner that means to
    /// save the credentials again; for a disabled key, to enable it.
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

/// A message could not be queued.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the queue could not be reached: {why}")]
pub struct QueueError {
    /// The service's words.
    pub why: String,
}

/// A mail was not handed over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// The mail service is away, or takes no more mails at the moment. The same mail may go out later.
    #[error("the mail service could not take the mail: {why}")]
    Unavailable {
        /// The service's words.
        why: String,
    },
    /// The mail service refuses: the address, the sender or this account. Somebody has to act.
    #[error("the mail service refuses the mail: {why}")]
    Refused {
        /// The service's words.
        why: String,
    },
}

impl MailError {
    /// Whether the same mail may go out later.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Unavailable { .. } => true,
            Self::Refused { .. } => false,
        }
    }
}
