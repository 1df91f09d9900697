//! Idempotency keys: written if new, else judged by the rule and taken over only as they were read.

use super::DynamoStore;
use super::send::Verdict;
use super::write::Write;
use crate::domain::id::PartnerId;
use crate::error::StoreError;
use crate::ports::{Answer, Attempt, Begun, IDEMPOTENCY_TTL_H, IdempotencyStore, Ids};
use crate::store::idempotency::{DONE, IN_PROGRESS, Kept, judge, overtaken};
use crate::store::item::{Entry, find_text, instant, keys, read_body, text, with_body};
use crate::store::table::EXPIRY;

const CLAIM: &str = "claim";
const STATE: &str = "state";

/// How often a key may change hands between a read and the write that follows it, before the caller has to come again.
const ATTEMPTS: usize = 5;

impl<I: Ids> IdempotencyStore for DynamoStore<I> {
    async fn begin_attempt(&self, partner: PartnerId, attempt: &Attempt) -> Result<Begun, StoreError> {
        let begun = to_entry(partner, attempt, &Kept::begun(attempt))?;
        let mut write = Write::put(begun.clone()).if_absent();
        for _ in 0..ATTEMPTS {
            let standing = match self.write(write).await? {
                Verdict::Written => return Ok(Begun::Fresh),
                Verdict::Unmet(old) => old.into_iter().flatten().next().unwrap_or_default(),
            };
            if standing.is_empty() {
                // It was removed between the condition and the look at what stands there.
                write = Write::put(begun.clone()).if_absent();
                continue;
            }
            let kept: Kept = read_body(&standing)?;
            match judge(attempt, &kept) {
                Begun::Fresh => write = as_read(Write::put(begun.clone()), &kept.claim, kept.state()),
                met @ (Begun::Done(_) | Begun::InProgress(_) | Begun::OtherRequest) => return Ok(met),
            }
        }
        Err(StoreError::Unavailable {
            why: "an idempotency key changed hands several times while it was asked for".into(),
        })
    }

    async fn finish_attempt(&self, partner: PartnerId, attempt: &Attempt, answer: &Answer) -> Result<(), StoreError> {
        match self.write(finish(partner, attempt, answer)?).await? {
            Verdict::Written => Ok(()),
            Verdict::Unmet(old) if old.iter().flatten().any(|old| is_done_by(attempt, old)) => Ok(()),
            Verdict::Unmet(_) => Err(overtaken()),
        }
    }

    async fn give_attempt_back(
        &self,
        partner: PartnerId,
        attempt: &Attempt,
        may_have_taken_effect: bool,
    ) -> Result<(), StoreError> {
        let entry = to_entry(partner, attempt, &Kept::given_back(attempt, may_have_taken_effect))?;
        // Unmet: it is another's by now, and not ours to give.
        self.write(as_read(Write::put(entry), &attempt.claim, IN_PROGRESS)).await?;
        Ok(())
    }
}

/// The write that keeps an answer: alone, or in the transaction of the effect that it answers.
pub(super) fn finish(partner: PartnerId, attempt: &Attempt, answer: &Answer) -> Result<Write, StoreError> {
    let entry = to_entry(partner, attempt, &Kept::done(attempt, answer)?)?;
    Ok(as_read(Write::put(entry), &attempt.claim, IN_PROGRESS))
}

fn as_read(write: Write, claim: &str, state: &str) -> Write {
    write.only_if("#claim = :claim AND #state = :state").value(CLAIM, text(claim)).value(STATE, text(state))
}

fn is_done_by(attempt: &Attempt, old: &Entry) -> bool {
    find_text(old, CLAIM) == Some(attempt.claim.as_str()) && find_text(old, STATE) == Some(DONE)
}

fn to_entry(partner: PartnerId, attempt: &Attempt, kept: &Kept) -> Result<Entry, StoreError> {
    let mut entry = with_body(&keys::attempt(partner, &attempt.key), kept)?;
    entry.insert(CLAIM.to_owned(), text(&kept.claim));
    entry.insert(STATE.to_owned(), text(kept.state()));
    entry.insert(EXPIRY.to_owned(), instant::expiry(attempt.at, IDEMPOTENCY_TTL_H / 24));
    Ok(entry)
}
