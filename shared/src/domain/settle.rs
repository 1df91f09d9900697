//! Read back before anything else: what became of writes whose answer is not known.
//!
//! ConnectWise has no idempotency keys and loses answers after they took effect. So what was about to be written is
//! stored first, and the next look at the agreement decides what happened.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::id::{AdditionId, PsaProductId, RunId};
use super::psa::Addition;
use super::snapshot::{Intent, Snapshot, Written};

/// What a fresh listing of an agreement says of the writes under way on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settlement {
    /// The snapshot with everything that is known now.
    pub snapshot: Snapshot,
    /// Intents that came to their end.
    pub ended: Vec<PsaProductId>,
    /// Products for which nobody may write yet: a write may still take effect, or took effect twice.
    pub unsettled: BTreeSet<PsaProductId>,
    /// Additions that turned out to be created, and the run that did.
    pub created: BTreeMap<PsaProductId, RunId>,
    /// Quantities that turned out to be set, and the run that did.
    pub updated: BTreeMap<PsaProductId, RunId>,
}

/// Decides every intent and every pending change from the agreement's additions as they are now.
///
/// `settle_s`: how long after a request was sent its effect can still appear, in seconds.
#[must_use]
pub fn settle(
    snapshot: Snapshot,
    intents: &[Intent],
    additions: &[Addition],
    now: Timestamp,
    settle_s: i64,
) -> Settlement {
    let over = |at: Timestamp| now.as_second() >= at.as_second().saturating_add(settle_s);
    let mut settlement = Settlement { snapshot, ..Settlement::default() };
    for intent in intents {
        match new_additions(intent, additions).as_slice() {
            [one] => {
                settlement.snapshot.written.insert(intent.product, intent.as_written(*one));
                settlement.created.insert(intent.product, intent.run.clone());
                settlement.ended.push(intent.product);
            }
            [] if over(intent.at) => settlement.ended.push(intent.product),
            // None: it may still come. More than one: the intent stands until a person has decided.
            [] | [_, _, ..] => {
                settlement.unsettled.insert(intent.product);
            }
        }
    }
    let mut updated = BTreeMap::new();
    for (product, written) in &mut settlement.snapshot.written {
        let found = additions.iter().find(|a| a.id == written.addition).map(|a| a.quantity);
        match settle_pending(written, found, over) {
            Decided::Took(run) => drop(updated.insert(*product, run)),
            Decided::Waits => drop(settlement.unsettled.insert(*product)),
            Decided::Nothing => {}
        }
    }
    settlement.updated = updated;
    settlement
}

/// What can have come of an intent: the additions that stand, or where a person has ended all of them the last of those.
fn new_additions(intent: &Intent, additions: &[Addition]) -> Vec<AdditionId> {
    let ours = |a: &&Addition| {
        a.product == intent.product
            && !intent.seen.contains(&a.id)
            && a.quantity == intent.quantity
            && a.effective == Some(intent.effective)
    };
    let (standing, ended): (Vec<_>, Vec<_>) = additions.iter().filter(ours).partition(|a| a.cancelled.is_none());
    let found = if standing.is_empty() { ended.last().copied().into_iter().collect() } else { standing };
    found.iter().map(|a| a.id).collect()
}

enum Decided {
    Took(RunId),
    Waits,
    Nothing,
}

fn settle_pending(
    written: &mut Written,
    found: Option<rust_decimal::Decimal>,
    over: impl Fn(Timestamp) -> bool,
) -> Decided {
    let Some(pending) = written.pending.clone() else {
        return Decided::Nothing;
    };
    if found == Some(pending.to) {
        written.confirmed = pending.to;
        written.pending = None;
        return Decided::Took(pending.run);
    }
    // Past the settle time the pending values are kept until the next write: should the change come later still, it is
    // known as our own.
    if over(pending.at) { Decided::Nothing } else { Decided::Waits }
}

#[cfg(test)]
mod tests {
    use jiff::{ToSpan, civil::Date};
    use rust_decimal::Decimal;

    use super::*;
    use crate::domain::id::AgreementId;
    use crate::domain::month::UsageMonth;
    use crate::domain::snapshot::{Parts, Pending};

    fn at() -> Timestamp {
        "2026-11-30T02:00:00Z".parse().unwrap()
    }

    fn product() -> PsaProductId {
        PsaProductId::try_from(7).unwrap()
    }

    fn run() -> RunId {
        RunId::parse("20261130T020000Z-scheduled-00000001").unwrap()
    }

