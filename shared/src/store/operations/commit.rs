//! A commit: all changes of a slice's step in one transaction, fenced by the lease.

use jiff::Timestamp;

use super::lease;
use crate::domain::id::PartnerId;
use crate::domain::snapshot::Intent;
use crate::error::StoreError;
use crate::store::Store;
use crate::store::item::{alert, hold, keyed, keys, known, ledger, run as row, with_body};
use crate::store::limits::{self, MAX_ACTIONS};
use crate::store::{Change, Lease};
use crate::table::{Entry, Table, Write, Written};

impl<T: Table> Store<T> {
    pub(super) async fn commit_changes(
        &self,
        lease: &Lease,
        until: Timestamp,
        changes: &[Change],
    ) -> Result<Lease, StoreError> {
        limits::check(lease.partner, changes)?;
        let intents: Vec<&Intent> = changes.iter().filter_map(limits::intent_of).collect();
        let mut writes = vec![lease::renew(lease, until)];
        for intent in &intents {
            writes.push(Write::put(row::intent_to_entry(lease.partner, intent)?).if_absent());
        }
        for change in changes {
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
        Change::PutRun(run) => row::to_entry(run)?,
        Change::PutChunk(run, chunk) => row::chunk_to_entry(partner, run, chunk, until),
        Change::PutCustomerStatus(customer, stamp) => known::status_to_entry(partner, *customer, stamp)?,
        Change::PutSnapshot(agreement, snapshot) => row::snapshot_to_entry(partner, *agreement, snapshot)?,
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
