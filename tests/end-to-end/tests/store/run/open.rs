//! Opening, finding and listing runs.

use futures::future::join_all;
use shared::domain::run::Run;
use shared::store::{Change, Opened, Store};
use shared::table::Table;

use super::commit;
use crate::on_both_tables;
use crate::values::{over, partner, run};

on_both_tables!(
    of_many_who_open_a_run_one_opens_it,
    a_run_that_exists_is_given_as_it_is_stored,
    a_run_that_is_over_is_still_the_same_run,
    a_partner_with_an_open_run_is_busy,
    the_next_run_may_be_opened_once_this_one_is_over,
    an_old_run_that_ends_again_does_not_close_the_next_one,
    of_many_who_open_the_next_run_one_opens_it,
    of_many_different_runs_one_is_opened,
    of_many_different_next_runs_one_is_opened,
    runs_are_listed_newest_first,
    partners_never_see_one_anothers_runs,
);

async fn of_many_who_open_a_run_one_opens_it(store: Store<impl Table>) {
    let run = run(partner(1), 1);
    let opened = join_all((0..8).map(|_| store.open_run(&run))).await;
    let fresh = opened.iter().filter(|opened| **opened == Ok(Opened::Fresh)).count();
    let existing = Ok(Opened::Existing(Box::new(run.clone())));
    assert_eq!((fresh, opened.iter().filter(|opened| **opened == existing).count()), (1, 7));
}

async fn a_run_that_exists_is_given_as_it_is_stored(store: Store<impl Table>) {
    let first = run(partner(1), 1);
    store.open_run(&first).await.unwrap();
    let progressed = Run { buckets: 16, ..first.clone() };
    commit(&store, partner(1), vec![Change::PutRun(Box::new(progressed.clone()))]).await.unwrap();
    assert_eq!(store.open_run(&first).await, Ok(Opened::Existing(Box::new(progressed.clone()))));
    assert_eq!(store.find_run(partner(1), &first.id).await, Ok(Some(progressed)));
}

async fn a_run_that_is_over_is_still_the_same_run(store: Store<impl Table>) {
    let first = run(partner(1), 1);
    store.open_run(&first).await.unwrap();
    commit(&store, partner(1), vec![Change::PutRun(Box::new(over(&first)))]).await.unwrap();
    assert_eq!(store.open_run(&first).await, Ok(Opened::Existing(Box::new(over(&first)))));
    store.open_run(&run(partner(1), 2)).await.unwrap();
    assert_eq!(store.open_run(&first).await, Ok(Opened::Existing(Box::new(over(&first)))));
}

async fn a_partner_with_an_open_run_is_busy(store: Store<impl Table>) {
    let first = run(partner(1), 1);
    let second = run(partner(1), 2);
    store.open_run(&first).await.unwrap();
    assert_eq!(store.open_run(&second).await, Ok(Opened::Busy(first.id.clone())));
    assert_eq!(store.find_run(partner(1), &second.id).await, Ok(None));
    assert_eq!(store.open_run(&run(partner(0x11), 2)).await, Ok(Opened::Fresh));
}

async fn the_next_run_may_be_opened_once_this_one_is_over(store: Store<impl Table>) {
    for slot in 1..4 {
        let run = run(partner(1), slot);
        assert_eq!(store.open_run(&run).await, Ok(Opened::Fresh));
        commit(&store, partner(1), vec![Change::PutRun(Box::new(over(&run)))]).await.unwrap();
    }
}

async fn an_old_run_that_ends_again_does_not_close_the_next_one(store: Store<impl Table>) {
    let (first, second) = (run(partner(1), 1), run(partner(1), 2));
    let ended = || vec![Change::PutRun(Box::new(over(&first)))];
    store.open_run(&first).await.unwrap();
    commit(&store, partner(1), ended()).await.unwrap();
    store.open_run(&second).await.unwrap();
    commit(&store, partner(1), ended()).await.unwrap();
    assert_eq!(store.open_run(&run(partner(1), 3)).await, Ok(Opened::Busy(second.id)));
}

async fn of_many_who_open_the_next_run_one_opens_it(store: Store<impl Table>) {
    let (first, second) = (run(partner(1), 1), run(partner(1), 2));
    store.open_run(&first).await.unwrap();
    commit(&store, partner(1), vec![Change::PutRun(Box::new(over(&first)))]).await.unwrap();
    let opened = join_all((0..8).map(|_| store.open_run(&second))).await;
    assert_eq!(opened.iter().filter(|opened| **opened == Ok(Opened::Fresh)).count(), 1);
}

async fn of_many_different_runs_one_is_opened(store: Store<impl Table>) {
    open_one_of_many(&store).await;
    assert_eq!(store.list_runs(partner(1), 100).await.unwrap().len(), 1);
}

async fn of_many_different_next_runs_one_is_opened(store: Store<impl Table>) {
    let first = run(partner(1), 0);
    store.open_run(&first).await.unwrap();
    commit(&store, partner(1), vec![Change::PutRun(Box::new(over(&first)))]).await.unwrap();
    open_one_of_many(&store).await;
    assert_eq!(store.list_runs(partner(1), 100).await.unwrap().len(), 2);
}

async fn open_one_of_many(store: &Store<impl Table>) {
    let runs: Vec<Run> = (1..=8).map(|slot| run(partner(1), slot)).collect();
    let opened = join_all(runs.iter().map(|run| store.open_run(run))).await;
    let winner = opened.iter().position(|opened| *opened == Ok(Opened::Fresh)).unwrap();
    let busy = Ok(Opened::Busy(runs[winner].id.clone()));
    assert_eq!(opened.iter().filter(|opened| **opened == busy).count(), 7, "{opened:?}");
}

async fn runs_are_listed_newest_first(store: Store<impl Table>) {
    for slot in [2, 1, 3] {
        let run = run(partner(1), slot);
        store.open_run(&run).await.unwrap();
        commit(&store, partner(1), vec![Change::PutRun(Box::new(over(&run)))]).await.unwrap();
    }
    for (limit, expected) in [(100, vec!["3", "2", "1"]), (2, vec!["3", "2"]), (0, vec!["3"])] {
        let runs = store.list_runs(partner(1), limit).await.unwrap();
        let slots: Vec<&str> = runs.iter().map(|run| run.request.slot.as_str()).collect();
        assert_eq!(slots, expected, "at most {limit}");
    }
}

async fn partners_never_see_one_anothers_runs(store: Store<impl Table>) {
    let run = run(partner(1), 1);
    store.open_run(&run).await.unwrap();
    assert_eq!(store.find_run(partner(0x11), &run.id).await, Ok(None));
    assert_eq!(store.list_runs(partner(0x11), 100).await, Ok(vec![]));
}
