//! What waits for a person, and what people decide.

use shared::domain::decision::{Decision, HoldBasis, HoldFacts, HoldKey, StandingHold, Verdict};
use shared::domain::ending::{EndBy, EndDone, Ending, EndingKey};
use shared::domain::id::{AdditionId, CustomerId};
use shared::domain::month::UsageMonth;
use shared::domain::outcome::{Hold, Would};
use shared::domain::snapshot::UnreportedWrites;
use shared::error::StoreError;
use shared::store::{Author, Change, Store, Subject};
use shared::table::Table;

use super::on_both_tables;
use super::run::commit;
use super::values::{after, agreement, customer, month, now, partner, product, run};

on_both_tables!(
    a_hold_is_read_back_with_its_decision,
    a_run_that_sees_a_hold_again_leaves_the_decision_alone,
    a_decision_on_what_has_moved_is_refused,
    a_decision_over_one_that_was_not_seen_is_refused,
    a_decision_is_stored_with_its_entry_in_the_audit,
    a_decision_goes_by_itself_and_a_hold_leaves_it,
    holds_come_by_month_and_by_the_beginning_of_the_customer,
    many_holds_come_in_pages_and_none_is_lost,
    another_partners_holds_are_neither_seen_nor_decided,
    an_ending_is_stored_with_its_entry_in_the_audit_and_taken_back,
    an_ending_that_a_run_carried_out_is_neither_replaced_nor_taken_back,
    endings_are_no_holds,
);

pub(crate) fn key(customer: CustomerId, psa_product: i64) -> HoldKey {
    HoldKey { month: month(), customer, product: product(psa_product) }
}

pub(crate) fn hold(key: HoldKey, to: i64) -> StandingHold {
    StandingHold {
        key,
        name: "ACME".to_owned(),
        parts: Vec::new(),
        hold: Hold::Decrease { from: 12.into(), to: to.into() },
        basis: HoldBasis {
            agreement: agreement(5),
            addition: Some(AdditionId::try_from(9).unwrap()),
            quantity: 12.into(),
            release: Would::Update { from: 12.into(), to: to.into() },
            readings: Vec::new(),
            elsewhere: Vec::new(),
        },
        invoice: Some(month().last_day()),
        next_invoice: None,
        run: run(partner(1), 1).id,
        since: now(),
        seen_at: now(),
        facts: HoldFacts::default(),
        decision: None,
    }
}

pub(crate) fn decision(hold: &StandingHold) -> Decision {
    Decision {
        verdict: Verdict::Release,
        who: "Ann".to_owned(),
        reason: None,
        why: "asked".to_owned(),
        at: now(),
        basis: hold.basis.clone(),
        reading: None,
        moves: None,
    }
}

async fn put(store: &Store<impl Table>, holds: &[StandingHold]) {
    for holds in holds.chunks(90) {
        let changes = holds.iter().map(|hold| Change::PutHold(Box::new(hold.clone()))).collect();
        commit(store, partner(1), changes).await.unwrap();
    }
}

async fn all(store: &Store<impl Table>, month: UsageMonth, prefix: &str) -> Vec<StandingHold> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = store.list_holds(partner(1), month, prefix, after.as_deref()).await.unwrap();
        found.extend(page.holds);
        match page.next {
            Some(next) => after = Some(next),
            None => return found,
        }
    }
}

async fn a_hold_is_read_back_with_its_decision(store: Store<impl Table>) {
    // 7 and 70: a hold whose name is the beginning of another's.
    let holds = [hold(key(customer(1), 7), 1), hold(key(customer(1), 70), 2)];
    put(&store, &holds).await;
    for hold in &holds {
        assert_eq!(store.find_hold(partner(1), hold.key).await, Ok(Some(hold.clone())));
    }
    let decided = decision(&holds[0]);
    store.decide_hold(partner(1), holds[0].key, &decided).await.unwrap();
    let expected = [StandingHold { decision: Some(decided), ..holds[0].clone() }, holds[1].clone()];
    assert_eq!(store.find_hold(partner(1), holds[0].key).await, Ok(Some(expected[0].clone())));
    assert_eq!(all(&store, month(), "").await, expected);
}

async fn a_run_that_sees_a_hold_again_leaves_the_decision_alone(store: Store<impl Table>) {
    let first = hold(key(customer(1), 7), 1);
    put(&store, std::slice::from_ref(&first)).await;
    store.decide_hold(partner(1), first.key, &decision(&first)).await.unwrap();
    // The run had read the hold before the person decided.
    put(&store, std::slice::from_ref(&first)).await;
    let found = store.find_hold(partner(1), first.key).await.unwrap().unwrap();
    assert_eq!(found.decision, Some(decision(&first)));
}

