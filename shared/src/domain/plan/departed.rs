//! A customer that has left: what Sophos billed for the month waits for a person, whatever its size.

use std::collections::BTreeMap;

use super::{AdditionPlan, Basis, Hold, PsaProductId, Release, Step};

/// Holds all that would be written for a customer that has left. What was written for the month before it left, or was
/// released since, is done.
pub(super) fn hold_what_it_used(basis: &Basis<'_>, plans: &mut BTreeMap<PsaProductId, AdditionPlan>) {
    let Some(departure) = basis.departure else { return };
    for (_, plan) in plans.iter_mut().filter(|(product, plan)| !is_written(basis, **product, plan)) {
        let Some((release, also)) = released(plan) else { continue };
        let would = release.would();
        plan.step = Step::Hold(Hold::LeftMonthlyBilling { departure: departure.clone(), would, also });
        plan.release = Some(release);
    }
}

/// Whether the month's usage stands in ConnectWise as we wrote it: what differs since then is held for its own reason.
fn is_written(basis: &Basis<'_>, product: PsaProductId, plan: &AdditionPlan) -> bool {
    let written = basis.snapshot.written.get(&product);
    written.is_some_and(|w| w.month == basis.month && w.parts == plan.parts && w.confirmed == plan.target)
}

/// What a release does, and for which reason it would wait anyway. None where there is nothing to release.
fn released(plan: &AdditionPlan) -> Option<(Release, Option<Box<Hold>>)> {
    match &plan.step {
        // Holds that cannot be released keep their own reason.
        Step::Hold(hold) => Some((plan.release.clone()?, Some(Box::new(hold.clone())))),
        Step::Keep { .. } | Step::Adopt { .. } if plan.target.is_zero() => None,
        Step::Keep { .. } | Step::Adopt { .. } | Step::Create { .. } | Step::Update { .. } => {
            Some((plan.as_release(), None))
        }
        // A waiting step writes nothing, so there is nothing to hold.
        Step::Nothing | Step::Clear { .. } | Step::Wait(_) | Step::Skip(_) | Step::Fail(_) => None,
    }
}
