//! Which partner may write to a ConnectWise database.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::domain::id::PartnerId;
use crate::error::StoreError;
use crate::store::entry::{find_text, keyed, read_text, text, unreadable};
use crate::store::{Store, instant, keys};
use crate::table::{Clause, Entry, SORT_KEY, Table, Write, Written};

const PARTNER: &str = "partner";
const WORKED_AT: &str = "workedAt";
/// How often `workedAt` is updated at most.
const UPDATE_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// The result of claiming a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PsaClaim {
    /// The partner owns it now, or owned it already.
    Claimed,
    /// Another partner owns it. Which one is never disclosed.
    HeldByAnother,
}

/// The owner of a database, as far as one partner may know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PsaOwner {
    Nobody,
    /// The partner that asks.
    Asker,
    /// Another partner. Which one is never disclosed.
    Another,
}

/// The partner that owns a database. Only the decision whether another may take it over uses this; no partner sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PsaHolder {
    pub partner: PartnerId,
    /// When it saved the connection or its runs last worked with the database, to a day; none where that is unknown.
    pub worked_at: Option<Timestamp>,
}

/// A ConnectWise database, named by the hash of its host and company id: what all partners share shows neither.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PsaDatabase(String);

impl PsaDatabase {
    /// The database of a company id at a host, ignoring case: two spellings of one database must not have two owners.
    #[must_use]
    pub fn new(host: &str, company: &str) -> Self {
        let [host, company] = [host, company].map(|text| text.trim().to_lowercase());
        // A host has no line break, so no two pairs give the same text.
        let digest = Sha256::digest(format!("{host}\n{company}"));
        Self(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Parses the 64 hex digits that [`PsaDatabase::as_str`] returns.
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
    /// Claims a database for a partner whose connection was tested. If two partners claim it, one gets it.
    pub async fn claim_psa(&self, partner: PartnerId, database: &PsaDatabase) -> Result<PsaClaim, StoreError> {
        Ok(match self.table.transact(claim(partner, database, None, None).into()).await? {
            Written::All => PsaClaim::Claimed,
            Written::Unmet(_) => PsaClaim::HeldByAnother,
        })
    }

    /// Releases a database; does nothing when the partner does not own it.
    pub async fn release_psa(&self, partner: PartnerId, database: &PsaDatabase) -> Result<(), StoreError> {
        match self.table.transact(release(partner, database, true)).await? {
            Written::All => Ok(()),
            // Another partner owns it: only our own mark, if any, is to be removed.
            Written::Unmet(_) => {
                self.table.transact(release(partner, database, false)).await?;
                Ok(())
            }
        }
    }

    /// The partner that owns a database. Must not be disclosed to another partner.
    pub async fn find_psa_holder(&self, database: &PsaDatabase) -> Result<Option<PsaHolder>, StoreError> {
        self.table.get(&keys::psa_owner(database)).await?.as_ref().map(from_entry).transpose()
    }

    /// Stores that a run of the partner works with its database, at most once a day. Does nothing when the partner does
    /// not own the database.
    pub async fn note_worked(
        &self,
        partner: PartnerId,
        database: &PsaDatabase,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let day_before = at.saturating_sub(UPDATE_EVERY).unwrap_or(at);
        let write = Write::update(keys::psa_owner(database), vec![(WORKED_AT, instant::to_text(at))])
            .if_equals(PARTNER, text(&partner.to_string()))
            .only_if(Clause::LessOrMissing(WORKED_AT, instant::to_text(day_before)));
        self.table.write(write).await?;
        Ok(())
    }

    /// Who owns a database, from the point of view of `partner`.
    pub async fn find_psa_owner(&self, partner: PartnerId, database: &PsaDatabase) -> Result<PsaOwner, StoreError> {
        Ok(match self.find_psa_holder(database).await? {
            None => PsaOwner::Nobody,
            Some(holder) if holder.partner == partner => PsaOwner::Asker,
            Some(_) => PsaOwner::Another,
        })
    }
}

/// The writes by which a partner takes or keeps a database and sets `workedAt`. The condition of the first one is unmet
/// when another partner owns the database. With `from` the database is taken from that owner, and the condition is unmet
/// when that owner has changed.
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

/// The writes by which a partner releases a database; only its mark is removed when another partner owns the database.
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
    fn a_database_has_one_hash_however_it_is_typed_and_no_two_share_it() {
        let one = PsaDatabase::new("api-na.myconnectwise.net", "acme");
        assert_eq!(one, PsaDatabase::new("API-na.myconnectwise.net", " Acme "));
        assert_eq!(one.as_str().len(), 64);
        for (host, company) in [("api-na.myconnectwise.net", "acm"), ("api-eu.myconnectwise.net", "acme"), ("a", "b")] {
            assert_ne!(one, PsaDatabase::new(host, company));
        }
        assert_ne!(PsaDatabase::new("ab", "c"), PsaDatabase::new("a", "bc"));
    }

    #[test]
    fn a_hash_is_parsed_back_and_debug_output_does_not_show_the_company() {
        let database = PsaDatabase::new("API-EU.myconnectwise.net", "Acme ");
        assert_eq!(database, PsaDatabase::new("api-eu.myconnectwise.net", "acme"));
        assert_eq!(PsaDatabase::parse(database.as_str()), Some(database.clone()));
        assert_ne!(database, PsaDatabase::new("api-eu.myconnectwise.net", "acme2"));
        assert_ne!(PsaDatabase::new("ab", "c"), PsaDatabase::new("a", "bc"));
        assert!(!format!("{database:?}").contains("acme"));
    }

    #[test]
    fn only_64_lower_case_hex_digits_are_parsed_as_a_hash() {
        for text in ["", "ab", &"g".repeat(64), &"A".repeat(64), &"a#".repeat(32)] {
            assert_eq!(PsaDatabase::parse(text), None, "{text}");
        }
    }
}
