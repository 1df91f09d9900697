//! Additions of ours beside the one that is kept: they must bill nothing, and a person has to end them.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::{Addition, AdditionId, Hold, Step, Written};

/// What to do about the first surplus addition in force on `day`, if there is one.
///
/// It is set to 0 only while it has the quantity that we created it with: any other is a person's decision.
pub(super) fn surplus_step(before: Option<&Written>, of_product: &[&Addition], day: Date) -> Option<Step> {
    let written = before?;
    let in_force = |id: AdditionId| of_product.iter().find(|a| a.id == id && a.in_force_on(day));
    let mut found = written.surplus.iter().filter_map(|s| in_force(s.addition).map(|a| (s, a.quantity)));
    // One that still bills comes before those at rest.
    let (surplus, quantity) =
        found.clone().find(|(s, quantity)| *quantity == s.quantity && !quantity.is_zero()).or_else(|| found.next())?;
    let (kept, addition) = (written.addition, surplus.addition);
    let bills = quantity == surplus.quantity && !quantity.is_zero();
    let left = if bills { Decimal::ZERO } else { quantity };
    let hold = Hold::Surplus { kept, addition, created: surplus.quantity, left };
    Some(if bills { Step::Clear { addition, from: quantity, hold } } else { Step::Hold(hold) })
}
