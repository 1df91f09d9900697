//! What the memory store keeps of one partner.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::domain::alert::{Alert, AlertId};
use crate::domain::decision::{Decision, HoldKey, StandingHold};
use crate::domain::ending::{Ending, EndingKey};
use crate::domain::id::{AgreementId, CompanyId, CustomerId, ProductCode, PsaProductId, RunId};
use crate::domain::ledger::CustomerLedger;
use crate::domain::mapping::ProductMapping;
use crate::domain::plan::Customer;
use crate::domain::run::Run;
use crate::domain::settings::Settings;
use crate::domain::snapshot::{Intent, Snapshot};
use crate::domain::stamp::SyncStamp;
use crate::ports::{
    ChunkKind, CustomerNames, DiscoveredProduct, Edit, KnownPsaProduct, Look, MappedCustomer, SavedAlertSettings,
    Sealed, ShownConnections, Sighting, Versioned,
};
use crate::store::idempotency::Kept;
use crate::store::lease::Standing;
use crate::store::save::CustomerRow;

/// Where a chunk stands: kind, bucket, page, part.
pub(super) type ChunkPlace = (ChunkKind, u32, u32, u32);

/// One partner's entries.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    pub(super) settings: Option<Settings>,
    pub(super) settings_version: u64,
    pub(super) credentials: Option<Sealed>,
    pub(super) shown: ShownConnections,
    pub(super) credentials_version: u64,
    pub(super) products: BTreeMap<ProductCode, ProductMapping>,
    pub(super) catalogue: BTreeMap<ProductCode, DiscoveredProduct>,
    pub(super) sightings: BTreeMap<ProductCode, Sighting>,
    /// Mapped customers and those whose mapping was removed.
    pub(super) customers: BTreeMap<CustomerId, (CustomerRow, Option<CustomerNames>)>,
    /// Which customer has a company.
    pub(super) companies: BTreeMap<CompanyId, CustomerId>,
    pub(super) known: BTreeMap<CustomerId, Customer>,
    pub(super) statuses: BTreeMap<CustomerId, SyncStamp>,
    pub(super) psa_products: BTreeMap<PsaProductId, KnownPsaProduct>,
    /// The edits of each save by their place.
    pub(super) edits: BTreeMap<String, Vec<Edit>>,
    /// By the hash of the key.
    pub(super) attempts: BTreeMap<String, Kept>,
    pub(super) due: Option<Timestamp>,
    pub(super) looks: BTreeMap<Look, Timestamp>,
    pub(super) retry: Option<RunId>,
    pub(super) lease: Option<Standing>,
    /// The run that was opened last.
    pub(super) open: Option<RunId>,
    pub(super) runs: BTreeMap<RunId, Run>,
    pub(super) rows: BTreeMap<RunId, Rows>,
    pub(super) snapshots: BTreeMap<AgreementId, Snapshot>,
    pub(super) billed_on: BTreeMap<CustomerId, BTreeSet<AgreementId>>,
    pub(super) intents: BTreeMap<(AgreementId, PsaProductId), Intent>,
    pub(super) holds: BTreeMap<HoldKey, StandingHold>,
    pub(super) decisions: BTreeMap<HoldKey, Decision>,
    pub(super) endings: BTreeMap<EndingKey, Ending>,
    pub(super) alert_settings: Versioned<SavedAlertSettings>,
    /// By their place in the table, so that both stores page alike.
    pub(super) alerts: BTreeMap<String, Alert>,
    /// The ids of those that were raised by themselves.
    pub(super) alert_marks: BTreeSet<AlertId>,
}

/// What one run read and wrote.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) chunks: BTreeMap<ChunkPlace, String>,
    /// By the customer's name in the table, so that both stores page alike.
    pub(super) ledger: BTreeMap<String, CustomerLedger>,
}

impl Shelf {
    /// The customer's mapping with its names, if it is mapped.
    pub(super) fn mapped(&self, customer: &CustomerId) -> Option<MappedCustomer> {
        let (row, names) = self.customers.get(customer)?;
        Some((row.mapping.clone()?, names.clone()))
    }
}
