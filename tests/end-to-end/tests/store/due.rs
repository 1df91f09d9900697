//! When partners are due.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::join_all;
use shared::domain::follow_up::FollowUp;
use shared::domain::id::PartnerId;
use shared::store::{Due, DueFor, Store};
use shared::table::Table;
use shared::table::{DUE_SHARD, NEXT_RUN_AT, PARTITION_KEY, SORT_KEY};
use simulators::table::LocalTable;

use super::on_both_tables;
use super::values::{self, after, at, now, partner};

on_both_tables!(
    a_partner_without_a_date_is_not_due,
    a_date_replaces_the_one_before,
    a_date_is_kept_to_the_nanosecond,
    the_longest_due_come_first_and_the_others_not_at_all,
    no_more_than_the_limit_are_given,
    every_partner_is_in_one_shard,
    of_many_who_advance_a_partner_one_does,
    a_partner_who_was_moved_meanwhile_is_not_advanced,
    a_look_is_due_beside_the_occasion_and_ends_only_at_its_own_time,
    a_retry_names_its_run_however_many_came_after_it,
);

/// The first partners that share a shard with partner 1, found as anyone would: by looking.
async fn neighbours(store: &Store<impl Table>, count: usize) -> (u8, Vec<PartnerId>) {
    let mut shards: Vec<Vec<PartnerId>> = Vec::new();
    let all: Vec<PartnerId> = (1..=(count as u128 * 40)).map(partner).collect();
    for partner in &all {
        store.put_due(*partner, now()).await.unwrap();
    }
    for shard in 0..16 {
        let due = store.list_due(shard, now(), 10_000).await.unwrap();
        shards.push(due.into_iter().map(|due| due.partner).collect());
    }
    let shard = shards.iter().position(|partners| partners.contains(&partner(1))).unwrap();
    for partner in &all {
        store.put_due(*partner, at("2999-01-01T00:00:00Z")).await.unwrap();
    }
    let mine: Vec<PartnerId> = shards[shard].iter().copied().take(count).collect();
    assert_eq!(mine.len(), count, "too few partners to find neighbours");
    (u8::try_from(shard).unwrap(), mine)
}

async fn a_partner_without_a_date_is_not_due(store: Store<impl Table>) {
    assert_eq!(store.find_due(partner(1)).await, Ok(None));
    for shard in 0..16 {
        assert_eq!(store.list_due(shard, now(), 10).await, Ok(vec![]));
    }
}

async fn a_date_replaces_the_one_before(store: Store<impl Table>) {
    for date in [after(10), after(5)] {
        store.put_due(partner(1), date).await.unwrap();
        assert_eq!(store.find_due(partner(1)).await, Ok(Some(date)));
    }
}

async fn a_date_is_kept_to_the_nanosecond(store: Store<impl Table>) {
    let date = at("2026-11-30T01:12:00.000000001Z");
    store.put_due(partner(1), date).await.unwrap();
    assert_eq!(store.advance_due(partner(1), now(), after(60)).await, Ok(false));
    assert_eq!(store.advance_due(partner(1), date, after(60)).await, Ok(true));
}

async fn the_longest_due_come_first_and_the_others_not_at_all(store: Store<impl Table>) {
    let (shard, partners) = neighbours(&store, 4).await;
    for (partner, seconds) in partners.iter().zip([-5, -300, 0, 1]) {
        store.put_due(*partner, after(seconds)).await.unwrap();
    }
    let due = |n: usize, seconds| Due { partner: partners[n], due_for: DueFor::Occasion, next_run_at: after(seconds) };
    let expected = vec![due(1, -300), due(0, -5), due(2, 0)];
    assert_eq!(store.list_due(shard, now(), 10).await, Ok(expected));
}

async fn no_more_than_the_limit_are_given(store: Store<impl Table>) {
    let (shard, partners) = neighbours(&store, 3).await;
    for (partner, seconds) in partners.iter().zip([-1, -2, -3]) {
        store.put_due(*partner, after(seconds)).await.unwrap();
    }
    let due = store.list_due(shard, now(), 2).await.unwrap();
    let due: Vec<PartnerId> = due.into_iter().map(|due| due.partner).collect();
    assert_eq!(due, [partners[2], partners[1]]);
    assert_eq!(store.list_due(shard, now(), 0).await, Ok(vec![]));
}

async fn every_partner_is_in_one_shard(store: Store<impl Table>) {
    let all: BTreeSet<PartnerId> = (0..160).map(partner).collect();
    for partner in &all {
        store.put_due(*partner, now()).await.unwrap();
    }
    let mut found = Vec::new();
    let mut used = 0;
    for shard in 0..16 {
        let due = store.list_due(shard, now(), 1_000).await.unwrap();
        used += usize::from(!due.is_empty());
        found.extend(due.into_iter().map(|due| due.partner));
    }
    assert_eq!(found.len(), 160);
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), all);
    assert!(used > 8, "160 partners stand in {used} of 16 shards");
}

