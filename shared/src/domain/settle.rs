//! Settles writes without an answer by reading the agreement.
//!
//! ConnectWise has no idempotency keys and loses answers after they took effect. So what was about to be written is
//! stored first, and the next look at the agreement decides what happened.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use super::id::{AdditionId, PsaProductId};
use super::psa::Addition;
use super::snapshot::{Intent, Snapshot, Sought, Surplus, Written};

/// A change that has not taken effect by then is forgotten: what is found there later is somebody else's doing.
const LATE_FOR: SignedDuration = SignedDuration::from_hours(24);

/// What a fresh listing of an agreement says of the writes under way on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settlement {
    /// The snapshot with everything that is known now.
    pub snapshot: Snapshot,
    /// Settled intents (to remove).
    pub ended: Vec<PsaProductId>,
    /// Of those, the creations that had not taken effect: an intent that follows remembers them.
    pub lapsed: BTreeMap<PsaProductId, Vec<Sought>>,
    /// Products for which nobody may write yet: a write may still take effect.
    pub unsettled: BTreeSet<PsaProductId>,
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
    let over = |at: Timestamp| now.duration_since(at) >= SignedDuration::from_secs(settle_s);
    let mut settlement = Settlement { snapshot, ..Settlement::default() };
    for intent in intents {
        settle_intent(&mut settlement, intent, additions, over(intent.at));
    }
    for (product, written) in &mut settlement.snapshot.written {
        let settled = settle_pending(written, additions, now, over);
        find_surplus(written, *product, additions);
        let cleared = settle_surplus(written, additions, over);
        if !(settled && cleared) {
            settlement.unsettled.insert(*product);
        }
    }
    settlement
}

fn settle_intent(settlement: &mut Settlement, intent: &Intent, additions: &[Addition], over: bool) {
    let product = intent.product;
    match new_additions(&intent.sought(), product, additions).as_slice() {
        [] if over => {
            let mut lapsed = intent.earlier.clone();
            lapsed.push(intent.sought());
            settlement.lapsed.insert(product, lapsed);
            settlement.ended.push(product);
        }
        // The first is kept. After the settle time, the others become surplus.
        [first, rest @ ..] if rest.is_empty() || over => {
            let mut written = intent.as_written(*first);
            written.remember_settled(intent.sought());
            if let Some(before) = settlement.snapshot.written.get(&product) {
                written.unreported.add_earlier(before.unreported);
            }
            settlement.snapshot.written.insert(product, written);
            settlement.ended.push(product);
        }
        // None: it may still come. More than one: more may come.
        _ => {
            settlement.unsettled.insert(product);
        }
    }
}

/// What can have come of a creation: the additions that are not cancelled; if all were cancelled, the last one.
fn new_additions(sought: &Sought, product: PsaProductId, additions: &[Addition]) -> Vec<AdditionId> {
    let ours = |a: &&Addition| fits(sought, product, a);
    let (standing, ended): (Vec<_>, Vec<_>) = additions.iter().filter(ours).partition(|a| a.cancelled.is_none());
    let found = if standing.is_empty() { ended.last().copied().into_iter().collect() } else { standing };
    let mut found: Vec<AdditionId> = found.iter().map(|a| a.id).collect();
    found.sort_unstable();
    found
}

fn fits(sought: &Sought, product: PsaProductId, addition: &Addition) -> bool {
    addition.product == product
        && !sought.seen.contains(&addition.id)
        && addition.quantity == sought.quantity
        && addition.effective == Some(sought.effective)
}

fn quantity_of(addition: AdditionId, additions: &[Addition]) -> Option<Decimal> {
    additions.iter().find(|a| a.id == addition).map(|a| a.quantity)
}

/// Whether a newer change may be sent.
fn settle_pending(
    written: &mut Written,
    additions: &[Addition],
    now: Timestamp,
    over: impl Fn(Timestamp) -> bool,
) -> bool {
    let found = quantity_of(written.addition, additions);
    written.late.retain(|late| now.duration_since(late.at) < LATE_FOR);
    let Some(pending) = written.pending.clone() else {
        // One that took effect after its time is our own doing all the same.
        let came = written.late.iter().position(|late| Some(late.to) == found && found != Some(written.confirmed));
        if let Some(came) = came {
            written.unreported.update(written.confirmed);
            written.confirmed = written.late.remove(came).to;
        }
        return true;
    };
    if found == Some(pending.to) {
        written.confirmed = pending.to;
        written.pending = None;
        written.unreported.update(pending.from);
        return true;
    }
    if over(pending.at) {
        written.pending = None;
        written.remember_late(pending);
        return true;
    }
    false
}

