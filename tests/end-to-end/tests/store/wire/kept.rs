//! A save and the answer that is kept with it, on a wire that fails: both are there afterwards, or neither is.

use shared::domain::mapping::{CustomerMapping, ProductMapping};
use shared::error::StoreError;
use shared::store::{Attempt, Begun, CustomerEdit, Keep};
use shared::store::{DynamoStore, MAX_ANSWER_BYTES};
use simulators::table::ids::CountedIds;
use simulators::table::wire::{Fault, times};

use super::wired;
use crate::values::{agreement, answer, attempt, author, code, company, customer, partner};

const ALWAYS: usize = usize::MAX;
/// What DynamoDB takes in one transaction.
const MAX_ACTIONS: usize = 100;

type Saved = Result<Vec<ProductMapping>, Vec<shared::store::ProductConflict>>;

fn row(version: u64) -> ProductMapping {
    ProductMapping { version, ..ProductMapping::discovered(code("A"), false) }
}

async fn save(
    store: &DynamoStore<CountedIds>,
    attempt: &Attempt,
    rows: &[ProductMapping],
) -> Result<Saved, StoreError> {
    let told = |_: &[ProductMapping]| Ok(answer("saved"));
    store.save_product_mappings(partner(1), &author(0), rows, Some(&Keep { attempt, answer: &told })).await
}

async fn edits(store: &DynamoStore<CountedIds>) -> usize {
    store.list_edits(partner(1), None, None, 1_000).await.unwrap().edits.len()
}

