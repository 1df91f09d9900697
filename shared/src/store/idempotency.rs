//! Idempotency keys: written if new, else judged by the rule and taken over only as they were read.
//!
//! A long answer is cut: its first part stands in the entry of the key, the others, written with it, behind it.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::id::PartnerId;
use crate::error::StoreError;
use crate::store::entry::{
    MAX_PART_BYTES, PARTS, cut, find_number, find_text, keyed, number, read_body, read_text, text, unreadable,
    with_body,
};
use crate::store::{MAX_ANSWER_BYTES, Store, instant, keys, limits};
use crate::table::{EXPIRY, Entry, SORT_KEY, Table, Value, Write, Written};

const CLAIM: &str = "claim";
const STATE: &str = "state";
/// The text of an answer, or a part of it.
const ANSWER: &str = "answer";
/// How often a key may change hands between a read and the write that follows it, before the caller has to come again.
const ATTEMPTS: usize = 5;
/// The state of an attempt that has not ended.
const IN_PROGRESS: &str = "inProgress";
/// The state of one that has.
const DONE: &str = "done";

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

impl<T: Table> Store<T> {
    /// Begins an attempt, unless the request was done, is being worked on, or the key is another request's. Atomic: of two
    /// callers one gets `Fresh`. An attempt whose `until` is past is taken over: whoever crashed in the middle may have done
    /// part of it, so what is done must bear being done again.
    pub async fn begin_attempt(&self, partner: PartnerId, attempt: &Attempt) -> Result<Begun, StoreError> {
        let begun = to_entry(partner, attempt, &Kept::begun(attempt))?;
        let mut write = Write::put(begun.clone()).if_absent();
        for _ in 0..ATTEMPTS {
            let standing = match self.table.write(write).await? {
                Written::All => return Ok(Begun::Fresh),
                Written::Unmet(old) => old.into_iter().flatten().next().unwrap_or_default(),
            };
            if standing.is_empty() {
                // It was removed between the condition and the look at what stands there.
                write = Write::put(begun.clone()).if_absent();
                continue;
            }
            let kept: Kept = read_body(&standing)?;
            match judge(attempt, &kept) {
                Begun::Fresh => write = as_read(Write::put(begun.clone()), &kept.claim, kept.state()),
                met @ (Begun::Done(_) | Begun::InProgress(_) | Begun::OtherRequest) => {
                    return self.told(partner, &standing, met).await;
                }
            }
        }
        Err(StoreError::Unavailable {
            why: "an idempotency key changed hands several times while it was asked for".into(),
        })
    }

    /// Keeps the answer. Does nothing where this attempt's answer is kept already.
    ///
    /// # Errors
    /// `Conflict` when another attempt has taken over; `Refused` for a body above 1,500,000 bytes.
    pub async fn finish_attempt(
        &self,
        partner: PartnerId,
        attempt: &Attempt,
        answer: &Answer,
    ) -> Result<(), StoreError> {
        let mut writes = finish(partner, attempt, answer)?;
        let verdict = match writes.pop() {
            Some(only) if writes.is_empty() => self.table.write(only).await?,
            last => {
                writes.extend(last);
                self.table.transact(writes).await?
            }
        };
        match verdict {
            Written::All => Ok(()),
            Written::Unmet(old) if old.iter().flatten().any(|old| is_done_by(attempt, old)) => Ok(()),
            Written::Unmet(_) => Err(overtaken()),
        }
    }

    /// Gives the key back: the next attempt begins at once, with the same request where this one
    /// `may_have_taken_effect`, else with any. `Fresh` says that it is given back. Otherwise nothing is changed, and this
    /// is what stands there: the answer, where this attempt is done after all (what told so was lost) or another one that
    /// has taken over is; or that other attempt.
    pub async fn give_attempt_back(
        &self,
        partner: PartnerId,
        attempt: &Attempt,
        may_have_taken_effect: bool,
    ) -> Result<Begun, StoreError> {
        let entry = to_entry(partner, attempt, &Kept::given_back(attempt, may_have_taken_effect))?;
        let standing = match self.table.write(as_read(Write::put(entry), &attempt.claim, IN_PROGRESS)).await? {
            Written::All => return Ok(Begun::Fresh),
            Written::Unmet(old) => old.into_iter().flatten().next().unwrap_or_default(),
        };
        if standing.is_empty() {
            // Nothing is left of it to be given back.
            return Ok(Begun::Fresh);
        }
        self.told(partner, &standing, judge(attempt, &read_body(&standing)?)).await
    }
}

