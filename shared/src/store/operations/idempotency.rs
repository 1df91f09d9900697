//! Idempotency keys: written if new, else judged by the rule and taken over only as they were read.
//!
//! A long answer is cut: its first part stands in the entry of the key, the others, written with it, behind it.

use crate::domain::id::PartnerId;
use crate::error::StoreError;
use crate::store::Store;
use crate::store::idempotency::{DONE, IN_PROGRESS, Kept, judge, overtaken};
use crate::store::item::{
    MAX_PART_BYTES, PARTS, cut, find_number, find_text, instant, keyed, keys, number, read_body, read_text, text,
    unreadable, with_body,
};
use crate::store::{Answer, Attempt, Begun, IDEMPOTENCY_TTL_H};
use crate::table::{EXPIRY, Entry, SORT_KEY, Table, Value, Write, Written};

const CLAIM: &str = "claim";
const STATE: &str = "state";
/// The text of an answer, or a part of it.
const ANSWER: &str = "answer";

/// How often a key may change hands between a read and the write that follows it, before the caller has to come again.
const ATTEMPTS: usize = 5;

impl<T: Table> Store<T> {
    /// Begins an attempt, unless the request was done, is being worked on, or the key is another request's. Atomic: of two
    /// callers one gets `Fresh`. An attempt whose `until` is past is taken over: whoever crashed in the middle may have done
    /// part of it, so what is done must bear being done again.
    ///
    /// # Errors
    /// [`StoreError`].
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
    ///
    /// # Errors
    /// [`StoreError`].
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