async fn a_decision_on_what_has_moved_is_refused(store: Store<impl Table>) {
    let seen = hold(key(customer(1), 7), 1);
    let conflict = |result| matches!(result, Err(StoreError::Conflict { .. }));
    assert!(conflict(store.decide_hold(partner(1), seen.key, &decision(&seen)).await), "nothing stands");
    put(&store, &[hold(seen.key, 2)]).await;
    assert!(conflict(store.decide_hold(partner(1), seen.key, &decision(&seen)).await), "it has moved");
    let found = store.find_hold(partner(1), seen.key).await.unwrap().unwrap();
    assert_eq!(found.decision, None);
}

async fn a_decision_over_one_that_was_not_seen_is_refused(store: Store<impl Table>) {
    let held = hold(key(customer(1), 7), 1);
    put(&store, std::slice::from_ref(&held)).await;
    let first = decision(&held);
    store.decide_hold_over(partner(1), held.key, None, &first).await.unwrap();
    let second = Decision { verdict: Verdict::Reject, who: "Bob".to_owned(), ..first.clone() };
    let unseen = store.decide_hold_over(partner(1), held.key, None, &second).await;
    assert!(matches!(unseen, Err(StoreError::Conflict { .. })), "{unseen:?}");
    store.decide_hold_over(partner(1), held.key, None, &first).await.unwrap();
    store.decide_hold_over(partner(1), held.key, Some(&first), &second).await.unwrap();
    let found = store.find_hold(partner(1), held.key).await.unwrap().unwrap();
    assert_eq!(found.decision, Some(second));
}

async fn a_decision_is_stored_with_its_entry_in_the_audit(store: Store<impl Table>) {
    let held = hold(key(customer(1), 7), 1);
    put(&store, std::slice::from_ref(&held)).await;
    let first = decision(&held);
    store.decide_hold(partner(1), held.key, &first).await.unwrap();
    let again = Decision { at: after(1), ..first.clone() };
    store.decide_hold(partner(1), held.key, &again).await.unwrap();
    let second = Decision { verdict: Verdict::Reject, why: "they stay".to_owned(), at: after(2), ..first.clone() };
    store.decide_hold(partner(1), held.key, &second).await.unwrap();
    let moved = Decision { basis: hold(held.key, 2).basis, at: after(3), ..first.clone() };
    assert!(store.decide_hold(partner(1), held.key, &moved).await.is_err());

    let edits = store.list_edits(partner(1), None, None, 10).await.unwrap().edits;
    let json = |decision: &Decision| serde_json::to_value(decision).unwrap();
    let told: Vec<_> = edits.iter().map(|edit| (edit.before.clone(), edit.after.clone().unwrap())).collect();
    assert_eq!(told, [(Some(json(&first)), json(&second)), (None, json(&first))]);
    let newest = &edits[0];
    assert_eq!((newest.at, newest.who.as_str(), newest.note.as_deref()), (after(2), "Ann", Some("they stay")));
    assert!(edits.iter().all(|edit| edit.subject == Subject::Hold(held.key)));
}

async fn a_decision_goes_by_itself_and_a_hold_leaves_it(store: Store<impl Table>) {
    let held = hold(key(customer(1), 7), 1);
    put(&store, std::slice::from_ref(&held)).await;
    store.decide_hold(partner(1), held.key, &decision(&held)).await.unwrap();
    commit(&store, partner(1), vec![Change::RemoveDecision(held.key)]).await.unwrap();
    assert_eq!(store.find_hold(partner(1), held.key).await, Ok(Some(held.clone())));
    let gone = vec![Change::RemoveHold(held.key), Change::RemoveDecision(held.key)];
    commit(&store, partner(1), gone).await.unwrap();
    assert_eq!(store.find_hold(partner(1), held.key).await, Ok(None));
    assert_eq!(all(&store, month(), "").await, []);
}

async fn holds_come_by_month_and_by_the_beginning_of_the_customer(store: Store<impl Table>) {
    let ids = ["0a000000-0000-4000-8000-000000000001", "0b000000-0000-4000-8000-000000000001"];
    let ids = ids.map(|id| CustomerId::parse(id).unwrap());
    let old = HoldKey { month: month().previous(), ..key(ids[0], 7) };
    put(&store, &[hold(key(ids[0], 7), 1), hold(key(ids[1], 7), 1), hold(old, 1)]).await;
    let keys = async |month, prefix| all(&store, month, prefix).await.into_iter().map(|h| h.key).collect::<Vec<_>>();
    assert_eq!(keys(month(), "").await, [key(ids[0], 7), key(ids[1], 7)]);
    assert_eq!(keys(month(), "0b").await, [key(ids[1], 7)]);
    assert_eq!(keys(month().previous(), "").await, [old]);
    assert_eq!(keys(month(), "0c").await, []);
}

