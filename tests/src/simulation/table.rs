//! The table: the store in memory, behind everything that a table on the network does to its callers.

mod lists;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use shared::domain::id::{AgreementId, CustomerId, PartnerId, RunId};
use shared::domain::ledger::CustomerLedger;
use shared::domain::mapping::{CustomerMapping, ProductMapping, ProductMappings};
use shared::domain::run::Run;
use shared::domain::settings::Settings;
use shared::domain::snapshot::{Intent, Snapshot};
use shared::error::StoreError;
use shared::ports::{
    Change, ChunkKind, CustomerNames, DiscoveredProduct, Lease, LeaseTaken, LedgerPage, MappingStore, Opened, RunStore,
    Sealed, SettingsStore,
};
use shared::store::MemoryStore;

use super::fate::Effects;
use super::ground::{Ground, locked};

/// A commit whose caller was told that the table is away, and that arrives all the same.
struct OnItsWay {
    at_ms: u64,
    lease: Lease,
    until: Timestamp,
    changes: Vec<Change>,
}

/// The table as one invocation sees it.
#[derive(Clone)]
pub(super) struct Table {
    ground: Ground,
    pub(super) memory: MemoryStore,
    late: Arc<Mutex<Vec<OnItsWay>>>,
    effects: Effects,
}

impl Table {
    pub(super) fn new(ground: Ground) -> Self {
        Self { ground, memory: MemoryStore::default(), late: Arc::default(), effects: Effects::default() }
    }

    pub(super) fn seen_by(&self, effects: Effects) -> Self {
        Self { effects, ..self.clone() }
    }

    /// The way there; an error where nothing arrives.
    async fn go(&self) -> Result<(), StoreError> {
        let storm = self.ground.storm();
        match self.ground.happens(storm.slow_table) {
            true => self.ground.pass(500, 9_000).await,
            false => self.ground.pass(1, 12).await,
        }
        self.let_late_arrive().await;
        match self.ground.happens(storm.table_away) {
            true => Err(away()),
            false => Ok(()),
        }
    }

    /// The way back of something that changed the table; an error where the answer is lost.
    async fn back(&self) -> Result<(), StoreError> {
        self.effects.count();
        let storm = self.ground.storm();
        match self.ground.happens(storm.slow_table) {
            true => self.ground.pass(500, 9_000).await,
            false => self.ground.pass(1, 6).await,
        }
        match self.ground.happens(storm.table_lost) {
            true => Err(away()),
            false => Ok(()),
        }
    }

    async fn let_late_arrive(&self) {
        let now = self.ground.now_ms();
        let due: Vec<OnItsWay> = locked(&self.late).extract_if(.., |late| late.at_ms <= now).collect();
        for late in due {
            let came = self.memory.commit(&late.lease, late.until, late.changes).await.is_ok();
            self.ground.note("late commit", &[late.lease.epoch, u64::from(came)]);
        }
    }
}

fn away() -> StoreError {
    StoreError::Unavailable { why: "a storm".into() }
}

impl SettingsStore for Table {
    async fn find_settings(&self, partner: PartnerId) -> Result<Option<Settings>, StoreError> {
        self.go().await?;
        self.memory.find_settings(partner).await
    }

    async fn put_settings(&self, partner: PartnerId, settings: &Settings) -> Result<(), StoreError> {
        self.go().await?;
        self.memory.put_settings(partner, settings).await?;
        self.back().await
    }

    async fn find_credentials(&self, partner: PartnerId) -> Result<Option<Sealed>, StoreError> {
        self.go().await?;
        self.memory.find_credentials(partner).await
    }

    async fn put_credentials(&self, partner: PartnerId, credentials: &Sealed) -> Result<(), StoreError> {
        self.go().await?;
        self.memory.put_credentials(partner, credentials).await?;
        self.back().await
    }
}

impl MappingStore for Table {
    async fn list_product_mappings(&self, partner: PartnerId) -> Result<ProductMappings, StoreError> {
        self.go().await?;
        self.memory.list_product_mappings(partner).await
    }

    async fn put_product_mapping(&self, partner: PartnerId, mapping: &ProductMapping) -> Result<(), StoreError> {
        self.go().await?;
        self.memory.put_product_mapping(partner, mapping).await?;
        self.back().await
    }

    async fn add_discovered_products(
        &self,
        partner: PartnerId,
        products: &[DiscoveredProduct],
    ) -> Result<(), StoreError> {
        self.go().await?;
        self.memory.add_discovered_products(partner, products).await?;
        self.back().await
    }

