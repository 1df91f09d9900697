//! What a new partner has to do, and has done; and the customers that the overview counts.

use std::collections::BTreeMap;

use futures::try_join;
use serde::Serialize;
use shared::domain::customer::Customer;
use shared::domain::departure::Departure;
use shared::domain::id::{AgreementId, CustomerId, PartnerId, ProductCode};
use shared::domain::mapping::{ProductMapping, ProductMappings, ProductState};
use shared::domain::run::{Run, RunKind, RunState};
use shared::domain::settings::Settings;
use shared::error::StoreError;
use shared::http::Problem;
use shared::store::{LastTest, MappedCustomer, SavedConnections, Store, Versioned};
use shared::table::Table;
use utoipa::ToSchema;

use crate::names::Names;
use crate::still_billing::BilledCustomer;

/// How many customers one read of the table takes.
const A_READ: u32 = 1_000;
/// How many customers are counted: a person waits.
const MOST: usize = 5_000;

/// What a new partner has to do, and has done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Checklist {
    /// The connection to ConnectWise.
    connectwise: ConnectionState,
    /// The connection to Sophos.
    sophos: ConnectionState,
    /// Customers whose usage can be synced.
    customers: MappedOf,
    /// Sophos products that usage has named or that were ever saved.
    products: ProductsMapped,
    /// Whether a preview was made.
    preview_made: bool,
    /// Whether a preview was applied.
    applied: bool,
    /// Whether runs write to ConnectWise.
    writes: bool,
}

/// How a connection is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConnectionState {
    /// Whether one is saved.
    saved: bool,
    /// Whether its last test found that it works.
    works: bool,
}

/// How many of some are mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MappedOf {
    /// Those that are mapped.
    mapped: u64,
    /// All of them.
    of: u64,
    /// Whether all were counted; otherwise there are more.
    complete: bool,
}

/// How many Sophos products are mapped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProductsMapped {
    /// Those that are mapped.
    mapped: u64,
    /// All of them.
    of: u64,
    /// Those that somebody decided not to bill.
    excluded: u64,
    /// Those that are mapped to a ConnectWise product that no addition can have.
    broken: u64,
}

/// The customers of a partner, with their mappings.
pub(super) struct Customers {
    known: BTreeMap<CustomerId, Customer>,
    mapped: BTreeMap<CustomerId, MappedCustomer>,
    /// Whether these are all.
    pub(super) complete: bool,
}

impl Customers {
    pub(super) async fn read(store: &Store<impl Table>, partner: PartnerId) -> Result<Self, Problem> {
        let known = async {
            let (mut all, mut after) = (BTreeMap::new(), None);
            loop {
                let page = store.list_known_customers(partner, after, A_READ).await?;
                let last = page.len() < A_READ as usize;
                after = page.last().map(|customer| customer.id);
                all.extend(page.into_iter().map(|customer| (customer.id, customer)));
                if last || all.len() >= MOST {
                    return Ok::<_, StoreError>((all, last));
                }
            }
        };
        let mapped = async {
            let (mut all, mut after) = (BTreeMap::new(), None);
            loop {
                let page = store.list_customer_mappings_after(partner, after, A_READ).await?;
                let last = page.len() < A_READ as usize;
                after = page.last().map(|(mapping, _)| mapping.customer);
                all.extend(page.into_iter().map(|mapped| (mapped.0.customer, mapped)));
                if last || all.len() >= MOST {
                    return Ok::<_, StoreError>((all, last));
                }
            }
        };
        let ((known, all_known), (mapped, all_mapped)) = try_join!(known, mapped)?;
        Ok(Self { known, mapped, complete: all_known && all_mapped })
    }

    /// The customers of agreements to which something was written; of several on one, the one that is mapped to it. One that
    /// was not counted is left out.
    pub(super) async fn billed_on(
        &self,
        store: &Store<impl Table>,
        partner: PartnerId,
    ) -> Result<BTreeMap<AgreementId, BilledCustomer>, Problem> {
        let marks = store.list_billed_on(partner, "").await?;
        let pairs = marks.into_iter().flat_map(|(customer, on)| on.into_iter().map(move |on| (on, customer)));
        let counted =
            pairs.filter(|(_, id)| self.complete || self.known.contains_key(id) || self.mapped.contains_key(id));
        Ok(BilledCustomer::by_agreement(counted.map(|(agreement, id)| {
            let (mapping, names) = self.mapped.get(&id).cloned().unzip();
            let known = self.known.get(&id);
            let (departure, name) = (Departure::of(known), known.map(|customer| customer.name.clone()));
            (agreement, BilledCustomer { id, name, mapping, names: names.flatten(), departure })
        })))
    }

    fn counted(&self) -> MappedOf {
        let can_sync = self.known.values().filter(|customer| Departure::of(Some(customer)).is_none());
        let (mut mapped, mut of) = (0, 0);
        for customer in can_sync {
            of += 1;
            mapped += u64::from(self.mapped.contains_key(&customer.id));
        }
        MappedOf { mapped, of, complete: self.complete }
    }
}

impl Checklist {
    pub(super) fn of(
        connections: &Versioned<SavedConnections>,
        customers: &Customers,
        mappings: &ProductMappings,
        names: &Names,
        runs: &[Run],
        settings: Option<&Settings>,
    ) -> Self {
        let shown = connections.value.as_ref().map(|saved| &saved.shown);
        let connectwise = shown.and_then(|shown| shown.connectwise.as_ref()).map(|shown| &shown.tested);
        let sophos = shown.and_then(|shown| shown.sophos.as_ref()).map(|shown| &shown.tested);
        let ended_well = |run: &&Run| matches!(run.state, RunState::Succeeded | RunState::Partial);
        let ended = |kind: RunKind| runs.iter().filter(ended_well).any(|run| run.request.kind == kind);
        let applied = ended(RunKind::Apply) || customers.mapped.values().any(|(mapping, _)| mapping.is_applied());
        Self {
            connectwise: ConnectionState::of(connectwise),
            sophos: ConnectionState::of(sophos),
            customers: customers.counted(),
            products: ProductsMapped::of(mappings, names),
            // What is applied was shown.
            preview_made: applied || ended(RunKind::Preview),
            applied,
            writes: settings.is_some_and(|settings| settings.writes),
        }
    }
}

impl ConnectionState {
    fn of(tested: Option<&LastTest>) -> Self {
        Self { saved: tested.is_some(), works: tested.is_some_and(|tested| tested.works) }
    }
}

impl ProductsMapped {
    fn of(mappings: &ProductMappings, names: &Names) -> Self {
        let mut products = Self::default();
        let mut codes: BTreeMap<&ProductCode, Option<&ProductMapping>> =
            names.codes().map(|code| (code, None)).collect();
        codes.extend(mappings.iter().map(|mapping| (&mapping.code, Some(mapping))));
        for mapping in codes.into_values() {
            products.of += 1;
            match mapping.map(|mapping| &mapping.state) {
                Some(ProductState::Mapped { product, .. }) => {
                    products.mapped += 1;
                    products.broken += u64::from(names.psa(*product).is_some_and(|psa| psa.trouble.is_some()));
                }
                Some(ProductState::Excluded { .. }) => products.excluded += 1,
                Some(ProductState::Unmapped | ProductState::Removed) | None => {}
            }
        }
        products
    }
}
