//! Which partner drives a ConnectWise database.

use super::DynamoStore;
use super::send::Verdict;
use super::write::Write;
use crate::domain::id::PartnerId;
use crate::error::StoreError;
use crate::ports::{Ids, OwnerStore, PsaClaim, PsaDatabase, PsaOwner};
use crate::store::item::{keys, owner as row, text};

impl<I: Ids> OwnerStore for DynamoStore<I> {
    async fn claim_psa(&self, partner: PartnerId, database: &PsaDatabase) -> Result<PsaClaim, StoreError> {
        let claim = of_partner(Write::put(row::to_entry(partner, database)), partner);
        let mark = Write::put(row::mark_to_entry(partner, database));
        Ok(match self.transact(vec![claim, mark]).await? {
            Verdict::Written => PsaClaim::Claimed,
            Verdict::Unmet(_) => PsaClaim::HeldByAnother,
        })
    }

    async fn release_psa(&self, partner: PartnerId, database: &PsaDatabase) -> Result<(), StoreError> {
        let release = of_partner(Write::delete(keys::psa_owner(database)), partner);
        let mark = Write::delete(keys::psa_mark(partner, database));
        match self.transact(vec![release, mark]).await? {
            Verdict::Written => Ok(()),
            // Another partner's: there is at most a mark of ours to take away.
            Verdict::Unmet(_) => {
                self.transact(vec![Write::delete(keys::psa_mark(partner, database))]).await?;
                Ok(())
            }
        }
    }

    async fn find_psa_owner(&self, partner: PartnerId, database: &PsaDatabase) -> Result<PsaOwner, StoreError> {
        let entry = self.find(&keys::psa_owner(database)).await?;
        let owner = entry.as_ref().map(row::from_entry).transpose()?;
        Ok(match owner {
            None => PsaOwner::Nobody,
            Some(owner) if owner == partner => PsaOwner::Asker,
            Some(_) => PsaOwner::Another,
        })
    }
}

fn of_partner(write: Write, partner: PartnerId) -> Write {
    let write = write.only_if("attribute_not_exists(PK) OR #partner = :partner");
    write.value("partner", text(&partner.to_string()))
}
