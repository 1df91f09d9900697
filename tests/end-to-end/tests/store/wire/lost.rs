//! A write took effect and its answer was lost: the SDK sends the same write again, and that is no conflict.
//!
//! Transactions are protected twice: by their token, which the table remembers for ten minutes, and by the nonce. All
//! tests but one let the table forget the token.

use shared::domain::decision::{Decision, Verdict};
use shared::domain::mapping::{CustomerMapping, ProductMapping};
use shared::domain::psa::CustomerNames;
use shared::error::StoreError;
use shared::store::{Begun, Change, CustomerEdit, Keep, Lease, Opened, PsaClaim, PsaDatabase};
use simulators::table::wire::{Fault, Wire, nth};

use super::wired;
use crate::hold::{decision, hold, key};
use crate::values::{
    after, agreement, answer, attempt, author, code, company, customer, intent, now, over, partner, product, run,
    snapshot,
};

/// The first answer to an operation gets lost.
fn lose_first_answer(wire: &Wire, operation: &'static str) {
    wire.forget();
    wire.meets(nth(1, operation, Fault::LoseAnswerAndToken));
}

fn was_sent_twice(wire: &Wire, operation: &str) {
    assert_eq!(wire.count(operation), 2, "{:?}", wire.calls());
    wire.heals();
}

#[tokio::test]
async fn a_product_mapping_is_saved_once() {
    wired(async |wire, store| {
        let mapping = ProductMapping::discovered(code("A"), false);
        for version in 0..2 {
            lose_first_answer(wire, "PutItem");
            let mapping = ProductMapping { version, ..mapping.clone() };
            store.put_product_mapping(partner(1), &mapping).await.unwrap();
            was_sent_twice(wire, "PutItem");
            let stored = store.list_product_mappings(partner(1)).await.unwrap();
            assert_eq!(stored.find(&code("A")).unwrap().version, version + 1);
        }
    })
    .await;
}

