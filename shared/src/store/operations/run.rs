//! Runs and what they write: each duty is done in a file of its own.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::domain::id::{AgreementId, CustomerId, PartnerId, RunId};
use crate::domain::ledger::CustomerLedger;
use crate::domain::run::Run;
use crate::domain::snapshot::{Intent, Snapshot};
use crate::error::StoreError;
use crate::ports::{
    Change, ChunkKind, Ids, Lease, LeaseTaken, LedgerPage, Opened, RunHistory, RunStore, SnapshotHistory,
};
use crate::store::Store;
use crate::store::item::{keys, read_body, run as snapshot};
use crate::store::lease::Wanted;
use crate::store::limits;
use crate::table::{Entry, Query, Range, Table};

impl<T: Table, I: Ids> RunHistory for Store<T, I> {
    async fn list_runs(&self, partner: PartnerId, limit: u32) -> Result<Vec<Run>, StoreError> {
        let limit = limit.clamp(1, limits::MAX_RUNS) as usize;
        let entries = self.newest_runs(partner, limit).await?;
        entries.iter().take(limit).map(read_body).collect()
    }
}

impl<T: Table, I: Ids> SnapshotHistory for Store<T, I> {
    async fn list_snapshots(
        &self,
        partner: PartnerId,
        after: Option<AgreementId>,
        limit: u32,
    ) -> Result<Vec<(AgreementId, Snapshot)>, StoreError> {
        let limit = limit.clamp(1, limits::MAX_PAGE) as usize;
        let range = keys::snapshots_after(after);
        let read = |entry: &Entry| Ok(Some((snapshot::agreement_of_snapshot(entry)?, read_body(entry)?)));
        self.first_of_range(&keys::sync(partner), &range, limit, read).await
    }
}

impl<T: Table, I: Ids> RunStore for Store<T, I> {
    async fn open_run(&self, run: &Run) -> Result<Opened, StoreError> {
        self.open(run).await
    }

    async fn find_run(&self, partner: PartnerId, id: &RunId) -> Result<Option<Run>, StoreError> {
        self.run(partner, id).await
    }

    async fn acquire_lease(
        &self,
        partner: PartnerId,
        owner: &str,
        now: Timestamp,
        ttl_s: u32,
    ) -> Result<Result<Lease, LeaseTaken>, StoreError> {
        let wanted = Wanted { partner, owner, now, ttl_s };
        self.grant_lease(wanted).await
    }

    async fn release_lease(&self, lease: &Lease) -> Result<(), StoreError> {
        self.give_lease_back(lease).await
    }

    async fn commit(&self, lease: &Lease, until: Timestamp, changes: Vec<Change>) -> Result<Lease, StoreError> {
        self.commit_changes(lease, until, &changes).await
    }

    async fn take_chunks(
        &self,
        partner: PartnerId,
        run: &RunId,
        kind: ChunkKind,
        bucket: u32,
        mut take: impl FnMut(String) + Send,
    ) -> Result<(), StoreError> {
        let read = |entry| snapshot::rows_of_chunk(&entry).map(&mut take);
        self.list(&keys::run_rows(partner, run), &keys::chunks(kind, bucket), read).await.map(drop)
    }

    async fn list_ledger(
        &self,
        partner: PartnerId,
        run: &RunId,
        prefix: &str,
        after: Option<&str>,
    ) -> Result<LedgerPage, StoreError> {
        self.ledger_page(partner, run, prefix, after).await
    }

    async fn find_ledger(
        &self,
        partner: PartnerId,
        run: &RunId,
        customer: Option<CustomerId>,
    ) -> Result<Option<CustomerLedger>, StoreError> {
        self.customer_ledger(partner, run, customer).await
    }

    async fn find_snapshots(
        &self,
        partner: PartnerId,
        agreements: &[AgreementId],
    ) -> Result<BTreeMap<AgreementId, Snapshot>, StoreError> {
        let wanted = agreements.iter().map(|agreement| keys::snapshot(partner, *agreement)).collect();
        let found = self.table.get_many(wanted).await?;
        found.iter().map(|entry| Ok((snapshot::agreement_of_snapshot(entry)?, read_body(entry)?))).collect()
    }

    async fn list_billed_on(
        &self,
        partner: PartnerId,
        prefix: &str,
    ) -> Result<BTreeMap<CustomerId, BTreeSet<AgreementId>>, StoreError> {
        let mut billed_on: BTreeMap<CustomerId, BTreeSet<AgreementId>> = BTreeMap::new();
        let read = |entry| snapshot::read_billed_on(&entry);
        for (customer, agreement) in self.list(&keys::sync(partner), &keys::billed_on_of(prefix), read).await? {
            billed_on.entry(customer).or_default().insert(agreement);
        }
        Ok(billed_on)
    }

    async fn list_intents(&self, partner: PartnerId) -> Result<Vec<Intent>, StoreError> {
        let read = |entry| read_body(&entry);
        let mut intents: Vec<Intent> = self.list(&keys::sync(partner), keys::INTENTS, read).await?;
        // Keys hold numbers as texts, which sort 10 before 9.
        intents.sort_by_key(|intent| (intent.agreement, intent.product));
        Ok(intents)
    }
}

impl<T: Table, I: Ids> Store<T, I> {
    /// At least `limit` of the newest runs, if there are so many.
    async fn newest_runs(&self, partner: PartnerId, limit: usize) -> Result<Vec<Entry>, StoreError> {
        let mut runs = Vec::new();
        let mut start = None;
        loop {
            let query =
                Query { backwards: true, limit: Some(limit), start, ..Query::of(keys::runs(partner), Range::All) };
            let page = self.table.query(query).await?;
            runs.extend(page.entries);
            start = page.next;
            if start.is_none() || runs.len() >= limit {
                return Ok(runs);
            }
        }
    }
}
