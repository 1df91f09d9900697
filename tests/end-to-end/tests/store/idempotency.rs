//! The record of idempotency keys.

use futures::future::join_all;
use shared::store::{Attempt, Begun, Store};
use shared::table::Table;

use super::on_both_tables;
use super::values::{after, answer, attempt, partner};

on_both_tables!(
    of_several_attempts_at_once_one_begins,
    a_request_that_was_done_is_answered_alike,
    a_key_of_another_request_is_refused,
    an_attempt_that_never_ended_is_taken_over_when_its_time_is_over,
    an_attempt_that_was_overtaken_keeps_no_answer,
    an_attempt_that_was_given_back_begins_again_at_once,
    what_stands_at_a_key_that_is_no_longer_ones_own_is_told_to_who_gives_it_back,
    keeping_the_same_answer_again_does_nothing,
    a_long_answer_is_kept_whole,
    a_key_is_new_again_after_a_day,
    partners_never_see_one_anothers_keys,
);

async fn of_several_attempts_at_once_one_begins(store: Store<impl Table>) {
    let attempts: Vec<Attempt> = (0..8).map(|n| attempt(n, "a", 0)).collect();
    let begun = join_all(attempts.iter().map(|attempt| store.begin_attempt(partner(1), attempt))).await;
    let (fresh, waiting): (Vec<Begun>, Vec<Begun>) =
        begun.into_iter().map(Result::unwrap).partition(|begun| *begun == Begun::Fresh);
    assert_eq!(fresh.len(), 1);
    assert_eq!(waiting, vec![Begun::InProgress(after(60)); 7]);
}

async fn a_request_that_was_done_is_answered_alike(store: Store<impl Table>) {
    let first = attempt(1, "a", 0);
    assert_eq!(store.begin_attempt(partner(1), &first).await, Ok(Begun::Fresh));
    store.finish_attempt(partner(1), &first, &answer("{}")).await.unwrap();
    assert_eq!(store.begin_attempt(partner(1), &attempt(2, "a", 3600)).await, Ok(Begun::Done(answer("{}"))));
}

async fn a_key_of_another_request_is_refused(store: Store<impl Table>) {
    let first = attempt(1, "a", 0);
    store.begin_attempt(partner(1), &first).await.unwrap();
    assert_eq!(store.begin_attempt(partner(1), &attempt(2, "b", 1)).await, Ok(Begun::OtherRequest));
    store.finish_attempt(partner(1), &first, &answer("{}")).await.unwrap();
    assert_eq!(store.begin_attempt(partner(1), &attempt(3, "b", 2)).await, Ok(Begun::OtherRequest));
}

async fn an_attempt_that_never_ended_is_taken_over_when_its_time_is_over(store: Store<impl Table>) {
    store.begin_attempt(partner(1), &attempt(1, "a", 0)).await.unwrap();
    assert_eq!(store.begin_attempt(partner(1), &attempt(2, "a", 59)).await, Ok(Begun::InProgress(after(60))));
    assert_eq!(store.begin_attempt(partner(1), &attempt(3, "a", 60)).await, Ok(Begun::Fresh));
    assert_eq!(store.begin_attempt(partner(1), &attempt(4, "a", 61)).await, Ok(Begun::InProgress(after(120))));
}

async fn an_attempt_that_was_overtaken_keeps_no_answer(store: Store<impl Table>) {
    let (slow, second) = (attempt(1, "a", 0), attempt(2, "a", 60));
    store.begin_attempt(partner(1), &slow).await.unwrap();
    store.begin_attempt(partner(1), &second).await.unwrap();
    assert!(store.finish_attempt(partner(1), &slow, &answer("slow")).await.is_err());
    assert_eq!(store.give_attempt_back(partner(1), &slow, false).await, Ok(Begun::InProgress(after(120))));
    store.finish_attempt(partner(1), &second, &answer("second")).await.unwrap();
    assert_eq!(store.begin_attempt(partner(1), &attempt(3, "a", 61)).await, Ok(Begun::Done(answer("second"))));
}