#[tokio::test]
async fn a_customer_mapping_is_saved_once_and_has_its_company() {
    wired(async |wire, store| {
        for (version, number) in [(0, 3), (1, 4)] {
            lose_first_answer(wire, "TransactWriteItems");
            let mapping = CustomerMapping::new(customer(1), company(number), agreement(5));
            let mapping = CustomerMapping { version, ..mapping };
            store.put_customer_mapping(partner(1), &mapping).await.unwrap();
            was_sent_twice(wire, "TransactWriteItems");
        }
        let other = CustomerMapping::new(customer(2), company(3), agreement(5));
        store.put_customer_mapping(partner(1), &other).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_save_of_many_is_no_conflict_with_itself_and_leaves_one_edit_a_row() {
    wired(async |wire, store| {
        let row = |code_text: &str, version| {
            let discovered = ProductMapping::discovered(code(code_text), false);
            ProductMapping { version, ..discovered }
        };
        for version in 0..2 {
            lose_first_answer(wire, "TransactWriteItems");
            let rows = [row("A", version), row("B", version)];
            let saved = store.save_product_mappings(partner(1), &author(0), &rows, None).await.unwrap();
            assert_eq!(saved, Ok(vec![row("A", version + 1), row("B", version + 1)]));
            was_sent_twice(wire, "TransactWriteItems");
        }
        let mapping = CustomerMapping::new(customer(1), company(3), agreement(5));
        let removal = CustomerEdit::Remove { customer: customer(1), version: 1 };
        for edit in [CustomerEdit::Put(mapping), removal] {
            lose_first_answer(wire, "TransactWriteItems");
            let saved = store.save_customer_mappings(partner(1), &author(1), &[edit], None).await.unwrap();
            assert!(saved.is_ok(), "{saved:?}");
            was_sent_twice(wire, "TransactWriteItems");
        }
        let edits = store.list_edits(partner(1), None, None, 100).await.unwrap().edits;
        assert_eq!(edits.len(), 6);
    })
    .await;
}

#[tokio::test]
async fn a_database_is_claimed_and_given_up_and_edits_are_added_once() {
    wired(async |wire, store| {
        let database = PsaDatabase::new("api-eu.myconnectwise.net", "acme");
        lose_first_answer(wire, "TransactWriteItems");
        assert_eq!(store.claim_psa(partner(1), &database).await, Ok(PsaClaim::Claimed));
        was_sent_twice(wire, "TransactWriteItems");
        lose_first_answer(wire, "TransactWriteItems");
        store.release_psa(partner(1), &database).await.unwrap();
        was_sent_twice(wire, "TransactWriteItems");
        let mapping = ProductMapping::discovered(code("A"), false);
        store.save_product_mappings(partner(1), &author(0), &[mapping], None).await.unwrap().unwrap();
        let edits = store.list_edits(partner(1), None, None, 10).await.unwrap().edits;
        lose_first_answer(wire, "TransactWriteItems");
        store.add_edits(partner(1), &edits, None).await.unwrap();
        was_sent_twice(wire, "TransactWriteItems");
        assert_eq!(store.list_edits(partner(1), None, None, 10).await.unwrap().edits.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_partner_is_advanced_once() {
    wired(async |wire, store| {
        store.put_due(partner(1), now()).await.unwrap();
        lose_first_answer(wire, "PutItem");
        assert_eq!(store.advance_due(partner(1), now(), after(60)).await, Ok(true));
        was_sent_twice(wire, "PutItem");
        assert_eq!(store.advance_due(partner(1), now(), after(60)).await, Ok(false));
    })
    .await;
}

#[tokio::test]
async fn a_run_is_fresh_for_the_one_who_opened_it() {
    wired(async |wire, store| {
        for slot in 1..3 {
            let run = run(partner(1), slot);
            lose_first_answer(wire, "TransactWriteItems");
            assert_eq!(store.open_run(&run).await, Ok(Opened::Fresh));
            was_sent_twice(wire, "TransactWriteItems");
            assert_eq!(store.open_run(&run).await, Ok(Opened::Existing(Box::new(run.clone()))));
            let lease = store.acquire_lease(partner(1), "worker", now(), 60).await.unwrap().unwrap();
            store.commit(&lease, after(60), vec![Change::PutRun(Box::new(over(&run)))]).await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn a_lease_is_its_owners() {
    wired(async |wire, store| {
        for (owner, at_s, fencing_token) in [("anna", 0, 1), ("anna", 30, 1), ("ben", 100, 2)] {
            lose_first_answer(wire, "PutItem");
            let lease = store.acquire_lease(partner(1), owner, after(at_s), 60).await.unwrap().unwrap();
            was_sent_twice(wire, "PutItem");
            assert_eq!((lease.owner.as_str(), lease.fencing_token), (owner, fencing_token));
        }
    })
    .await;
}

#[tokio::test]
async fn a_lease_is_given_back() {
    wired(async |wire, store| {
        let lease = store.acquire_lease(partner(1), "anna", now(), 60).await.unwrap().unwrap();
        lose_first_answer(wire, "PutItem");
        store.release_lease(&lease).await.unwrap();
        was_sent_twice(wire, "PutItem");
        assert!(store.acquire_lease(partner(1), "ben", now(), 60).await.unwrap().is_ok());
    })
    .await;
}

#[tokio::test]
async fn a_commit_with_an_intent_is_no_conflict_with_itself() {
    wired(async |wire, store| {
        let lease = store.acquire_lease(partner(1), "worker", now(), 60).await.unwrap().unwrap();
        let changes = vec![Change::PutIntent(Box::new(intent(5, 7))), Change::PutSnapshot(agreement(5), snapshot(1))];
        lose_first_answer(wire, "TransactWriteItems");
        let renewed = store.commit(&lease, after(90), changes.clone()).await.unwrap();
        was_sent_twice(wire, "TransactWriteItems");
        assert_eq!(renewed, Lease { expires_at: after(90), ..lease });
        assert_eq!(store.list_intents(partner(1)).await, Ok(vec![intent(5, 7)]));
        // A second, different intent for the product is still a conflict; only the repetition of the lost write is
        // accepted.
        let again = store.commit(&renewed, after(120), changes).await;
        assert!(matches!(again, Err(StoreError::Conflict { .. })), "{again:?}");
    })
    .await;
}

#[tokio::test]
async fn a_commit_that_the_table_remembers_is_not_made_twice() {
    wired(async |wire, store| {
        let lease = store.acquire_lease(partner(1), "worker", now(), 60).await.unwrap().unwrap();
        wire.meets(nth(1, "TransactWriteItems", Fault::LoseAnswer));
        store.commit(&lease, after(90), vec![Change::PutIntent(Box::new(intent(5, 7)))]).await.unwrap();
        was_sent_twice(wire, "TransactWriteItems");
    })
    .await;
}

#[tokio::test]
async fn a_decision_is_made_once_and_stands_in_the_audit_once() {
    wired(async |wire, store| {
        let held = hold(key(customer(1), 7), 1);
        let lease = store.acquire_lease(partner(1), "worker", now(), 60).await.unwrap().unwrap();
        store.commit(&lease, after(90), vec![Change::PutHold(Box::new(held.clone()))]).await.unwrap();
        for verdict in [Verdict::Release, Verdict::Reject] {
            lose_first_answer(wire, "TransactWriteItems");
            let decision = Decision { verdict, ..decision(&held) };
            store.decide_hold(partner(1), held.key, &decision).await.unwrap();
            was_sent_twice(wire, "TransactWriteItems");
            let found = store.find_hold(partner(1), held.key).await.unwrap().unwrap();
            assert_eq!(found.decision, Some(decision));
        }
        assert_eq!(store.list_edits(partner(1), None, None, 10).await.unwrap().edits.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_customer_is_touched_and_an_intent_removed() {
    wired(async |wire, store| {
        let mapping = CustomerMapping::new(customer(1), company(3), agreement(5));
        store.put_customer_mapping(partner(1), &mapping).await.unwrap();
        let names =
            CustomerNames { company: "Acme".to_owned(), agreement: "Managed".to_owned(), ..CustomerNames::default() };
        lose_first_answer(wire, "UpdateItem");
        store.touch_customer(partner(1), customer(1), agreement(5), &names, true).await.unwrap();
        was_sent_twice(wire, "UpdateItem");
        let lease = store.acquire_lease(partner(1), "worker", now(), 60).await.unwrap().unwrap();
        lose_first_answer(wire, "TransactWriteItems");
        let removal = vec![Change::RemoveIntent(agreement(5), product(7))];
        store.commit(&lease, after(90), removal).await.unwrap();
        was_sent_twice(wire, "TransactWriteItems");
    })
    .await;
}

#[tokio::test]
async fn a_save_that_keeps_its_answer_is_not_taken_for_another_attempts() {
    wired(async |wire, store| {
        let first = attempt(1, "a", 0);
        lose_first_answer(wire, "PutItem");
        assert_eq!(store.begin_attempt(partner(1), &first).await, Ok(Begun::Fresh));
        was_sent_twice(wire, "PutItem");
        let told = |_: &[ProductMapping]| Ok(answer("saved"));
        let keep = Keep { attempt: &first, answer: &told };
        lose_first_answer(wire, "TransactWriteItems");
        let rows = [ProductMapping::discovered(code("A"), false)];
        let saved = store.save_product_mappings(partner(1), &author(0), &rows, Some(&keep)).await.unwrap();
        assert_eq!(saved.unwrap()[0].version, 1);
        was_sent_twice(wire, "TransactWriteItems");
        assert_eq!(store.list_edits(partner(1), None, None, 10).await.unwrap().edits.len(), 1);
        let again = store.begin_attempt(partner(1), &attempt(2, "a", 1)).await;
        assert_eq!(again, Ok(Begun::Done(answer("saved"))));
    })
    .await;
}

#[tokio::test]
async fn an_answer_is_kept_and_a_key_given_back_once() {
    wired(async |wire, store| {
        for (body, operation) in [("short".to_owned(), "PutItem"), ("long ".repeat(100_000), "TransactWriteItems")] {
            let first = shared::store::Attempt { key: operation.to_owned(), ..attempt(1, "a", 0) };
            store.begin_attempt(partner(1), &first).await.unwrap();
            lose_first_answer(wire, operation);
            store.finish_attempt(partner(1), &first, &answer(&body)).await.unwrap();
            was_sent_twice(wire, operation);
        }
        let first = attempt(1, "a", 0);
        store.begin_attempt(partner(1), &first).await.unwrap();
        lose_first_answer(wire, "PutItem");
        assert_eq!(store.give_attempt_back(partner(1), &first, true).await, Ok(Begun::Fresh));
        was_sent_twice(wire, "PutItem");
    })
    .await;
}
