//! How many units an addition has to have: what is used, by the rule of a combined product, or what a person has put in its
//! place.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::{
    Basis, Case, Hold, Parts, ProductCode, ProductMapping, ProductState, PsaProductId, Step, overriding, usage_lines,
};
use crate::domain::mapping::Combine;

/// What is used and what is to be billed.
pub(super) struct Quantity {
    /// None where it cannot be read, or nobody has said how.
    pub(super) used: Option<Decimal>,
    /// `Err` is the hold of a combined product without a rule.
    pub(super) billed: Result<Decimal, Step>,
}

impl Case<'_> {
    /// What is used and what is to be billed. Only a fixed quantity is known where the usage is not.
    pub(super) fn quantity(self, parts: &Parts) -> Quantity {
        let usage = combined(self.basis, self.product, parts);
        let known = usage.as_ref().ok().copied();
        let billed = overriding(self.basis, self.product).and_then(|by| by.rule.billed(known));
        Quantity { used: known.filter(|_| self.can_read(parts)), billed: billed.map_or(usage, Ok) }
    }

    /// Whether it is known what is used.
    fn can_read(self, parts: &Parts) -> bool {
        let is_readable =
            |code: &ProductCode| self.basis.usage.find(code).is_none_or(|usage| usage.unreadable.is_empty());
        parts.keys().all(is_readable) && usage_lines::hold_on(self.basis, parts, self.decided.reading()).is_none()
    }

    /// Whether a person has put a quantity in place of the usage that does not depend on it.
    pub(super) fn is_fixed(self) -> bool {
        overriding(self.basis, self.product).is_some_and(|by| by.rule.is_fixed())
    }
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
