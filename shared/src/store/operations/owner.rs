//! Which partner drives a ConnectWise database.

use jiff::Timestamp;

use crate::domain::id::PartnerId;
use crate::error::StoreError;
use crate::store::Store;
use crate::store::item::{instant, keys, owner as row, text};
use crate::store::owner::NOTED_EVERY;
use crate::store::{PsaClaim, PsaDatabase, PsaHolder, PsaOwner};
use crate::table::{Clause, Table, Write, Written};

impl<T: Table> Store<T> {
    /// Claims a database for a partner, after its connection was tested. Of two partners one gets it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim_psa(&self, partner: PartnerId, database: &PsaDatabase) -> Result<PsaClaim, StoreError> {
        Ok(match self.table.transact(claim(partner, database, None, None).into()).await? {
            Written::All => PsaClaim::Claimed,
            Written::Unmet(_) => PsaClaim::HeldByAnother,
        })
    }

    /// Gives a database up; does nothing when it is not the partner's.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn release_psa(&self, partner: PartnerId, database: &PsaDatabase) -> Result<(), StoreError> {
        match self.table.transact(release(partner, database, true)).await? {
            Written::All => Ok(()),
            // Another partner's: there is at most a mark of ours to take away.
            Written::Unmet(_) => {
                self.table.transact(release(partner, database, false)).await?;
                Ok(())
            }
        }
    }

    /// The partner that has a database, and when it worked with it. To be told to no other partner.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_psa_holder(&self, database: &PsaDatabase) -> Result<Option<PsaHolder>, StoreError> {
        self.table.get(&keys::psa_owner(database)).await?.as_ref().map(row::from_entry).transpose()
    }

    /// Notes that a run of the partner works with its database, unless that was noted within the last day. Does nothing
    /// where the database is not the partner's.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_worked(
        &self,
        partner: PartnerId,
        database: &PsaDatabase,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let day_before = at.saturating_sub(NOTED_EVERY).unwrap_or(at);
        let note = Write::update(keys::psa_owner(database), vec![(row::WORKED_AT, instant::to_text(at))])
            .if_equals(row::PARTNER, text(&partner.to_string()))
            .only_if(Clause::LessOrMissing(row::WORKED_AT, instant::to_text(day_before)));
        // Unmet: it was noted, or is another's.
        self.table.write(note).await?;
        Ok(())
    }

    /// Who drives a database.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_psa_owner(&self, partner: PartnerId, database: &PsaDatabase) -> Result<PsaOwner, StoreError> {
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
            put.if_equals(row::PARTNER, text(&holder.to_string())).if_missing(row::WORKED_AT)
        }
        Some(PsaHolder { partner: holder, worked_at: Some(at) }) => {
            let of_holder = put.if_equals(row::PARTNER, text(&holder.to_string()));
            of_holder.if_equals(row::WORKED_AT, instant::to_text(at))
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
    write.only_if(Clause::EqualsOrMissing(row::PARTNER, text(&partner.to_string())))
}
