//! Listing runs, and cancelling them.

use jiff::Timestamp;
use shared::domain::run::{Run, RunState};
use shared::error::StoreError;
use shared::store::{Change, Chunk, ChunkKind, Store};
use shared::table::Table;

use super::commit;
use crate::on_both_tables;
use crate::values::{after, now, over, partner, run};

on_both_tables!(
    runs_are_paged_newest_first,
    rows_of_a_bucket_are_paged_whole_and_in_order,
    who_seizes_the_lease_keeps_its_owner_from_writing,
    a_lease_that_nobody_has_can_be_seized,
);

async fn runs_are_paged_newest_first(store: Store<impl Table>) {
    for slot in 1..=5 {
        let run = run(partner(1), slot);
        store.open_run(&run).await.unwrap();
        commit(&store, partner(1), vec![Change::PutRun(Box::new(over(&run)))]).await.unwrap();
    }
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = store.list_runs_before(partner(1), before.as_ref(), 2).await.unwrap();
        assert!(page.len() <= 2);
        seen.extend(page.iter().map(|run| run.request.slot.clone()));
        match page.last() {
            Some(last) => before = Some(last.id.clone()),
            None => break,
        }
    }
    assert_eq!(seen, ["5", "4", "3", "2", "1"]);
    assert_eq!(store.list_runs_before(partner(0x11), None, 2).await.unwrap(), []);
}

async fn rows_of_a_bucket_are_paged_whole_and_in_order(store: Store<impl Table>) {
    let run = run(partner(1), 1);
    store.open_run(&run).await.unwrap();
    let text = |page: u32, part: u32| format!("[\"{page}.{part}{}\"]", "x".repeat(250_000));
    let places: Vec<(u32, u32)> = (0..12).flat_map(|page| [(page, 0), (page, 1)]).collect();
    for some in places.chunks(8) {
        let chunk = |bucket: u32, (page, part): (u32, u32)| {
            Change::PutChunk(
                run.id.clone(),
                Chunk { kind: ChunkKind::Usage, bucket, page, part, rows: text(page, part) },
            )
        };
        commit(&store, partner(1), some.iter().map(|place| chunk(1, *place)).collect()).await.unwrap();
    }
    let other = Chunk { kind: ChunkKind::Usage, bucket: 10, page: 0, part: 0, rows: "[]".to_owned() };
    commit(&store, partner(1), vec![Change::PutChunk(run.id.clone(), other)]).await.unwrap();
    let (mut read, mut next, mut pages) = (Vec::new(), None::<String>, 0);
    loop {
        let page = store.list_chunk_page(partner(1), &run.id, ChunkKind::Usage, 1, next.as_deref()).await.unwrap();
        let bytes: usize = page.chunks.iter().map(String::len).sum();
        assert!(bytes <= 1_100_000, "{bytes} bytes in a page");
        read.extend(page.chunks);
        pages += 1;
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    let expected: Vec<String> = places.iter().map(|(page, part)| text(*page, *part)).collect();
    assert!(read == expected && pages > 2, "{} chunks in {pages} pages", read.len());
}

async fn who_seizes_the_lease_keeps_its_owner_from_writing(store: Store<impl Table>) {
    let run = run(partner(1), 1);
    store.open_run(&run).await.unwrap();
    let worker = store.acquire_lease(partner(1), "worker", now(), 60).await.unwrap().unwrap();
    let person = store.seize_lease(partner(1), "person", after(1), 60).await.unwrap();
    assert!(person.fencing_token > worker.fencing_token);
    let put = |run: &Run| vec![Change::PutRun(Box::new(run.clone()))];
    let until: Timestamp = after(120);
    let progressed = Run { buckets: 16, ..run.clone() };
    assert_eq!(store.commit(&worker, until, put(&progressed)).await, Err(StoreError::LeaseLost));
    let cancelled = Run { state: RunState::Cancelled { by: "anna@msp.example".to_owned() }, ..over(&run) };
    let person = store.commit(&person, until, put(&cancelled)).await.unwrap();
    store.release_lease(&person).await.unwrap();
    assert_eq!(store.find_run(partner(1), &run.id).await, Ok(Some(cancelled)));
    // Releasing the seized lease does not restore the worker's.
    assert_eq!(store.commit(&worker, until, put(&progressed)).await, Err(StoreError::LeaseLost));
    store.acquire_lease(partner(1), "next", after(2), 60).await.unwrap().unwrap();
}

async fn a_lease_that_nobody_has_can_be_seized(store: Store<impl Table>) {
    let first = store.seize_lease(partner(1), "person", now(), 60).await.unwrap();
    store.release_lease(&first).await.unwrap();
    let second = store.seize_lease(partner(1), "person", now(), 60).await.unwrap();
    assert!(second.fencing_token > first.fencing_token);
    assert!(store.acquire_lease(partner(1), "worker", after(1), 60).await.unwrap().is_err());
}
