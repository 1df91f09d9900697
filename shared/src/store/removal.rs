//! Removing a partner with everything that is stored of it.

use jiff::Timestamp;

use crate::domain::id::{PartnerId, RunId};
use crate::error::StoreError;
use crate::store::entry::read_text;
use crate::store::lease::{REMOVAL, REMOVAL_TTL_S};
use crate::store::{Store, keys, owner};
use crate::table::{Entry, Key, Query, Range, SORT_KEY, Table, Write};

/// The most entries that one call removes, which takes some seconds.
const ENTRIES_A_CALL: usize = 1_000;

/// The result of one step of removing a partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removal {
    /// The partner has an open run. Cancel it or wait for its end; nothing was removed by this step.
    RunOpen(RunId),
    /// A worker has the partner's lease. Nothing was removed by this step.
    Leased {
        /// When it may be taken.
        until: Timestamp,
    },
    /// Some entries were removed: call again.
    More,
    /// Nothing is left.
    Done,
}

impl<T: Table> Store<T> {
    /// Removes a part of what is stored of a partner, runs and audit included, and releases its ConnectWise databases. The
    /// schedule is removed first and the lease last, so that no run starts meanwhile. One step takes some seconds. The
    /// caller repeats it until `Done`; the next call also continues an interrupted removal. A partner of which nothing is
    /// stored is `Done`.
    ///
    /// # Errors
    /// [`StoreError`]; some may be removed by then.
    pub async fn remove_partner(&self, partner: PartnerId, now: Timestamp) -> Result<Removal, StoreError> {
        let lease = match self.acquire_lease(partner, REMOVAL, now, REMOVAL_TTL_S).await? {
            Ok(lease) => lease,
            Err(taken) => return Ok(Removal::Leased { until: taken.until }),
        };
        // Checked while we have the lease: a run that is opened from now on finds the lease taken.
        if let Some(open) = self.open_run_of(partner).await? {
            self.release_lease(&lease).await?;
            return Ok(Removal::RunOpen(open));
        }
        let mut room = ENTRIES_A_CALL;
        for partition in keys::partitions(partner) {
            if partition == keys::home(partner) {
                self.release_databases(partner).await?;
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
    async fn release_databases(&self, partner: PartnerId) -> Result<(), StoreError> {
        let read = |entry: Entry| owner::mark_from_entry(&entry);
        for database in self.list(&keys::home(partner), keys::PSA_DATABASES, read).await? {
            self.release_psa(partner, &database).await?;
        }
        Ok(())
    }

    /// Removes runs, each after its own partition: without the run its partition could no longer be found.
    async fn remove_runs(&self, partner: PartnerId, room: usize) -> Result<usize, StoreError> {
        let mut removed = 0;
        while removed < room {
            let Some(run) = self.some_run_key(partner).await? else { break };
            // An entry whose key is not a run id has no partition of its own.
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

    /// Removes up to `room` entries of a partition and returns their number; fewer only when none is left.
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

    /// At most `limit` keys of a partition; empty when none is left.
    async fn keys_of(&self, partition: &str, limit: usize) -> Result<Vec<Key>, StoreError> {
        let query = Query { limit: Some(limit), keys_only: true, ..Query::of(partition, Range::All) };
        let key = |entry: &Entry| Ok(Key::new(partition, read_text(entry, SORT_KEY)?));
        self.table.query(query).await?.entries.iter().map(key).collect()
    }
}
