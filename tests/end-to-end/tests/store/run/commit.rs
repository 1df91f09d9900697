//! A commit writes all of its changes or none; snapshots and intents.

use std::collections::BTreeSet;

use shared::error::StoreError;
use shared::store::{Change, Store};
use shared::store::{MAX_CHANGES, MAX_CHUNK_BYTES};
use shared::table::Table;

use super::commit;
use crate::on_both_tables;
use crate::values::{agreement, chunk, customer, intent, ledger, partner, product, run, snapshot};

on_both_tables!(
    all_changes_are_written_together,
    an_agreement_without_a_snapshot_has_an_empty_one,
    a_snapshot_replaces_the_one_before,
    an_intent_that_stands_is_a_conflict_and_nothing_is_written,
    an_intent_that_came_to_its_end_may_be_made_again,
    removing_an_intent_that_is_gone_is_no_failure,
    intents_are_listed_by_agreement_and_product,
    ninety_nine_changes_fit_and_one_more_is_refused,
    two_changes_of_one_entry_are_refused,
    a_chunk_above_its_limit_is_refused,
    chunks_above_their_limit_together_are_refused,
    another_partners_run_is_refused,
    where_we_write_for_a_customer_is_marked_by_customer_until_the_mark_is_removed,
    partners_never_see_one_anothers_snapshots_and_intents,
);

fn intend(agreement: i64, product: i64) -> Change {
    Change::PutIntent(Box::new(intent(agreement, product)))
}

fn is_refused<T>(result: &Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Refused { .. }))
}

async fn all_changes_are_written_together(store: Store<impl Table>) {
    let run = run(partner(1), 1);
    let changes = vec![
        Change::PutRun(Box::new(run.clone())),
        Change::PutChunk(run.id.clone(), chunk(0, 1, 0, "[1]")),
        Change::PutLedger(run.id.clone(), Box::new(ledger(None, "unassigned"))),
        Change::PutSnapshot(agreement(5), snapshot(1)),
        intend(5, 7),
    ];
    commit(&store, partner(1), changes).await.unwrap();
    assert_eq!(store.find_run(partner(1), &run.id).await, Ok(Some(run.clone())));
    let chunks = store.list_chunks(partner(1), &run.id, shared::store::ChunkKind::Usage, 0).await;
    assert_eq!(chunks, Ok(vec!["[1]".to_owned()]));
    let entry = store.find_ledger(partner(1), &run.id, None).await;
    assert_eq!(entry, Ok(Some(ledger(None, "unassigned"))));
    assert_eq!(store.find_snapshot(partner(1), agreement(5)).await, Ok(snapshot(1)));
    assert_eq!(store.list_intents(partner(1)).await, Ok(vec![intent(5, 7)]));
}

async fn an_agreement_without_a_snapshot_has_an_empty_one(store: Store<impl Table>) {
    let empty = shared::domain::snapshot::Snapshot::default();
    assert_eq!(store.find_snapshot(partner(1), agreement(5)).await, Ok(empty));
}

async fn a_snapshot_replaces_the_one_before(store: Store<impl Table>) {
    for quantity in [1, 2] {
        let change = Change::PutSnapshot(agreement(5), snapshot(quantity));
        commit(&store, partner(1), vec![change]).await.unwrap();
        assert_eq!(store.find_snapshot(partner(1), agreement(5)).await, Ok(snapshot(quantity)));
    }
}

async fn an_intent_that_stands_is_a_conflict_and_nothing_is_written(store: Store<impl Table>) {
    commit(&store, partner(1), vec![intend(5, 7)]).await.unwrap();
    let changes = vec![Change::PutSnapshot(agreement(5), snapshot(1)), intend(5, 8), intend(5, 7)];
    let error = commit(&store, partner(1), changes).await.unwrap_err();
    let words = "the addition of product 7 to agreement 5 was changed by someone else meanwhile";
    assert_eq!(error.to_string(), words);
    assert!(store.find_snapshot(partner(1), agreement(5)).await.unwrap().written.is_empty());
    assert_eq!(store.list_intents(partner(1)).await, Ok(vec![intent(5, 7)]));
}

async fn an_intent_that_came_to_its_end_may_be_made_again(store: Store<impl Table>) {
    for _ in 0..2 {
        commit(&store, partner(1), vec![intend(5, 7)]).await.unwrap();
        let removal = Change::RemoveIntent(agreement(5), product(7));
        commit(&store, partner(1), vec![removal]).await.unwrap();
        assert_eq!(store.list_intents(partner(1)).await, Ok(vec![]));
    }
}

async fn removing_an_intent_that_is_gone_is_no_failure(store: Store<impl Table>) {
    let removal = Change::RemoveIntent(agreement(5), product(7));
    commit(&store, partner(1), vec![removal]).await.unwrap();
}

