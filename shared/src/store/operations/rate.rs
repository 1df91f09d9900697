//! The rates of PSAs: each writer changes only what it knows.

use jiff::Timestamp;

use crate::error::StoreError;
use crate::store::Store;
use crate::store::item::{instant, keys, number, rate as row};
use crate::store::{PsaDatabase, Rate};
use crate::table::{Clause, Table, Write};

impl<T: Table> Store<T> {
    /// What is known of a PSA's rate, to the last write; none if nothing is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_rate(&self, psa: &PsaDatabase) -> Result<Option<Rate>, StoreError> {
        let entry = self.table.get(&keys::rate(psa)).await?;
        entry.as_ref().map(row::from_entry).transpose()
    }

    /// Lets nobody call the PSA before `until`; a later time that stands already stays.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn hold_rate(&self, psa: &PsaDatabase, until: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        let until = instant::to_text(until);
        let set = vec![(row::NOT_BEFORE, until.clone()), (row::UPDATED_AT, instant::to_text(now))];
        let write = Write::update(keys::rate(psa), set).only_if(Clause::LessOrMissing(row::NOT_BEFORE, until));
        // Unmet: nobody calls until even later.
        self.table.write(write).await?;
        Ok(())
    }

    /// Keeps how many calls a minute the PSA was seen to take; the last writer's word stands.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_learnt_rate(&self, psa: &PsaDatabase, learnt: u32, now: Timestamp) -> Result<(), StoreError> {
        let set = vec![(row::LEARNT, number(learnt)), (row::UPDATED_AT, instant::to_text(now))];
        self.table.write(Write::update(keys::rate(psa), set)).await?;
        Ok(())
    }
}
