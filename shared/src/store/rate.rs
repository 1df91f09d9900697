//! The rate limit of a ConnectWise database, which all workers share.

use jiff::Timestamp;

use crate::error::StoreError;
use crate::store::entry::{find_number, number, unreadable};
use crate::store::{PsaDatabase, Store, instant, keys};
use crate::table::{Clause, Entry, Table, Write};

const NOT_BEFORE: &str = "notBefore";
const UPDATED_AT: &str = "updatedAt";
/// Calls a minute.
const ADAPTIVE_RATE: &str = "learnt";

/// How many calls a PSA accepts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rate {
    /// No worker may call before this time (from a Retry-After).
    pub not_before: Option<Timestamp>,
    /// How many calls a minute it last accepted; none where that is unknown.
    pub calls_per_minute: Option<u32>,
}

impl<T: Table> Store<T> {
    /// The stored rate of a PSA, read consistently; none where nothing is stored.
    pub async fn find_rate(&self, psa: &PsaDatabase) -> Result<Option<Rate>, StoreError> {
        let entry = self.table.get(&keys::rate(psa)).await?;
        entry.as_ref().map(from_entry).transpose()
    }

    /// Forbids calls to the PSA before `until`; a later time that is stored already stays.
    pub async fn hold_rate(&self, psa: &PsaDatabase, until: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        let until = instant::to_text(until);
        let set = vec![(NOT_BEFORE, until.clone()), (UPDATED_AT, instant::to_text(now))];
        let write = Write::update(keys::rate(psa), set).only_if(Clause::LessOrMissing(NOT_BEFORE, until));
        // An unmet condition is fine: calls are forbidden until an even later time.
        self.table.write(write).await?;
        Ok(())
    }

    /// Stores how many calls a minute the PSA accepted; the last write wins.
    pub async fn put_adaptive_rate(
        &self,
        psa: &PsaDatabase,
        calls_per_minute: u32,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let set = vec![(ADAPTIVE_RATE, number(calls_per_minute)), (UPDATED_AT, instant::to_text(now))];
        self.table.write(Write::update(keys::rate(psa), set)).await?;
        Ok(())
    }
}

fn from_entry(entry: &Entry) -> Result<Rate, StoreError> {
    let not_before = entry.contains_key(NOT_BEFORE).then(|| instant::read(entry, NOT_BEFORE)).transpose()?;
    let calls_per_minute = find_number(entry, ADAPTIVE_RATE).map(u32::try_from).transpose();
    Ok(Rate { not_before, calls_per_minute: calls_per_minute.map_err(|error| unreadable(entry, error))? })
}
