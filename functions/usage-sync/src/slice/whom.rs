//! Whose usage a run is about: of everybody else it keeps nothing, compares nothing and has no line.

use std::collections::BTreeSet;

use shared::domain::id::CustomerId;
use shared::domain::ledger::CustomerLedger;
use shared::domain::mapping::ProductMappings;
use shared::domain::outcome::Outcome;
use shared::domain::run::{CustomerFilter, Run};
use shared::error::StoreError;

use super::Frame;
use crate::worker::{WorkError, World};

/// The customers that a run is about.
pub(super) enum Whom {
    /// All, and the usage without a customer.
    Everyone,
    /// These alone.
    Only(BTreeSet<CustomerId>),
}

impl Whom {
    /// Whether the run is about the customer of a usage line; none for a line that names none.
    pub(super) fn has(&self, customer: Option<CustomerId>) -> bool {
        match self {
            Self::Everyone => true,
            Self::Only(those) => customer.is_some_and(|customer| those.contains(&customer)),
        }
    }
}

impl<W: World> Frame<'_, W> {
    /// Whom the run is about; of a retry, those of whom something failed in the run that it takes up.
    pub(super) async fn whom(&self, run: &Run) -> Result<&Whom, WorkError> {
        self.whom
            .get_or_try_init(async || match &run.request.scope.customers {
                CustomerFilter::Everyone => Ok(Whom::Everyone),
                CustomerFilter::Chosen { customers } => Ok(Whom::Only(customers.clone())),
                CustomerFilter::FailedIn { run: failed } => {
                    let (store, partner) = (self.world.store(), run.request.partner);
                    let (mut those, mut after) = (BTreeSet::new(), None);
                    loop {
                        let page = store.list_ledger(partner, failed, "", after.as_deref()).await?;
                        those.extend(page.entries.iter().filter(|entry| has_failed(entry)).filter_map(|e| e.customer));
                        match page.next {
                            Some(next) => after = Some(next),
                            None => return Ok(Whom::Only(those)),
                        }
                    }
                }
            })
            .await
    }

    /// The product mappings as the run takes them.
    pub(super) async fn mappings_for(&self, run: &Run) -> Result<ProductMappings, StoreError> {
        let mappings = self.world.store().list_product_mappings(run.request.partner).await?;
        Ok(if run.request.scope.ignores_switches { mappings.all_switched_on() } else { mappings })
    }
}

fn has_failed(ledger: &CustomerLedger) -> bool {
    ledger.lines.iter().any(|line| matches!(line.outcome, Outcome::Failed(_)))
}
