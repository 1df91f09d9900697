//! Idempotency keys in memory.

use super::MemoryStore;
use super::shelf::Shelf;
use crate::domain::id::PartnerId;
use crate::error::StoreError;
use crate::ports::{Answer, Attempt, Begun, IdempotencyStore};
use crate::store::idempotency::{Kept, judge, overtaken};

impl IdempotencyStore for MemoryStore {
    async fn begin_attempt(&self, partner: PartnerId, attempt: &Attempt) -> Result<Begun, StoreError> {
        Ok(self.with(partner, |shelf| {
            let begun = shelf.attempts.get(&attempt.key).map_or(Begun::Fresh, |kept| judge(attempt, kept));
            if begun == Begun::Fresh {
                shelf.attempts.insert(attempt.key.clone(), Kept::begun(attempt));
            }
            begun
        }))
    }

    async fn finish_attempt(&self, partner: PartnerId, attempt: &Attempt, answer: &Answer) -> Result<(), StoreError> {
        self.with(partner, |shelf| {
            if own(shelf, attempt).is_none_or(|kept| kept.answer.is_none()) {
                let done = finished(shelf, Some((attempt, answer.clone())))?;
                shelf.attempts.extend(done);
            }
            Ok(())
        })
    }

    async fn give_attempt_back(
        &self,
        partner: PartnerId,
        attempt: &Attempt,
        may_have_taken_effect: bool,
    ) -> Result<Begun, StoreError> {
        Ok(self.with(partner, |shelf| match shelf.attempts.get(&attempt.key) {
            Some(kept) if kept.claim != attempt.claim || kept.answer.is_some() => judge(attempt, kept),
            Some(_) => {
                let given_back = Kept::given_back(attempt, may_have_taken_effect);
                shelf.attempts.insert(attempt.key.clone(), given_back);
                Begun::Fresh
            }
            None => Begun::Fresh,
        }))
    }
}

fn own<'a>(shelf: &'a Shelf, attempt: &Attempt) -> Option<&'a Kept> {
    shelf.attempts.get(&attempt.key).filter(|kept| kept.claim == attempt.claim)
}

/// What is kept of an attempt when it is done, to be put on the shelf with its effect.
pub(super) fn finished(shelf: &Shelf, kept: Option<(&Attempt, Answer)>) -> Result<Option<(String, Kept)>, StoreError> {
    let Some((attempt, answer)) = kept else { return Ok(None) };
    let done = Kept::done(attempt, &answer)?;
    match own(shelf, attempt) {
        Some(begun) if begun.answer.is_none() => Ok(Some((attempt.key.clone(), done))),
        Some(_) | None => Err(overtaken()),
    }
}
