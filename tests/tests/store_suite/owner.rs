//! Which partner drives a ConnectWise database.

use futures::future::join_all;
use shared::ports::{PsaClaim, PsaDatabase, PsaOwner};

use super::values::partner;
use super::{Store, on_both_stores};

on_both_stores!(
    a_database_is_the_first_partners_and_stays_its_own,
    of_many_who_claim_a_database_one_gets_it,
    a_released_database_is_free_for_another,
    a_partner_cannot_release_anothers_database,
    a_partner_may_drive_several_databases,
);

fn database(company: &str) -> PsaDatabase {
    PsaDatabase::new("api-eu.myconnectwise.net", company)
}

async fn a_database_is_the_first_partners_and_stays_its_own(store: impl Store) {
    assert_eq!(store.find_psa_owner(partner(1), &database("acme")).await, Ok(PsaOwner::Nobody));
    for _ in 0..2 {
        assert_eq!(store.claim_psa(partner(1), &database("acme")).await, Ok(PsaClaim::Claimed));
        assert_eq!(store.claim_psa(partner(0x11), &database("ACME")).await, Ok(PsaClaim::HeldByAnother));
    }
    assert_eq!(store.find_psa_owner(partner(1), &database("acme")).await, Ok(PsaOwner::Asker));
    assert_eq!(store.find_psa_owner(partner(0x11), &database("acme")).await, Ok(PsaOwner::Another));
}

async fn of_many_who_claim_a_database_one_gets_it(store: impl Store) {
    let claiming = (1..=8).map(|n| {
        let store = store.clone();
        async move { store.claim_psa(partner(n), &database("acme")).await.unwrap() }
    });
    let claims = join_all(claiming).await;
    assert_eq!(claims.iter().filter(|claim| **claim == PsaClaim::Claimed).count(), 1, "{claims:?}");
}

async fn a_released_database_is_free_for_another(store: impl Store) {
    store.claim_psa(partner(1), &database("acme")).await.unwrap();
    for _ in 0..2 {
        store.release_psa(partner(1), &database("acme")).await.unwrap();
    }
    assert_eq!(store.claim_psa(partner(2), &database("acme")).await, Ok(PsaClaim::Claimed));
}

async fn a_partner_cannot_release_anothers_database(store: impl Store) {
    store.claim_psa(partner(1), &database("acme")).await.unwrap();
    store.release_psa(partner(2), &database("acme")).await.unwrap();
    assert_eq!(store.find_psa_owner(partner(1), &database("acme")).await, Ok(PsaOwner::Asker));
}

async fn a_partner_may_drive_several_databases(store: impl Store) {
    for company in ["acme", "acme2"] {
        assert_eq!(store.claim_psa(partner(1), &database(company)).await, Ok(PsaClaim::Claimed));
    }
    store.release_psa(partner(1), &database("acme")).await.unwrap();
    assert_eq!(store.find_psa_owner(partner(1), &database("acme2")).await, Ok(PsaOwner::Asker));
}
