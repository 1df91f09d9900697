//! What an idempotency key means: what is kept of it, and how an attempt is judged by that.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::limits::{self, MAX_ANSWER_BYTES};
use crate::error::StoreError;
use crate::store::{Answer, Attempt, Begun, IDEMPOTENCY_TTL_H};

/// What is kept of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Kept {
    /// The hash of the request; none where the next one may be any.
    pub(super) request: Option<String>,
    /// The attempt that wrote this.
    pub(super) claim: String,
    /// From when on another attempt may take over.
    pub(super) until: Timestamp,
    /// When the key is new again. The table may keep it for some days more.
    pub(super) expires_at: Timestamp,
    /// The answer, once it is done.
    pub(super) answer: Option<Answer>,
}

impl Kept {
    /// An attempt that began.
    pub(super) fn begun(attempt: &Attempt) -> Self {
        let ttl = SignedDuration::from_hours(IDEMPOTENCY_TTL_H);
        Self {
            request: Some(attempt.request.clone()),
            claim: attempt.claim.clone(),
            until: attempt.until,
            expires_at: attempt.at.checked_add(ttl).unwrap_or(Timestamp::MAX),
            answer: None,
        }
    }

    /// The same when it is done.
    pub(super) fn done(attempt: &Attempt, answer: &Answer) -> Result<Self, StoreError> {
        if answer.body.len() > MAX_ANSWER_BYTES {
            return limits::refuse(format!("an answer of {} bytes, at most {MAX_ANSWER_BYTES}", answer.body.len()));
        }
        Ok(Self { answer: Some(answer.clone()), ..Self::begun(attempt) })
    }

    /// The same when it was given back.
    pub(super) fn given_back(attempt: &Attempt, may_have_taken_effect: bool) -> Self {
        let begun = Self::begun(attempt);
        Self { request: begun.request.filter(|_| may_have_taken_effect), until: attempt.at, ..begun }
    }

    /// The state by its name in the table. A claim goes from begun to done or given back and no further.
    pub(super) fn state(&self) -> &'static str {
        if self.answer.is_some() { DONE } else { IN_PROGRESS }
    }
}

/// The state of an attempt that has not ended.
pub(super) const IN_PROGRESS: &str = "inProgress";
/// The state of one that has.
pub(super) const DONE: &str = "done";

/// What a new attempt meets.
pub(super) fn judge(attempt: &Attempt, kept: &Kept) -> Begun {
    if kept.expires_at <= attempt.at {
        return Begun::Fresh;
    }
    if kept.request.as_ref().is_some_and(|request| *request != attempt.request) {
        return Begun::OtherRequest;
    }
    match &kept.answer {
        Some(answer) => Begun::Done(answer.clone()),
        None if kept.until <= attempt.at => Begun::Fresh,
        None => Begun::InProgress(kept.until),
    }
}

/// Another attempt has taken over.
pub(super) fn overtaken() -> StoreError {
    StoreError::Conflict { what: "the same request, which another attempt has taken over,".into() }
}
