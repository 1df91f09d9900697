//! Commits are fenced by the lease.

use shared::error::StoreError;
use shared::store::{Change, Lease, LeaseTaken, Store};
use shared::table::Table;

use super::lease;
use crate::on_both_tables;
use crate::values::{after, agreement, now, partner, snapshot};

on_both_tables!(
    a_commit_renews_the_lease,
    a_commit_without_changes_renews_only,
    a_commit_after_the_lease_went_to_another_writes_nothing,
    a_commit_after_the_lease_was_given_back_writes_nothing,
    a_commit_without_any_lease_writes_nothing,
    a_lease_that_ran_out_but_that_nobody_took_still_commits,
    a_lease_of_one_partner_does_not_commit_for_another,
);

fn change() -> Vec<Change> {
    vec![Change::PutSnapshot(agreement(5), snapshot(1))]
}

async fn nothing_is_written(store: &Store<impl Table>) {
    let read = store.find_snapshot(partner(1), agreement(5)).await.unwrap();
    assert!(read.written.is_empty());
}

async fn a_commit_renews_the_lease(store: Store<impl Table>) {
    let lease = lease(&store, partner(1)).await;
    let renewed = store.commit(&lease, after(300), change()).await.unwrap();
    assert_eq!(renewed, Lease { expires_at: after(300), ..lease });
    let asked = store.acquire_lease(partner(1), "other", after(299), 60).await.unwrap();
    assert_eq!(asked, Err(LeaseTaken { until: after(300) }));
}

async fn a_commit_without_changes_renews_only(store: Store<impl Table>) {
    let lease = lease(&store, partner(1)).await;
    let renewed = store.commit(&lease, after(300), vec![]).await.unwrap();
    assert_eq!(renewed.expires_at, after(300));
}

async fn a_commit_after_the_lease_went_to_another_writes_nothing(store: Store<impl Table>) {
    let stale = lease(&store, partner(1)).await;
    let taken = store.acquire_lease(partner(1), "other", after(60), 60).await.unwrap().unwrap();
    assert_eq!(store.commit(&stale, after(300), change()).await, Err(StoreError::LeaseLost));
    let same_fencing_token = Lease { fencing_token: taken.fencing_token, ..stale.clone() };
    assert_eq!(store.commit(&same_fencing_token, after(300), change()).await, Err(StoreError::LeaseLost));
    let same_owner = Lease { owner: taken.owner, ..stale };
    assert_eq!(store.commit(&same_owner, after(300), change()).await, Err(StoreError::LeaseLost));
    nothing_is_written(&store).await;
}

async fn a_commit_after_the_lease_was_given_back_writes_nothing(store: Store<impl Table>) {
    let lease = lease(&store, partner(1)).await;
    store.release_lease(&lease).await.unwrap();
    assert_eq!(store.commit(&lease, after(300), change()).await, Err(StoreError::LeaseLost));
    nothing_is_written(&store).await;
}

async fn a_commit_without_any_lease_writes_nothing(store: Store<impl Table>) {
    let invented = Lease { partner: partner(1), owner: "worker".to_owned(), fencing_token: 1, expires_at: now() };
    assert_eq!(store.commit(&invented, after(300), change()).await, Err(StoreError::LeaseLost));
    nothing_is_written(&store).await;
}

async fn a_lease_that_ran_out_but_that_nobody_took_still_commits(store: Store<impl Table>) {
    let lease = lease(&store, partner(1)).await;
    store.commit(&lease, after(1_000), change()).await.unwrap();
    assert_eq!(store.find_snapshot(partner(1), agreement(5)).await, Ok(snapshot(1)));
}

async fn a_lease_of_one_partner_does_not_commit_for_another(store: Store<impl Table>) {
    let lease = lease(&store, partner(1)).await;
    let forged = Lease { partner: partner(0x11), ..lease };
    assert_eq!(store.commit(&forged, after(300), change()).await, Err(StoreError::LeaseLost));
    let read = store.find_snapshot(partner(0x11), agreement(5)).await.unwrap();
    assert!(read.written.is_empty());
}
