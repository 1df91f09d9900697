//! Which partner drives a ConnectWise database, and partners who leave, in memory.

use std::collections::BTreeMap;
use std::sync::{MutexGuard, PoisonError};

use jiff::Timestamp;

use super::MemoryStore;
use crate::domain::id::PartnerId;
use crate::error::StoreError;
use crate::ports::{OwnerStore, PsaClaim, PsaDatabase, PsaHolder, PsaOwner, Removal, RemovalStore};
use crate::store::lease::{self, REMOVAL, REMOVAL_TTL_S, Wanted};
use crate::store::owner::NOTED_EVERY;

impl MemoryStore {
    pub(super) fn owners(&self) -> MutexGuard<'_, BTreeMap<PsaDatabase, PsaHolder>> {
        self.owners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OwnerStore for MemoryStore {
    async fn claim_psa(&self, partner: PartnerId, database: &PsaDatabase) -> Result<PsaClaim, StoreError> {
        let free = PsaHolder { partner, worked_at: None };
        let owner = self.owners().entry(database.clone()).or_insert(free).partner;
        Ok(if owner == partner { PsaClaim::Claimed } else { PsaClaim::HeldByAnother })
    }

    async fn release_psa(&self, partner: PartnerId, database: &PsaDatabase) -> Result<(), StoreError> {
        self.owners().retain(|owned, owner| owned != database || owner.partner != partner);
        Ok(())
    }

    async fn find_psa_holder(&self, database: &PsaDatabase) -> Result<Option<PsaHolder>, StoreError> {
        Ok(self.owners().get(database).copied())
    }

    async fn note_worked(&self, partner: PartnerId, database: &PsaDatabase, at: Timestamp) -> Result<(), StoreError> {
        let lately = |noted: Timestamp| at.duration_since(noted) <= NOTED_EVERY;
        if let Some(holder) = self.owners().get_mut(database).filter(|holder| holder.partner == partner)
            && !holder.worked_at.is_some_and(lately)
        {
            holder.worked_at = Some(at);
        }
        Ok(())
    }

    async fn find_psa_owner(&self, partner: PartnerId, database: &PsaDatabase) -> Result<PsaOwner, StoreError> {
        Ok(match self.owners().get(database) {
            None => PsaOwner::Nobody,
            Some(owner) if owner.partner == partner => PsaOwner::Asker,
            Some(_) => PsaOwner::Another,
        })
    }
}

impl RemovalStore for MemoryStore {
    async fn remove_partner(&self, partner: PartnerId, now: Timestamp) -> Result<Removal, StoreError> {
        let removal = self.with(partner, |shelf| {
            let wanted = Wanted { partner, owner: REMOVAL, now, ttl_s: REMOVAL_TTL_S };
            if let Err(taken) = lease::grant(wanted, shelf.lease.as_ref()) {
                return Removal::Leased { until: taken.until };
            }
            let open = shelf.open.as_ref().and_then(|id| shelf.runs.get(id)).filter(|run| !run.state.is_over());
            match open {
                Some(run) => Removal::RunOpen(run.id.clone()),
                None => {
                    *shelf = Default::default();
                    Removal::Done
                }
            }
        });
        if removal == Removal::Done {
            self.owners().retain(|_, owner| owner.partner != partner);
        }
        Ok(removal)
    }
}
