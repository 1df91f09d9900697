//! Who has the lease.

use futures::future::join_all;
use shared::store::{Lease, LeaseTaken, Store};
use shared::table::Table;

use crate::on_both_tables;
use crate::values::{after, now, partner};

on_both_tables!(
    a_free_lease_is_given_until_its_time_is_up,
    a_lease_that_another_has_is_not_given_before_it_runs_out,
    a_lease_that_ran_out_changes_hands_with_a_higher_fencing_token,
    an_owner_gets_its_own_lease_again_with_the_same_fencing_token,
    an_owner_whose_lease_ran_out_gets_a_higher_fencing_token,
    of_many_who_ask_for_a_lease_one_gets_it,
    of_many_who_ask_for_a_lease_that_ran_out_one_gets_it,
    a_lease_given_back_is_free_at_once_and_its_fencing_token_still_rises,
    a_lease_that_is_anothers_by_now_is_not_given_back,
    partners_have_leases_of_their_own,
);

async fn acquire(store: &Store<impl Table>, owner: &str, at_s: i64) -> Result<Lease, LeaseTaken> {
    store.acquire_lease(partner(1), owner, after(at_s), 60).await.unwrap()
}

fn granted(owner: &str, fencing_token: u64, until_s: i64) -> Result<Lease, LeaseTaken> {
    Ok(Lease { partner: partner(1), owner: owner.to_owned(), fencing_token, expires_at: after(until_s) })
}

async fn a_free_lease_is_given_until_its_time_is_up(store: Store<impl Table>) {
    assert_eq!(acquire(&store, "anna", 0).await, granted("anna", 1, 60));
}

async fn a_lease_that_another_has_is_not_given_before_it_runs_out(store: Store<impl Table>) {
    acquire(&store, "anna", 0).await.unwrap();
    let taken = Err(LeaseTaken { until: after(60) });
    assert_eq!(acquire(&store, "ben", 1).await, taken);
    assert_eq!(acquire(&store, "ben", 59).await, taken);
}

async fn a_lease_that_ran_out_changes_hands_with_a_higher_fencing_token(store: Store<impl Table>) {
    acquire(&store, "anna", 0).await.unwrap();
    assert_eq!(acquire(&store, "ben", 60).await, granted("ben", 2, 120));
    assert_eq!(acquire(&store, "anna", 61).await, Err(LeaseTaken { until: after(120) }));
}

async fn an_owner_gets_its_own_lease_again_with_the_same_fencing_token(store: Store<impl Table>) {
    acquire(&store, "anna", 0).await.unwrap();
    assert_eq!(acquire(&store, "anna", 30).await, granted("anna", 1, 90));
    assert_eq!(acquire(&store, "ben", 60).await, Err(LeaseTaken { until: after(90) }));
}

async fn an_owner_whose_lease_ran_out_gets_a_higher_fencing_token(store: Store<impl Table>) {
    acquire(&store, "anna", 0).await.unwrap();
    assert_eq!(acquire(&store, "anna", 61).await, granted("anna", 2, 121));
}

async fn of_many_who_ask_for_a_lease_one_gets_it(store: Store<impl Table>) {
    let owners = ["a", "b", "c", "d", "e", "f"];
    let asked = join_all(owners.map(|owner| acquire(&store, owner, 0))).await;
    assert_eq!(asked.iter().filter(|asked| asked.is_ok()).count(), 1, "{asked:?}");
}

async fn of_many_who_ask_for_a_lease_that_ran_out_one_gets_it(store: Store<impl Table>) {
    acquire(&store, "anna", 0).await.unwrap();
    let owners = ["a", "b", "c", "d", "e", "f"];
    let asked = join_all(owners.map(|owner| acquire(&store, owner, 60))).await;
    assert_eq!(asked.iter().filter(|asked| asked.is_ok()).count(), 1, "{asked:?}");
}

async fn a_lease_given_back_is_free_at_once_and_its_fencing_token_still_rises(store: Store<impl Table>) {
    for (owner, fencing_token) in [("anna", 1), ("ben", 2), ("ben", 3)] {
        let lease = acquire(&store, owner, 0).await;
        assert_eq!(lease, granted(owner, fencing_token, 60));
        store.release_lease(&lease.unwrap()).await.unwrap();
    }
}

async fn a_lease_that_is_anothers_by_now_is_not_given_back(store: Store<impl Table>) {
    let lost = acquire(&store, "anna", 0).await.unwrap();
    acquire(&store, "ben", 60).await.unwrap();
    store.release_lease(&lost).await.unwrap();
    let stale_fencing_token = Lease { owner: "ben".to_owned(), ..lost };
    store.release_lease(&stale_fencing_token).await.unwrap();
    assert_eq!(acquire(&store, "carla", 61).await, Err(LeaseTaken { until: after(120) }));
}

async fn partners_have_leases_of_their_own(store: Store<impl Table>) {
    acquire(&store, "anna", 0).await.unwrap();
    let other = store.acquire_lease(partner(0x11), "ben", now(), 60).await.unwrap().unwrap();
    assert_eq!((other.partner, other.fencing_token), (partner(0x11), 1));
}