async fn an_attempt_that_was_given_back_begins_again_at_once(store: Store<impl Table>) {
    for (may_have_taken_effect, other) in [(false, Begun::Fresh), (true, Begun::OtherRequest)] {
        let key = format!("{may_have_taken_effect}");
        let keyed = |attempt: Attempt| Attempt { key: key.clone(), ..attempt };
        let first = keyed(attempt(1, "a", 0));
        store.begin_attempt(partner(1), &first).await.unwrap();
        let given_back = store.give_attempt_back(partner(1), &first, may_have_taken_effect).await;
        assert_eq!(given_back, Ok(Begun::Fresh));
        assert_eq!(store.begin_attempt(partner(1), &keyed(attempt(2, "b", 1))).await, Ok(other.clone()));
        if other == Begun::OtherRequest {
            assert_eq!(store.begin_attempt(partner(1), &keyed(attempt(3, "a", 1))).await, Ok(Begun::Fresh));
        }
    }
}

async fn what_stands_at_a_key_that_is_no_longer_ones_own_is_told_to_who_gives_it_back(store: Store<impl Table>) {
    let give_back = async |attempt: &Attempt| store.give_attempt_back(partner(1), attempt, true).await.unwrap();
    let first = attempt(1, "a", 0);
    assert_eq!(give_back(&first).await, Begun::Fresh, "nothing is there");
    store.begin_attempt(partner(1), &first).await.unwrap();
    store.finish_attempt(partner(1), &first, &answer("first")).await.unwrap();
    assert_eq!(give_back(&first).await, Begun::Done(answer("first")), "it is done, though its answer was lost");
    assert_eq!(give_back(&attempt(2, "a", 1)).await, Begun::Done(answer("first")), "another one is done");
    assert_eq!(give_back(&attempt(3, "b", 1)).await, Begun::OtherRequest);
    assert_eq!(store.begin_attempt(partner(1), &attempt(4, "a", 2)).await, Ok(Begun::Done(answer("first"))));
}

async fn keeping_the_same_answer_again_does_nothing(store: Store<impl Table>) {
    let first = attempt(1, "a", 0);
    store.begin_attempt(partner(1), &first).await.unwrap();
    store.finish_attempt(partner(1), &first, &answer("first")).await.unwrap();
    store.finish_attempt(partner(1), &first, &answer("second")).await.unwrap();
    assert_eq!(store.begin_attempt(partner(1), &attempt(2, "a", 1)).await, Ok(Begun::Done(answer("first"))));
}

async fn a_long_answer_is_kept_whole(store: Store<impl Table>) {
    let long = answer(&"a \"quoted\" text, ".repeat(50_000));
    let first = attempt(1, "a", 0);
    store.begin_attempt(partner(1), &first).await.unwrap();
    for _ in 0..2 {
        store.finish_attempt(partner(1), &first, &long).await.unwrap();
    }
    assert_eq!(store.begin_attempt(partner(1), &attempt(2, "a", 1)).await, Ok(Begun::Done(long.clone())));
    assert_eq!(store.give_attempt_back(partner(1), &first, true).await, Ok(Begun::Done(long)));
}

async fn a_key_is_new_again_after_a_day(store: Store<impl Table>) {
    let first = attempt(1, "a", 0);
    store.begin_attempt(partner(1), &first).await.unwrap();
    store.finish_attempt(partner(1), &first, &answer("{}")).await.unwrap();
    assert_eq!(store.begin_attempt(partner(1), &attempt(2, "b", 24 * 3600)).await, Ok(Begun::Fresh));
}

async fn partners_never_see_one_anothers_keys(store: Store<impl Table>) {
    store.begin_attempt(partner(1), &attempt(1, "a", 0)).await.unwrap();
    assert_eq!(store.begin_attempt(partner(0x11), &attempt(2, "b", 1)).await, Ok(Begun::Fresh));
}