impl<T: Table> Store<T> {
    /// What an attempt met, with the whole text of an answer.
    async fn told(&self, partner: PartnerId, standing: &Entry, met: Begun) -> Result<Begun, StoreError> {
        let Begun::Done(mut answer) = met else { return Ok(met) };
        answer.body.push_str(find_text(standing, ANSWER).unwrap_or_default());
        let (key, claim) = (read_text(standing, SORT_KEY)?, read_text(standing, CLAIM)?);
        for part in 1..find_number(standing, PARTS).unwrap_or(1) {
            let part = self.table.get(&keys::answer_part(partner, key, claim, part)).await?;
            let part = part.ok_or_else(|| unreadable(standing, "a part of the answer is missing"))?;
            answer.body.push_str(read_text(&part, ANSWER)?);
        }
        Ok(Begun::Done(answer))
    }
}

/// The writes that keep an answer, alone or in the transaction of the effect that it answers; the first one is on
/// condition that no other attempt has taken over.
pub(super) fn finish(partner: PartnerId, attempt: &Attempt, answer: &Answer) -> Result<Vec<Write>, StoreError> {
    let mut done = Kept::done(attempt, answer)?;
    let body = done.answer.as_mut().map(|answer| std::mem::take(&mut answer.body)).unwrap_or_default();
    let parts = cut(&body, MAX_PART_BYTES);
    let write = |(n, part): (u64, &&str)| {
        let mut entry = match n {
            0 => to_entry(partner, attempt, &done)?,
            later => keyed(&keys::answer_part(partner, &attempt.key, &attempt.claim, later)),
        };
        entry.insert(ANSWER.to_owned(), text(part));
        entry.insert(PARTS.to_owned(), number(parts.len()));
        entry.insert(EXPIRY.to_owned(), expiry(attempt));
        let write = Write::put(entry);
        Ok(if n == 0 { as_read(write, &attempt.claim, IN_PROGRESS) } else { write })
    };
    (0..).zip(&parts).map(write).collect()
}

fn as_read(write: Write, claim: &str, state: &str) -> Write {
    write.if_equals(CLAIM, text(claim)).if_equals(STATE, text(state))
}

fn is_done_by(attempt: &Attempt, old: &Entry) -> bool {
    find_text(old, CLAIM) == Some(attempt.claim.as_str()) && find_text(old, STATE) == Some(DONE)
}

fn to_entry(partner: PartnerId, attempt: &Attempt, kept: &Kept) -> Result<Entry, StoreError> {
    let mut entry = with_body(&keys::attempt(partner, &attempt.key), kept)?;
    entry.insert(CLAIM.to_owned(), text(&kept.claim));
    entry.insert(STATE.to_owned(), text(kept.state()));
    entry.insert(EXPIRY.to_owned(), expiry(attempt));
    Ok(entry)
}

fn expiry(attempt: &Attempt) -> Value {
    instant::expiry(attempt.at, IDEMPOTENCY_TTL_H / 24)
}

/// What is kept of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
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
    fn begun(attempt: &Attempt) -> Self {
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
    fn done(attempt: &Attempt, answer: &Answer) -> Result<Self, StoreError> {
        if answer.body.len() > MAX_ANSWER_BYTES {
            return limits::refuse(format!("an answer of {} bytes, at most {MAX_ANSWER_BYTES}", answer.body.len()));
        }
        Ok(Self { answer: Some(answer.clone()), ..Self::begun(attempt) })
    }

    /// The same when it was given back.
    fn given_back(attempt: &Attempt, may_have_taken_effect: bool) -> Self {
        let begun = Self::begun(attempt);
        Self { request: begun.request.filter(|_| may_have_taken_effect), until: attempt.at, ..begun }
    }

    /// The state by its name in the table. A claim goes from begun to done or given back and no further.
    fn state(&self) -> &'static str {
        if self.answer.is_some() { DONE } else { IN_PROGRESS }
    }
}

/// What a new attempt meets.
fn judge(attempt: &Attempt, kept: &Kept) -> Begun {
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
