//! Which partner drives a ConnectWise database: at most one.

use std::future::Future;

use jiff::Timestamp;

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

/// The partner that has a database, for those alone who decide whether another may take it over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PsaHolder {
    /// The partner.
    pub partner: PartnerId,
    /// When it saved the connection or a run of it last worked with the database, to a day; none where that is not known.
    pub worked_at: Option<Timestamp>,
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

    /// The partner that has a database, and when it worked with it. To be told to no other partner.
    ///
    /// # Errors
    /// [`StoreError`].
    fn find_psa_holder(
        &self,
        database: &PsaDatabase,
    ) -> impl Future<Output = Result<Option<PsaHolder>, StoreError>> + Send;

    /// Notes that a run of the partner works with its database, unless that was noted within the last day. Does nothing
    /// where the database is not the partner's.
    ///
    /// # Errors
    /// [`StoreError`].
    fn note_worked(
        &self,
        partner: PartnerId,
        database: &PsaDatabase,
        at: Timestamp,
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
