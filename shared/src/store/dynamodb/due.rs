//! When partners are due.

use jiff::Timestamp;

use super::DynamoStore;
use super::failure;
use super::read::page;
use super::send::Verdict;
use super::write::Write;
use crate::domain::id::{PartnerId, RunId};
use crate::domain::run::Run;
use crate::error::StoreError;
use crate::ports::{Due, DueFor, DueStore, Ids, Look};
use crate::store::item::{Entry, due, find_text, instant, keys};
use crate::store::table::{DUE_INDEX, NEXT_RUN_AT, PARTITION_KEY};

/// One entry that cannot be read must not keep the other partners of its shard from being synced. It stays due, and each
/// tick complains of it again.
fn readable(entry: &Entry) -> Option<Due> {
    match due::from_entry(entry) {
        Ok(due) => Some(due),
        Err(error) => {
            let partition = find_text(entry, PARTITION_KEY).unwrap_or("none");
            tracing::error!(%error, partition, "a due partner cannot be read and is left out; its entry must be mended");
            None
        }
    }
}

impl<I: Ids> DueStore for DynamoStore<I> {
    async fn list_due(&self, shard: u8, at: Timestamp, limit: u32) -> Result<Vec<Due>, StoreError> {
        let mut found: Vec<Due> = Vec::new();
        let mut start = None;
        while found.len() < limit as usize {
            let wanted = limit.saturating_sub(u32::try_from(found.len()).unwrap_or(limit));
            // An index cannot be read consistently; whoever acts on it moves the partner under a condition.
            let answer = self
                .client
                .query()
                .table_name(&self.table)
                .index_name(DUE_INDEX)
                .key_condition_expression("dueShard = :shard AND nextRunAt <= :at")
                .expression_attribute_values(":shard", due::shard(shard))
                .expression_attribute_values(":at", instant::to_text(at))
                .limit(i32::try_from(wanted).unwrap_or(i32::MAX))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(failure::of_call)?;
            let page = page(answer.items, answer.last_evaluated_key);
            found.extend(page.entries.iter().filter_map(readable));
            start = page.next;
            if start.is_none() {
                break;
            }
        }
        Ok(found)
    }

    async fn find_due(&self, partner: PartnerId) -> Result<Option<Timestamp>, StoreError> {
        let entry = self.find(&keys::due(partner, DueFor::Occasion)).await?;
        entry.map(|entry| instant::read(&entry, NEXT_RUN_AT)).transpose()
    }

    async fn put_due(&self, partner: PartnerId, at: Timestamp) -> Result<(), StoreError> {
        self.write(Write::put(due::to_entry(partner, DueFor::Occasion, at))).await?;
        Ok(())
    }

    async fn advance_due(&self, partner: PartnerId, from: Timestamp, to: Timestamp) -> Result<bool, StoreError> {
        let write = Write::put(due::to_entry(partner, DueFor::Occasion, to));
        let write = write.only_if("#nextRunAt = :from").value("from", instant::to_text(from));
        match self.write(write).await? {
            Verdict::Written => Ok(true),
            Verdict::Unmet(_) => Ok(false),
        }
    }

    async fn put_look(&self, partner: PartnerId, look: Look, at: Option<Timestamp>) -> Result<(), StoreError> {
        self.write(match at {
            Some(at) => Write::put(due::to_entry(partner, DueFor::Look(look), at)),
            None => Write::delete(keys::due(partner, DueFor::Look(look))),
        })
        .await?;
        Ok(())
    }

    async fn put_retry(&self, partner: PartnerId, run: &RunId, at: Timestamp) -> Result<(), StoreError> {
        self.write(Write::put(due::retry_to_entry(partner, run, at))).await?;
        Ok(())
    }

    async fn find_retry(&self, partner: PartnerId) -> Result<Option<Run>, StoreError> {
        match self.find(&keys::due(partner, DueFor::Look(Look::Undone))).await? {
            Some(entry) => self.run(partner, &due::run_to_retry(&entry)?).await,
            None => Ok(None),
        }
    }

    async fn end_look(&self, partner: PartnerId, look: Look, at: Timestamp) -> Result<(), StoreError> {
        let ended = Write::delete(keys::due(partner, DueFor::Look(look)));
        // Not there any more, or set to another time meanwhile: both are as they should be.
        self.write(ended.only_if("#nextRunAt = :at").value("at", instant::to_text(at))).await?;
        Ok(())
    }

    async fn move_look(
        &self,
        partner: PartnerId,
        look: Look,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<(), StoreError> {
        let moved = Write::put(due::to_entry(partner, DueFor::Look(look), to));
        self.write(moved.only_if("#nextRunAt = :from").value("from", instant::to_text(from))).await?;
        Ok(())
    }
}
