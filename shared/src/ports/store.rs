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
mod snapshot;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::alert::{AlertPage, AlertStore, SavedAlertSettings};
pub use self::change::Change;
pub use self::chunk::{Chunk, ChunkKind};
pub use self::due::{Due, DueFor, DueStore, Look};
pub use self::edit::{
    Author, CustomerConflict, CustomerEdit, Edit, EditPage, EditStore, MappedCustomer, ProductConflict, Subject,
};
pub use self::hold::{HoldPage, HoldStore};
pub use self::idempotency::{Answer, Attempt, Begun, IDEMPOTENCY_TTL_H, IdempotencyStore, Keep};
pub use self::known::{KnownPsaProduct, KnownStore, SeenProduct, Sighting};
pub use self::oversight::{ChunkPage, OversightStore};
pub use self::owner::{OwnerStore, PsaClaim, PsaHolder, PsaOwner};
pub use self::psa_database::PsaDatabase;
pub use self::rate::{Rate, RateStore};
pub use self::removal::{Removal, RemovalStore};
pub use self::setup::{
    ConnectionsSaved, Databases, LastTest, SavedBy, SavedConnections, SetupStore, ShownConnectWise, ShownConnections,
    ShownSophos, Versioned,
};
pub use self::snapshot::SnapshotHistory;
use super::Sealed;
use crate::domain::id::{AgreementId, CustomerId, PartnerId, ProductCode, RunId};
use crate::domain::ledger::CustomerLedger;
use crate::domain::mapping::{CustomerMapping, ProductMapping, ProductMappings};
pub use crate::domain::psa::CustomerNames;
use crate::domain::run::Run;
use crate::domain::settings::Settings;
use crate::domain::snapshot::{Intent, Snapshot};
use crate::error::StoreError;

/// A partner's settings and sealed credentials.
pub trait SettingsStore: Send + Sync {
    /// The partner's settings, if it has saved any.
    ///
    /// # Errors
    /// [`StoreError`].
    fn find_settings(&self, partner: PartnerId) -> impl Future<Output = Result<Option<Settings>, StoreError>> + Send;

