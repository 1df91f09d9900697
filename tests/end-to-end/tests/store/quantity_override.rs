//! Other quantities than the usage: stored with the decision that makes them, and gone with it.

use shared::domain::decision::{Decision, OtherQuantity, StandingHold, Verdict};
use shared::domain::month::UsageMonth;
use shared::domain::quantity_override::{DecisionReason, QuantityOverride, QuantityRule};
use shared::error::StoreError;
use shared::store::{Author, Change, Store, Subject};
use shared::table::Table;

use super::hold::{decision, hold, key};
use super::on_both_tables;
use super::run::commit;
use super::values::{after, customer, partner, quantity_override};

on_both_tables!(
    a_decision_for_another_quantity_stores_it_and_a_new_decision_replaces_it,
    a_decision_that_is_taken_back_takes_its_quantity_along_and_leaves_earlier_ones,
    overrides_come_by_customer_and_in_pages,
    an_override_that_moved_since_it_was_seen_is_not_removed,
);

/// A hold that stands, and a decision to bill at least 10 for it.
async fn decided(store: &Store<impl Table>) -> (StandingHold, Decision) {
    let held = hold(key(customer(1), 7), 1);
    commit(store, partner(1), vec![Change::PutHold(Box::new(held.clone()))]).await.unwrap();
    let (rule, until) = (QuantityRule::Minimum(10.into()), UsageMonth::parse("2027-02").unwrap());
    let decision = Decision {
        verdict: Verdict::UseQuantity(OtherQuantity { rule, until, billed: 10.into() }),
        reason: Some(DecisionReason::CustomerAgreed),
        ..decision(&held)
    };
    store.decide_hold_over(partner(1), held.key, None, &decision).await.unwrap();
    (held, decision)
}

async fn listed(store: &Store<impl Table>) -> Vec<QuantityOverride> {
    store.list_overrides(partner(1), "").await.unwrap()
}

fn bob() -> Author {
    Author { who: "Bob".to_owned(), at: after(9), note: None }
}

async fn a_decision_for_another_quantity_stores_it_and_a_new_decision_replaces_it(store: Store<impl Table>) {
    let (held, first) = decided(&store).await;
    assert_eq!(listed(&store).await, [first.quantity_override(&held).unwrap()]);
    let found = store.find_hold(partner(1), held.key).await.unwrap().unwrap();
    assert_eq!(found.decision.as_ref(), Some(&first));
    // Said once more, as by a program whose answer was lost.
    let again = Decision { at: after(1), ..first.clone() };
    store.decide_hold_over(partner(1), held.key, Some(&first), &again).await.unwrap();
    assert_eq!(listed(&store).await, [first.quantity_override(&held).unwrap()]);

    let fixed = QuantityRule::Fixed(9.into());
    let other = OtherQuantity { rule: fixed, until: held.key.month, billed: 9.into() };
    let second = Decision { verdict: Verdict::UseQuantity(other), ..again };
    store.decide_hold_over(partner(1), held.key, Some(&first), &second).await.unwrap();
    assert_eq!(listed(&store).await, [second.quantity_override(&held).unwrap()], "in place of the first");
    let release = Decision { verdict: Verdict::Release, at: after(2), ..second.clone() };
    store.decide_hold_over(partner(1), held.key, Some(&second), &release).await.unwrap();
    assert_eq!(listed(&store).await, [], "the usage is written after all");
}

async fn a_decision_that_is_taken_back_takes_its_quantity_along_and_leaves_earlier_ones(store: Store<impl Table>) {
    let earlier = quantity_override(1, 7, "2026-09", "2027-02");
    commit(&store, partner(1), vec![Change::PutOverride(Box::new(earlier.clone()))]).await.unwrap();
    let (held, first) = decided(&store).await;
    assert_eq!(listed(&store).await.len(), 2);
    let unseen = Decision { why: "another".to_owned(), ..first.clone() };
    let refused = store.take_decision_back(partner(1), held.key, &unseen, &bob()).await;
    assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{refused:?}");
    assert!(store.take_decision_back(partner(2), held.key, &first, &bob()).await.is_err());
    store.take_decision_back(partner(1), held.key, &first, &bob()).await.unwrap();
    assert_eq!(listed(&store).await, [earlier]);
    assert_eq!(store.find_hold(partner(1), held.key).await, Ok(Some(held.clone())));
    let gone = store.take_decision_back(partner(1), held.key, &first, &bob()).await;
    assert!(matches!(gone, Err(StoreError::Conflict { .. })), "{gone:?}");
    let edits = store.list_edits(partner(1), Some(&Subject::Hold(held.key)), None, 10).await.unwrap().edits;
    let told: Vec<(&str, bool)> = edits.iter().map(|edit| (&*edit.who, edit.after.is_some())).collect();
    assert_eq!(told, [("Bob", false), ("Ann", true)]);
}

async fn overrides_come_by_customer_and_in_pages(store: Store<impl Table>) {
    let all: Vec<QuantityOverride> =
        [(1, 7, "2026-11"), (1, 7, "2026-12"), (1, 8, "2026-11"), (0x1000_0000, 7, "2026-11")]
            .map(|(customer, product, from)| quantity_override(customer, product, from, "2027-02"))
            .into();
    let changes = all.iter().rev().map(|one| Change::PutOverride(Box::new(one.clone()))).collect();
    commit(&store, partner(1), changes).await.unwrap();
    assert_eq!(listed(&store).await, all);
    assert_eq!(store.list_overrides(partner(1), "1").await.unwrap(), all[3..]);
    assert_eq!(store.list_overrides(partner(2), "").await.unwrap(), []);
    let (mut found, mut next): (Vec<QuantityOverride>, Option<String>) = (Vec::new(), None);
    loop {
        let page = store.page_of_overrides(partner(1), next.as_deref(), 3).await.unwrap();
        assert!(page.overrides.len() <= 3);
        found.extend(page.overrides);
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    assert_eq!(found, all);
    assert_eq!(store.list_endings(partner(1)).await.unwrap(), []);
    assert_eq!(store.list_all_holds(partner(1), None).await.unwrap().holds, []);
}

async fn an_override_that_moved_since_it_was_seen_is_not_removed(store: Store<impl Table>) {
    let one = quantity_override(1, 7, "2026-11", "2027-02");
    commit(&store, partner(1), vec![Change::PutOverride(Box::new(one.clone()))]).await.unwrap();
    let other = QuantityOverride { who: "Eve".to_owned(), ..one.clone() };
    let refused = store.remove_override(partner(1), &other, &bob()).await;
    assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{refused:?}");
    assert!(store.remove_override(partner(2), &one, &bob()).await.is_err());
    assert_eq!(store.find_override(partner(1), one.key).await, Ok(Some(one.clone())));
    store.remove_override(partner(1), &one, &bob()).await.unwrap();
    assert_eq!(store.find_override(partner(1), one.key).await, Ok(None));
    let edits = store.list_edits(partner(1), Some(&Subject::Override(one.key)), None, 10).await.unwrap().edits;
    assert_eq!(edits.len(), 1);
    assert_eq!((edits[0].who.as_str(), edits[0].after.is_none()), ("Bob", true));
}
