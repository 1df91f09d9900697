//! The rows that a run keeps.

use shared::store::{Change, Chunk, ChunkKind, Store};
use shared::table::Table;

use super::commit;
use crate::on_both_tables;
use crate::values::{chunk, partner, run};

on_both_tables!(
    a_buckets_rows_come_by_page_and_part,
    a_page_read_twice_replaces_its_chunks,
    buckets_and_kinds_are_kept_apart,
    more_than_a_page_of_the_table_is_read_whole,
    runs_and_partners_never_see_one_anothers_rows,
);

fn put(slot: i64, chunk: Chunk) -> Change {
    Change::PutChunk(run(partner(1), slot).id, chunk)
}

async fn usage(store: &Store<impl Table>, bucket: u32) -> Vec<String> {
    let run = run(partner(1), 1).id;
    store.list_chunks(partner(1), &run, ChunkKind::Usage, bucket).await.unwrap()
}

async fn a_buckets_rows_come_by_page_and_part(store: Store<impl Table>) {
    let places = [(10, 0), (2, 1), (2, 0), (2, 10), (2, 9)];
    let chunks = places.map(|(page, part)| put(1, chunk(0, page, part, &format!("{page}.{part}"))));
    commit(&store, partner(1), chunks.to_vec()).await.unwrap();
    assert_eq!(usage(&store, 0).await, ["2.0", "2.1", "2.9", "2.10", "10.0"]);
}

async fn a_page_read_twice_replaces_its_chunks(store: Store<impl Table>) {
    for rows in ["first", "second"] {
        commit(&store, partner(1), vec![put(1, chunk(0, 1, 0, rows))]).await.unwrap();
    }
    assert_eq!(usage(&store, 0).await, ["second"]);
}

async fn buckets_and_kinds_are_kept_apart(store: Store<impl Table>) {
    let kinds = [
        ChunkKind::Customers,
        ChunkKind::Usage,
        ChunkKind::Mapped,
        ChunkKind::Agreements,
        ChunkKind::Products,
        ChunkKind::UnreadableAgreements,
        ChunkKind::UnreadableCustomers,
    ];
    let of = |kind, bucket: u32| Chunk { kind, ..chunk(bucket, 1, 0, &format!("{kind:?} {bucket}")) };
    let buckets = [1, 11, 256];
    let all = kinds.iter().flat_map(|kind| buckets.map(|bucket| put(1, of(*kind, bucket))));
    commit(&store, partner(1), all.collect()).await.unwrap();
    let run = run(partner(1), 1).id;
    for kind in kinds {
        for bucket in buckets {
            let rows = store.list_chunks(partner(1), &run, kind, bucket).await;
            assert_eq!(rows, Ok(vec![format!("{kind:?} {bucket}")]));
        }
        assert_eq!(store.list_chunks(partner(1), &run, kind, 2).await, Ok(vec![]));
    }
}

async fn more_than_a_page_of_the_table_is_read_whole(store: Store<impl Table>) {
    let rows = |page: u32| format!("{page}{}", "x".repeat(250_000));
    for page in 0..10 {
        commit(&store, partner(1), vec![put(1, chunk(0, page, 0, &rows(page)))]).await.unwrap();
    }
    assert_eq!(usage(&store, 0).await, (0..10).map(rows).collect::<Vec<_>>());
}

async fn runs_and_partners_never_see_one_anothers_rows(store: Store<impl Table>) {
    commit(&store, partner(1), vec![put(2, chunk(0, 1, 0, "run 2"))]).await.unwrap();
    assert_eq!(usage(&store, 0).await, Vec::<String>::new());
    let run_2 = run(partner(1), 2).id;
    let foreign = store.list_chunks(partner(0x11), &run_2, ChunkKind::Usage, 0).await;
    assert_eq!(foreign, Ok(vec![]));
}
