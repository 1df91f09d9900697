//! The customers and product mappings that a run is about. It keeps, compares and lists nothing of other customers.

use std::collections::BTreeSet;

use shared::domain::id::CustomerId;
use shared::domain::ledger::CustomerLedger;
use shared::domain::mapping::ProductMappings;
use shared::domain::outcome::Outcome;
use shared::domain::run::{CustomerFilter, Run};
use shared::error::StoreError;

use crate::errors::WorkError;
use crate::world::World;

/// The customers that a run is about.
pub(crate) enum CustomerScope {
    /// All, and the usage without a customer.
    Everyone,
    /// These alone.
    Only(BTreeSet<CustomerId>),
}

impl CustomerScope {
    /// The scope of a run; of a retry, the customers with a failed line in the run that it takes up.
    pub(crate) async fn of<W: World>(world: &W, run: &Run) -> Result<Self, WorkError> {
        match &run.request.scope.customers {
            CustomerFilter::Everyone => Ok(Self::Everyone),
            CustomerFilter::Chosen { customers } => Ok(Self::Only(customers.clone())),
            CustomerFilter::FailedIn { run: failed } => {
                let (store, partner) = (world.store(), run.request.partner);
                let (mut those, mut after) = (BTreeSet::new(), None);
                loop {
                    let page = store.list_ledger(partner, failed, "", after.as_deref()).await?;
                    those.extend(page.entries.iter().filter(|entry| has_failed(entry)).filter_map(|e| e.customer));
                    match page.next {
                        Some(next) => after = Some(next),
                        None => return Ok(Self::Only(those)),
                    }
                }
            }
        }
    }

    /// Whether the run is about the customer of a usage line; none for a line that names none.
    pub(crate) fn has(&self, customer: Option<CustomerId>) -> bool {
        match self {
            Self::Everyone => true,
            Self::Only(those) => customer.is_some_and(|customer| those.contains(&customer)),
        }
    }
}

/// The product mappings as the run takes them.
pub(crate) async fn mappings_for<W: World>(world: &W, run: &Run) -> Result<ProductMappings, StoreError> {
    let mappings = world.store().list_product_mappings(run.request.partner).await?;
    Ok(if run.request.scope.ignores_switches { mappings.all_switched_on() } else { mappings })
}

fn has_failed(ledger: &CustomerLedger) -> bool {
    ledger.lines.iter().any(|line| matches!(line.outcome, Outcome::Failed(_)))
}
