//! Which partner drives a ConnectWise database.

use jiff::Timestamp;

use super::DynamoStore;
use super::send::Verdict;
use super::write::Write;
use crate::domain::id::PartnerId;
use crate::error::StoreError;
use crate::ports::{Ids, OwnerStore, PsaClaim, PsaDatabase, PsaHolder, PsaOwner};
use crate::store::item::{instant, keys, owner as row, text};
use crate::store::owner::NOTED_EVERY;

impl<I: Ids> OwnerStore for DynamoStore<I> {
    async fn claim_psa(&self, partner: PartnerId, database: &PsaDatabase) -> Result<PsaClaim, StoreError> {
        Ok(match self.transact(claim(partner, database, None, None).into()).await? {
            Verdict::Written => PsaClaim::Claimed,
            Verdict::Unmet(_) => PsaClaim::HeldByAnother,
        })
    }

    async fn release_psa(&self, partner: PartnerId, database: &PsaDatabase) -> Result<(), StoreError> {
        match self.transact(release(partner, database, true)).await? {
            Verdict::Written => Ok(()),
            // Another partner's: there is at most a mark of ours to take away.
            Verdict::Unmet(_) => {
                self.transact(release(partner, database, false)).await?;
                Ok(())
            }
        }
    }

    async fn find_psa_holder(&self, database: &PsaDatabase) -> Result<Option<PsaHolder>, StoreError> {
        self.find(&keys::psa_owner(database)).await?.as_ref().map(row::from_entry).transpose()
    }

    async fn note_worked(&self, partner: PartnerId, database: &PsaDatabase, at: Timestamp) -> Result<(), StoreError> {
        let day_before = at.saturating_sub(NOTED_EVERY).unwrap_or(at);
        let note = Write::update(keys::psa_owner(database), "SET #workedAt = :at, #nonce = :nonce")
            .only_if("#partner = :partner AND (attribute_not_exists(#workedAt) OR #workedAt < :dayBefore)")
            .value("partner", text(&partner.to_string()))
            .value("at", instant::to_text(at))
            .value("dayBefore", instant::to_text(day_before));
        // Unmet: it was noted, or is another's.
        self.write(note).await?;
        Ok(())
    }

    async fn find_psa_owner(&self, partner: PartnerId, database: &PsaDatabase) -> Result<PsaOwner, StoreError> {
        Ok(match self.find_psa_holder(database).await? {
            None => PsaOwner::Nobody,
            Some(holder) if holder.partner == partner => PsaOwner::Asker,
            Some(_) => PsaOwner::Another,
        })
    }
}

/// The writes by which a partner takes a database, or keeps it, and worked with it at a time; the first one is not met
/// where it is another's. With a holder it is taken from that one, and not met where that one has changed.
pub(super) fn claim(
    partner: PartnerId,
    database: &PsaDatabase,
    worked_at: Option<Timestamp>,
    from: Option<PsaHolder>,
) -> [Write; 2] {
    let put = Write::put(row::to_entry(partner, database, worked_at));
    let claim = match from {
        None => of_partner(put, partner),
        Some(PsaHolder { partner: holder, worked_at: None }) => {
            let unchanged = put.only_if("#partner = :holder AND attribute_not_exists(#workedAt)");
            unchanged.value("holder", text(&holder.to_string()))
        }
        Some(PsaHolder { partner: holder, worked_at: Some(at) }) => {
            let unchanged = put.only_if("#partner = :holder AND #workedAt = :seen");
            unchanged.value("holder", text(&holder.to_string())).value("seen", instant::to_text(at))
        }
    };
    [claim, Write::put(row::mark_to_entry(partner, database))]
}

/// The writes by which a partner gives a database up; of one that is not its own there is at most a mark.
pub(super) fn release(partner: PartnerId, database: &PsaDatabase, is_ours: bool) -> Vec<Write> {
    let release = of_partner(Write::delete(keys::psa_owner(database)), partner);
    let mark = Write::delete(keys::psa_mark(partner, database));
    if is_ours { vec![release, mark] } else { vec![mark] }
}

fn of_partner(write: Write, partner: PartnerId) -> Write {
    let write = write.only_if("attribute_not_exists(PK) OR #partner = :partner");
    write.value("partner", text(&partner.to_string()))
}
