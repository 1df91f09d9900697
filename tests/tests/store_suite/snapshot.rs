//! What was written to all agreements of a partner, page by page.

use std::collections::BTreeSet;

use shared::domain::id::AgreementId;
use shared::ports::Change;

use super::values::{after, agreement, now, partner, snapshot};
use super::{Store, on_both_stores};

on_both_stores!(pages_of_snapshots_join_up_and_are_the_partners_own,);

async fn pages_of_snapshots_join_up_and_are_the_partners_own(store: impl Store) {
    let numbers = [1, 2, 9, 10, 11, 99, 100, 101, 1_000];
    for n in [1, 17] {
        let lease = store.acquire_lease(partner(n), "me", now(), 60).await.unwrap().unwrap();
        let changes = numbers.map(|number| Change::PutSnapshot(agreement(number), snapshot(3))).to_vec();
        store.commit(&lease, after(60), changes).await.unwrap();
    }
    let (mut seen, mut behind): (Vec<AgreementId>, _) = (Vec::new(), None);
    loop {
        let page = store.list_snapshots(partner(1), behind, 2).await.unwrap();
        assert!(page.iter().all(|(_, read)| *read == snapshot(3)));
        seen.extend(page.iter().map(|(agreement, _)| *agreement));
        if page.len() < 2 {
            break;
        }
        behind = seen.last().copied();
    }
    assert_eq!(seen.len(), numbers.len(), "each once");
    assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), numbers.map(agreement).into());
    assert_eq!(store.list_snapshots(partner(2), None, 10).await.unwrap(), []);
}
