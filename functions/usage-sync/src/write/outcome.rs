//! How the additions of an agreement ended in this run.

use std::collections::BTreeMap;

use shared::domain::id::{AdditionId, PsaProductId};
use shared::domain::ledger::Billed;
use shared::domain::outcome::Outcome;
use shared::domain::plan::AdditionPlan;

/// The outcomes by product.
pub(crate) type AdditionOutcomes = BTreeMap<PsaProductId, AdditionOutcome>;

/// How one addition ended, and what its ledger line shows of it.
#[derive(Clone)]
pub(crate) struct AdditionOutcome {
    pub(crate) outcome: Outcome,
    pub(crate) billed: Billed,
}

impl AdditionOutcome {
    /// The outcome of a plan; the addition, where there is one.
    pub(super) fn of(
        product: PsaProductId,
        plan: &AdditionPlan,
        outcome: Outcome,
        addition: Option<AdditionId>,
    ) -> Self {
        let billed = plan.billed(product, addition, &outcome);
        Self { outcome, billed }
    }
}
