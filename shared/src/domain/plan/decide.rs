//! What a person decided on a hold, carried out while it still counts.

use std::collections::{BTreeMap, BTreeSet};

use super::overlap::could_create;
use super::{AdditionPlan, AgreementState, Basis, Hold, PsaProductId, Skip, Step, Waiting, Would};
use crate::domain::decision::Verdict;

/// Releases and rejects what a person decided on, where what they saw has not moved. Returns the decided products.
pub(super) fn carry_out(basis: &Basis<'_>, plans: &mut BTreeMap<PsaProductId, AdditionPlan>) -> BTreeSet<PsaProductId> {
    let mut decided = BTreeSet::new();
    let AgreementState::Ready { agreement, .. } = basis.agreement else { return decided };
    for (product, plan) in plans {
        let Some(decision) = basis.decisions.get(product) else { continue };
        if basis.others.is_none() && could_create(plan) {
            // Judged once the other agreements are read; a deferred step would not trigger that read.
            if decision.writes() {
                decided.insert(*product);
            }
            continue;
        }
        let now = plan.hold_basis(agreement.id);
        if decision.is_planned(&now, plan.would()) {
            decided.insert(*product);
        }
        if !decision.counts(&now) {
            continue;
        }
        decided.insert(*product);
        let held = matches!(plan.step, Step::Hold(_));
        match decision.verdict {
            // The lines elsewhere have to end first: until then both would bill.
            Verdict::Release
                if decision.moves.is_some() && matches!(plan.step, Step::Hold(Hold::BilledElsewhere { .. })) => {}
            Verdict::Release => {
                let mut readings = std::mem::take(&mut plan.readings).into_iter();
                let chosen =
                    readings.find(|(reading, _)| Some(*reading) == decision.reading).map(|(_, release)| release);
                if let Some(release) = chosen.or_else(|| plan.release.take()) {
                    plan.carry_out(release);
                }
            }
            // The override has made it the quantity of the plan.
            Verdict::UseQuantity(_) => {
                if let Some(release) = plan.release.take() {
                    plan.carry_out(release);
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
                    reason: decision.reason,
                    why: decision.why.clone(),
                });
            }
            Verdict::Reject => {}
        }
    }
    decided
}

/// Leaves to the next run what nobody has decided. A surplus addition of ours is set to 0 all the same: it bills what is
/// billed already.
pub(super) fn leave_the_rest(decided: &BTreeSet<PsaProductId>, plans: &mut BTreeMap<PsaProductId, AdditionPlan>) {
    for (_, plan) in plans.iter_mut().filter(|(product, _)| !decided.contains(product)) {
        match plan.step {
            Step::Adopt { .. } | Step::Create { .. } | Step::Update { .. } => {
                plan.step = Step::Wait(Waiting::NextRun { would: plan.would() });
            }
            Step::Nothing
            | Step::Keep { .. }
            | Step::Clear { .. }
            | Step::Wait(_)
            | Step::Hold(_)
            | Step::Skip(_)
            | Step::Fail(_) => {}
        }
    }
}
