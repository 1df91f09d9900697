//! How far a quantity, and the money that it comes to, may move without a person.

use rust_decimal::Decimal;

use super::{Case, Hold, Step, Terms, Would};
use crate::domain::settings::DecreaseGuard;

impl Case<'_> {
    /// How far the quantity may move by itself.
    pub(super) fn within_guards(self, from: Decimal, to: Decimal) -> Result<(), Step> {
        let guards = self.basis.guards;
        let is_guarded = from > Decimal::from(guards.to_zero_units) || guards.decrease == DecreaseGuard::Every;
        if to.is_zero() && is_guarded {
            return self.wait(Hold::ToZero { from, last: false });
        }
        let falls = match guards.decrease {
            DecreaseGuard::Every => to < from,
            DecreaseGuard::Above(most) => most.is_exceeded(from, from - to),
        };
        if falls {
            self.wait(Hold::Decrease { from, to })?;
        }
        if guards.increase.is_exceeded(from, to - from) {
            self.wait(Hold::Increase { from, to })?;
        }
        Ok(())
    }

    /// How far the amount of one invoice may move by itself. Where there is no price to tell, quantities alone are guarded.
    pub(super) fn within_amount(self, terms: &Terms, would: Would) -> Result<(), Step> {
        let Some((most, by)) = self.basis.guards.amount.zip(terms.difference(would)) else { return Ok(()) };
        let (from, to) = would.quantities();
        if by.abs() > most { self.wait(Hold::Amount { from, to, by, most }) } else { Ok(()) }
    }
}
