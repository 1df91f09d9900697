//! A Sophos product that was mapped to another ConnectWise product: until the old addition no longer bills it, writing
//! the new one would bill it twice.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::{Addition, AdditionPlan, AgreementState, Basis, Hold, ProductCode, PsaProductId, Step, Would};

/// Holds what would be created, adopted or changed while a part of it is still billed elsewhere.
pub(super) fn hold_what_is_still_billed(basis: &Basis<'_>, plans: &mut BTreeMap<PsaProductId, AdditionPlan>) {
    let AgreementState::Ready { additions, .. } = basis.agreement else {
        return;
    };
    // An addition that is right without the part no longer bills it.
    let right: BTreeSet<PsaProductId> =
        plans.iter().filter(|(_, plan)| matches!(plan.step, Step::Keep { .. })).map(|(on, _)| *on).collect();
    for (product, plan) in plans.iter_mut().filter(|(_, plan)| plan.would() != Would::Nothing) {
        let elsewhere = |on: PsaProductId| on != *product && !right.contains(&on);
        if let Some(hold) = plan.parts.keys().find_map(|code| still_billed(basis, additions, code, elsewhere)) {
            plan.step = Step::Hold(hold);
        }
    }
}

fn still_billed(
    basis: &Basis<'_>,
    additions: &[Addition],
    code: &ProductCode,
    elsewhere: impl Fn(PsaProductId) -> bool,
) -> Option<Hold> {
    let day = basis.month.last_day();
    let carried = basis.snapshot.written.iter().filter(|(on, written)| elsewhere(**on) && written.bills(code));
    carried.into_iter().find_map(|(on, written)| {
        let billed = |a: &&Addition| a.id == written.addition && a.in_force_on(day) && a.quantity > Decimal::ZERO;
        additions.iter().find(billed).map(|addition| Hold::StillBilled {
            product: code.clone(),
            on: *on,
            addition: addition.id,
            quantity: addition.quantity,
        })
    })
}
