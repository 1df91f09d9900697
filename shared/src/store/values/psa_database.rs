//! The name by which all partners' workers know one ConnectWise database.

use std::fmt;

use sha2::{Digest, Sha256};

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
