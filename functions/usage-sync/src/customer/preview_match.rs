//! The match of an apply with its preview: it does what the preview showed, on the agreement that it showed, and
//! nothing else.

use std::collections::BTreeMap;

use shared::domain::id::{AdditionId, PsaProductId};
use shared::domain::ledger::Billed;
use shared::domain::mapping::CustomerMapping;
use shared::domain::outcome::{Hold, Outcome, Would};
use shared::domain::plan::{AdditionPlan, CustomerPlan, Step};

use super::context::CustomerContext;
use crate::errors::WorkError;
use crate::policy::Guard;
use crate::world::World;

/// Holds what an apply would do otherwise than its preview showed. True when the preview showed the customer on its
/// present agreement and nothing had to be held: a person has seen what is done. False for runs that apply no preview.
pub(super) async fn hold_what_differs<W: World>(
    customer: &CustomerContext<'_, W>,
    mapping: &CustomerMapping,
    planned: &mut CustomerPlan,
) -> Result<bool, WorkError> {
    let (context, bucket) = (customer.context(), customer.bucket);
    let Some(preview) = bucket.run.request.preview.as_ref() else { return Ok(false) };
    let adopts = bucket.run.request.scope.adopts;
    let store = context.world.store();
    let shown = store.find_ledger(customer.partner(), preview, Some(mapping.customer)).await?;
    // What was shown on another agreement was not shown of this one.
    let shown = shown.filter(|ledger| ledger.agreement.as_ref().map(|(id, _)| *id) == Some(mapping.agreement));
    let lines = shown.map(|ledger| ledger.lines).unwrap_or_default();
    let mut seen = lines.iter().any(|line| line.billed.is_some() && !matches!(line.outcome, Outcome::Failed(_)));
    let shown: BTreeMap<PsaProductId, Billed> =
        lines.into_iter().filter_map(|line| line.billed.map(|billed| (billed.product, billed))).collect();
    for (product, plan) in &mut planned.additions {
        let now = plan.would();
        let then = shown.get(product);
        let shown_waiting = |billed: &Billed| adopts && billed.waiting == Some(now);
        let same_line = |billed: &Billed| billed.would == now && billed.addition == addition_of(plan);
        let same = then.is_some_and(|billed| same_line(billed) || shown_waiting(billed));
        if now != Would::Nothing && !same && context.policy.has(Guard::AsShown) {
            let shown = then.map_or(Would::Nothing, |billed| billed.would);
            plan.step = Step::Hold(Hold::Moved { shown, now });
            seen = false;
        }
    }
    Ok(seen)
}

fn addition_of(plan: &AdditionPlan) -> Option<AdditionId> {
    match plan.step {
        Step::Keep { addition }
        | Step::Adopt { addition }
        | Step::Update { addition, .. }
        | Step::Clear { addition, .. } => Some(addition),
        Step::Nothing | Step::Create { .. } | Step::Wait(_) | Step::Hold(_) | Step::Skip(_) | Step::Fail(_) => None,
    }
}
