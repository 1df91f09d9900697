//! What all who call one PSA share about how much it takes.

use std::future::Future;

use super::psa_database::PsaDatabase;
use crate::error::StoreError;
use jiff::Timestamp;

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
