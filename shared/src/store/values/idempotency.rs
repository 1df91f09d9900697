//! What was answered to a request that carries an idempotency key, so that its repetition is answered alike.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::StoreError;

/// How long an answer is kept, in hours; after that the key is new again.
pub const IDEMPOTENCY_TTL_H: i64 = 24;

/// An answer that can be given again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The header `Location`.
    pub location: Option<String>,
    /// The header `ETag`, in its quotes.
    pub etag: Option<String>,
    /// The JSON text of the body, at most 1,500,000 bytes; empty for none. It holds no secret.
    pub body: String,
}

/// One attempt at a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The SHA-256 of the key, in hex: a key is the caller's text.
    pub key: String,
    /// The SHA-256 of what is asked for, in hex.
    pub request: String,
    /// A text that no other attempt has.
    pub claim: String,
    /// When it began.
    pub at: Timestamp,
    /// From when on another attempt may take over, should this one never end.
    pub until: Timestamp,
}

/// An attempt whose answer is kept in the transaction of its effect: both are stored, or neither is.
pub struct Keep<'a, T: ?Sized> {
    /// The attempt. Once another one has taken over, nothing is stored.
    pub attempt: &'a Attempt,
    /// Makes the answer of what is stored, each time the same of the same.
    pub answer: &'a (dyn Fn(&T) -> Result<Answer, StoreError> + Sync),
}

impl<'a, T: ?Sized> Keep<'a, T> {
    /// The attempt and its answer, when this is what is stored.
    pub(crate) fn with(&self, stored: &T) -> Result<(&'a Attempt, Answer), StoreError> {
        Ok((self.attempt, (self.answer)(stored)?))
    }
}

impl<T: ?Sized> fmt::Debug for Keep<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keep").field("attempt", self.attempt).finish_non_exhaustive()
    }
}

/// What an attempt meets at its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// This attempt is to do it.
    Fresh,
    /// It was done; this was the answer.
    Done(Answer),
    /// Another attempt is at it, until then at most.
    InProgress(Timestamp),
    /// The key came with another request.
    OtherRequest,
}