async fn intents_are_listed_by_agreement_and_product(store: Store<impl Table>) {
    let intents = [(5, 10), (5, 9), (5, 100), (50, 1), (55, 1)].map(|(a, p)| intend(a, p));
    commit(&store, partner(1), intents.to_vec()).await.unwrap();
    let expected = [(5, 9), (5, 10), (5, 100), (50, 1), (55, 1)].map(|(a, p)| intent(a, p));
    assert_eq!(store.list_intents(partner(1)).await, Ok(expected.to_vec()));
}

async fn ninety_nine_changes_fit_and_one_more_is_refused(store: Store<impl Table>) {
    let snapshots = |count: usize| {
        let agreements = (1..).take(count);
        agreements.map(|n| Change::PutSnapshot(agreement(n), snapshot(n))).collect::<Vec<_>>()
    };
    assert!(is_refused(&commit(&store, partner(1), snapshots(MAX_CHANGES + 1)).await));
    assert!(store.find_snapshot(partner(1), agreement(1)).await.unwrap().written.is_empty());
    commit(&store, partner(1), snapshots(MAX_CHANGES)).await.unwrap();
    assert_eq!(store.find_snapshot(partner(1), agreement(99)).await, Ok(snapshot(99)));
}

async fn two_changes_of_one_entry_are_refused(store: Store<impl Table>) {
    let twice = vec![intend(5, 7), Change::RemoveIntent(agreement(5), product(7))];
    assert!(is_refused(&commit(&store, partner(1), twice).await));
    assert_eq!(store.list_intents(partner(1)).await, Ok(vec![]));
}

async fn a_chunk_above_its_limit_is_refused(store: Store<impl Table>) {
    let id = run(partner(1), 1).id;
    let rows = |bytes| vec![Change::PutChunk(id.clone(), chunk(0, 1, 0, &"x".repeat(bytes)))];
    commit(&store, partner(1), rows(MAX_CHUNK_BYTES)).await.unwrap();
    assert!(is_refused(&commit(&store, partner(1), rows(MAX_CHUNK_BYTES + 1)).await));
}

async fn chunks_above_their_limit_together_are_refused(store: Store<impl Table>) {
    let id = run(partner(1), 1).id;
    let rows = "x".repeat(MAX_CHUNK_BYTES);
    let chunks = |pages: u32| {
        let pages = 0..pages;
        pages.map(|page| Change::PutChunk(id.clone(), chunk(0, page, 0, &rows))).collect::<Vec<_>>()
    };
    assert!(is_refused(&commit(&store, partner(1), chunks(14)).await));
    commit(&store, partner(1), chunks(13)).await.unwrap();
}

async fn another_partners_run_is_refused(store: Store<impl Table>) {
    let run = run(partner(0x11), 1);
    let foreign = vec![Change::PutRun(Box::new(run.clone()))];
    assert!(is_refused(&commit(&store, partner(1), foreign).await));
    assert_eq!(store.find_run(partner(0x11), &run.id).await, Ok(None));
    assert_eq!(store.find_run(partner(1), &run.id).await, Ok(None));
}

async fn partners_never_see_one_anothers_snapshots_and_intents(store: Store<impl Table>) {
    let changes = vec![Change::PutSnapshot(agreement(5), snapshot(1)), intend(5, 7)];
    commit(&store, partner(1), changes).await.unwrap();
    assert!(store.find_snapshot(partner(0x11), agreement(5)).await.unwrap().written.is_empty());
    assert_eq!(store.list_intents(partner(0x11)).await, Ok(vec![]));
    let removal = Change::RemoveIntent(agreement(5), product(7));
    commit(&store, partner(0x11), vec![removal]).await.unwrap();
    assert_eq!(store.list_intents(partner(1)).await, Ok(vec![intent(5, 7)]));
}

async fn where_we_write_for_a_customer_is_marked_by_customer_until_the_mark_is_removed(store: Store<impl Table>) {
    let put = |n, on| Change::PutBilledOn(customer(n), agreement(on));
    commit(&store, partner(1), vec![put(1, 5), put(1, 50), put(2, 5)]).await.unwrap();
    commit(&store, partner(0x11), vec![put(1, 7)]).await.unwrap();
    let all = store.list_billed_on(partner(1), "").await.unwrap();
    let expected = [(1, vec![5, 50]), (2, vec![5])];
    let expected = expected.map(|(n, on)| (customer(n), on.into_iter().map(agreement).collect::<BTreeSet<_>>()));
    assert_eq!(all, expected.into());
    let prefix = customer(2).to_string();
    assert_eq!(store.list_billed_on(partner(1), &prefix).await.unwrap().len(), 1);
    let removal =
        vec![Change::RemoveBilledOn(customer(1), agreement(5)), Change::RemoveBilledOn(customer(2), agreement(5))];
    commit(&store, partner(1), removal).await.unwrap();
    let left = store.list_billed_on(partner(1), "").await.unwrap();
    assert_eq!(left, [(customer(1), [agreement(50)].into())].into());
    assert_eq!(store.list_billed_on(partner(0x11), "").await.unwrap().len(), 1);
}
