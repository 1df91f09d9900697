//! The table, split by what is stored.
//!
//! Duties of every implementation: the partner comes first and nothing of another partner is ever read or written;
//! reads that decide a write are consistent; a write whose answer was lost and that is sent again succeeds.

mod alert;
mod change;
mod chunk;
mod due;
mod edit;
mod hold;
mod idempotency;
mod known;
mod oversight;
mod owner;
mod psa_database;
mod rate;
mod removal;
mod setup;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::alert::{AlertPage, SavedAlertSettings};
pub use self::change::Change;
pub use self::chunk::{Chunk, ChunkKind};
pub use self::due::{Due, DueFor};
pub use self::edit::{
    Author, CustomerConflict, CustomerEdit, Edit, EditPage, MappedCustomer, ProductConflict, Subject,
};
pub use self::hold::HoldPage;
pub use self::idempotency::{Answer, Attempt, Begun, IDEMPOTENCY_TTL_H, Keep};
pub use self::known::{KnownPsaProduct, SeenProduct, Sighting};
pub use self::oversight::ChunkPage;
pub use self::owner::{PsaClaim, PsaHolder, PsaOwner};
pub use self::psa_database::PsaDatabase;
pub use self::rate::Rate;
pub use self::removal::Removal;
pub use self::setup::{
    ConnectionsSaved, Databases, LastTest, SavedBy, SavedConnections, ShownConnectWise, ShownConnections, ShownSophos,
    Versioned,
};
use crate::domain::id::{PartnerId, ProductCode, RunId};
use crate::domain::ledger::CustomerLedger;
pub use crate::domain::psa::CustomerNames;
use crate::domain::run::Run;
use crate::ports::Sealed;

/// A Sophos product as usage shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DiscoveredProduct {
    /// Its code.
    pub code: ProductCode,
    /// What Sophos calls it.
    pub description: String,
    /// User, Server or Device.
    pub group: String,
}

/// The right to work on a partner's run. Every [`Store::commit`](super::Store::commit) is fenced by it and renews it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Whose runs.
    pub partner: PartnerId,
    /// Who has it.
    pub owner: String,
    /// Rises each time the lease changes hands.
    pub epoch: u64,
    /// When it may be taken by another.
    pub expires_at: Timestamp,
}

/// Another worker has the lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseTaken {
    /// When it may be taken.
    pub until: Timestamp,
}

/// What came of opening a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// It is open now.
    Fresh,
    /// It exists already; this is what is stored.
    Existing(Box<Run>),
    /// The partner has another open run.
    Busy(RunId),
}

/// One page of a run's ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerPage {
    /// Its entries, by customer; the usage without a customer comes last.
    pub entries: Vec<CustomerLedger>,
    /// Where the next page starts; none on the last.
    pub next: Option<String>,
}
