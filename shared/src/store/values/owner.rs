//! Which partner drives a ConnectWise database: at most one.

use jiff::Timestamp;

use crate::domain::id::PartnerId;

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
