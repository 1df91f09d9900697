//! What a worker writes: the changes of which a commit makes all or none.

use super::Chunk;
use crate::domain::alert::Alert;
use crate::domain::decision::{HoldKey, StandingHold};
use crate::domain::ending::{Ending, EndingKey};
use crate::domain::id::{AgreementId, CustomerId, PsaProductId, RunId};
use crate::domain::ledger::CustomerLedger;
use crate::domain::run::Run;
use crate::domain::snapshot::{Intent, Snapshot};
use crate::domain::stamp::SyncStamp;

/// One step of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The run as it stands; once it is over, it is no longer the partner's open run.
    PutRun(Box<Run>),
    /// Rows read by the run.
    PutChunk(RunId, Chunk),
    /// A customer's outcome in the run.
    PutLedger(RunId, Box<CustomerLedger>),
    /// How the customer's sync ended: what its row shows until the next one. It leaves the mapping's version alone.
    PutCustomerStatus(CustomerId, Box<SyncStamp>),
    /// What we wrote to an agreement.
    PutSnapshot(AgreementId, Snapshot),
    /// An intent to create an addition. Refused as a conflict while one stands.
    PutIntent(Box<Intent>),
    /// An intent that came to its end.
    RemoveIntent(AgreementId, PsaProductId),
    /// That we write to an agreement for a customer. It outlives the customer's mapping.
    PutBilledOn(CustomerId, AgreementId),
    /// That an agreement bills nothing of what we wrote for a customer any more.
    RemoveBilledOn(CustomerId, AgreementId),
    /// What waits for a person, as the run sees it; the decision on it is left alone.
    PutHold(Box<StandingHold>),
    /// A hold that no longer stands.
    RemoveHold(HoldKey),
    /// A decision that no longer counts, or was carried out.
    RemoveDecision(HoldKey),
    /// What a run did to end an addition.
    PutEnding(Box<Ending>),
    /// An ending that a ledger has told of, or that no longer counts.
    RemoveEnding(EndingKey),
    /// What the partner is to be told of the run, with [`super::Look::Alerts`] from the alert's time on.
    RaiseAlert(Box<Alert>),
}