#[tokio::test]
async fn a_save_whose_answer_never_came_is_found_done_by_who_gives_its_key_back() {
    wired(async |wire, store| {
        let first = attempt(1, "a", 0);
        store.begin_attempt(partner(1), &first).await.unwrap();
        wire.meets(times(ALWAYS, "TransactWriteItems", Fault::LoseAnswerAndToken));
        assert!(save(&store, &first, &[row(0)]).await.unwrap_err().is_retryable());
        assert_eq!(store.give_attempt_back(partner(1), &first, true).await, Ok(Begun::Done(answer("saved"))));
        assert_eq!(edits(&store).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_save_that_never_arrived_is_given_back_and_stored_by_its_repetition() {
    wired(async |wire, store| {
        let (first, second) = (attempt(1, "a", 0), attempt(2, "a", 1));
        store.begin_attempt(partner(1), &first).await.unwrap();
        wire.meets(times(ALWAYS, "TransactWriteItems", Fault::LoseCall));
        assert!(save(&store, &first, &[row(0)]).await.unwrap_err().is_retryable());
        assert_eq!(store.give_attempt_back(partner(1), &first, true).await, Ok(Begun::Fresh));
        wire.heals();
        assert_eq!(store.begin_attempt(partner(1), &second).await, Ok(Begun::Fresh));
        assert_eq!(save(&store, &second, &[row(0)]).await, Ok(Ok(vec![row(1)])));
        assert_eq!(edits(&store).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_save_that_conflicts_is_made_again_with_its_answer() {
    wired(async |wire, store| {
        let first = attempt(1, "a", 0);
        store.begin_attempt(partner(1), &first).await.unwrap();
        let conflict = Fault::cancelled(&["TransactionConflict", "None", "None"]);
        wire.meets(times(3, "TransactWriteItems", conflict));
        assert_eq!(save(&store, &first, &[row(0)]).await, Ok(Ok(vec![row(1)])));
        assert_eq!((wire.count("TransactWriteItems"), edits(&store).await), (4, 1));
    })
    .await;
}

#[tokio::test]
async fn a_claim_that_is_gone_is_told_from_a_row_that_was_changed() {
    wired(async |wire, store| {
        let first = attempt(1, "a", 0);
        store.begin_attempt(partner(1), &first).await.unwrap();
        for (reasons, sent) in [
            (["ConditionalCheckFailed", "None", "None"], 1),
            (["ConditionalCheckFailed", "ConditionalCheckFailed", "None"], 1),
            // The rows are read and judged anew, some times; then a person's save meets others': a conflict, never busy.
            (["None", "ConditionalCheckFailed", "None"], 5),
        ] {
            wire.forget();
            wire.meets(times(ALWAYS, "TransactWriteItems", Fault::cancelled(&reasons)));
            let error = save(&store, &first, &[row(0)]).await.unwrap_err();
            assert!(matches!(error, StoreError::Conflict { .. }), "{reasons:?}: {error}");
            assert_eq!((error.is_retryable(), wire.count("TransactWriteItems")), (false, sent));
        }
        wire.heals();
        assert_eq!(edits(&store).await, 0);
        assert_eq!(save(&store, &first, &[row(0)]).await, Ok(Ok(vec![row(1)])));
    })
    .await;
}

#[tokio::test]
async fn ninety_products_with_the_longest_texts_are_one_transaction_with_their_edits_and_answer() {
    wired(async |wire, store| {
        // A control character takes six bytes in JSON, the most that any does.
        let long = |n: usize| "\u{1}".repeat(n);
        let author = shared::store::Author { note: Some(long(500)), ..author(0) };
        let body = "x".repeat(MAX_ANSWER_BYTES);
        let told = |_: &[ProductMapping]| Ok(answer(&body));
        for version in 0..2 {
            let row = |n: usize| {
                let discovered = ProductMapping::discovered(code(&format!("{n:0>64}")), false);
                ProductMapping { version, ..discovered.exclude(long(500)) }
            };
            let rows: Vec<ProductMapping> = (0..90).map(row).collect();
            let first = Attempt { key: format!("key-{version}"), ..attempt(1, "a", 0) };
            store.begin_attempt(partner(1), &first).await.unwrap();
            wire.forget();
            let keep = Keep { attempt: &first, answer: &told };
            store.save_product_mappings(partner(1), &author, &rows, Some(&keep)).await.unwrap().unwrap();
            let sent = wire.calls().into_iter().find(|call| call.operation == "TransactWriteItems").unwrap();
            assert!(sent.keys.len() <= MAX_ACTIONS, "{} actions", sent.keys.len());
            let again = Attempt { claim: "again".to_owned(), ..first };
            assert!(store.begin_attempt(partner(1), &again).await == Ok(Begun::Done(answer(&body))));
        }
        assert_eq!(edits(&store).await, 180);
    })
    .await;
}

#[tokio::test]
async fn thirty_customers_that_all_move_are_one_transaction_with_their_edits_and_answer() {
    wired(async |wire, store| {
        let author = shared::store::Author { note: Some("\u{1}".repeat(500)), ..author(0) };
        let body = "x".repeat(300_000);
        let told = |_: &[CustomerMapping]| Ok(answer(&body));
        for version in 0..2 {
            let row = |n: u32| {
                let number = i64::from(n) + i64::try_from(version).unwrap() * 100;
                let mapping = CustomerMapping::new(customer(n), company(number), agreement(number));
                CustomerEdit::Put(CustomerMapping { version, ..mapping })
            };
            let rows: Vec<CustomerEdit> = (1..=30).map(row).collect();
            let first = Attempt { key: format!("key-{version}"), ..attempt(1, "a", 0) };
            store.begin_attempt(partner(1), &first).await.unwrap();
            wire.forget();
            let keep = Keep { attempt: &first, answer: &told };
            store.save_customer_mappings(partner(1), &author, &rows, Some(&keep)).await.unwrap().unwrap();
            let sent = wire.calls().into_iter().find(|call| call.operation == "TransactWriteItems").unwrap();
            assert_eq!(sent.keys.len(), if version == 0 { 62 } else { 92 });
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_kept_stands_in_the_partition_of_keys_and_expires() {
    wired(async |wire, store| {
        let first = attempt(1, "a", 0);
        store.begin_attempt(partner(1), &first).await.unwrap();
        let body = "x".repeat(700_000);
        wire.forget();
        store.finish_attempt(partner(1), &first, &answer(&body)).await.unwrap();
        let expected = ["00ff", "00ff#claim-1#1", "00ff#claim-1#2"].map(|sort| Some(sort.to_owned()));
        let keys = wire.calls().remove(0).keys;
        assert_eq!(keys.iter().map(|key| key.sort.clone()).collect::<Vec<_>>(), expected);
        assert!(keys.iter().all(|key| key.partition == format!("P#{}#I", partner(1))), "{keys:?}");
        assert_eq!(store.list_product_mappings(partner(1)).await.unwrap().iter().count(), 0);
        let entries = wire.client().scan().table_name("usage-sync").send().await.unwrap().items.unwrap();
        assert_eq!((entries.len(), entries.iter().filter(|entry| entry.contains_key("ttl")).count()), (3, 3));
    })
    .await;
}
