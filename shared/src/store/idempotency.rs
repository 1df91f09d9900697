//! Idempotency keys: attempts at a request, and the answer that a repeated request gets.
//!
//! A new attempt replaces a stored one only if that is still as it was read. A long answer is cut into parts: the first
//! is in the entry of the key, the others are entries of their own, written in the same transaction.

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
use crate::table::{EXPIRY, Entry, MAX_ACTIONS, SORT_KEY, Table, Value, Write, Written};

const CLAIM: &str = "claim";
const STATE: &str = "state";
/// The text of an answer, or a part of it.
const ANSWER: &str = "answer";
/// How often another attempt may change the key between our read and our write before we give up.
const ATTEMPTS: usize = 5;
const IN_PROGRESS: &str = "inProgress";
const DONE: &str = "done";

/// How long an answer is stored, in hours; after that the key counts as new.
pub const IDEMPOTENCY_TTL_H: i64 = 24;

/// The HTTP response to a request, stored so that a repeated request gets it again.
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
    /// The SHA-256 of the idempotency key, in hex; the key itself is the caller's text.
    pub key: String,
    /// The SHA-256 of the request, in hex.
    pub request: String,
    /// A text that no other attempt has.
    pub claim: String,
    /// When it began.
    pub at: Timestamp,
    /// When another attempt may take over if this one has not ended.
    pub until: Timestamp,
}

/// An attempt whose answer is stored in the transaction of its effect: both are stored, or neither is.
pub struct Keep<'a, T: ?Sized> {
    /// The attempt. Nothing is stored once another one has taken over.
    pub attempt: &'a Attempt,
    /// Makes the answer from what is stored. It must be deterministic: a transaction may be prepared several times.
    pub answer: &'a (dyn Fn(&T) -> Result<Answer, StoreError> + Sync),
}

impl<'a, T: ?Sized> Keep<'a, T> {
    pub(crate) fn with(&self, stored: &T) -> Result<(&'a Attempt, Answer), StoreError> {
        Ok((self.attempt, (self.answer)(stored)?))
    }
}

impl<T: ?Sized> fmt::Debug for Keep<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keep").field("attempt", self.attempt).finish_non_exhaustive()
    }
}

/// What an attempt finds at its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// Nothing: this attempt carries out the request.
    Fresh,
    /// The request was carried out, with this answer.
    Done(Answer),
    /// Another attempt is carrying it out; it may be taken over at this time.
    InProgress(Timestamp),
    /// The key was used for another request.
    OtherRequest,
}

impl<T: Table> Store<T> {
    /// Begins an attempt, unless the request was carried out, is in progress, or the key belongs to another request.
    /// Atomic: of two callers one gets `Fresh`. An attempt whose `until` is past is taken over. That one may have crashed
    /// half-way, so carrying out the request twice must be harmless.
    pub async fn begin_attempt(&self, partner: PartnerId, attempt: &Attempt) -> Result<Begun, StoreError> {
        let begun = to_entry(partner, attempt, &StoredAttempt::begun(attempt))?;
        let mut write = Write::put(begun.clone()).if_absent();
        for _ in 0..ATTEMPTS {
            let existing = match self.table.write(write).await? {
                Written::All => return Ok(Begun::Fresh),
                Written::Unmet(old) => old.into_iter().flatten().next().unwrap_or_default(),
            };
            if existing.is_empty() {
                // The entry was removed after the condition failed.
                write = Write::put(begun.clone()).if_absent();
                continue;
            }
            let stored: StoredAttempt = read_body(&existing)?;
            match compare(attempt, &stored) {
                Begun::Fresh => write = if_unchanged(Write::put(begun.clone()), &stored.claim, stored.state()),
                found @ (Begun::Done(_) | Begun::InProgress(_) | Begun::OtherRequest) => {
                    return self.with_answer_body(partner, &existing, found).await;
                }
            }
        }
        Err(StoreError::Unavailable {
            why: "an idempotency key changed hands several times while it was asked for".into(),
        })
    }

    /// Stores the answer. Does nothing when this attempt's answer is stored already.
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
        let written = match writes.pop() {
            Some(only) if writes.is_empty() => self.table.write(only).await?,
            last => {
                writes.extend(last);
                self.table.transact(writes).await?
            }
        };
        match written {
            Written::All => Ok(()),
            Written::Unmet(old) if old.iter().flatten().any(|old| is_done_by(attempt, old)) => Ok(()),
            Written::Unmet(_) => Err(overtaken()),
        }
    }

    /// Gives the key back, so that the next attempt begins at once: for the same request where this one
    /// `may_have_taken_effect`; else nothing of the key stays, and it is new for any request. `Fresh` means that it is
    /// given back. Otherwise nothing is changed and this is what is stored: the answer of this attempt (its response was
    /// lost) or of one that has taken over, or that other attempt in progress.
    pub async fn give_attempt_back(
        &self,
        partner: PartnerId,
        attempt: &Attempt,
        may_have_taken_effect: bool,
    ) -> Result<Begun, StoreError> {
        let write = if may_have_taken_effect {
            Write::put(to_entry(partner, attempt, &StoredAttempt::given_back(attempt))?)
        } else {
            Write::delete(keys::attempt(partner, &attempt.key))
        };
        let existing = match self.table.write(if_unchanged(write, &attempt.claim, IN_PROGRESS)).await? {
            Written::All => return Ok(Begun::Fresh),
            Written::Unmet(old) => old.into_iter().flatten().next().unwrap_or_default(),
        };
        if existing.is_empty() {
            // The entry is gone: there is nothing to give back.
            return Ok(Begun::Fresh);
        }
        self.with_answer_body(partner, &existing, compare(attempt, &read_body(&existing)?)).await
    }

    /// Makes all writes and stores the answer, if there is one, or nothing; false when the condition of a write is unmet
    /// because others changed what was read.
    pub(super) async fn write_with_answer(
        &self,
        partner: PartnerId,
        effects: Vec<Write>,
        answer: Option<(&Attempt, Answer)>,
    ) -> Result<bool, StoreError> {
        let has_answer = answer.is_some();
        let mut writes = match answer {
            Some((attempt, answer)) => finish(partner, attempt, &answer)?,
            None => Vec::new(),
        };
        writes.extend(effects);
        if writes.is_empty() {
            return Ok(true);
        }
        if writes.len() > MAX_ACTIONS {
            let why = format!("{} actions in one save, at most {}", writes.len(), MAX_ACTIONS);
            return Err(StoreError::Refused { why });
        }
        Ok(match self.transact_for_a_person(writes).await? {
            Written::All => true,
            // The attempt's condition comes first: another attempt has taken over and carries out the request.
            Written::Unmet(unmet) if has_answer && unmet.first().is_some_and(Option::is_some) => {
                return Err(overtaken());
            }
            Written::Unmet(_) => false,
        })
    }
}

