//! Runs and what they write, in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use jiff::Timestamp;

use super::MemoryStore;
use super::alert::raise;
use super::shelf::Shelf;
use crate::domain::id::{AgreementId, CustomerId, PartnerId, RunId};
use crate::domain::ledger::CustomerLedger;
use crate::domain::run::Run;
use crate::domain::snapshot::{Intent, Snapshot};
use crate::error::StoreError;
use crate::ports::{Change, ChunkKind, Lease, LeaseTaken, LedgerPage, Opened, RunHistory, RunStore, SnapshotHistory};
use crate::store::item::{keys, ledger};
use crate::store::lease::{self, Standing, Wanted};
use crate::store::limits;

/// How many customers a page of the ledger has; the table counts bytes instead.
const CUSTOMERS_A_PAGE: usize = 100;

impl RunHistory for MemoryStore {
    async fn list_runs(&self, partner: PartnerId, limit: u32) -> Result<Vec<Run>, StoreError> {
        let limit = limit.clamp(1, limits::MAX_RUNS) as usize;
        Ok(self.with(partner, |shelf| shelf.runs.values().rev().take(limit).cloned().collect()))
    }
}

impl SnapshotHistory for MemoryStore {
    async fn list_snapshots(
        &self,
        partner: PartnerId,
        after: Option<AgreementId>,
        limit: u32,
    ) -> Result<Vec<(AgreementId, Snapshot)>, StoreError> {
        let limit = limit.clamp(1, limits::MAX_PAGE) as usize;
        let behind = (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
        Ok(self.with(partner, |shelf| {
            let snapshots = shelf.snapshots.range(behind).take(limit);
            snapshots.map(|(agreement, snapshot)| (*agreement, snapshot.clone())).collect()
        }))
    }
}

impl RunStore for MemoryStore {
    async fn open_run(&self, run: &Run) -> Result<Opened, StoreError> {
        Ok(self.with(run.request.partner, |shelf| open(shelf, run)))
    }

    async fn find_run(&self, partner: PartnerId, id: &RunId) -> Result<Option<Run>, StoreError> {
        Ok(self.with(partner, |shelf| shelf.runs.get(id).cloned()))
    }

    async fn acquire_lease(
        &self,
        partner: PartnerId,
        owner: &str,
        now: Timestamp,
        ttl_s: u32,
    ) -> Result<Result<Lease, LeaseTaken>, StoreError> {
        let wanted = Wanted { partner, owner, now, ttl_s };
        Ok(self.with(partner, |shelf| {
            let lease = lease::grant(wanted, shelf.lease.as_ref())?;
            shelf.lease = Some((&lease).into());
            Ok(lease)
        }))
    }

    async fn release_lease(&self, lease: &Lease) -> Result<(), StoreError> {
        self.with(lease.partner, |shelf| {
            if lease::stands(lease, shelf.lease.as_ref()) {
                shelf.lease = Some(lease::given_back(lease));
            }
        });
        Ok(())
    }

    async fn commit(&self, lease: &Lease, until: Timestamp, changes: Vec<Change>) -> Result<Lease, StoreError> {
        limits::check(lease.partner, &changes)?;
        let renewed = Lease { expires_at: until, ..lease.clone() };
        self.with(lease.partner, |shelf| {
            may_commit(shelf, lease, &changes)?;
            shelf.lease = Some(Standing::from(&renewed));
            changes.into_iter().for_each(|change| apply(shelf, change));
            Ok(renewed)
        })
    }

    async fn take_chunks(
        &self,
        partner: PartnerId,
        run: &RunId,
        kind: ChunkKind,
        bucket: u32,
        take: impl FnMut(String) + Send,
    ) -> Result<(), StoreError> {
        let bucket = (kind, bucket, 0, 0)..=(kind, bucket, u32::MAX, u32::MAX);
        self.with(partner, |shelf| {
            let rows = shelf.rows.get(run).into_iter();
            rows.flat_map(|rows| rows.chunks.range(bucket.clone())).map(|(_, rows)| rows.clone()).for_each(take);
        });
        Ok(())
    }

    async fn list_ledger(
        &self,
        partner: PartnerId,
        run: &RunId,
        prefix: &str,
        after: Option<&str>,
    ) -> Result<LedgerPage, StoreError> {
        let fits = |name: &str| name.starts_with(prefix) && after.is_none_or(|after| name > after);
        Ok(self.with(partner, |shelf| {
            let rows = shelf.rows.get(run).into_iter();
            let mut fitting = rows.flat_map(|rows| &rows.ledger).filter(|(name, _)| fits(name));
            let entries = fitting.by_ref().take(CUSTOMERS_A_PAGE).map(|(_, ledger)| ledger.clone()).collect();
            ledger::page(entries, fitting.next().is_some())
        }))
    }

