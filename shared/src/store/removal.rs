//! Removing a partner with all that is stored of it.

use jiff::Timestamp;

use crate::domain::id::{PartnerId, RunId};
use crate::error::StoreError;
use crate::store::entry::read_text;
use crate::store::lease::{REMOVAL, REMOVAL_TTL_S};
use crate::store::{Store, keys, owner};
use crate::table::{Entry, Key, Query, Range, SORT_KEY, Table, Write};

/// The most entries that one call removes: some seconds' work.
const ENTRIES_A_CALL: usize = 1_000;

/// What came of a step of removing a partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removal {
    /// The partner has an open run. Cancel it or wait for its end; nothing was removed by this step.
    RunOpen(RunId),
    /// A worker has the partner's lease until then. Nothing was removed by this step.
    Leased {
        /// When it may be taken.
        until: Timestamp,
    },
    /// Some of it was removed: call again.
    More,
    /// Nothing is left.
    Done,
}

impl<T: Table> Store<T> {
    /// Removes a part of everything that is stored of a partner, runs and audit included, and gives its ConnectWise
    /// databases up; the schedule goes first and the lease last, so that no run starts meanwhile. One step takes some
    /// seconds at most. Whoever calls goes on until `Done`; a removal that was broken off is taken up by the next call.
    /// A partner of whom nothing is stored is `Done`.
    ///
    /// # Errors
    /// [`StoreError`]; some may be removed by then.
    pub async fn remove_partner(&self, partner: PartnerId, now: Timestamp) -> Result<Removal, StoreError> {
        let lease = match self.acquire_lease(partner, REMOVAL, now, REMOVAL_TTL_S).await? {
            Ok(lease) => lease,
            Err(taken) => return Ok(Removal::Leased { until: taken.until }),
        };
        // Looked at with the lease in hand: a run that is opened from now on finds the lease taken.
        if let Some(open) = self.open_run_of(partner).await? {
            self.release_lease(&lease).await?;
            return Ok(Removal::RunOpen(open));
        }
        let mut room = ENTRIES_A_CALL;
        for partition in keys::partitions(partner) {
            if partition == keys::home(partner) {
                self.give_databases_up(partner).await?;
            }
            room -= if partition == keys::runs(partner) {
                self.remove_runs(partner, room).await?
            } else {
                self.remove_partition(&partition, room).await?
            };
            if room == 0 {
                return Ok(Removal::More);
            }
        }
        Ok(Removal::Done)
    }
}

impl<T: Table> Store<T> {
    async fn give_databases_up(&self, partner: PartnerId) -> Result<(), StoreError> {
        let read = |entry: Entry| owner::mark_from_entry(&entry);
        for database in self.list(&keys::home(partner), keys::PSA_DATABASES, read).await? {
            self.release_psa(partner, &database).await?;
        }
        Ok(())
    }

    /// Removes runs, each after its own partition: a run that is gone could no longer be asked for its rows.
    async fn remove_runs(&self, partner: PartnerId, room: usize) -> Result<usize, StoreError> {
        let mut removed = 0;
        while removed < room {
            let Some(run) = self.some_run_key(partner).await? else { break };
            // What is no run has no rows of its own.
            if let Ok(id) = RunId::parse(&run.sort) {
                removed += self.remove_partition(&keys::run_rows(partner, &id), room - removed).await?;
            }
            if removed < room {
                self.table.write(Write::delete(run)).await?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    async fn some_run_key(&self, partner: PartnerId) -> Result<Option<Key>, StoreError> {
        Ok(self.keys_of(&keys::runs(partner), 1).await?.pop())
    }

    /// Removes up to `room` entries of a partition, and says how many those were: fewer only where none is left.
    async fn remove_partition(&self, partition: &str, room: usize) -> Result<usize, StoreError> {
        let mut removed = 0;
        while removed < room {
            let found = self.keys_of(partition, room - removed).await?;
            if found.is_empty() {
                break;
            }
            removed += found.len();
            self.write_each(found.into_iter().map(Write::delete).collect()).await?;
        }
        Ok(removed)
    }

    /// Some of the keys of a partition; none where none is left.
    async fn keys_of(&self, partition: &str, limit: usize) -> Result<Vec<Key>, StoreError> {
        let query = Query { limit: Some(limit), keys_only: true, ..Query::of(partition, Range::All) };
        let key = |entry: &Entry| Ok(Key::new(partition, read_text(entry, SORT_KEY)?));
        self.table.query(query).await?.entries.iter().map(key).collect()
    }
}
