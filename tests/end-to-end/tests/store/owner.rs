//! Which partner drives a ConnectWise database.

use futures::future::join_all;
use shared::ports::Sealed;
use shared::store::{
    Author, ConnectionsSaved, Databases, PsaClaim, PsaDatabase, PsaHolder, PsaOwner, SavedConnections,
    ShownConnections, Store, Versioned,
};
use shared::table::Table;

use super::on_both_tables;
use super::values::{after, now, partner};

on_both_tables!(
    a_database_is_the_first_partners_and_stays_its_own,
    of_many_who_claim_a_database_one_gets_it,
    a_released_database_is_free_for_another,
    a_partner_cannot_release_anothers_database,
    a_partner_may_drive_several_databases,
    of_many_saves_of_a_first_connection_one_is_stored_with_its_claim,
    a_save_that_moves_takes_one_database_and_gives_the_other_up,
    a_database_is_taken_over_only_from_the_owner_that_was_seen,
);

fn database(company: &str) -> PsaDatabase {
    PsaDatabase::new("api-eu.myconnectwise.net", company)
}

async fn a_database_is_the_first_partners_and_stays_its_own(store: Store<impl Table>) {
    assert_eq!(store.find_psa_owner(partner(1), &database("acme")).await, Ok(PsaOwner::Nobody));
    for _ in 0..2 {
        assert_eq!(store.claim_psa(partner(1), &database("acme")).await, Ok(PsaClaim::Claimed));
        assert_eq!(store.claim_psa(partner(0x11), &database("ACME")).await, Ok(PsaClaim::HeldByAnother));
    }
    assert_eq!(store.find_psa_owner(partner(1), &database("acme")).await, Ok(PsaOwner::Asker));
    assert_eq!(store.find_psa_owner(partner(0x11), &database("acme")).await, Ok(PsaOwner::Another));
}

async fn of_many_who_claim_a_database_one_gets_it(store: Store<impl Table>) {
    let claiming = (1..=8).map(|n| {
        let store = store.clone();
        async move { store.claim_psa(partner(n), &database("acme")).await.unwrap() }
    });
    let claims = join_all(claiming).await;
    assert_eq!(claims.iter().filter(|claim| **claim == PsaClaim::Claimed).count(), 1, "{claims:?}");
}

async fn a_released_database_is_free_for_another(store: Store<impl Table>) {
    store.claim_psa(partner(1), &database("acme")).await.unwrap();
    for _ in 0..2 {
        store.release_psa(partner(1), &database("acme")).await.unwrap();
    }
    assert_eq!(store.claim_psa(partner(2), &database("acme")).await, Ok(PsaClaim::Claimed));
}

async fn a_partner_cannot_release_anothers_database(store: Store<impl Table>) {
    store.claim_psa(partner(1), &database("acme")).await.unwrap();
    store.release_psa(partner(2), &database("acme")).await.unwrap();
    assert_eq!(store.find_psa_owner(partner(1), &database("acme")).await, Ok(PsaOwner::Asker));
}

async fn a_partner_may_drive_several_databases(store: Store<impl Table>) {
    for company in ["acme", "acme2"] {
        assert_eq!(store.claim_psa(partner(1), &database(company)).await, Ok(PsaClaim::Claimed));
    }
    store.release_psa(partner(1), &database("acme")).await.unwrap();
    assert_eq!(store.find_psa_owner(partner(1), &database("acme2")).await, Ok(PsaOwner::Asker));
}

/// Saves something over what is there now.
async fn save(store: &Store<impl Table>, n: u128, databases: Databases<'_>) -> ConnectionsSaved {
    let read = store.find_connections(partner(n)).await.unwrap();
    save_over(store, n, &read, databases).await
}

async fn save_over(
    store: &Store<impl Table>,
    n: u128,
    read: &Versioned<SavedConnections>,
    databases: Databases<'_>,
) -> ConnectionsSaved {
    let author = Author { who: "ann".into(), at: now(), note: None };
    let connections = SavedConnections { sealed: Sealed("sealed".into()), shown: ShownConnections::default() };
    store.save_connections_moving(partner(n), &author, read, &connections, databases).await.unwrap()
}

async fn of_many_saves_of_a_first_connection_one_is_stored_with_its_claim(store: Store<impl Table>) {
    let acme = database("acme");
    let nothing = store.find_connections(partner(1)).await.unwrap();
    let saving = (0..8)
        .map(|_| save_over(&store, 1, &nothing, Databases { taken: Some(&acme), left: None, ..Databases::default() }));
    let saved = join_all(saving).await;
    assert_eq!(saved.iter().filter(|saved| **saved == ConnectionsSaved::Saved).count(), 1, "{saved:?}");
    assert!(!saved.contains(&ConnectionsSaved::HeldByAnother), "{saved:?}");
    assert_eq!(store.find_psa_owner(partner(1), &acme).await, Ok(PsaOwner::Asker));
    assert_eq!(
        save(&store, 2, Databases { taken: Some(&acme), left: None, ..Databases::default() }).await,
        ConnectionsSaved::HeldByAnother
    );
    assert_eq!(store.find_connections(partner(2)).await.unwrap().value, None, "neither is stored");
}

async fn a_save_that_moves_takes_one_database_and_gives_the_other_up(store: Store<impl Table>) {
    let (old, new) = (database("acme"), database("acme2"));
    save(&store, 1, Databases { taken: Some(&old), left: None, ..Databases::default() }).await;
    assert_eq!(
        save(&store, 1, Databases { taken: Some(&new), left: Some(&old), ..Databases::default() }).await,
        ConnectionsSaved::Saved
    );
    assert_eq!(store.find_psa_owner(partner(1), &old).await, Ok(PsaOwner::Nobody));
    assert_eq!(store.find_psa_owner(partner(1), &new).await, Ok(PsaOwner::Asker));
    // What another partner has by now is not given up for it.
    store.claim_psa(partner(2), &old).await.unwrap();
    assert_eq!(
        save(&store, 1, Databases { taken: None, left: Some(&old), ..Databases::default() }).await,
        ConnectionsSaved::Saved
    );
    assert_eq!(store.find_psa_owner(partner(2), &old).await, Ok(PsaOwner::Asker));
}

async fn a_database_is_taken_over_only_from_the_owner_that_was_seen(store: Store<impl Table>) {
    let acme = database("acme");
    save(&store, 1, Databases { taken: Some(&acme), ..Databases::default() }).await;
    let seen = store.find_psa_holder(&acme).await.unwrap();
    assert_eq!(seen, Some(PsaHolder { partner: partner(1), worked_at: Some(now()) }));
    store.note_worked(partner(1), &acme, after(3600)).await.unwrap();
    store.note_worked(partner(2), &acme, after(90_000)).await.unwrap();
    assert_eq!(store.find_psa_holder(&acme).await.unwrap(), seen, "noted within a day, and by another partner");
    store.note_worked(partner(1), &acme, after(90_000)).await.unwrap();
    let over = Databases { taken: Some(&acme), taken_from: seen, ..Databases::default() };
    assert_eq!(save(&store, 2, over).await, ConnectionsSaved::HeldByAnother, "it works again");
    let seen = store.find_psa_holder(&acme).await.unwrap();
    assert_eq!(save(&store, 2, Databases { taken_from: seen, ..over }).await, ConnectionsSaved::Saved);
    assert_eq!(store.find_psa_owner(partner(2), &acme).await, Ok(PsaOwner::Asker));
    store.release_psa(partner(1), &acme).await.unwrap();
    assert_eq!(store.find_psa_owner(partner(2), &acme).await, Ok(PsaOwner::Asker));
}