async fn many_holds_come_in_pages_and_none_is_lost(store: Store<impl Table>) {
    // Long enough for the table to cut them into pages, some between a decision and its hold.
    let long = "x".repeat(9_000);
    let holds: Vec<StandingHold> =
        (1..=330).map(|n| StandingHold { name: long.clone(), ..hold(key(customer(n), 7), 1) }).collect();
    put(&store, &holds).await;
    for hold in &holds {
        store.decide_hold(partner(1), hold.key, &decision(hold)).await.unwrap();
    }
    let found = all(&store, month(), "").await;
    assert_eq!(found.len(), holds.len());
    assert!(found.iter().all(|hold| hold.decision.is_some()));
    let page = store.list_holds(partner(1), month(), "", None).await.unwrap();
    assert!(page.next.is_some(), "the test is of no use where one page has them all");
}

async fn another_partners_holds_are_neither_seen_nor_decided(store: Store<impl Table>) {
    let held = hold(key(customer(1), 7), 1);
    put(&store, std::slice::from_ref(&held)).await;
    for other in [partner(2), partner(0x11)] {
        assert_eq!(store.find_hold(other, held.key).await, Ok(None));
        assert_eq!(store.list_holds(other, month(), "", None).await.unwrap().holds, []);
        assert!(store.decide_hold(other, held.key, &decision(&held)).await.is_err());
    }
}

fn ending(addition: i64) -> Ending {
    Ending {
        key: EndingKey { agreement: agreement(5), addition: AdditionId::try_from(addition).unwrap() },
        customer: customer(1),
        product: product(7),
        parts: Vec::new(),
        quantity: 5.into(),
        by: EndBy::SetToZero,
        who: "Ann".to_owned(),
        why: "they left".to_owned(),
        at: now(),
        hold: None,
        sent: None,
        done: None,
    }
}

async fn an_ending_is_stored_with_its_entry_in_the_audit_and_taken_back(store: Store<impl Table>) {
    let (me, first) = (partner(1), ending(9));
    store.put_ending(me, &first).await.unwrap();
    store.put_ending(me, &Ending { at: after(1), ..first.clone() }).await.unwrap();
    store.put_ending(me, &ending(10)).await.unwrap();
    assert_eq!(store.list_endings(me).await, Ok(vec![first.clone(), ending(10)]));
    assert_eq!(store.list_endings(partner(2)).await, Ok(Vec::new()));
    let by = Author { who: "Bob".to_owned(), at: after(2), note: None };
    store.take_ending_back(me, first.key, &by).await.unwrap();
    store.take_ending_back(me, first.key, &by).await.unwrap();
    assert_eq!(store.list_endings(me).await, Ok(vec![ending(10)]));
    let edits = store.list_edits(me, Some(&Subject::Addition(first.key)), None, 100).await.unwrap().edits;
    let of_first: Vec<&str> =
        edits.iter().filter(|edit| edit.subject == Subject::Addition(first.key)).map(|edit| &*edit.who).collect();
    assert_eq!(of_first, ["Bob", "Ann"], "newest first, and nothing twice");
}

async fn an_ending_that_a_run_carried_out_is_neither_replaced_nor_taken_back(store: Store<impl Table>) {
    let done = EndDone { did: Would::Update { from: 5.into(), to: 0.into() }, writes: UnreportedWrites::default() };
    let done = Ending { done: Some(done), ..ending(9) };
    commit(&store, partner(1), vec![Change::PutEnding(Box::new(done.clone()))]).await.unwrap();
    store.put_ending(partner(1), &ending(9)).await.unwrap();
    let by = Author { who: "Bob".to_owned(), at: after(2), note: None };
    store.take_ending_back(partner(1), done.key, &by).await.unwrap();
    assert_eq!(store.list_endings(partner(1)).await, Ok(vec![done.clone()]));
    commit(&store, partner(1), vec![Change::RemoveEnding(done.key)]).await.unwrap();
    assert_eq!(store.list_endings(partner(1)).await, Ok(Vec::new()));
}

async fn endings_are_no_holds(store: Store<impl Table>) {
    let held = hold(key(customer(1), 7), 1);
    put(&store, std::slice::from_ref(&held)).await;
    store.put_ending(partner(1), &ending(9)).await.unwrap();
    let page = store.list_all_holds(partner(1), None).await.unwrap();
    assert_eq!((page.holds, page.next), (vec![held], None));
}
