//! The rates of PSAs: each writer changes only what it knows.

use jiff::Timestamp;

use crate::error::StoreError;
use crate::ports::{Ids, PsaDatabase, Rate, RateStore};
use crate::store::Store;
use crate::store::item::{instant, keys, number, rate as row};
use crate::table::{Clause, Table, Write};

impl<T: Table, I: Ids> RateStore for Store<T, I> {
    async fn find_rate(&self, psa: &PsaDatabase) -> Result<Option<Rate>, StoreError> {
        let entry = self.table.get(&keys::rate(psa)).await?;
        entry.as_ref().map(row::from_entry).transpose()
    }

    async fn hold_rate(&self, psa: &PsaDatabase, until: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        let until = instant::to_text(until);
        let set = vec![(row::NOT_BEFORE, until.clone()), (row::UPDATED_AT, instant::to_text(now))];
        let write = Write::update(keys::rate(psa), set).only_if(Clause::LessOrMissing(row::NOT_BEFORE, until));
        // Unmet: nobody calls until even later.
        self.table.write(write).await?;
        Ok(())
    }

    async fn put_learnt_rate(&self, psa: &PsaDatabase, learnt: u32, now: Timestamp) -> Result<(), StoreError> {
        let set = vec![(row::LEARNT, number(learnt)), (row::UPDATED_AT, instant::to_text(now))];
        self.table.write(Write::update(keys::rate(psa), set)).await?;
        Ok(())
    }
}
