//! When partners are due: for the next occasion of their schedule, or for a follow-up.

use jiff::Timestamp;

use crate::domain::follow_up::FollowUp;
use crate::domain::id::{PartnerId, RunId};
use crate::domain::run::Run;
use crate::error::StoreError;
use crate::store::entry::{find_text, keyed, read_text, text, unreadable};
use crate::store::{Store, instant, keys};
use crate::table::{DUE_SHARD, DueQuery, Entry, NEXT_RUN_AT, PARTITION_KEY, SORT_KEY, Table, Write, Written};

/// The id of the run to retry.
const RUN: &str = "run";

/// What a partner is due for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DueFor {
    /// The next occasion of its schedule.
    Occasion,
    /// A follow-up of its newest runs or alerts.
    FollowUp(FollowUp),
}

/// A partner that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    pub partner: PartnerId,
    pub due_for: DueFor,
    /// Since when it is due: the planned time, not the time of the read.
    pub next_run_at: Timestamp,
}

/// An entry that cannot be read must not stop the syncs of the other partners in its shard. It stays due, and each tick
/// logs it again.
fn readable(entry: &Entry) -> Option<Due> {
    match from_entry(entry) {
        Ok(due) => Some(due),
        Err(error) => {
            let partition = find_text(entry, PARTITION_KEY).unwrap_or("none");
            tracing::error!(%error, partition, "a due partner cannot be read and is left out; its entry must be mended");
            None
        }
    }
}

impl<T: Table> Store<T> {
    /// Up to `limit` partners of a shard (0 to 15) that are due at `at`, the longest due first. An entry that cannot be
    /// read is logged and left out.
    pub async fn list_due(&self, shard: u8, at: Timestamp, limit: u32) -> Result<Vec<Due>, StoreError> {
        let mut found: Vec<Due> = Vec::new();
        let mut start = None;
        while found.len() < limit as usize {
            let room = limit as usize - found.len();
            // An index cannot be read consistently, so the caller moves a partner's due time under a condition.
            let page = self.table.query_due(DueQuery {
                shard: shard_name(shard),
                until: instant::to_text(at),
                limit: room,
                start,
            });
            let page = page.await?;
            found.extend(page.entries.iter().filter_map(readable));
            start = page.next;
            if start.is_none() {
                break;
            }
        }
        Ok(found)
    }

    /// When the next occasion of a partner's schedule is due.
    pub async fn find_due(&self, partner: PartnerId) -> Result<Option<Timestamp>, StoreError> {
        let entry = self.table.get(&keys::due(partner, DueFor::Occasion)).await?;
        entry.map(|entry| instant::read(&entry, NEXT_RUN_AT)).transpose()
    }

    /// Sets when the next occasion is due, whatever was stored.
    pub async fn put_due(&self, partner: PartnerId, at: Timestamp) -> Result<(), StoreError> {
        self.table.write(Write::put(to_entry(partner, DueFor::Occasion, at))).await?;
        Ok(())
    }

    /// Moves a partner's next occasion from `from` to `to`; false when somebody else moved it meanwhile.
    pub async fn advance_due(&self, partner: PartnerId, from: Timestamp, to: Timestamp) -> Result<bool, StoreError> {
        let write = Write::put(to_entry(partner, DueFor::Occasion, to));
        let write = write.if_equals(NEXT_RUN_AT, instant::to_text(from));
        match self.table.write(write).await? {
            Written::All => Ok(true),
            Written::Unmet(_) => Ok(false),
        }
    }

    /// Makes the partner due for a follow-up at a time, whatever was set for it; none removes it.
    pub async fn schedule_follow_up(
        &self,
        partner: PartnerId,
        follow_up: FollowUp,
        at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        self.table
            .write(match at {
                Some(at) => Write::put(to_entry(partner, DueFor::FollowUp(follow_up), at)),
                None => Write::delete(keys::due(partner, DueFor::FollowUp(follow_up))),
            })
            .await?;
        Ok(())
    }

    /// Schedules the retry of a run that left something undone. It replaces the retry of another run.
    pub async fn put_retry(&self, partner: PartnerId, run: &RunId, at: Timestamp) -> Result<(), StoreError> {
        self.table.write(Write::put(retry_to_entry(partner, run, at))).await?;
        Ok(())
    }

    /// The run whose retry is scheduled, if one is.
    pub async fn find_retry(&self, partner: PartnerId) -> Result<Option<Run>, StoreError> {
        match self.table.get(&keys::due(partner, DueFor::FollowUp(FollowUp::RetryFailedRun))).await? {
            Some(entry) => self.find_run(partner, &run_to_retry(&entry)?).await,
            None => Ok(None),
        }
    }

    /// Removes a follow-up that was due `at`; one that was set to another time meanwhile stays.
    pub async fn end_follow_up(
        &self,
        partner: PartnerId,
        follow_up: FollowUp,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let ended = Write::delete(keys::due(partner, DueFor::FollowUp(follow_up)));
        // An unmet condition is fine: the follow-up is gone already or was set to another time.
        self.table.write(ended.if_equals(NEXT_RUN_AT, instant::to_text(at))).await?;
        Ok(())
    }

    /// Moves a follow-up from one time to another; does nothing when it is no longer set to `from`.
    pub async fn move_follow_up(
        &self,
        partner: PartnerId,
        follow_up: FollowUp,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<(), StoreError> {
        let moved = Write::put(to_entry(partner, DueFor::FollowUp(follow_up), to));
        self.table.write(moved.if_equals(NEXT_RUN_AT, instant::to_text(from))).await?;
        Ok(())
    }
}

/// The partition of the index for a shard, 0 to 15.
fn shard_name(shard: u8) -> String {
    format!("DUE#{shard}")
}

pub(super) fn to_entry(partner: PartnerId, due_for: DueFor, at: Timestamp) -> Entry {
    let mut entry = keyed(&keys::due(partner, due_for));
    entry.insert(DUE_SHARD.to_owned(), text(&shard_name(keys::due_shard(partner))));
    entry.insert(NEXT_RUN_AT.to_owned(), instant::to_text(at));
    entry
}

/// The retry names its run: newer runs may hide it in the list of the newest.
fn retry_to_entry(partner: PartnerId, run: &RunId, at: Timestamp) -> Entry {
    let mut entry = to_entry(partner, DueFor::FollowUp(FollowUp::RetryFailedRun), at);
    entry.insert(RUN.to_owned(), text(run.as_str()));
    entry
}

fn run_to_retry(entry: &Entry) -> Result<RunId, StoreError> {
    RunId::parse(read_text(entry, RUN)?).map_err(|error| unreadable(entry, error))
}

fn from_entry(entry: &Entry) -> Result<Due, StoreError> {
    let partition = read_text(entry, PARTITION_KEY)?;
    let partner = keys::partner_of_due(partition).ok_or_else(|| unreadable(entry, "it names no partner"))?;
    let due_for = keys::due_for(read_text(entry, SORT_KEY)?);
    let due_for = due_for.ok_or_else(|| unreadable(entry, "it does not say what the partner is due for"))?;
    Ok(Due { partner, due_for, next_run_at: instant::read(entry, NEXT_RUN_AT)? })
}