impl<T: Table> Store<T> {
    /// Adds the body, which has entries of its own, to an answer that was found.
    async fn with_answer_body(&self, partner: PartnerId, entry: &Entry, found: Begun) -> Result<Begun, StoreError> {
        let Begun::Done(mut answer) = found else { return Ok(found) };
        answer.body.push_str(find_text(entry, ANSWER).unwrap_or_default());
        let (key, claim) = (read_text(entry, SORT_KEY)?, read_text(entry, CLAIM)?);
        for part in 1..find_number(entry, PARTS).unwrap_or(1) {
            let part = self.table.get(&keys::answer_part(partner, key, claim, part)).await?;
            let part = part.ok_or_else(|| unreadable(entry, "a part of the answer is missing"))?;
            answer.body.push_str(read_text(&part, ANSWER)?);
        }
        Ok(Begun::Done(answer))
    }
}

/// The writes that store an answer, alone or in the transaction of its effect. The first one has the condition that no
/// other attempt has taken over.
fn finish(partner: PartnerId, attempt: &Attempt, answer: &Answer) -> Result<Vec<Write>, StoreError> {
    let mut done = StoredAttempt::done(attempt, answer)?;
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
        Ok(if n == 0 { if_unchanged(write, &attempt.claim, IN_PROGRESS) } else { write })
    };
    (0..).zip(&parts).map(write).collect()
}

fn if_unchanged(write: Write, claim: &str, state: &str) -> Write {
    write.if_equals(CLAIM, text(claim)).if_equals(STATE, text(state))
}

fn is_done_by(attempt: &Attempt, old: &Entry) -> bool {
    find_text(old, CLAIM) == Some(attempt.claim.as_str()) && find_text(old, STATE) == Some(DONE)
}

fn to_entry(partner: PartnerId, attempt: &Attempt, stored: &StoredAttempt) -> Result<Entry, StoreError> {
    let mut entry = with_body(&keys::attempt(partner, &attempt.key), stored)?;
    entry.insert(CLAIM.to_owned(), text(&stored.claim));
    entry.insert(STATE.to_owned(), text(stored.state()));
    entry.insert(EXPIRY.to_owned(), expiry(attempt));
    Ok(entry)
}

fn expiry(attempt: &Attempt) -> Value {
    instant::expiry(attempt.at, IDEMPOTENCY_TTL_H / 24)
}

/// What is stored of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredAttempt {
    /// The hash of the request.
    pub(super) request: String,
    /// The claim of the attempt that wrote this.
    pub(super) claim: String,
    /// When another attempt may take over.
    pub(super) until: Timestamp,
    /// When the key counts as new. The table may remove the entry some days later.
    pub(super) expires_at: Timestamp,
    /// The answer, once the request was carried out.
    pub(super) answer: Option<Answer>,
}

impl StoredAttempt {
    fn begun(attempt: &Attempt) -> Self {
        let ttl = SignedDuration::from_hours(IDEMPOTENCY_TTL_H);
        Self {
            request: attempt.request.clone(),
            claim: attempt.claim.clone(),
            until: attempt.until,
            expires_at: attempt.at.checked_add(ttl).unwrap_or(Timestamp::MAX),
            answer: None,
        }
    }

    fn done(attempt: &Attempt, answer: &Answer) -> Result<Self, StoreError> {
        if answer.body.len() > MAX_ANSWER_BYTES {
            return limits::refuse(format!("an answer of {} bytes, at most {MAX_ANSWER_BYTES}", answer.body.len()));
        }
        Ok(Self { answer: Some(answer.clone()), ..Self::begun(attempt) })
    }

    fn given_back(attempt: &Attempt) -> Self {
        Self { until: attempt.at, ..Self::begun(attempt) }
    }

    /// The state's name in the table. A claim goes from begun to done or to given back, and no further.
    fn state(&self) -> &'static str {
        if self.answer.is_some() { DONE } else { IN_PROGRESS }
    }
}

/// What a new attempt finds, given what is stored.
fn compare(attempt: &Attempt, stored: &StoredAttempt) -> Begun {
    if stored.expires_at <= attempt.at {
        return Begun::Fresh;
    }
    if stored.request != attempt.request {
        return Begun::OtherRequest;
    }
    match &stored.answer {
        Some(answer) => Begun::Done(answer.clone()),
        None if stored.until <= attempt.at => Begun::Fresh,
        None => Begun::InProgress(stored.until),
    }
}

/// The error of an attempt that another one has taken over.
fn overtaken() -> StoreError {
    StoreError::Conflict { what: "the same request, which another attempt has taken over,".into() }
}
