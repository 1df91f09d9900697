//! The rate that all clients of one ConnectWise share.

use futures::future::join_all;
use shared::store::{PsaDatabase, Rate, Store};
use shared::table::Table;

use crate::on_both_tables;
use crate::values::{after, now};

on_both_tables!(
    nothing_is_known_of_a_psa_that_nobody_has_called,
    a_hold_stands_until_a_longer_one_comes,
    of_many_holds_at_once_the_longest_stands,
    what_was_learnt_last_stands_beside_the_hold,
    databases_have_rates_of_their_own,
);

fn psa(company: &str) -> PsaDatabase {
    PsaDatabase::new("api-na.myconnectwise.net", company)
}

async fn found(store: &Store<impl Table>, company: &str) -> Option<Rate> {
    store.find_rate(&psa(company)).await.unwrap()
}

async fn nothing_is_known_of_a_psa_that_nobody_has_called(store: Store<impl Table>) {
    assert_eq!(found(&store, "acme").await, None);
}

async fn a_hold_stands_until_a_longer_one_comes(store: Store<impl Table>) {
    for (asked_s, stands_s) in [(30, 30), (10, 30), (30, 30), (45, 45)] {
        store.hold_rate(&psa("acme"), after(asked_s), now()).await.unwrap();
        assert_eq!(
            found(&store, "acme").await,
            Some(Rate { not_before: Some(after(stands_s)), calls_per_minute: None })
        );
    }
}

async fn of_many_holds_at_once_the_longest_stands(store: Store<impl Table>) {
    let database = psa("acme");
    let asked = join_all([7, 3, 9, 1, 8, 2].map(|s| store.hold_rate(&database, after(s), now()))).await;
    assert!(asked.iter().all(Result::is_ok), "{asked:?}");
    assert_eq!(found(&store, "acme").await.and_then(|rate| rate.not_before), Some(after(9)));
}

async fn what_was_learnt_last_stands_beside_the_hold(store: Store<impl Table>) {
    for calls_per_minute in [450, 60] {
        store.put_adaptive_rate(&psa("acme"), calls_per_minute, now()).await.unwrap();
        assert_eq!(
            found(&store, "acme").await,
            Some(Rate { not_before: None, calls_per_minute: Some(calls_per_minute) })
        );
    }
    store.hold_rate(&psa("acme"), after(5), now()).await.unwrap();
    store.put_adaptive_rate(&psa("acme"), 75, now()).await.unwrap();
    assert_eq!(found(&store, "acme").await, Some(Rate { not_before: Some(after(5)), calls_per_minute: Some(75) }));
}

async fn databases_have_rates_of_their_own(store: Store<impl Table>) {
    store.put_adaptive_rate(&psa("acme"), 450, now()).await.unwrap();
    assert_eq!(found(&store, "acm").await, None);
}
