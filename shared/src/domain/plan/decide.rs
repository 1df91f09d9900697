//! What a person decided on a hold, carried out while it still counts.

use std::collections::BTreeMap;

use super::overlap::could_create;
use super::{AdditionPlan, AgreementState, Basis, Hold, PsaProductId, Release, Skip, Step, Would};
use crate::domain::decision::Verdict;

/// Releases and rejects what a person decided on, where what they saw has not moved.
pub(super) fn carry_out(basis: &Basis<'_>, plans: &mut BTreeMap<PsaProductId, AdditionPlan>) {
    let AgreementState::Ready { agreement, .. } = basis.agreement else { return };
    for (product, plan) in plans {
        let Some(decision) = basis.decisions.get(product) else { continue };
        if basis.others.is_none() && could_create(plan) {
            continue;
        }
        if !decision.counts(&plan.hold_basis(agreement.id)) {
            continue;
        }
        let held = matches!(plan.step, Step::Hold(_));
        match decision.verdict {
            // The lines elsewhere have to end first: until then both would bill.
            Verdict::Release
                if decision.moves.is_some() && matches!(plan.step, Step::Hold(Hold::BilledElsewhere { .. })) => {}
            Verdict::Release => {
                let mut readings = std::mem::take(&mut plan.readings).into_iter();
                let chosen =
                    readings.find(|(reading, _)| Some(*reading) == decision.reading).map(|(_, release)| release);
                if let Some(Release { step, target, parts }) = chosen.or_else(|| plan.release.take()) {
                    (plan.step, plan.target, plan.parts) = (step, target, parts);
                }
            }
            // Remembered for the months to come, as long as those lines bill it.
            Verdict::Reject if let Step::Hold(Hold::BilledElsewhere { lines, .. }) = &plan.step => {
                plan.step = Step::Skip(Skip::BilledElsewhere { lines: lines.clone() });
            }
            Verdict::Reject if held || plan.would() != Would::Nothing => {
                plan.step = Step::Skip(Skip::Rejected {
                    kept: decision.basis.quantity,
                    who: decision.who.clone(),
                    why: decision.why.clone(),
                });
            }
            Verdict::Reject => {}
        }
    }
}
