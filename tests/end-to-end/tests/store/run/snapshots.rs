//! What was written to all agreements, page by page.

use std::collections::BTreeMap;

use shared::store::{Change, Store};
use shared::table::Table;

use super::commit;
use crate::on_both_tables;
use crate::values::{agreement, partner, snapshot};

on_both_tables!(all_agreements_are_listed_once_whatever_the_page_and_none_of_another_partner);

async fn all_agreements_are_listed_once_whatever_the_page_and_none_of_another_partner(store: Store<impl Table>) {
    let numbers = [5, 9, 10, 50, 99, 100, 501];
    let changes = numbers.map(|n| Change::PutSnapshot(agreement(n), snapshot(n)));
    commit(&store, partner(1), changes.into()).await.unwrap();
    commit(&store, partner(0x11), vec![Change::PutSnapshot(agreement(7), snapshot(7))]).await.unwrap();
    let expected: BTreeMap<_, _> = numbers.map(|n| (agreement(n), snapshot(n))).into();
    for limit in [1, 2, 7, 1_000] {
        let (mut found, mut after, mut rows) = (BTreeMap::new(), None, 0);
        loop {
            let page = store.list_snapshots(partner(1), after, limit).await.unwrap();
            assert!(page.len() <= limit as usize);
            rows += page.len();
            after = page.last().map(|(agreement, _)| *agreement);
            found.extend(page);
            if after.is_none() {
                break;
            }
        }
        assert_eq!((&found, rows), (&expected, numbers.len()), "{limit}");
    }
    assert_eq!(store.list_snapshots(partner(2), None, 9).await.unwrap(), []);
}
