//! The local table itself.

use shared::ports::Sealed;
use shared::store::{Change, ChunkKind};
use simulators::table::LocalTable;

use crate::values::{chunk, partner, run};

#[tokio::test]
async fn a_table_in_a_file_keeps_what_it_has_when_it_is_served_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("table.db");
    let sealed = Sealed("sealed".to_owned());
    let table = LocalTable::in_file(&file, 0).await.unwrap();
    table.store().put_credentials(partner(1), &sealed).await.unwrap();
    table.stop().await.unwrap();
    let table = LocalTable::in_file(&file, 0).await.unwrap();
    assert_eq!(table.store().find_credentials(partner(1)).await, Ok(Some(sealed)));
    table.stop().await.unwrap();
}

#[tokio::test]
async fn a_port_that_is_taken_is_said_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let table = LocalTable::in_memory().await.unwrap();
    let port = table.url().rsplit(':').next().unwrap().parse().unwrap();
    let second = LocalTable::in_file(&folder.path().join("table.db"), port).await;
    assert!(second.is_err_and(|error| error.to_string().starts_with("no loopback port for the table")));
    table.stop().await.unwrap();
}

#[tokio::test]
async fn a_sweep_removes_chunks_three_days_after_their_run_and_nothing_younger() {
    #[expect(clippy::disallowed_methods, reason = "entries expire by the wall clock")]
    let now = jiff::Timestamp::now();
    let days_ago = |days: i64| now - jiff::SignedDuration::from_hours(24 * days);
    let table = LocalTable::in_memory().await.unwrap();
    let (store, run) = (table.store(), run(partner(1), 1).id);
    let mut lease = store.acquire_lease(partner(1), "worker", now, 60).await.unwrap().unwrap();
    for (page, age) in [(1, 4), (2, 2)] {
        let change = Change::PutChunk(run.clone(), chunk(0, page, 0, &age.to_string()));
        lease = store.commit(&lease, days_ago(age), vec![change]).await.unwrap();
    }
    assert_eq!(table.sweep().await.unwrap(), 1);
    let left = store.list_chunks(partner(1), &run, ChunkKind::Usage, 0).await;
    assert_eq!(left, Ok(vec!["2".to_owned()]));
    table.stop().await.unwrap();
}