    async fn list_discovered_products(&self, partner: PartnerId) -> Result<Vec<DiscoveredProduct>, StoreError> {
        self.go().await?;
        self.memory.list_discovered_products(partner).await
    }

    async fn list_customer_mappings(
        &self,
        partner: PartnerId,
        prefix: &str,
    ) -> Result<Vec<(CustomerMapping, Option<CustomerNames>)>, StoreError> {
        self.go().await?;
        self.memory.list_customer_mappings(partner, prefix).await
    }

    async fn put_customer_mapping(&self, partner: PartnerId, mapping: &CustomerMapping) -> Result<(), StoreError> {
        self.go().await?;
        self.memory.put_customer_mapping(partner, mapping).await?;
        self.back().await
    }

    async fn touch_customer(
        &self,
        partner: PartnerId,
        customer: CustomerId,
        agreement: AgreementId,
        names: &CustomerNames,
        applied: bool,
    ) -> Result<(), StoreError> {
        self.go().await?;
        self.memory.touch_customer(partner, customer, agreement, names, applied).await?;
        self.back().await
    }
}

impl RunStore for Table {
    async fn open_run(&self, run: &Run) -> Result<Opened, StoreError> {
        self.go().await?;
        let opened = self.memory.open_run(run).await?;
        self.back().await?;
        Ok(opened)
    }

    async fn find_run(&self, partner: PartnerId, id: &RunId) -> Result<Option<Run>, StoreError> {
        self.go().await?;
        self.memory.find_run(partner, id).await
    }

    async fn acquire_lease(
        &self,
        partner: PartnerId,
        owner: &str,
        now: Timestamp,
        ttl_s: u32,
    ) -> Result<Result<Lease, LeaseTaken>, StoreError> {
        self.go().await?;
        let taken = self.memory.acquire_lease(partner, owner, now, ttl_s).await?;
        self.ground.note("lease", &[taken.as_ref().map_or(0, |lease| lease.epoch)]);
        self.back().await?;
        Ok(taken)
    }

    async fn release_lease(&self, lease: &Lease) -> Result<(), StoreError> {
        self.go().await?;
        self.memory.release_lease(lease).await?;
        self.back().await
    }

    async fn commit(&self, lease: &Lease, until: Timestamp, changes: Vec<Change>) -> Result<Lease, StoreError> {
        self.go().await?;
        if self.ground.happens(self.ground.storm().table_late) {
            let at_ms = self.ground.now_ms() + self.ground.between(100, 20_000);
            locked(&self.late).push(OnItsWay { at_ms, lease: lease.clone(), until, changes });
            return Err(away());
        }
        let count = changes.len() as u64;
        let renewed = self.memory.commit(lease, until, changes).await;
        self.ground.note("commit", &[lease.epoch, count, u64::from(renewed.is_ok())]);
        self.back().await?;
        renewed
    }

    async fn take_chunks(
        &self,
        partner: PartnerId,
        run: &RunId,
        kind: ChunkKind,
        bucket: u32,
        take: impl FnMut(String) + Send,
    ) -> Result<(), StoreError> {
        self.go().await?;
        self.memory.take_chunks(partner, run, kind, bucket, take).await
    }

    async fn list_ledger(
        &self,
        partner: PartnerId,
        run: &RunId,
        prefix: &str,
        after: Option<&str>,
    ) -> Result<LedgerPage, StoreError> {
        self.go().await?;
        self.memory.list_ledger(partner, run, prefix, after).await
    }

    async fn find_ledger(
        &self,
        partner: PartnerId,
        run: &RunId,
        customer: Option<CustomerId>,
    ) -> Result<Option<CustomerLedger>, StoreError> {
        self.go().await?;
        self.memory.find_ledger(partner, run, customer).await
    }

    async fn find_snapshots(
        &self,
        partner: PartnerId,
        agreements: &[AgreementId],
    ) -> Result<BTreeMap<AgreementId, Snapshot>, StoreError> {
        self.go().await?;
        self.memory.find_snapshots(partner, agreements).await
    }

    async fn list_billed_on(
        &self,
        partner: PartnerId,
        prefix: &str,
    ) -> Result<BTreeMap<CustomerId, BTreeSet<AgreementId>>, StoreError> {
        self.go().await?;
        self.memory.list_billed_on(partner, prefix).await
    }

    async fn list_intents(&self, partner: PartnerId) -> Result<Vec<Intent>, StoreError> {
        self.go().await?;
        self.memory.list_intents(partner).await
    }
}
