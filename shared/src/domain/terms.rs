//! What an addition's quantity comes to in money: price, units that the agreement includes, and whether it is billed at all.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::outcome::Would;
use super::psa::{Addition, CopiedTerms, PsaProduct};

/// The terms on which ConnectWise bills an addition, in the currency of its agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Terms {
    /// The price of one; none where ConnectWise has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_price: Option<Decimal>,
    /// The units that are included in the agreement: they are not billed.
    pub less_included: Decimal,
    /// Whether the customer pays for it at all: `Billable` alone is on the invoice with an amount.
    pub billable: bool,
}

impl Terms {
    /// Those of an addition as it is.
    #[must_use]
    pub fn of(addition: &Addition) -> Self {
        Self {
            unit_price: addition.unit_price,
            less_included: addition.less_included,
            billable: addition.bill_customer == "Billable",
        }
    }

    /// Those of an addition that is still to be created: none if no price is known.
    #[must_use]
    pub fn of_new(product: &PsaProduct) -> Self {
        Self { unit_price: product.price, less_included: Decimal::ZERO, billable: true }
    }

    /// Those that a new addition takes over from the one that it replaces.
    #[must_use]
    pub fn of_copied(terms: &CopiedTerms) -> Self {
        let billable = terms.bill_customer == "Billable";
        Self { unit_price: terms.unit_price, less_included: terms.less_included, billable }
    }

    /// What a quantity is billed at; none where there is no price to tell.
    #[must_use]
    pub fn amount(&self, quantity: Decimal) -> Option<Decimal> {
        if !self.billable {
            return Some(Decimal::ZERO);
        }
        let billed = (quantity - self.less_included).max(Decimal::ZERO);
        if billed.is_zero() { Some(Decimal::ZERO) } else { self.unit_price?.checked_mul(billed) }
    }

    /// How much more is billed once `would` is done; less below zero; none where there is no price to tell.
    #[must_use]
    pub fn difference(&self, would: Would) -> Option<Decimal> {
        let (from, to) = would.quantities();
        self.amount(to)?.checked_sub(self.amount(from)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(price: Option<i64>, included: i64, billable: bool) -> Terms {
        Terms { unit_price: price.map(Decimal::from), less_included: Decimal::from(included), billable }
    }

    fn update(from: i64, to: i64) -> Would {
        Would::Update { from: from.into(), to: to.into() }
    }

    #[test]
    fn what_the_agreement_includes_is_not_billed() {
        let terms = terms(Some(3), 10, true);
        assert_eq!([0, 10, 12].map(|n| terms.amount(n.into())), [0, 0, 6].map(|n| Some(Decimal::from(n))));
        assert_eq!(terms.difference(update(8, 12)), Some(6.into()));
        assert_eq!(terms.difference(update(12, 11)), Some((-3).into()));
    }

    #[test]
    fn what_is_not_billable_costs_nothing_and_what_has_no_price_has_no_amount() {
        assert_eq!(terms(None, 0, false).amount(5.into()), Some(Decimal::ZERO));
        assert_eq!(terms(None, 0, true).difference(update(1, 2)), None);
        assert_eq!(terms(None, 5, true).difference(update(1, 2)), Some(Decimal::ZERO));
    }

    #[test]
    fn what_stays_is_no_difference() {
        let at = Decimal::from(7);
        for would in [Would::Nothing, Would::Adopt { at }, Would::Keep { at }] {
            assert_eq!(terms(Some(2), 0, true).difference(would), Some(Decimal::ZERO));
        }
        assert_eq!(terms(Some(2), 0, true).difference(Would::Create { to: at, begins: None }), Some(14.into()));
    }
}