/// Additions that fit a creation which was settled by another one.
fn find_surplus(written: &mut Written, product: PsaProductId, additions: &[Addition]) {
    for sought in written.settled.clone() {
        for addition in additions.iter().filter(|a| a.cancelled.is_none() && fits(&sought, product, a)) {
            let known = written.surplus.iter().any(|surplus| surplus.addition == addition.id);
            if addition.id != written.addition && !known {
                let quantity = addition.quantity;
                written.surplus.push(Surplus { addition: addition.id, quantity, sent: None, cleared: false });
            }
        }
    }
}

/// Whether no surplus write is pending.
fn settle_surplus(written: &mut Written, additions: &[Addition], over: impl Fn(Timestamp) -> bool) -> bool {
    let standing = |s: &Surplus| additions.iter().any(|a| a.id == s.addition && a.cancelled.is_none());
    written.surplus.retain(standing);
    let mut rests = true;
    for surplus in &mut written.surplus {
        let is_zero = quantity_of(surplus.addition, additions).is_some_and(|quantity| quantity.is_zero());
        match surplus.sent {
            Some(_) if is_zero && !surplus.cleared => {
                surplus.cleared = true;
                written.unreported.clear(surplus.quantity);
            }
            Some(at) if !surplus.cleared && !over(at) => rests = false,
            Some(_) | None => {}
        }
    }
    rests
}

#[cfg(test)]
mod tests {
    use jiff::{ToSpan, civil::Date};

