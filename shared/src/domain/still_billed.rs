//! What ConnectWise goes on billing of what we wrote to an agreement, as a run saw it last.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::id::{AdditionId, PsaProductId};
use super::month::UsageMonth;
use super::psa::{Addition, CustomerNames};
use super::snapshot::{Snapshot, Surplus, Written};
use super::terms::Terms;

/// An addition that we wrote and that is billed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StillBilled<'a> {
    /// Its ConnectWise product.
    pub product: PsaProductId,
    /// The addition: the one that we keep up to date, or one that a creation of ours left beside it.
    pub addition: AdditionId,
    /// The names of the agreement and its company when it was last read.
    pub names: Option<&'a CustomerNames>,
    /// What we wrote for the product.
    pub written: &'a Written,
    /// The quantity that ConnectWise had when it was last read; what we wrote, where it was not read since.
    pub quantity: Decimal,
    /// What the quantity comes to in money, where that is known.
    pub terms: Option<Terms>,
    /// Its cancelled date, where somebody has set one that is later than the month that `today` is in.
    pub cancelled: Option<Date>,
}

impl<'a> StillBilled<'a> {
    /// The additions of an agreement that are billed above 0. One that somebody has deleted, or ends by the end of the month
    /// that `today` is in, is none of them.
    #[must_use]
    pub fn of(snapshot: &'a Snapshot, today: Date) -> Vec<Self> {
        let month_end = UsageMonth::containing(today).last_day();
        let as_last_read = |line: Self| {
            let Some(seen) = &snapshot.seen else { return Some(line) };
            let addition: &Addition = seen.additions.iter().find(|addition| addition.id == line.addition)?;
            let cancelled = addition.cancelled;
            let goes_on = cancelled.is_none_or(|day| day > month_end);
            let (quantity, terms) = (addition.quantity, Some(Terms::of(addition)));
            goes_on.then_some(Self { quantity, terms, cancelled, ..line })
        };
        let lines = snapshot.written.iter().flat_map(|(product, written)| {
            let kept = Self {
                product: *product,
                addition: written.addition,
                names: snapshot.names.as_deref(),
                written,
                quantity: written.most_billed(),
                terms: written.terms.clone(),
                cancelled: None,
            };
            let surplus = |surplus: &Surplus| {
                let quantity = if surplus.cleared { Decimal::ZERO } else { surplus.quantity };
                Self { addition: surplus.addition, quantity, ..kept.clone() }
            };
            written.surplus.iter().map(surplus).chain([kept.clone()]).collect::<Vec<_>>()
        });
        lines.filter_map(as_last_read).filter(|line| line.quantity > Decimal::ZERO).collect()
    }

    /// What ConnectWise bills for it each period; none where no price is known.
    #[must_use]
    pub fn amount(&self) -> Option<Decimal> {
        self.terms.as_ref()?.amount(self.quantity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::{AdditionId, ProductCode};
    use crate::domain::snapshot::{Parts, Seen};

    fn snapshot(additions: Option<Vec<Addition>>) -> Snapshot {
        let parts = Parts::from([(ProductCode::parse("CIXA").unwrap(), 5)]);
        let month = UsageMonth::parse("2026-10").unwrap();
        let written = Written::new(AdditionId::try_from(7).unwrap(), Decimal::from(5), month, parts);
        let seen = additions.map(|additions| Seen { at: "2026-11-30T02:00:00Z".parse().unwrap(), additions });
        Snapshot { written: [(PsaProductId::try_from(70).unwrap(), written)].into(), seen, ..Snapshot::default() }
    }

    fn addition(quantity: i64, cancelled: Option<Date>) -> Addition {
        Addition {
            id: AdditionId::try_from(7).unwrap(),
            product: PsaProductId::try_from(70).unwrap(),
            quantity: quantity.into(),
            less_included: Decimal::ONE,
            unit_price: Some(Decimal::from(4)),
            bill_customer: "Billable".into(),
            effective: None,
            cancelled,
            detail: crate::domain::psa::AdditionDetail::default(),
        }
    }

    #[test]
    fn a_line_that_a_creation_left_besides_ours_is_billed_as_well() {
        let today = Date::constant(2026, 11, 30);
        let with_surplus = |cleared| {
            let mut snapshot = snapshot(None);
            let surplus =
                Surplus { addition: AdditionId::try_from(8).unwrap(), quantity: 5.into(), sent: None, cleared };
            snapshot.written.values_mut().for_each(|written| written.surplus.push(surplus.clone()));
            snapshot
        };
        let billed = |snapshot: &Snapshot| {
            StillBilled::of(snapshot, today).iter().map(|line| line.addition.get()).collect::<Vec<_>>()
        };
        assert_eq!(billed(&with_surplus(false)), [8, 7]);
        assert_eq!(billed(&with_surplus(true)), [7], "set to 0 since");
    }

    #[test]
    fn what_connectwise_had_when_it_was_read_counts_before_what_we_wrote() {
        let today = Date::constant(2026, 11, 30);
        let of = |snapshot: &Snapshot| {
            StillBilled::of(snapshot, today).iter().map(|b| (b.quantity, b.amount())).collect::<Vec<_>>()
        };
        assert_eq!(of(&snapshot(None)), [(Decimal::from(5), None)]);
        assert_eq!(of(&snapshot(Some(vec![addition(6, None)]))), [(Decimal::from(6), Some(Decimal::from(20)))]);
        assert_eq!(of(&snapshot(Some(vec![addition(0, None)]))), []);
        assert_eq!(of(&snapshot(Some(Vec::new()))), [], "deleted by hand");
        assert_eq!(of(&snapshot(Some(vec![addition(5, Some(today))]))), [], "ended by hand");
        let later = Some(Date::constant(2026, 12, 31));
        assert_eq!(of(&snapshot(Some(vec![addition(5, later)]))).len(), 1, "billed until then");
    }
}