    async fn find_ledger(
        &self,
        partner: PartnerId,
        run: &RunId,
        customer: Option<CustomerId>,
    ) -> Result<Option<CustomerLedger>, StoreError> {
        let name = keys::ledger_name(customer);
        Ok(self.with(partner, |shelf| shelf.rows.get(run)?.ledger.get(&name).cloned()))
    }

    async fn find_snapshots(
        &self,
        partner: PartnerId,
        agreements: &[AgreementId],
    ) -> Result<BTreeMap<AgreementId, Snapshot>, StoreError> {
        Ok(self.with(partner, |shelf| {
            let found = |agreement: &AgreementId| Some((*agreement, shelf.snapshots.get(agreement)?.clone()));
            agreements.iter().filter_map(found).collect()
        }))
    }

    async fn list_billed_on(
        &self,
        partner: PartnerId,
        prefix: &str,
    ) -> Result<BTreeMap<CustomerId, BTreeSet<AgreementId>>, StoreError> {
        let mut billed_on = self.with(partner, |shelf| shelf.billed_on.clone());
        billed_on.retain(|customer, _| customer.to_string().starts_with(prefix));
        Ok(billed_on)
    }

    async fn list_intents(&self, partner: PartnerId) -> Result<Vec<Intent>, StoreError> {
        Ok(self.with(partner, |shelf| shelf.intents.values().cloned().collect()))
    }
}

fn open(shelf: &mut Shelf, run: &Run) -> Opened {
    if let Some(existing) = shelf.runs.get(&run.id) {
        return Opened::Existing(Box::new(existing.clone()));
    }
    let marked = shelf.open.as_ref().and_then(|id| shelf.runs.get(id));
    if let Some(other) = marked.filter(|run| !run.state.is_over()) {
        return Opened::Busy(other.id.clone());
    }
    shelf.open = Some(run.id.clone());
    shelf.runs.insert(run.id.clone(), run.clone());
    Opened::Fresh
}

fn may_commit(shelf: &Shelf, lease: &Lease, changes: &[Change]) -> Result<(), StoreError> {
    if !lease::stands(lease, shelf.lease.as_ref()) {
        return Err(StoreError::LeaseLost);
    }
    let mut wanted = changes.iter().filter_map(limits::intent_of);
    match wanted.find(|intent| shelf.intents.contains_key(&(intent.agreement, intent.product))) {
        Some(intent) => Err(limits::intent_conflict(intent)),
        None => Ok(()),
    }
}

fn apply(shelf: &mut Shelf, change: Change) {
    match change {
        Change::PutRun(run) => {
            shelf.runs.insert(run.id.clone(), *run);
        }
        Change::PutChunk(run, chunk) => {
            let place = (chunk.kind, chunk.bucket, chunk.page, chunk.part);
            shelf.rows.entry(run).or_default().chunks.insert(place, chunk.rows);
        }
        Change::PutLedger(run, ledger) => {
            let name = keys::ledger_name(ledger.customer);
            shelf.rows.entry(run).or_default().ledger.insert(name, *ledger);
        }
        Change::PutCustomerStatus(customer, stamp) => {
            shelf.statuses.insert(customer, *stamp);
        }
        Change::PutSnapshot(agreement, snapshot) => {
            shelf.snapshots.insert(agreement, snapshot);
        }
        Change::PutIntent(intent) => {
            shelf.intents.insert((intent.agreement, intent.product), *intent);
        }
        Change::PutBilledOn(customer, agreement) => {
            shelf.billed_on.entry(customer).or_default().insert(agreement);
        }
        Change::RemoveBilledOn(customer, agreement) => {
            if let Some(on) = shelf.billed_on.get_mut(&customer) {
                on.remove(&agreement);
            }
            shelf.billed_on.retain(|_, on| !on.is_empty());
        }
        Change::RemoveIntent(agreement, product) => {
            shelf.intents.remove(&(agreement, product));
        }
        Change::PutHold(hold) => {
            shelf.holds.insert(hold.key, *hold);
        }
        Change::RemoveHold(key) => {
            shelf.holds.remove(&key);
        }
        Change::RemoveDecision(key) => {
            shelf.decisions.remove(&key);
        }
        Change::PutEnding(ending) => {
            shelf.endings.insert(ending.key, *ending);
        }
        Change::RemoveEnding(key) => {
            shelf.endings.remove(&key);
        }
        Change::RaiseAlert(alert) => raise(shelf, *alert),
    }
}
