//! The rates of PSAs: each writer changes only what it knows.

use jiff::Timestamp;

use super::DynamoStore;
use super::write::Write;
use crate::error::StoreError;
use crate::ports::{Ids, PsaDatabase, Rate, RateStore};
use crate::store::item::{instant, keys, number, rate as row};

impl<I: Ids> RateStore for DynamoStore<I> {
    async fn find_rate(&self, psa: &PsaDatabase) -> Result<Option<Rate>, StoreError> {
        let entry = self.find(&keys::rate(psa)).await?;
        entry.as_ref().map(row::from_entry).transpose()
    }

    async fn hold_rate(&self, psa: &PsaDatabase, until: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        let set = "SET #notBefore = :until, #updatedAt = :now, #nonce = :nonce";
        let write = Write::update(keys::rate(psa), set)
            .only_if("attribute_not_exists(#notBefore) OR #notBefore < :until")
            .value("until", instant::to_text(until))
            .value("now", instant::to_text(now));
        // Unmet: nobody calls until even later.
        self.write(write).await?;
        Ok(())
    }

    async fn put_learnt_rate(&self, psa: &PsaDatabase, learnt: u32, now: Timestamp) -> Result<(), StoreError> {
        let write = Write::update(keys::rate(psa), "SET #learnt = :learnt, #updatedAt = :now")
            .value("learnt", number(learnt))
            .value("now", instant::to_text(now));
        self.write(write).await?;
        Ok(())
    }
}
