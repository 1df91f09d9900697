//! How many calls a ConnectWise takes, as all workers have learnt it.

use jiff::Timestamp;

use crate::error::StoreError;
use crate::store::entry::{find_number, number, unreadable};
use crate::store::{PsaDatabase, Store, instant, keys};
use crate::table::{Clause, Entry, Table, Write};

/// Nobody calls before; a text that sorts by time.
const NOT_BEFORE: &str = "notBefore";
/// When it was changed last.
const UPDATED_AT: &str = "updatedAt";
/// Calls a minute.
const LEARNT: &str = "learnt";

/// How much a PSA takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rate {
    /// Nobody calls before this time.
    pub not_before: Option<Timestamp>,
    /// How many calls a minute it was last seen to take.
    pub calls_per_minute: Option<u32>,
}

impl<T: Table> Store<T> {
    /// What is known of a PSA's rate, to the last write; none if nothing is.
    pub async fn find_rate(&self, psa: &PsaDatabase) -> Result<Option<Rate>, StoreError> {
        let entry = self.table.get(&keys::rate(psa)).await?;
        entry.as_ref().map(from_entry).transpose()
    }

    /// Lets nobody call the PSA before `until`; a later time that stands already stays.
    pub async fn hold_rate(&self, psa: &PsaDatabase, until: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        let until = instant::to_text(until);
        let set = vec![(NOT_BEFORE, until.clone()), (UPDATED_AT, instant::to_text(now))];
        let write = Write::update(keys::rate(psa), set).only_if(Clause::LessOrMissing(NOT_BEFORE, until));
        // Unmet: nobody calls until even later.
        self.table.write(write).await?;
        Ok(())
    }

    /// Keeps how many calls a minute the PSA was seen to take; the last writer's word stands.
    pub async fn put_adaptive_rate(
        &self,
        psa: &PsaDatabase,
        calls_per_minute: u32,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let set = vec![(LEARNT, number(calls_per_minute)), (UPDATED_AT, instant::to_text(now))];
        self.table.write(Write::update(keys::rate(psa), set)).await?;
        Ok(())
    }
}

fn from_entry(entry: &Entry) -> Result<Rate, StoreError> {
    let not_before = entry.contains_key(NOT_BEFORE).then(|| instant::read(entry, NOT_BEFORE)).transpose()?;
    let calls_per_minute = find_number(entry, LEARNT).map(u32::try_from).transpose();
    Ok(Rate { not_before, calls_per_minute: calls_per_minute.map_err(|error| unreadable(entry, error))? })
}
