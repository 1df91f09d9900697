//! Holds and decisions, in memory.

use super::MemoryStore;
use super::edit::add_edits;
use super::shelf::Shelf;
use crate::domain::decision::{Decision, HoldKey, StandingHold};
use crate::domain::ending::{Ending, EndingKey};
use crate::domain::id::PartnerId;
use crate::domain::month::UsageMonth;
use crate::error::StoreError;
use crate::ports::{Author, HoldPage, HoldStore};
use crate::store::item::{hold, keys};
use crate::store::save;

/// How many holds a page has; the table counts bytes instead.
const HOLDS_A_PAGE: usize = 100;

impl HoldStore for MemoryStore {
    async fn list_holds(
        &self,
        partner: PartnerId,
        month: UsageMonth,
        prefix: &str,
        after: Option<&str>,
    ) -> Result<HoldPage, StoreError> {
        Ok(self.with(partner, |shelf| {
            let fits =
                |name: &str| name.starts_with(&keys::holds(month, prefix)) && after.is_none_or(|after| name > after);
            page(shelf, fits)
        }))
    }

    async fn find_hold(&self, partner: PartnerId, key: HoldKey) -> Result<Option<StandingHold>, StoreError> {
        Ok(self.with(partner, |shelf| decided(shelf, key)))
    }

    async fn decide_hold_over(
        &self,
        partner: PartnerId,
        key: HoldKey,
        seen: Option<&Decision>,
        decision: &Decision,
    ) -> Result<(), StoreError> {
        self.with(partner, |shelf| match shelf.holds.get(&key) {
            Some(hold) if hold.basis == decision.basis => {
                if let Some(edit) = save::decision(key, shelf.decisions.get(&key), decision)? {
                    if shelf.decisions.get(&key) != seen {
                        return Err(hold::moved(key));
                    }
                    add_edits(shelf, &[edit])?;
                    shelf.decisions.insert(key, decision.clone());
                }
                Ok(())
            }
            Some(_) | None => Err(hold::moved(key)),
        })
    }

    async fn put_ending(&self, partner: PartnerId, ending: &Ending) -> Result<(), StoreError> {
        self.with(partner, |shelf| {
            let before = shelf.endings.get(&ending.key);
            if let Some(edit) = save::ending(ending.key, before, Some(ending), &save::author_of(ending))? {
                add_edits(shelf, &[edit])?;
                shelf.endings.insert(ending.key, ending.clone());
            }
            Ok(())
        })
    }

    async fn take_ending_back(&self, partner: PartnerId, key: EndingKey, by: &Author) -> Result<(), StoreError> {
        self.with(partner, |shelf| {
            if let Some(edit) = save::ending(key, shelf.endings.get(&key), None, by)? {
                add_edits(shelf, &[edit])?;
                shelf.endings.remove(&key);
            }
            Ok(())
        })
    }

    async fn list_endings(&self, partner: PartnerId) -> Result<Vec<Ending>, StoreError> {
        Ok(self.with(partner, |shelf| shelf.endings.values().cloned().collect()))
    }
}

/// The first page of the holds whose names fit.
pub(super) fn page(shelf: &Shelf, fits: impl Fn(&str) -> bool) -> HoldPage {
    // By their names in the table, so that both stores page alike.
    let mut named: Vec<(String, HoldKey)> = shelf.holds.keys().map(|key| (key.name(), *key)).collect();
    named.sort();
    let mut fitting = named.into_iter().filter(|(name, _)| fits(name)).filter_map(|(_, key)| decided(shelf, key));
    let holds = fitting.by_ref().take(HOLDS_A_PAGE).collect();
    hold::page(holds, fitting.next().is_some())
}

fn decided(shelf: &Shelf, key: HoldKey) -> Option<StandingHold> {
    let hold = shelf.holds.get(&key)?.clone();
    Some(StandingHold { decision: shelf.decisions.get(&key).cloned(), ..hold })
}