    use super::*;
    use crate::domain::id::{AgreementId, RunId};
    use crate::domain::month::UsageMonth;
    use crate::domain::outcome::Would;
    use crate::domain::snapshot::{Parts, Pending, UnreportedWrites};

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
            detail: crate::domain::psa::AdditionDetail::default(),
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
            earlier: Vec::new(),
        }
    }

    fn pending(confirmed: i64, to: i64) -> Snapshot {
        let (from, to) = (Decimal::from(confirmed), Decimal::from(to));
        let october = UsageMonth::parse("2026-10").unwrap();
        let mut written = Written::new(AdditionId::try_from(1).unwrap(), from, october, Parts::new());
        written.pending = Some(Pending { from, to, run: run(), at: at() });
        Snapshot { written: BTreeMap::from([(product(), written)]), ..Snapshot::default() }
    }

    #[test]
    fn an_addition_that_is_new_and_fits_is_ours() {
        let settled = settle(Snapshot::default(), &[intent()], &[addition(1, 12), addition(2, 12)], at(), 120);
        assert_eq!(settled.snapshot.written[&product()].addition, AdditionId::try_from(2).unwrap());
        let unreported = settled.snapshot.written[&product()].unreported;
        assert_eq!((settled.ended.len(), unreported.created), (1, 1));
        assert_eq!(
            unreported.did(12.into()),
            Some(Would::Create { to: 12.into(), begins: Some(Date::constant(2026, 11, 1)) })
        );
    }

    #[test]
    fn nothing_new_is_no_proof_before_the_settle_time() {
        let early = settle(Snapshot::default(), &[intent()], &[addition(1, 12)], at() + 119.seconds(), 120);
        assert!(early.unsettled.contains(&product()) && early.ended.is_empty());
        let late = settle(Snapshot::default(), &[intent()], &[addition(1, 12)], at() + 120.seconds(), 120);
        assert!(late.unsettled.is_empty() && late.ended == [product()] && late.snapshot.written.is_empty());
    }

    #[test]
    fn two_new_additions_wait_for_a_third_until_the_settle_time_is_over() {
        let additions = [addition(2, 12), addition(3, 12)];
        let settled = settle(Snapshot::default(), &[intent()], &additions, at() + 119.seconds(), 120);
        assert!(settled.ended.is_empty() && settled.snapshot.written.is_empty());
        assert!(settled.unsettled.contains(&product()));
    }

    #[test]
    fn of_two_new_additions_the_first_is_kept_and_the_other_is_surplus_until_a_person_ends_it() {
        let additions = [addition(3, 12), addition(2, 12)];
        let settled = settle(Snapshot::default(), &[intent()], &additions, at() + 120.seconds(), 120);
        let written = &settled.snapshot.written[&product()];
        assert_eq!((written.addition.get(), written.surplus[0].addition.get()), (2, 3));
        assert_eq!((settled.ended.len(), written.unreported.created), (1, 1));
        let ended = Addition { cancelled: Some(Date::constant(2026, 11, 1)), ..addition(3, 0) };
        let settled = settle(settled.snapshot, &[], &[addition(2, 12), ended], at() + 1.hour(), 120);
        assert!(settled.snapshot.written[&product()].surplus.is_empty());
    }

    #[test]
    fn a_surplus_addition_that_is_found_at_0_after_it_was_sent_has_lowered_what_is_billed() {
        let mut written = Written::new(addition(2, 12).id, 12.into(), intent().month, Parts::new());
        let sent = Some(at());
        written.surplus.push(Surplus { addition: addition(3, 0).id, quantity: 12.into(), sent, cleared: false });
        let snapshot = Snapshot { written: BTreeMap::from([(product(), written)]), ..Snapshot::default() };
        let settled = settle(snapshot, &[], &[addition(2, 12), addition(3, 0)], at(), 120);
        let unreported = settled.snapshot.written[&product()].unreported;
        assert_eq!(unreported.did(12.into()), Some(Would::Update { from: 12.into(), to: 0.into() }));
    }

    #[test]
    fn what_several_writes_did_runs_from_before_the_first_of_them() {
        let mut earlier = UnreportedWrites::default();
        earlier.update(8.into());
        let mut unreported = UnreportedWrites::default();
        unreported.update(10.into());
        unreported.add_earlier(earlier);
        assert_eq!(unreported.did(15.into()), Some(Would::Update { from: 8.into(), to: 15.into() }));
        let adopted = UnreportedWrites { adopted: 1, ..UnreportedWrites::default() };
        assert_eq!(adopted.did(7.into()), Some(Would::Adopt { at: 7.into() }));
        assert_eq!(UnreportedWrites::default().did(7.into()), None);
    }

    #[test]
    fn an_addition_that_came_after_its_settle_time_is_surplus_beside_the_one_created_instead() {
        let lapsed = settle(Snapshot::default(), &[intent()], &[addition(1, 12)], at() + 120.seconds(), 120).lapsed;
        let second = Intent { earlier: lapsed[&product()].clone(), quantity: Decimal::from(13), ..intent() };
        let written = BTreeMap::from([(product(), second.as_written(addition(2, 13).id))]);
        let snapshot = Snapshot { written, ..Snapshot::default() };
        let settled = settle(snapshot, &[], &[addition(1, 12), addition(2, 13), addition(3, 12)], at() + 1.hour(), 120);
        let surplus: Vec<u32> = settled.snapshot.written[&product()].surplus.iter().map(|s| s.addition.get()).collect();
        assert_eq!(surplus, [3]);
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
        assert!(settle(Snapshot::default(), &[intent()], &other, at(), 120).snapshot.written.is_empty());
    }

    #[test]
    fn a_change_that_is_there_is_confirmed() {
        let settled = settle(pending(8, 12), &[], &[addition(1, 12)], at(), 120);
        let written = &settled.snapshot.written[&product()];
        assert_eq!((written.confirmed, written.pending.is_none()), (Decimal::from(12), true));
        assert_eq!(written.unreported.did(written.confirmed), Some(Would::Update { from: 8.into(), to: 12.into() }));
        assert_eq!(written.unreported.updated, 1);
    }

    #[test]
    fn a_change_that_is_not_there_may_still_come_until_the_settle_time() {
        let early = settle(pending(8, 12), &[], &[addition(1, 8)], at() + 119.seconds(), 120);
        assert!(early.unsettled.contains(&product()));
        let late = settle(pending(8, 12), &[], &[addition(1, 8)], at() + 120.seconds(), 120);
        assert!(late.unsettled.is_empty());
        assert!(late.snapshot.written[&product()].accounts_for(Decimal::from(12)), "a late commit is known as ours");
    }
    #[test]
    fn a_fraction_of_a_second_before_the_settle_time_is_before_it() {
        let sent = at() + 900.milliseconds();
        let early = settle(Snapshot::default(), &[Intent { at: sent, ..intent() }], &[], at() + 120.seconds(), 120);
        assert!(early.unsettled.contains(&product()), "a tenth of a second is left");
    }

    #[test]
    fn a_change_that_comes_after_a_newer_one_was_sent_is_our_own() {
        let lapsed = settle(pending(8, 12), &[], &[addition(1, 8)], at() + 120.seconds(), 120).snapshot;
        let mut newer = lapsed;
        newer.written.get_mut(&product()).unwrap().confirmed = Decimal::from(15);
        let settled = settle(newer, &[], &[addition(1, 12)], at() + 200.seconds(), 120);
        let written = &settled.snapshot.written[&product()];
        assert_eq!((written.confirmed, written.unreported.updated), (Decimal::from(12), 1));
        let next_day = settle(settled.snapshot, &[], &[addition(1, 8)], at() + 25.hours(), 120);
        assert!(next_day.snapshot.written[&product()].late.is_empty());
    }
}
