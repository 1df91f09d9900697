//! What a person decided on a hold, carried out while it still counts.

use std::collections::BTreeMap;

use super::{AdditionPlan, AgreementState, Basis, PsaProductId, Skip, Step, Would};
use crate::domain::decision::Verdict;

/// Releases and rejects what a person decided on, where what they saw has not moved.
pub(super) fn carry_out(basis: &Basis<'_>, plans: &mut BTreeMap<PsaProductId, AdditionPlan>) {
    let AgreementState::Ready { agreement, .. } = basis.agreement else { return };
    for (product, plan) in plans {
        let Some(decision) = basis.decisions.get(product) else { continue };
        if !decision.counts(&plan.hold_basis(agreement.id)) {
            continue;
        }
        let held = matches!(plan.step, Step::Hold(_));
        match decision.verdict {
            Verdict::Release => {
                if let Some(release) = plan.release.take() {
                    (plan.step, plan.target) = (release.step, release.target);
                }
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
