//! What a failure of the table means for the caller.

use axum::http::StatusCode;
use shared::domain::mapping::ProductMapping;
use shared::error::StoreError;
use shared::store::{Change, Lease, Store};
use shared::table::Table;
use simulators::table::wire::{Fault, times};

use super::wired;
use crate::values::{after, agreement, code, intent, now, partner, snapshot};

const ALWAYS: usize = usize::MAX;

async fn lease(store: &Store<impl Table>) -> Lease {
    store.acquire_lease(partner(1), "worker", now(), 60).await.unwrap().unwrap()
}

fn changes() -> Vec<Change> {
    vec![Change::PutIntent(Box::new(intent(5, 7))), Change::PutSnapshot(agreement(5), snapshot(1))]
}

#[tokio::test]
async fn a_transaction_that_conflicts_is_made_again_with_its_token() {
    wired(async |wire, store| {
        let lease = lease(&store).await;
        let conflict = Fault::cancelled(&["TransactionConflict", "None", "None"]);
        wire.meets(times(3, "TransactWriteItems", conflict));
        store.commit(&lease, after(90), changes()).await.unwrap();
        assert_eq!(wire.count("TransactWriteItems"), 4);
        let tokens = wire.calls().into_iter().filter_map(|call| call.token).collect::<std::collections::BTreeSet<_>>();
        assert_eq!(tokens.len(), 1, "{tokens:?}");
        assert_eq!(store.find_snapshot(partner(1), agreement(5)).await, Ok(snapshot(1)));
    })
    .await;
}

#[tokio::test]
async fn a_write_that_meets_a_transaction_is_made_again() {
    wired(async |wire, store| {
        wire.meets(times(3, "PutItem", Fault::conflicting()));
        let mapping = ProductMapping::discovered(code("A"), false);
        store.put_product_mapping(partner(1), &mapping).await.unwrap();
        assert_eq!(wire.count("PutItem"), 4);
    })
    .await;
}

#[tokio::test]
async fn a_conflict_without_end_is_given_up_and_may_be_tried_later() {
    wired(async |wire, store| {
        let lease = lease(&store).await;
        let conflict = Fault::cancelled(&["None", "TransactionConflict", "ThrottlingError"]);
        wire.meets(times(ALWAYS, "TransactWriteItems", conflict));
        let error = store.commit(&lease, after(90), changes()).await.unwrap_err();
        assert!(matches!(&error, StoreError::Unavailable { why } if why.contains("TransactionConflict")), "{error:?}");
        assert_eq!(wire.count("TransactWriteItems"), 9);
    })
    .await;
}

#[tokio::test]
async fn a_lost_lease_is_told_from_every_other_cancellation() {
    wired(async |wire, store| {
        let lease = lease(&store).await;
        for (reasons, expected) in [
            (["ConditionalCheckFailed", "None", "None"], "lost"),
            (["ConditionalCheckFailed", "ConditionalCheckFailed", "None"], "lost"),
            (["ConditionalCheckFailed", "None", "TransactionConflict"], "lost"),
            (["None", "ConditionalCheckFailed", "None"], "conflict"),
            (["TransactionConflict", "ConditionalCheckFailed", "None"], "conflict"),
            (["None", "None", "TransactionConflict"], "unavailable"),
            (["None", "None", "ProvisionedThroughputExceeded"], "unavailable"),
            (["None", "None", "ValidationError"], "refused"),
            (["TransactionConflict", "None", "ItemCollectionSizeLimitExceeded"], "refused"),
            (["None", "None", "None"], "refused"),
        ] {
            wire.meets(times(ALWAYS, "TransactWriteItems", Fault::cancelled(&reasons)));
            let error = store.commit(&lease, after(90), changes()).await.unwrap_err();
            assert_eq!(word(&error), expected, "{reasons:?}: {error}");
        }
        wire.heals();
        store.commit(&lease, after(90), changes()).await.unwrap();
    })
    .await;
}

fn word(error: &StoreError) -> &'static str {
    match error {
        StoreError::LeaseLost => "lost",
        StoreError::Conflict { .. } => "conflict",
        StoreError::Unavailable { .. } => "unavailable",
        StoreError::Refused { .. } => "refused",
        StoreError::Unreadable { .. } => "unreadable",
    }
}

#[tokio::test]
async fn each_failure_of_the_table_says_whether_to_try_again() {
    wired(async |wire, store| {
        let refused = |code| Fault::refuse(StatusCode::BAD_REQUEST, code, "words");
        for (fault, expected) in [
            (Fault::throttled(), "unavailable"),
            (Fault::broken(), "unavailable"),
            (Fault::LoseCall, "unavailable"),
            (Fault::LoseAnswer, "unavailable"),
            (refused("ThrottlingException"), "unavailable"),
            (refused("RequestLimitExceeded"), "unavailable"),
            (Fault::refuse(StatusCode::SERVICE_UNAVAILABLE, "Unknown", "words"), "unavailable"),
            (Fault::denied(), "refused"),
            (refused("ValidationException"), "refused"),
            (refused("ResourceNotFoundException"), "refused"),
            (refused("UnrecognizedClientException"), "refused"),
        ] {
            wire.meets(move |_| Some(fault.clone()));
            let read = store.find_settings(partner(1)).await.unwrap_err();
            let listed = store.list_product_mappings(partner(1)).await.unwrap_err();
            let mapping = ProductMapping::discovered(code("A"), false);
            let written = store.put_product_mapping(partner(1), &mapping).await.unwrap_err();
            let opened = store.open_run(&crate::values::run(partner(1), 1)).await.unwrap_err();
            for error in [read, listed, written, opened] {
                assert_eq!(word(&error), expected, "{error}");
                assert_eq!(error.is_retryable(), expected == "unavailable");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_refusal_is_told_in_the_tables_words() {
    wired(async |wire, store| {
        wire.meets(times(ALWAYS, "GetItem", Fault::denied()));
        let error = store.find_settings(partner(1)).await.unwrap_err();
        let words = "the table refused: AccessDeniedException: not authorized to perform this operation";
        assert_eq!(error.to_string(), words);
    })
    .await;
}

#[tokio::test]
async fn a_table_that_is_away_is_unavailable() {
    wired(async |wire, _| {
        let store = {
            let table = simulators::table::LocalTable::in_memory().await.unwrap();
            let store = table.store();
            table.stop().await.unwrap();
            store
        };
        let error = store.find_settings(partner(1)).await.unwrap_err();
        assert_eq!(word(&error), "unavailable", "{error}");
        assert!(wire.calls().is_empty());
    })
    .await;
}
