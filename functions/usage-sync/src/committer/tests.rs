//! The order in which requests are written.

use futures::FutureExt;

use super::*;

fn ledger_of(reads: Vec<ReadFor>) -> Counted {
    let ledger = CustomerLedger {
        customer: None,
        name: "Nobody".into(),
        company: None,
        agreement: None,
        next_invoice: None,
        lines: Vec::new(),
        created: 0,
        updated: 0,
        ..CustomerLedger::default()
    };
    Counted { ledger, reads, to_retry: false, members: MembersSeen::default() }
}

#[tokio::test]
async fn who_waits_to_go_on_is_written_before_the_ledgers_of_customers_without_a_change() {
    let (commits, mut incoming) = channel();
    let mut unchanged = std::pin::pin!(commits.finish(Vec::new(), ledger_of(Vec::new())));
    let mut changed = std::pin::pin!(commits.finish(Vec::new(), ledger_of(vec![ReadFor::Change])));
    let mut begun = std::pin::pin!(commits.commit(Vec::new()));
    // Each sends what it has, and waits.
    assert!(unchanged.as_mut().now_or_never().is_none());
    assert!(changed.as_mut().now_or_never().is_none());
    assert!(begun.as_mut().now_or_never().is_none());
    let reads = |batch: Vec<CommitRequest>| -> Vec<Option<usize>> {
        batch.iter().map(|request| request.counted.as_ref().map(|counted| counted.reads.len())).collect()
    };
    assert_eq!(incoming.next().await.map(reads), Some(vec![Some(1), None]));
    assert_eq!(incoming.next().await.map(reads), Some(vec![Some(0)]));
}
