//! What to do for one (customer, ConnectWise product): the checks, in the order in which a person would make them.

use std::collections::BTreeSet;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::surplus::surplus_step;
use super::{
    Addition, AdditionPlan, Agreement, AgreementState, Basis, Failure, Hold, Parts, ProductCode, ProductMapping,
    ProductState, PsaProduct, PsaProductId, Step, Written,
};
use crate::domain::mapping::Combine;
use crate::domain::outcome::PartTrouble;

/// Plans one addition from those of its parts that the customer uses, used, or is billed for.
pub(super) fn plan_addition(basis: &Basis<'_>, product: PsaProductId, used: &BTreeSet<ProductCode>) -> AdditionPlan {
    let parts: Parts = used.iter().map(|code| (code.clone(), units(basis, code))).collect();
    let mut plan = AdditionPlan { target: Decimal::ZERO, step: Step::Nothing, parts };
    plan.step = match plan_step(basis, product, &mut plan) {
        Ok(step) | Err(step) => step,
    };
    plan
}

fn units(basis: &Basis<'_>, code: &ProductCode) -> u64 {
    basis.usage.find(code).map_or(0, |usage| usage.units)
}

/// `Err` is a step that needs no further check; it is no error.
fn plan_step(basis: &Basis<'_>, product: PsaProductId, plan: &mut AdditionPlan) -> Result<Step, Step> {
    let (agreement, additions) = match basis.agreement {
        AgreementState::Ready { agreement, additions } => (agreement, additions),
        AgreementState::Trouble(failure) => return Err(Step::Fail(failure.clone())),
    };
    let catalogue = usable_product(basis, product)?;
    let of_product: Vec<&Addition> = additions.iter().filter(|a| a.product == product).collect();
    let day = basis.month.last_day();
    let in_force: Vec<&Addition> = of_product.iter().copied().filter(|a| a.in_force_on(day)).collect();

    let billed = in_force.iter().map(|a| a.quantity).max();
    let before = basis.snapshot.written.get(&product);
    let target = combined(basis, product, &plan.parts);
    if let Some(step) = surplus_step(before, &of_product, day) {
        plan.target = target.unwrap_or_default();
        let settled = !basis.unsettled.contains(&product);
        return Err(if settled { step } else { Step::Fail(Failure::Unsettled) });
    }
    let decided = target.as_ref().is_ok_and(|target| is_set_by_hand_to(*target, &in_force, before));
    readable_parts(basis, &plan.parts, billed, decided)?;
    plan.target = target?;
    match in_force.as_slice() {
        // Also where a write of ours took effect twice: time does not settle that, a person does.
        [_, _, ..] => Ok(Step::Hold(Hold::Ambiguous { additions: in_force.iter().map(|a| a.id).collect() })),
        [_] | [] if basis.unsettled.contains(&product) => Ok(Step::Fail(Failure::Unsettled)),
        [addition] => Ok(on_addition(basis, product, addition, plan.target, before)),
        [] => Ok(without_addition(basis, agreement, catalogue, plan.target, before, &of_product)),
    }
}

fn usable_product<'a>(basis: &Basis<'a>, product: PsaProductId) -> Result<&'a PsaProduct, Step> {
    let found = basis.products.get(&product).and_then(Option::as_ref);
    let found = found.ok_or(Step::Fail(Failure::PsaProductGone { product }))?;
    let identifier = found.identifier.clone();
    if found.inactive {
        return Err(Step::Fail(Failure::PsaProductInactive { identifier }));
    }
    if found.bundle {
        return Err(Step::Fail(Failure::PsaProductBundle { identifier }));
    }
    Ok(found)
}

/// Whether a person has set the addition that we wrote to exactly what is used now.
fn is_set_by_hand_to(target: Decimal, in_force: &[&Addition], before: Option<&Written>) -> bool {
    let by_hand =
        |a: &&Addition, w: &Written| a.id == w.addition && !w.accounts_for(a.quantity) && a.quantity == target;
    matches!((in_force, before), ([addition], Some(written)) if by_hand(addition, written))
}

/// Never a silent partial sum: one part in trouble holds the whole addition. Where a person has `decided` that what is
/// left is all there is, none has vanished.
fn readable_parts(basis: &Basis<'_>, parts: &Parts, billed: Option<Decimal>, decided: bool) -> Result<(), Step> {
    let alone = parts.len() == 1;
    // Nothing used and nothing billed: whoever set the addition to 0 or ended it has decided what was to be decided.
    let at_rest = billed.is_none_or(|quantity| quantity.is_zero()) && parts.values().all(|units| *units == 0);
    for code in parts.keys() {
        let (usage, last) = (basis.usage.find(code), basis.snapshot.last_of(code));
        if usage.is_none() && last.is_some_and(|(_, units)| units == 0) {
            continue; // Written as 0 and absent: never used.
        }
        let hold =
            |trouble, own| Err(Step::Hold(if alone { own } else { Hold::Part { product: code.clone(), trouble } }));
        let firewall = basis.mappings.find(code).is_some_and(|m| m.firewall);
        if firewall && !basis.invoice_mode {
            let trouble = PartTrouble::Firewall;
            return Err(Step::Hold(Hold::Part { product: code.clone(), trouble }));
        }
        match usage.map(|usage| usage.unreadable.first()) {
            Some(Some(why)) => return hold(PartTrouble::Unreadable, Hold::Unreadable { found: why.to_string() }),
            None if !at_rest && !decided => {
                return hold(PartTrouble::Vanished, Hold::Vanished { product: code.clone(), last, billed });
            }
            Some(None) | None => {}
        }
    }
    Ok(())
}

