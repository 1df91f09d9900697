//! Commits: all changes of one step of a run in one transaction, fenced by the lease.

use jiff::Timestamp;

use crate::domain::alert::Alert;
use crate::domain::decision::{HoldKey, StandingHold};
use crate::domain::ending::{Ending, EndingKey};
use crate::domain::id::{AgreementId, CustomerId, PartnerId, PsaProductId, RunId};
use crate::domain::ledger::CustomerLedger;
use crate::domain::quantity_override::QuantityOverride;
use crate::domain::run::Run;
use crate::domain::snapshot::{Intent, Snapshot};
use crate::domain::sync_status::CustomerSyncStatus;
use crate::error::StoreError;
use crate::store::entry::{keyed, with_body};
use crate::store::{
    Chunk, Lease, Store, alert, chunk, hold, keys, known, lease, ledger, limits, quantity_override, run, snapshot,
};
use crate::table::{Entry, MAX_ACTIONS, Table, Write, Written};

/// One change of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Stores the run's current state; a run that is over is no longer the partner's open run.
    PutRun(Box<Run>),
    /// Stores rows that the run has read.
    PutChunk(RunId, Chunk),
    /// Stores a customer's outcome in the run.
    PutLedger(RunId, Box<CustomerLedger>),
    /// Stores how the customer's sync ended; its row shows this until the next sync. The mapping's version stays.
    PutCustomerStatus(CustomerId, Box<CustomerSyncStatus>),
    /// Stores what we wrote to an agreement.
    PutSnapshot(AgreementId, Snapshot),
    /// Stores an intent to create an addition. A conflict while another intent for the same addition is stored.
    PutIntent(Box<Intent>),
    /// Removes an intent whose write is settled.
    RemoveIntent(AgreementId, PsaProductId),
    /// Marks that we write to an agreement for a customer. The mark outlives the customer's mapping.
    PutBilledOn(CustomerId, AgreementId),
    /// Removes that mark: the agreement bills nothing any more that we wrote for the customer.
    RemoveBilledOn(CustomerId, AgreementId),
    /// Stores a hold as the run sees it; its decision is stored separately and stays.
    PutHold(Box<StandingHold>),
    /// Removes a hold whose reason is gone.
    RemoveHold(HoldKey),
    /// Removes a decision that was carried out or no longer applies.
    RemoveDecision(HoldKey),
    /// Stores what a run did to end an addition.
    PutEnding(Box<Ending>),
    /// Removes an ending that a ledger has reported or that no longer applies.
    RemoveEnding(EndingKey),
    /// Stores that a ledger has reported the end of an override.
    PutOverride(Box<QuantityOverride>),
    /// Stores an alert about the run and makes the partner due for
    /// [`FollowUp::DeliverAlerts`](crate::domain::follow_up::FollowUp::DeliverAlerts) at the alert's time.
    RaiseAlert(Box<Alert>),
}

impl<T: Table> Store<T> {
    /// Writes all changes or none, renews the lease until `until`, and returns it. At most 99 changes (a customer's
    /// ledger counts once for each 300,000 bytes), no two of the same entry, at most 3,900,000 bytes of chunks. Without
    /// changes it only renews the lease.
    ///
    /// # Errors
    /// `LeaseLost`; `Conflict` when an intent is stored already; `Refused` beyond these limits. After any other error it
    /// is unknown whether the changes were written.
    pub async fn commit(&self, lease: &Lease, until: Timestamp, changes: Vec<Change>) -> Result<Lease, StoreError> {
        limits::check(lease.partner, &changes)?;
        let intents: Vec<&Intent> = changes.iter().filter_map(limits::intent_of).collect();
        let mut writes = vec![lease::renew(lease, until)];
        for intent in &intents {
            writes.push(Write::put(snapshot::intent_to_entry(lease.partner, intent)?).if_absent());
        }
        for change in &changes {
            writes.extend(unconditional(lease.partner, change, until)?);
        }
        if writes.len() > MAX_ACTIONS {
            let why = format!("{} actions in one commit, at most {MAX_ACTIONS}: a ledger is split", writes.len());
            return Err(StoreError::Refused { why });
        }
        match self.table.transact(writes).await? {
            Written::All => Ok(Lease { expires_at: until, ..lease.clone() }),
            Written::Unmet(unmet) => Err(error_of_unmet(&intents, &unmet)),
        }
    }
}

/// The condition on the lease comes first, then those on the intents; the other changes have none.
fn error_of_unmet(intents: &[&Intent], unmet: &[Option<Entry>]) -> StoreError {
    let existing = unmet.iter().skip(1).zip(intents).find(|(old, _)| old.is_some());
    match (unmet.first(), existing) {
        (Some(None), Some((_, intent))) => limits::intent_conflict(intent),
        _ => StoreError::LeaseLost,
    }
}

/// The writes of a change other than a new intent. `until`, the lease's end, serves as the present time: it is some
/// minutes later, and expiry is counted in days.
fn unconditional(partner: PartnerId, change: &Change, until: Timestamp) -> Result<Vec<Write>, StoreError> {
    let entry = match change {
        // The mark of the open run stays: opening the next run checks whether the marked run is over.
        Change::PutRun(run) => run::to_entry(run)?,
        Change::PutChunk(run, chunk) => chunk::to_entry(partner, run, chunk, until),
        Change::PutCustomerStatus(customer, status) => known::status_to_entry(partner, *customer, status)?,
        Change::PutSnapshot(agreement, snapshot) => snapshot::to_entry(partner, *agreement, snapshot)?,
        Change::PutLedger(run, ledger) => {
            let entries = ledger::to_entries(partner, run, ledger, until)?;
            return Ok(entries.into_iter().map(Write::put).collect());
        }
        Change::RemoveIntent(agreement, product) => {
            return Ok(vec![Write::delete(keys::intent(partner, *agreement, *product))]);
        }
        Change::PutBilledOn(customer, agreement) => keyed(&keys::billed_on(partner, *customer, *agreement)),
        Change::RemoveBilledOn(customer, agreement) => {
            return Ok(vec![Write::delete(keys::billed_on(partner, *customer, *agreement))]);
        }
        Change::PutHold(hold) => hold::to_entry(partner, hold)?,
        Change::RemoveHold(key) => return Ok(vec![Write::delete(keys::hold(partner, *key))]),
        Change::RemoveDecision(key) => return Ok(vec![Write::delete(keys::decision(partner, *key))]),
        Change::PutEnding(ending) => with_body(&keys::ending(partner, ending.key), ending)?,
        Change::RemoveEnding(key) => return Ok(vec![Write::delete(keys::ending(partner, *key))]),
        Change::PutOverride(one) => quantity_override::to_entry(partner, one)?,
        Change::RaiseAlert(raised) => {
            return Ok(alert::to_entries(partner, raised)?.into_iter().map(Write::put).collect());
        }
        Change::PutIntent(_) => return Ok(Vec::new()),
    };
    Ok(vec![Write::put(entry)])
}
