//! Which partner may write to a ConnectWise database.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::domain::id::PartnerId;
use crate::error::StoreError;
use crate::store::entry::{find_text, keyed, read_text, text, unreadable};
use crate::store::{Store, instant, keys};
use crate::table::{Clause, Entry, SORT_KEY, Table, Write, Written};

/// The partner that has it.
const PARTNER: &str = "partner";
/// When it worked with it.
const WORKED_AT: &str = "workedAt";
/// That a partner works with its database is noted at most this often.
const NOTED_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// What came of claiming a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PsaClaim {
    /// It is the partner's, now or already.
    Claimed,
    /// Another partner drives it. Nobody is told which.
    HeldByAnother,
}

/// Who drives a database, as one partner may know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PsaOwner {
    /// Nobody.
    Nobody,
    /// The partner that asks.
    Asker,
    /// Another. Nobody is told which.
    Another,
}

/// The partner that has a database, for those alone who decide whether another may take it over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PsaHolder {
    /// The partner.
    pub partner: PartnerId,
    /// When it saved the connection or a run of it last worked with the database, to a day; none where that is not known.
    pub worked_at: Option<Timestamp>,
}

/// A ConnectWise database by the hash of its host and company id: what is shared by all partners names neither.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PsaDatabase(String);

impl PsaDatabase {
    /// The database of a company at a host. Case does not count: two spellings of one database must not have two
    /// owners.
    #[must_use]
    pub fn new(host: &str, company: &str) -> Self {
        let [host, company] = [host, company].map(|text| text.trim().to_lowercase());
        // A host has no line break: no two pairs have the same text.
        let digest = Sha256::digest(format!("{host}\n{company}"));
        Self(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Reads the 64 hex digits that [`PsaDatabase::as_str`] gives.
    #[must_use]
    pub fn parse(hash: &str) -> Option<Self> {
        let fits = hash.len() == 64 && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        fits.then(|| Self(hash.to_owned()))
    }

    /// The hash: 64 lower-case hex digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PsaDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PsaDatabase({})", self.0)
    }
}

impl<T: Table> Store<T> {
    /// Claims a database for a partner, after its connection was tested. Of two partners one gets it.
    pub async fn claim_psa(&self, partner: PartnerId, database: &PsaDatabase) -> Result<PsaClaim, StoreError> {
        Ok(match self.table.transact(claim(partner, database, None, None).into()).await? {
            Written::All => PsaClaim::Claimed,
            Written::Unmet(_) => PsaClaim::HeldByAnother,
        })
    }

    /// Gives a database up; does nothing when it is not the partner's.
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
    pub async fn find_psa_holder(&self, database: &PsaDatabase) -> Result<Option<PsaHolder>, StoreError> {
        self.table.get(&keys::psa_owner(database)).await?.as_ref().map(from_entry).transpose()
    }

    /// Notes that a run of the partner works with its database, unless that was noted within the last day. Does nothing
    /// where the database is not the partner's.
    pub async fn note_worked(
        &self,
        partner: PartnerId,
        database: &PsaDatabase,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let day_before = at.saturating_sub(NOTED_EVERY).unwrap_or(at);
        let note = Write::update(keys::psa_owner(database), vec![(WORKED_AT, instant::to_text(at))])
            .if_equals(PARTNER, text(&partner.to_string()))
            .only_if(Clause::LessOrMissing(WORKED_AT, instant::to_text(day_before)));
        // Unmet: it was noted, or is another's.
        self.table.write(note).await?;
        Ok(())
    }

    /// Who drives a database.
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
    let put = Write::put(to_entry(partner, database, worked_at));
    let claim = match from {
        None => of_partner(put, partner),
        Some(PsaHolder { partner: holder, worked_at: None }) => {
            put.if_equals(PARTNER, text(&holder.to_string())).if_missing(WORKED_AT)
        }
        Some(PsaHolder { partner: holder, worked_at: Some(at) }) => {
            let of_holder = put.if_equals(PARTNER, text(&holder.to_string()));
            of_holder.if_equals(WORKED_AT, instant::to_text(at))
        }
    };
    [claim, Write::put(mark_to_entry(partner, database))]
}

/// The writes by which a partner gives a database up; of one that is not its own there is at most a mark.
pub(super) fn release(partner: PartnerId, database: &PsaDatabase, is_ours: bool) -> Vec<Write> {
    let release = of_partner(Write::delete(keys::psa_owner(database)), partner);
    let mark = Write::delete(keys::psa_mark(partner, database));
    if is_ours { vec![release, mark] } else { vec![mark] }
}

fn of_partner(write: Write, partner: PartnerId) -> Write {
    write.only_if(Clause::EqualsOrMissing(PARTNER, text(&partner.to_string())))
}

fn to_entry(partner: PartnerId, database: &PsaDatabase, worked_at: Option<Timestamp>) -> Entry {
    let mut entry = keyed(&keys::psa_owner(database));
    entry.insert(PARTNER.to_owned(), text(&partner.to_string()));
    if let Some(at) = worked_at {
        entry.insert(WORKED_AT.to_owned(), instant::to_text(at));
    }
    entry
}

fn from_entry(entry: &Entry) -> Result<PsaHolder, StoreError> {
    let partner = PartnerId::parse(read_text(entry, PARTNER)?).map_err(|error| unreadable(entry, error))?;
    let worked_at = find_text(entry, WORKED_AT).map(|_| instant::read(entry, WORKED_AT)).transpose()?;
    Ok(PsaHolder { partner, worked_at })
}

/// The partner's own mark of a database that it drives.
fn mark_to_entry(partner: PartnerId, database: &PsaDatabase) -> Entry {
    keyed(&keys::psa_mark(partner, database))
}

/// The database that a partner's mark names.
pub(super) fn mark_from_entry(entry: &Entry) -> Result<PsaDatabase, StoreError> {
    keys::psa_of_mark(read_text(entry, SORT_KEY)?).ok_or_else(|| unreadable(entry, "it names no database"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_database_has_one_name_however_it_is_typed_and_no_two_share_it() {
        let one = PsaDatabase::new("api-na.myconnectwise.net", "acme");
        assert_eq!(one, PsaDatabase::new("API-na.myconnectwise.net", " Acme "));
        assert_eq!(one.as_str().len(), 64);
        for (host, company) in [("api-na.myconnectwise.net", "acm"), ("api-eu.myconnectwise.net", "acme"), ("a", "b")] {
            assert_ne!(one, PsaDatabase::new(host, company));
        }
        assert_ne!(PsaDatabase::new("ab", "c"), PsaDatabase::new("a", "bc"));
    }

    #[test]
    fn spellings_of_a_database_are_one_and_two_databases_are_two() {
        let database = PsaDatabase::new("API-EU.myconnectwise.net", "Acme ");
        assert_eq!(database, PsaDatabase::new("api-eu.myconnectwise.net", "acme"));
        assert_eq!(PsaDatabase::parse(database.as_str()), Some(database.clone()));
        assert_ne!(database, PsaDatabase::new("api-eu.myconnectwise.net", "acme2"));
        assert_ne!(PsaDatabase::new("ab", "c"), PsaDatabase::new("a", "bc"));
        assert!(!format!("{database:?}").contains("acme"));
    }

    #[test]
    fn only_a_hash_is_read_as_one() {
        for text in ["", "ab", &"g".repeat(64), &"A".repeat(64), &"a#".repeat(32)] {
            assert_eq!(PsaDatabase::parse(text), None, "{text}");
        }
    }
}
