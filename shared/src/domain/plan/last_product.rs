//! A customer's last product: a fall to zero that leaves nothing billed waits for a person, however small it is.
//!
//! What is small is written by itself because little is at stake. A customer of which nothing is left has perhaps gone, or its
//! usage is missing as a whole: that is worth a question.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{AdditionPlan, Basis, Hold, PsaProductId, Step};

/// Holds all falls to zero where nothing else that we look after stays above zero on the agreement. Several products that
/// fall together are the last ones together.
pub(super) fn hold_the_last_ones(basis: &Basis<'_>, plans: &mut BTreeMap<PsaProductId, AdditionPlan>) {
    let stays = |(product, plan): (&PsaProductId, &AdditionPlan)| billed_after(basis, *product, plan) > Decimal::ZERO;
    if plans.iter().any(stays) {
        return;
    }
    for plan in plans.values_mut() {
        match &mut plan.step {
            Step::Update { from, .. } if plan.target.is_zero() => {
                let hold = Hold::ToZero { from: *from, last: true };
                plan.release = Some(plan.as_release());
                plan.step = Step::Hold(hold);
            }
            Step::Hold(Hold::ToZero { last, .. }) => *last = true,
            Step::Nothing
            | Step::Keep { .. }
            | Step::Adopt { .. }
            | Step::Create { .. }
            | Step::Update { .. }
            | Step::Clear { .. }
            | Step::Wait(_)
            | Step::Hold(_)
            | Step::Skip(_)
            | Step::Fail(_) => {}
        }
    }
}

/// What stays billed of a product that we look after, once its step is done. A fall to zero that waits counts as done.
fn billed_after(basis: &Basis<'_>, product: PsaProductId, plan: &AdditionPlan) -> Decimal {
    let written = basis.snapshot.written.get(&product);
    let ours = plan.current.filter(|(addition, _)| written.is_some_and(|written| written.addition == *addition));
    match &plan.step {
        Step::Keep { .. } | Step::Adopt { .. } | Step::Create { .. } | Step::Update { .. } => plan.target,
        Step::Nothing | Step::Hold(Hold::ToZero { .. }) => Decimal::ZERO,
        Step::Clear { .. } | Step::Wait(_) | Step::Hold(_) | Step::Skip(_) | Step::Fail(_) => {
            ours.map_or(Decimal::ZERO, |(_, quantity)| quantity)
        }
    }
}
