//! Which partner drives a ConnectWise database: at most one.

use std::future::Future;

use super::psa_database::PsaDatabase;
use crate::domain::id::PartnerId;
use crate::error::StoreError;

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

/// The claims of ConnectWise databases.
pub trait OwnerStore: Send + Sync {
    /// Claims a database for a partner, after its connection was tested. Of two partners one gets it.
    ///
    /// # Errors
    /// [`StoreError`].
    fn claim_psa(
        &self,
        partner: PartnerId,
        database: &PsaDatabase,
    ) -> impl Future<Output = Result<PsaClaim, StoreError>> + Send;

    /// Gives a database up; does nothing when it is not the partner's.
    ///
    /// # Errors
    /// [`StoreError`].
    fn release_psa(
        &self,
        partner: PartnerId,
        database: &PsaDatabase,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Who drives a database.
    ///
    /// # Errors
    /// [`StoreError`].
    fn find_psa_owner(
        &self,
        partner: PartnerId,
        database: &PsaDatabase,
    ) -> impl Future<Output = Result<PsaOwner, StoreError>> + Send;
}
