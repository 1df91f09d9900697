//! When partners are due, in memory.

use jiff::Timestamp;

use super::MemoryStore;
use crate::domain::id::{PartnerId, RunId};
use crate::domain::run::Run;
use crate::error::StoreError;
use crate::ports::{Due, DueFor, DueStore, Look};
use crate::store::item::keys;

impl DueStore for MemoryStore {
    async fn list_due(&self, shard: u8, at: Timestamp, limit: u32) -> Result<Vec<Due>, StoreError> {
        let mut due: Vec<Due> = self.shelves(|shelves| {
            let of_shard = shelves.iter().filter(|(partner, _)| keys::due_shard(**partner) == shard);
            let due = of_shard.flat_map(|(partner, shelf)| {
                let occasion = shelf.due.map(|at| (DueFor::Occasion, at));
                let looks = shelf.looks.iter().map(|(look, at)| (DueFor::Look(*look), *at));
                let all = occasion.into_iter().chain(looks);
                all.map(|(due_for, next_run_at)| Due { partner: *partner, due_for, next_run_at })
            });
            due.filter(|due| due.next_run_at <= at).collect()
        });
        due.sort_by_key(|due| due.next_run_at);
        due.truncate(limit as usize);
        Ok(due)
    }

    async fn find_due(&self, partner: PartnerId) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.with(partner, |shelf| shelf.due))
    }

    async fn put_due(&self, partner: PartnerId, at: Timestamp) -> Result<(), StoreError> {
        self.with(partner, |shelf| shelf.due = Some(at));
        Ok(())
    }

    async fn advance_due(&self, partner: PartnerId, from: Timestamp, to: Timestamp) -> Result<bool, StoreError> {
        Ok(self.with(partner, |shelf| {
            let is_there = shelf.due == Some(from);
            if is_there {
                shelf.due = Some(to);
            }
            is_there
        }))
    }

    async fn put_look(&self, partner: PartnerId, look: Look, at: Option<Timestamp>) -> Result<(), StoreError> {
        self.with(partner, |shelf| match at {
            Some(at) => shelf.looks.insert(look, at),
            None => shelf.looks.remove(&look),
        });
        Ok(())
    }

    async fn put_retry(&self, partner: PartnerId, run: &RunId, at: Timestamp) -> Result<(), StoreError> {
        self.with(partner, |shelf| {
            shelf.looks.insert(Look::Undone, at);
            shelf.retry = Some(run.clone());
        });
        Ok(())
    }

    async fn find_retry(&self, partner: PartnerId) -> Result<Option<Run>, StoreError> {
        Ok(self.with(partner, |shelf| {
            let is_set = shelf.looks.contains_key(&Look::Undone);
            shelf.retry.as_ref().filter(|_| is_set).and_then(|run| shelf.runs.get(run)).cloned()
        }))
    }

    async fn end_look(&self, partner: PartnerId, look: Look, at: Timestamp) -> Result<(), StoreError> {
        self.with(partner, |shelf| shelf.looks.retain(|kind, due| *kind != look || *due != at));
        Ok(())
    }

    async fn move_look(
        &self,
        partner: PartnerId,
        look: Look,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<(), StoreError> {
        self.with(partner, |shelf| {
            shelf.looks.entry(look).and_modify(|at| *at = if *at == from { to } else { *at });
        });
        Ok(())
    }
}