    /// Saves the partner's settings.
    ///
    /// # Errors
    /// [`StoreError`].
    fn put_settings(
        &self,
        partner: PartnerId,
        settings: &Settings,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The partner's sealed credentials, if it has saved any.
    ///
    /// # Errors
    /// [`StoreError`].
    fn find_credentials(&self, partner: PartnerId) -> impl Future<Output = Result<Option<Sealed>, StoreError>> + Send;

    /// Saves the partner's sealed credentials.
    ///
    /// # Errors
    /// [`StoreError`].
    fn put_credentials(
        &self,
        partner: PartnerId,
        credentials: &Sealed,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

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

/// A partner's product and customer mappings.
pub trait MappingStore: Send + Sync {
    /// All product mappings of a partner.
    ///
    /// # Errors
    /// [`StoreError`].
    fn list_product_mappings(
        &self,
        partner: PartnerId,
    ) -> impl Future<Output = Result<ProductMappings, StoreError>> + Send;

    /// Saves a product mapping that was read at `mapping.version`; what is stored has the next version.
    ///
    /// # Errors
    /// `Conflict` when someone else saved it meanwhile.
    fn put_product_mapping(
        &self,
        partner: PartnerId,
        mapping: &ProductMapping,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Adds Sophos products to the partner's catalogue; known ones are left as they are. Maps nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    fn add_discovered_products(
        &self,
        partner: PartnerId,
        products: &[DiscoveredProduct],
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The partner's catalogue of Sophos products.
    ///
    /// # Errors
    /// [`StoreError`].
    fn list_discovered_products(
        &self,
        partner: PartnerId,
    ) -> impl Future<Output = Result<Vec<DiscoveredProduct>, StoreError>> + Send;

    /// The mappings of the customers whose id starts with `prefix` (lower-case hex digits, at most 8; empty for all),
    /// by customer, with their names where a run has seen them.
    ///
    /// # Errors
    /// [`StoreError`].
    fn list_customer_mappings(
        &self,
        partner: PartnerId,
        prefix: &str,
    ) -> impl Future<Output = Result<Vec<(CustomerMapping, Option<CustomerNames>)>, StoreError>> + Send;

    /// Saves a customer mapping that was read at `mapping.version` and claims its company. `mapping.applied` counts for
    /// the first save only: what a run has written of a customer meanwhile (names, the applied agreement) stays, but for
    /// the names of a place that it left.
    ///
    /// # Errors
    /// `Conflict` when someone else saved it meanwhile, or another customer of the partner has the company.
    fn put_customer_mapping(
        &self,
        partner: PartnerId,
        mapping: &CustomerMapping,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Writes what a run learnt of a customer, leaving its version alone: names, and the agreement for which a person
    /// applied a preview. Does nothing when the mapping is gone or went to another agreement.
    ///
    /// # Errors
    /// [`StoreError`].
    fn touch_customer(
        &self,
        partner: PartnerId,
        customer: CustomerId,
        agreement: AgreementId,
        names: &CustomerNames,
        applied: bool,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// The right to work on a partner's run. Every [`RunStore::commit`] is fenced by it and renews it.
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

/// What became of a partner's runs.
pub trait RunHistory: Send + Sync {
    /// The partner's newest runs, newest first, at most `limit` (1 to 100).
    ///
    /// # Errors
    /// [`StoreError`].
    fn list_runs(&self, partner: PartnerId, limit: u32) -> impl Future<Output = Result<Vec<Run>, StoreError>> + Send;
}

/// Runs and what they write.
pub trait RunStore: Send + Sync {
    /// Opens a run unless it exists or the partner has another open one. Atomic: of two callers one gets `Fresh`.
    ///
    /// # Errors
    /// [`StoreError`].
    fn open_run(&self, run: &Run) -> impl Future<Output = Result<Opened, StoreError>> + Send;

    /// A run, if it exists.
    ///
    /// # Errors
    /// [`StoreError`].
    fn find_run(&self, partner: PartnerId, id: &RunId) -> impl Future<Output = Result<Option<Run>, StoreError>> + Send;

    /// Takes the partner's lease for `ttl_s` seconds from `now`, if it is free, run out, or the owner's own.
    ///
    /// # Errors
    /// [`StoreError`]; the inner error says until when another worker has it.
    fn acquire_lease(
        &self,
        partner: PartnerId,
        owner: &str,
        now: Timestamp,
        ttl_s: u32,
    ) -> impl Future<Output = Result<Result<Lease, LeaseTaken>, StoreError>> + Send;

    /// Gives the lease back at once; does nothing when it is another's by now.
    ///
    /// # Errors
    /// [`StoreError`].
    fn release_lease(&self, lease: &Lease) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Writes all changes or none, renews the lease until `until`, and returns it. At most 99 changes (a customer's
    /// ledger counts once for each 300,000 bytes of it), no two of the same entry, chunks of 3,900,000 bytes together;
    /// none at all renews only.
    ///
    /// # Errors
    /// `LeaseLost`; `Conflict` when an intent stands already; `Refused` beyond these limits; otherwise nothing is known
    /// to be written.
    fn commit(
        &self,
        lease: &Lease,
        until: Timestamp,
        changes: Vec<Change>,
    ) -> impl Future<Output = Result<Lease, StoreError>> + Send;

    /// Hands the rows that a run keeps of one kind and bucket to `take`: the JSON text of each of its chunks, by page and
    /// part. No more than a few of them are in memory, however many there are.
    ///
    /// # Errors
    /// [`StoreError`]; some chunks may have been taken by then.
    fn take_chunks(
        &self,
        partner: PartnerId,
        run: &RunId,
        kind: ChunkKind,
        bucket: u32,
        take: impl FnMut(String) + Send,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The same rows all at once.
    ///
    /// # Errors
    /// [`StoreError`].
    fn list_chunks(
        &self,
        partner: PartnerId,
        run: &RunId,
        kind: ChunkKind,
        bucket: u32,
    ) -> impl Future<Output = Result<Vec<String>, StoreError>> + Send {
        async move {
            let mut chunks = Vec::new();
            self.take_chunks(partner, run, kind, bucket, |chunk| chunks.push(chunk)).await?;
            Ok(chunks)
        }
    }

    /// One page of a run's ledger from `after` on: customers whose id starts with `prefix` (lower-case hex; empty for
    /// all, the usage without a customer included).
    ///
    /// # Errors
    /// [`StoreError`].
    fn list_ledger(
        &self,
        partner: PartnerId,
        run: &RunId,
        prefix: &str,
        after: Option<&str>,
    ) -> impl Future<Output = Result<LedgerPage, StoreError>> + Send;

    /// One customer's entry in a run's ledger (none: the usage without a customer).
    ///
    /// # Errors
    /// [`StoreError`].
    fn find_ledger(
        &self,
        partner: PartnerId,
        run: &RunId,
        customer: Option<CustomerId>,
    ) -> impl Future<Output = Result<Option<CustomerLedger>, StoreError>> + Send;

    /// What we wrote to agreements, as far as anything was written; of each named once.
    ///
    /// # Errors
    /// [`StoreError`].
    fn find_snapshots(
        &self,
        partner: PartnerId,
        agreements: &[AgreementId],
    ) -> impl Future<Output = Result<BTreeMap<AgreementId, Snapshot>, StoreError>> + Send;

    /// What we wrote to an agreement; empty if nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    fn find_snapshot(
        &self,
        partner: PartnerId,
        agreement: AgreementId,
    ) -> impl Future<Output = Result<Snapshot, StoreError>> + Send {
        async move { Ok(self.find_snapshots(partner, &[agreement]).await?.remove(&agreement).unwrap_or_default()) }
    }

    /// The agreements to which we wrote for customers whose id starts with `prefix`, the present ones included.
    ///
    /// # Errors
    /// [`StoreError`].
    fn list_billed_on(
        &self,
        partner: PartnerId,
        prefix: &str,
    ) -> impl Future<Output = Result<BTreeMap<CustomerId, BTreeSet<AgreementId>>, StoreError>> + Send;

    /// The intents that stand, by agreement and product. Few do: one for each write whose end is not known.
    ///
    /// # Errors
    /// [`StoreError`].
    fn list_intents(&self, partner: PartnerId) -> impl Future<Output = Result<Vec<Intent>, StoreError>> + Send;
}