fn combined(basis: &Basis<'_>, product: PsaProductId, parts: &Parts) -> Result<Decimal, Step> {
    let rules: BTreeSet<Option<Combine>> = basis.mappings.parts_of(product).map(rule).collect();
    let agreed = match rules.iter().next() {
        Some(rule) if rules.len() == 1 => *rule,
        Some(_) | None => None,
    };
    let (sum, largest) = (parts.values().sum::<u64>(), parts.values().copied().max().unwrap_or(0));
    let quantity = match agreed {
        Some(Combine::AddUp) => sum,
        Some(Combine::TakeLargest) => largest,
        // Where one part alone is used, every rule says the same.
        None if sum == largest => sum,
        None => {
            let used = parts.iter().filter(|(_, units)| **units > 0);
            return Err(Step::Hold(Hold::CombineRule { parts: used.map(|(code, _)| code.clone()).collect() }));
        }
    };
    Ok(Decimal::from(quantity))
}

fn rule(mapping: &ProductMapping) -> Option<Combine> {
    match mapping.state {
        ProductState::Mapped { combine, .. } => combine,
        ProductState::Unmapped | ProductState::Removed | ProductState::Excluded { .. } => None,
    }
}

fn without_addition(
    basis: &Basis<'_>,
    agreement: &Agreement,
    catalogue: &PsaProduct,
    target: Decimal,
    before: Option<&Written>,
    of_product: &[&Addition],
) -> Step {
    if target.is_zero() {
        return Step::Nothing;
    }
    if let Some(written) = before {
        let (from, to) = (Decimal::ZERO, target);
        return Step::Hold(if written.month > basis.month {
            Hold::OlderMonth { written: written.month, from, to }
        } else {
            // Whoever ended the line decided something; a new one would undo it.
            Hold::AdditionGone { addition: written.addition, to }
        });
    }
    if let Some((from, addition)) = next_in_force(basis, of_product) {
        return Step::Hold(Hold::NotYetInForce { addition, from, to: target });
    }
    if catalogue.price.is_none_or(|price| price.is_zero()) {
        return Step::Hold(Hold::ZeroPrice { to: target });
    }
    let first = basis.month.first_day();
    let effective: Date = agreement.start.map_or(first, |start| start.max(first));
    Step::Create { effective, seen: of_product.iter().map(|a| a.id).collect() }
}

/// The first of the additions that take effect after the month: beside a new one, two would be billed from then on.
fn next_in_force(basis: &Basis<'_>, of_product: &[&Addition]) -> Option<(Date, super::AdditionId)> {
    let later = |a: &&Addition| {
        let from = a.effective.filter(|from| *from > basis.month.last_day())?;
        a.cancelled.is_none_or(|until| until > from).then_some((from, a.id))
    };
    of_product.iter().filter_map(later).min()
}

fn on_addition(
    basis: &Basis<'_>,
    product: PsaProductId,
    addition: &Addition,
    target: Decimal,
    before: Option<&Written>,
) -> Step {
    let (id, from) = (addition.id, addition.quantity);
    let ours = before.filter(|written| written.addition == id);
    // A later month may have moved on to another addition; that one stays ours.
    let newer = before.filter(|written| written.month > basis.month);
    if from == target {
        let known = ours.or(newer).is_some();
        return if known { Step::Keep { addition: id } } else { Step::Adopt { addition: id } };
    }
    if let Some(newer) = newer {
        return Step::Hold(Hold::OlderMonth { written: newer.month, from, to: target });
    }
    let Some(written) = ours else {
        return Step::Hold(Hold::Adopt {
            addition: id,
            from,
            to: target,
            unit_price: addition.unit_price,
            less_included: addition.less_included,
            bill_customer: addition.bill_customer.clone(),
        });
    };
    if !written.accounts_for(from) {
        return Step::Hold(Hold::HandEdit { written: written.confirmed, found: from, to: target });
    }
    let stays = |code: &ProductCode| basis.mappings.parts_of(product).any(|part| part.code == *code);
    let left: Vec<ProductCode> = written
        .parts
        .iter()
        .filter(|(code, units)| **units > 0 && !stays(code))
        .map(|(code, _)| code.clone())
        .collect();
    if !left.is_empty() {
        return Step::Hold(Hold::PartsChanged { left, from, to: target });
    }
    if target.is_zero() {
        return Step::Hold(Hold::ToZero { from });
    }
    if target < from {
        return Step::Hold(Hold::Decrease { from, to: target });
    }
    Step::Update { addition: id, from }
}
