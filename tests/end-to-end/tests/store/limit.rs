//! Counters of limits: exact under concurrency, by the hour, by partner.

use futures::future::join_all;
use shared::store::{LimitReached, Limited, Store};
use shared::table::Table;

use super::on_both_tables;
use super::values::{after, now, partner};

on_both_tables!(
    five_are_five_when_forty_come_at_once,
    what_is_given_back_can_be_had_again,
    partners_kinds_and_hours_are_counted_apart,
);

async fn five_are_five_when_forty_come_at_once(store: Store<impl Table>) {
    let asked = join_all((0..40).map(|_| store.count(partner(1), Limited::ConnectWiseTests, now()))).await;
    let let_in = asked.into_iter().filter(|counted| counted.as_ref().unwrap().is_ok()).count();
    assert_eq!(let_in, 5);
}

async fn what_is_given_back_can_be_had_again(store: Store<impl Table>) {
    let mut counted = Vec::new();
    for _ in 0..10 {
        counted.push(store.count(partner(1), Limited::WrongKeys, now()).await.unwrap().unwrap());
    }
    assert!(store.count(partner(1), Limited::WrongKeys, now()).await.unwrap().is_err());
    join_all(counted[..3].iter().map(|counted| store.uncount(counted))).await;
    let again = join_all((0..8).map(|_| store.count(partner(1), Limited::WrongKeys, now()))).await;
    assert_eq!(again.into_iter().filter(|counted| counted.as_ref().unwrap().is_ok()).count(), 3);
}

async fn partners_kinds_and_hours_are_counted_apart(store: Store<impl Table>) {
    for _ in 0..5 {
        store.count(partner(1), Limited::SophosTests, now()).await.unwrap().unwrap();
    }
    let LimitReached { until } = store.count(partner(1), Limited::SophosTests, now()).await.unwrap().unwrap_err();
    assert!(until > now() && until <= after(3600) && until.as_second() % 3600 == 0, "{until}");
    assert!(store.count(partner(0x11), Limited::SophosTests, now()).await.unwrap().is_ok());
    assert!(store.count(partner(1), Limited::ConnectWiseTests, now()).await.unwrap().is_ok());
    assert!(store.count(partner(1), Limited::SophosTests, until).await.unwrap().is_ok());
}
