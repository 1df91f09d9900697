//! What all who call one PSA share about how much it takes.

use std::fmt;
use std::future::Future;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::error::StoreError;

/// A company's database on a ConnectWise server, the same for all who call it: a hash of host and company id, which
/// tells neither.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PsaDatabase(String);

impl PsaDatabase {
    /// The database of a company, by its server's host (with its port where that is not the usual one) and its id;
    /// ConnectWise tells neither's capitals apart.
    #[must_use]
    pub fn of(host: &str, company: &str) -> Self {
        let name = format!("{}\n{}", host.trim().to_lowercase(), company.trim().to_lowercase());
        Self(Sha256::digest(name).iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

impl fmt::Display for PsaDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How much a PSA takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rate {
    /// Nobody calls before this time.
    pub not_before: Option<Timestamp>,
    /// How many calls a minute it was last seen to take.
    pub learnt: Option<u32>,
}

/// The rates of PSAs. They belong to no partner: whoever calls a PSA meets the same limit.
pub trait RateStore: Send + Sync {
    /// What is known of a PSA's rate, to the last write; none if nothing is.
    ///
    /// # Errors
    /// [`StoreError`].
    fn find_rate(&self, psa: &PsaDatabase) -> impl Future<Output = Result<Option<Rate>, StoreError>> + Send;

    /// Lets nobody call the PSA before `until`; a later time that stands already stays.
    ///
    /// # Errors
    /// [`StoreError`].
    fn hold_rate(
        &self,
        psa: &PsaDatabase,
        until: Timestamp,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Keeps how many calls a minute the PSA was seen to take; the last writer's word stands.
    ///
    /// # Errors
    /// [`StoreError`].
    fn put_learnt_rate(
        &self,
        psa: &PsaDatabase,
        calls_per_minute: u32,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_database_has_one_name_however_it_is_typed_and_no_two_share_it() {
        let one = PsaDatabase::of("api-na.myconnectwise.net", "acme");
        assert_eq!(one, PsaDatabase::of("API-na.myconnectwise.net", " Acme "));
        assert_eq!(one.to_string().len(), 64);
        for (host, company) in [("api-na.myconnectwise.net", "acm"), ("api-eu.myconnectwise.net", "acme"), ("a", "b")] {
            assert_ne!(one, PsaDatabase::of(host, company));
        }
        assert_ne!(PsaDatabase::of("ab", "c"), PsaDatabase::of("a", "bc"));
    }
}