async fn of_many_who_advance_a_partner_one_does(store: Store<impl Table>) {
    store.put_due(partner(1), now()).await.unwrap();
    let advancing = (1..=8).map(|n| store.advance_due(partner(1), now(), after(n)));
    let advanced: Vec<bool> = join_all(advancing).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(advanced.iter().filter(|advanced| **advanced).count(), 1);
    let winner = advanced.iter().position(|advanced| *advanced).unwrap();
    let moved_to = after(i64::try_from(winner).unwrap() + 1);
    assert_eq!(store.find_due(partner(1)).await, Ok(Some(moved_to)));
}

async fn a_partner_who_was_moved_meanwhile_is_not_advanced(store: Store<impl Table>) {
    assert_eq!(store.advance_due(partner(1), now(), after(60)).await, Ok(false));
    assert_eq!(store.find_due(partner(1)).await, Ok(None));
    store.put_due(partner(1), after(1)).await.unwrap();
    assert_eq!(store.advance_due(partner(1), now(), after(60)).await, Ok(false));
    assert_eq!(store.find_due(partner(1)).await, Ok(Some(after(1))));
}

async fn a_look_is_due_beside_the_occasion_and_ends_only_at_its_own_time(store: Store<impl Table>) {
    let looks = async |at| {
        let mut looks = Vec::new();
        for shard in 0..16 {
            let due = store.list_due(shard, at, 10).await.unwrap();
            looks.extend(
                due.into_iter()
                    .filter(|due| due.due_for == DueFor::FollowUp(FollowUp::RetryFailedRun))
                    .map(|due| due.next_run_at),
            );
        }
        looks
    };
    store.put_due(partner(1), after(60)).await.unwrap();
    store.schedule_follow_up(partner(1), FollowUp::RetryFailedRun, Some(after(10))).await.unwrap();
    assert_eq!(looks(now()).await, []);
    assert_eq!(looks(after(10)).await, [after(10)]);
    assert_eq!(store.find_due(partner(1)).await, Ok(Some(after(60))), "the occasion stays");
    store.end_follow_up(partner(1), FollowUp::RetryFailedRun, after(9)).await.unwrap();
    assert_eq!(looks(after(10)).await, [after(10)], "it was set to another time meanwhile");
    store.end_follow_up(partner(1), FollowUp::RetryFailedRun, after(10)).await.unwrap();
    store.end_follow_up(partner(1), FollowUp::RetryFailedRun, after(10)).await.unwrap();
    assert_eq!(looks(after(100)).await, []);
    store.schedule_follow_up(partner(1), FollowUp::RetryFailedRun, Some(after(20))).await.unwrap();
    store.schedule_follow_up(partner(1), FollowUp::ResumeStalledRun, Some(after(30))).await.unwrap();
    store.end_follow_up(partner(1), FollowUp::ResumeStalledRun, after(20)).await.unwrap();
    store.schedule_follow_up(partner(1), FollowUp::ResumeStalledRun, None).await.unwrap();
    assert_eq!(looks(after(100)).await, [after(20)], "each reason has its own time");
    store.schedule_follow_up(partner(1), FollowUp::RetryFailedRun, None).await.unwrap();
    assert_eq!(looks(after(100)).await, []);
}

async fn a_retry_names_its_run_however_many_came_after_it(store: Store<impl Table>) {
    let run = values::run(partner(1), 0);
    store.open_run(&run).await.unwrap();
    assert_eq!(store.find_retry(run.request.partner).await, Ok(None));
    store.put_retry(run.request.partner, &run.id, after(10)).await.unwrap();
    assert_eq!(store.find_retry(run.request.partner).await.unwrap().unwrap().id, run.id);
    assert_eq!(store.find_retry(partner(9)).await, Ok(None), "another partner's");
    store.schedule_follow_up(run.request.partner, FollowUp::RetryFailedRun, None).await.unwrap();
    assert_eq!(store.find_retry(run.request.partner).await, Ok(None));
}

#[tokio::test]
async fn a_due_entry_that_cannot_be_read_does_not_keep_the_others_of_its_shard_from_being_due() {
    let table = LocalTable::in_memory().await.unwrap();
    let store = table.store();
    let (shard, partners) = neighbours(&store, 2).await;
    for partner in &partners {
        store.put_due(*partner, after(-1)).await.unwrap();
    }
    let broken = [("P#no-partner#D", "2026-11-30T01:00:00.000000000Z"), ("P#other#D", "2026-11-29 at noon")];
    for (partition, date) in broken {
        let text = |value: &str| AttributeValue::S(value.to_owned());
        let call = table.client().put_item().table_name(table.name()).item(PARTITION_KEY, text(partition));
        let call = call.item(SORT_KEY, text("DUE")).item(NEXT_RUN_AT, text(date));
        call.item(DUE_SHARD, text(&format!("DUE#{shard}"))).send().await.unwrap();
    }
    // Both stand before the others; a page of one entry is all unreadable, and the next one is read behind it.
    for (limit, expected) in [(10, 2), (1, 1)] {
        let due = store.list_due(shard, now(), limit).await.unwrap();
        assert_eq!(due.len(), expected);
        assert!(due.iter().all(|due| partners.contains(&due.partner)), "{due:?}");
    }
    table.stop().await.unwrap();
}
