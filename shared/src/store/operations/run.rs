//! Runs and what they write: each duty is done in a file of its own.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::domain::id::{AgreementId, CustomerId, PartnerId, RunId};
use crate::domain::ledger::CustomerLedger;
use crate::domain::run::Run;
use crate::domain::snapshot::{Intent, Snapshot};
use crate::error::StoreError;
use crate::store::Store;
use crate::store::item::{keys, read_body, run as snapshot};
use crate::store::lease::Wanted;
use crate::store::limits;
use crate::store::{Change, ChunkKind, Lease, LeaseTaken, LedgerPage, Opened};
use crate::table::{Entry, Query, Range, Table};

impl<T: Table> Store<T> {
    /// The partner's newest runs, newest first, at most `limit` (1 to 100).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_runs(&self, partner: PartnerId, limit: u32) -> Result<Vec<Run>, StoreError> {
        let limit = limit.clamp(1, limits::MAX_RUNS) as usize;
        let entries = self.newest_runs(partner, limit).await?;
        entries.iter().take(limit).map(read_body).collect()
    }
}

impl<T: Table> Store<T> {
    /// At most `limit` (1 to 1,000) agreements with what we wrote to them, behind `after`, in an order of the store's own
    /// that never changes. Fewer only where no more are behind them. A snapshot may have some tens of kilobytes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_snapshots(
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

impl<T: Table> Store<T> {
    /// Opens a run unless it exists or the partner has another open one. Atomic: of two callers one gets `Fresh`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_run(&self, run: &Run) -> Result<Opened, StoreError> {
        self.open(run).await
    }

    /// A run, if it exists.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_run(&self, partner: PartnerId, id: &RunId) -> Result<Option<Run>, StoreError> {
        self.run(partner, id).await
    }

    /// Takes the partner's lease for `ttl_s` seconds from `now`, if it is free, run out, or the owner's own.
    ///
    /// # Errors
    /// [`StoreError`]; the inner error says until when another worker has it.
    pub async fn acquire_lease(
        &self,
        partner: PartnerId,
        owner: &str,
        now: Timestamp,
        ttl_s: u32,
    ) -> Result<Result<Lease, LeaseTaken>, StoreError> {
        let wanted = Wanted { partner, owner, now, ttl_s };
        self.grant_lease(wanted).await
    }

    /// Gives the lease back at once; does nothing when it is another's by now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn release_lease(&self, lease: &Lease) -> Result<(), StoreError> {
        self.give_lease_back(lease).await
    }

    /// Writes all changes or none, renews the lease until `until`, and returns it. At most 99 changes (a customer's
    /// ledger counts once for each 300,000 bytes of it), no two of the same entry, chunks of 3,900,000 bytes together;
    /// none at all renews only.
    ///
    /// # Errors
    /// `LeaseLost`; `Conflict` when an intent stands already; `Refused` beyond these limits; otherwise nothing is known
    /// to be written.
    pub async fn commit(&self, lease: &Lease, until: Timestamp, changes: Vec<Change>) -> Result<Lease, StoreError> {
        self.commit_changes(lease, until, &changes).await
    }

    /// Hands the rows that a run keeps of one kind and bucket to `take`: the JSON text of each of its chunks, by page and
    /// part. No more than a few of them are in memory, however many there are.
    ///
    /// # Errors
    /// [`StoreError`]; some chunks may have been taken by then.
    pub async fn take_chunks(
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

    /// One page of a run's ledger from `after` on: customers whose id starts with `prefix` (lower-case hex; empty for
    /// all, the usage without a customer included).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_ledger(
        &self,
        partner: PartnerId,
        run: &RunId,
        prefix: &str,
        after: Option<&str>,
    ) -> Result<LedgerPage, StoreError> {
        self.ledger_page(partner, run, prefix, after).await
    }

    /// One customer's entry in a run's ledger (none: the usage without a customer).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_ledger(
        &self,
        partner: PartnerId,
        run: &RunId,
        customer: Option<CustomerId>,
    ) -> Result<Option<CustomerLedger>, StoreError> {
        self.customer_ledger(partner, run, customer).await
    }

    /// What we wrote to agreements, as far as anything was written; of each named once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_snapshots(
        &self,
        partner: PartnerId,
        agreements: &[AgreementId],
    ) -> Result<BTreeMap<AgreementId, Snapshot>, StoreError> {
        let wanted = agreements.iter().map(|agreement| keys::snapshot(partner, *agreement)).collect();
        let found = self.table.get_many(wanted).await?;
        found.iter().map(|entry| Ok((snapshot::agreement_of_snapshot(entry)?, read_body(entry)?))).collect()
    }

    /// The agreements to which we wrote for customers whose id starts with `prefix`, the present ones included.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_billed_on(
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

    /// The intents that stand, by agreement and product. Few do: one for each write whose end is not known.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_intents(&self, partner: PartnerId) -> Result<Vec<Intent>, StoreError> {
        let read = |entry| read_body(&entry);
        let mut intents: Vec<Intent> = self.list(&keys::sync(partner), keys::INTENTS, read).await?;
        // Keys hold numbers as texts, which sort 10 before 9.
        intents.sort_by_key(|intent| (intent.agreement, intent.product));
        Ok(intents)
    }

    /// The same rows all at once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_chunks(
        &self,
        partner: PartnerId,
        run: &RunId,
        kind: ChunkKind,
        bucket: u32,
    ) -> Result<Vec<String>, StoreError> {
        let mut chunks = Vec::new();
        self.take_chunks(partner, run, kind, bucket, |chunk| chunks.push(chunk)).await?;
        Ok(chunks)
    }

    /// What we wrote to an agreement; empty if nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_snapshot(&self, partner: PartnerId, agreement: AgreementId) -> Result<Snapshot, StoreError> {
        Ok(self.find_snapshots(partner, &[agreement]).await?.remove(&agreement).unwrap_or_default())
    }
}

impl<T: Table> Store<T> {
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
