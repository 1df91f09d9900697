//! A commit: all changes of a step of a run in one transaction, fenced by the lease.

use jiff::Timestamp;

use crate::domain::alert::Alert;
use crate::domain::decision::{HoldKey, StandingHold};
use crate::domain::ending::{Ending, EndingKey};
use crate::domain::id::{AgreementId, CustomerId, PartnerId, PsaProductId, RunId};
use crate::domain::ledger::CustomerLedger;
use crate::domain::run::Run;
use crate::domain::snapshot::{Intent, Snapshot};
use crate::domain::sync_status::CustomerSyncStatus;
use crate::error::StoreError;
use crate::store::entry::{keyed, with_body};
use crate::store::{Chunk, Lease, Store, alert, chunk, hold, keys, known, lease, ledger, limits, run, snapshot};
use crate::table::{Entry, MAX_ACTIONS, Table, Write, Written};

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
    PutCustomerStatus(CustomerId, Box<CustomerSyncStatus>),
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
    /// What the partner is to be told of the run, with [`crate::domain::follow_up::FollowUp::DeliverAlerts`] from the alert's time on.
    RaiseAlert(Box<Alert>),
}

impl<T: Table> Store<T> {
    /// Writes all changes or none, renews the lease until `until`, and returns it. At most 99 changes (a customer's
    /// ledger counts once for each 300,000 bytes of it), no two of the same entry, chunks of 3,900,000 bytes together;
    /// none at all renews only.
    ///
    /// # Errors
    /// `LeaseLost`; `Conflict` when an intent stands already; `Refused` beyond these limits; otherwise nothing is known
    /// to be written.
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
            Written::Unmet(unmet) => Err(broken(&intents, &unmet)),
        }
    }
}

/// The lease's condition comes first, those of the intents next; the other changes have none.
fn broken(intents: &[&Intent], unmet: &[Option<Entry>]) -> StoreError {
    let standing = unmet.iter().skip(1).zip(intents).find(|(old, _)| old.is_some());
    match (unmet.first(), standing) {
        (Some(None), Some((_, intent))) => limits::intent_conflict(intent),
        _ => StoreError::LeaseLost,
    }
}

/// The writes of a change other than a new intent. The lease's end stands for the present time: it is some minutes later,
/// and expiry is counted in days.
fn unconditional(partner: PartnerId, change: &Change, until: Timestamp) -> Result<Vec<Write>, StoreError> {
    let entry = match change {
        // The mark of the open run stays and no longer counts: whoever opens the next run looks at the run behind it.
        Change::PutRun(run) => run::to_entry(run)?,
        Change::PutChunk(run, chunk) => chunk::to_entry(partner, run, chunk, until),
        Change::PutCustomerStatus(customer, stamp) => known::status_to_entry(partner, *customer, stamp)?,
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
        Change::RaiseAlert(raised) => {
            return Ok(alert::to_entries(partner, raised)?.into_iter().map(Write::put).collect());
        }
        Change::PutIntent(_) => return Ok(Vec::new()),
    };
    Ok(vec![Write::put(entry)])
}
