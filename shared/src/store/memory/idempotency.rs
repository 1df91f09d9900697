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
        let done = Kept::done(attempt, answer)?;
        self.with(partner, |shelf| match own(shelf, attempt) {
            Some(kept) if kept.answer.is_none() => {
                *kept = done;
                Ok(())
            }
            Some(_) => Ok(()),
            None => Err(overtaken()),
        })
    }

    async fn give_attempt_back(
        &self,
        partner: PartnerId,
        attempt: &Attempt,
        may_have_taken_effect: bool,
    ) -> Result<(), StoreError> {
        self.with(partner, |shelf| {
            if let Some(kept) = own(shelf, attempt).filter(|kept| kept.answer.is_none()) {
                *kept = Kept::given_back(attempt, may_have_taken_effect);
            }
        });
        Ok(())
    }
}

fn own<'a>(shelf: &'a mut Shelf, attempt: &Attempt) -> Option<&'a mut Kept> {
    shelf.attempts.get_mut(&attempt.key).filter(|kept| kept.claim == attempt.claim)
}
