//! What the memory store keeps of one partner.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::id::{AgreementId, CustomerId, ProductCode, PsaProductId, RunId};
use crate::domain::ledger::CustomerLedger;
use crate::domain::mapping::{CustomerMapping, ProductMapping};
use crate::domain::run::Run;
use crate::domain::settings::Settings;
use crate::domain::snapshot::{Intent, Snapshot};
use crate::ports::{ChunkKind, CustomerNames, DiscoveredProduct, Sealed};
use crate::store::idempotency::Kept;
use crate::store::lease::Standing;

/// Where a chunk stands: kind, bucket, page, part.
pub(super) type ChunkPlace = (ChunkKind, u32, u32, u32);

/// One partner's entries.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    pub(super) settings: Option<Settings>,
    pub(super) credentials: Option<Sealed>,
    pub(super) products: BTreeMap<ProductCode, ProductMapping>,
    pub(super) catalogue: BTreeMap<ProductCode, DiscoveredProduct>,
    pub(super) customers: BTreeMap<CustomerId, (CustomerMapping, Option<CustomerNames>)>,
    /// By the hash of the key.
    pub(super) attempts: BTreeMap<String, Kept>,
    pub(super) due: Option<Timestamp>,
    pub(super) lease: Option<Standing>,
    /// The run that was opened last.
    pub(super) open: Option<RunId>,
    pub(super) runs: BTreeMap<RunId, Run>,
    pub(super) rows: BTreeMap<RunId, Rows>,
    pub(super) snapshots: BTreeMap<AgreementId, Snapshot>,
    pub(super) intents: BTreeMap<(AgreementId, PsaProductId), Intent>,
}

/// What one run read and wrote.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) chunks: BTreeMap<ChunkPlace, String>,
    /// By the customer's name in the table, so that both stores page alike.
    pub(super) ledger: BTreeMap<String, CustomerLedger>,
}
