//! How long there is to decide, and for how long a decision counts.

use super::*;

fn hold() -> StandingHold {
    let at: Timestamp = "2026-11-30T02:00:00Z".parse().unwrap();
    let (from, to) = (Decimal::from(12), Decimal::ONE);
    StandingHold {
        key: HoldKey {
            month: UsageMonth::parse("2026-11").unwrap(),
            customer: CustomerId::parse("718b6047-2fbc-4f4b-a143-45ee42bf5d3b").unwrap(),
            product: PsaProductId::try_from(70).unwrap(),
        },
        name: "ACME".into(),
        parts: Vec::new(),
        hold: Hold::Decrease { from, to },
        basis: HoldBasis {
            agreement: AgreementId::try_from(5).unwrap(),
            addition: AdditionId::try_from(9).ok(),
            quantity: from,
            release: Would::Update { from, to },
            readings: Vec::new(),
            elsewhere: Vec::new(),
        },
        invoice: Some(Date::constant(2026, 12, 1)),
        next_invoice: Some(Date::constant(2026, 12, 1)),
        run: RunId::parse("20261130T020000Z-scheduled-00000001").unwrap(),
        since: at,
        seen_at: at,
        facts: HoldFacts::default(),
        decision: None,
    }
}

fn decided(verdict: Verdict) -> StandingHold {
    let hold = hold();
    let decision = Decision {
        verdict,
        who: "billing".into(),
        reason: None,
        why: "asked the customer".into(),
        at: hold.since,
        basis: hold.basis.clone(),
        reading: None,
        moves: None,
    };
    StandingHold { decision: Some(decision), ..hold }
}

#[test]
fn a_hold_counts_the_days_to_the_connectwise_invoice_and_is_missed_once_it_is_made() {
    let day = |month, day| Date::constant(2026, month, day);
    assert_eq!(hold().due(day(11, 28)), HoldDue::In { days: 3 });
    assert_eq!(hold().due(day(12, 1)), HoldDue::In { days: 0 });
    assert_eq!(hold().due(day(12, 2)), HoldDue::In { days: 0 }, "the invoice is late, the line is not");
    let moved = StandingHold { next_invoice: Some(day(12, 31)), ..hold() };
    assert_eq!(moved.due(day(11, 30)), HoldDue::Missed, "invoiced ahead of its day");
    let deleted = moved.with_next_invoice(Some(day(12, 1)));
    assert_eq!(deleted.due(day(12, 2)), HoldDue::In { days: 0 }, "the invoice was deleted to be made again");
    let unknown = StandingHold { invoice: None, next_invoice: None, ..hold() };
    assert_eq!(unknown.due(day(12, 2)), HoldDue::Unknown);
}

#[test]
fn a_release_counts_only_while_nothing_has_moved_and_a_rejection_while_connectwise_has_what_it_had() {
    let more_usage = |mut hold: StandingHold| {
        hold.basis.release = Would::Update { from: Decimal::from(12), to: Decimal::TWO };
        hold
    };
    let edited = |mut hold: StandingHold| {
        hold.basis.quantity = Decimal::TEN;
        hold
    };
    let stands = |verdict, now: StandingHold| now.refreshed_from(Some(&decided(verdict))).decision.is_some();
    assert!(stands(Verdict::Release, hold()) && stands(Verdict::Reject, hold()));
    assert!(!stands(Verdict::Release, more_usage(hold())) && stands(Verdict::Reject, more_usage(hold())));
    assert!(!stands(Verdict::Release, edited(hold())) && !stands(Verdict::Reject, edited(hold())));
}

#[test]
fn the_end_of_another_quantity_was_shown_beside_a_hold_for_one_run_alone() {
    let ended = QuantityOverride {
        key: OverrideKey {
            customer: hold().key.customer,
            product: hold().key.product,
            from: hold().key.month,
            at: hold().since,
        },
        name: "ACME".into(),
        parts: Vec::new(),
        rule: QuantityRule::Minimum(Decimal::TEN),
        until: hold().key.month,
        reason: DecisionReason::OneOff,
        note: String::new(),
        who: "billing".into(),
        reported: None,
    };
    let facts = HoldFacts { ended: Some(Box::new(ended.clone())), ..HoldFacts::default() };
    let reported = StandingHold { facts, ..hold() };
    assert_eq!(hold().refreshed_from(Some(&reported)).facts.ended.as_deref(), Some(&ended));
}

#[test]
fn a_quantity_of_none_is_no_new_addition() {
    let mut gone = hold();
    (gone.basis.addition, gone.basis.quantity) = (None, Decimal::ZERO);
    gone.basis.release = Would::Create { to: Decimal::TEN, begins: None };
    assert_eq!(gone.written_by(QuantityRule::Fixed(Decimal::ZERO)), Would::Nothing);
    assert_eq!(gone.written_by(QuantityRule::Minus(Decimal::ONE)).quantities().1, Decimal::from(9));
}