    fn addition(id: i64, quantity: i64) -> Addition {
        Addition {
            id: AdditionId::try_from(id).unwrap(),
            product: product(),
            quantity: Decimal::from(quantity),
            less_included: Decimal::ZERO,
            unit_price: None,
            bill_customer: "Billable".into(),
            effective: Some(Date::constant(2026, 11, 1)),
            cancelled: None,
        }
    }

    fn intent() -> Intent {
        Intent {
            agreement: AgreementId::try_from(5).unwrap(),
            product: product(),
            quantity: Decimal::from(12),
            effective: Date::constant(2026, 11, 1),
            parts: Parts::new(),
            month: UsageMonth::parse("2026-11").unwrap(),
            seen: vec![AdditionId::try_from(1).unwrap()],
            run: run(),
            at: at(),
        }
    }

    fn pending(confirmed: i64, to: i64) -> Snapshot {
        let written = Written {
            addition: AdditionId::try_from(1).unwrap(),
            confirmed: Decimal::from(confirmed),
            pending: Some(Pending { from: Decimal::from(confirmed), to: Decimal::from(to), run: run(), at: at() }),
            month: UsageMonth::parse("2026-10").unwrap(),
            parts: Parts::new(),
        };
        Snapshot { written: BTreeMap::from([(product(), written)]), ..Snapshot::default() }
    }

    #[test]
    fn an_addition_that_is_new_and_fits_is_ours() {
        let settled = settle(Snapshot::default(), &[intent()], &[addition(1, 12), addition(2, 12)], at(), 120);
        assert_eq!(settled.snapshot.written[&product()].addition, AdditionId::try_from(2).unwrap());
        assert_eq!((settled.ended.len(), settled.created.len()), (1, 1));
    }

    #[test]
    fn nothing_new_is_no_proof_before_the_settle_time() {
        let early = settle(Snapshot::default(), &[intent()], &[addition(1, 12)], at() + 119.seconds(), 120);
        assert!(early.unsettled.contains(&product()) && early.ended.is_empty());
        let late = settle(Snapshot::default(), &[intent()], &[addition(1, 12)], at() + 120.seconds(), 120);
        assert!(late.unsettled.is_empty() && late.ended == [product()] && late.snapshot.written.is_empty());
    }

    #[test]
    fn two_new_additions_leave_the_intent_standing() {
        let additions = [addition(2, 12), addition(3, 12)];
        let settled = settle(Snapshot::default(), &[intent()], &additions, at() + 1.hour(), 120);
        assert!(settled.ended.is_empty() && settled.created.is_empty() && settled.snapshot.written.is_empty());
        assert!(settled.unsettled.contains(&product()));
    }

    #[test]
    fn once_a_person_has_ended_the_surplus_addition_the_other_is_ours() {
        let ended = Addition { cancelled: Some(Date::constant(2026, 11, 2)), ..addition(2, 12) };
        let settled = settle(Snapshot::default(), &[intent()], &[ended.clone(), addition(3, 12)], at(), 120);
        assert_eq!(settled.snapshot.written[&product()].addition, AdditionId::try_from(3).unwrap());
        let settled = settle(Snapshot::default(), &[intent()], &[ended], at(), 120);
        assert_eq!(settled.snapshot.written[&product()].addition, AdditionId::try_from(2).unwrap());
    }

    #[test]
    fn an_addition_of_another_quantity_or_product_is_not_ours() {
        let other = [addition(2, 11)];
        assert!(settle(Snapshot::default(), &[intent()], &other, at(), 120).created.is_empty());
    }

    #[test]
    fn a_change_that_is_there_is_confirmed() {
        let settled = settle(pending(8, 12), &[], &[addition(1, 12)], at(), 120);
        let written = &settled.snapshot.written[&product()];
        assert_eq!((written.confirmed, written.pending.is_none()), (Decimal::from(12), true));
        assert_eq!(settled.updated.get(&product()), Some(&run()));
    }

    #[test]
    fn a_change_that_is_not_there_may_still_come_until_the_settle_time() {
        let early = settle(pending(8, 12), &[], &[addition(1, 8)], at() + 119.seconds(), 120);
        assert!(early.unsettled.contains(&product()));
        let late = settle(pending(8, 12), &[], &[addition(1, 8)], at() + 120.seconds(), 120);
        assert!(late.unsettled.is_empty());
        assert!(late.snapshot.written[&product()].accounts_for(Decimal::from(12)), "a late commit is known as ours");
    }
}
