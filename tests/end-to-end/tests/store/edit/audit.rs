//! The audit of edits.

use serde_json::json;
use shared::error::StoreError;
use shared::store::{Edit, Store, Subject};
use shared::table::Table;

use super::{edits, put, save};
use crate::on_both_tables;
use crate::values::{after, code, customer, partner, product};

on_both_tables!(
    edits_are_listed_newest_first,
    pages_of_the_audit_join_up_also_inside_of_a_save,
    the_edits_of_one_subject_are_listed_alone,
    edits_of_the_same_time_are_all_kept,
    partners_never_see_one_anothers_edits,
    a_page_that_never_was_is_refused,
);

/// An edit of a product in ConnectWise.
fn edit(s: i64, n: i64) -> Edit {
    Edit {
        at: after(s),
        who: "clerk@example.com".to_owned(),
        subject: Subject::PsaProduct(product(n)),
        before: Some(json!({"price": "1.00"})),
        after: Some(json!({"price": n.to_string()})),
        note: None,
    }
}

async fn edits_are_listed_newest_first(store: Store<impl Table>) {
    for s in [1, 3, 2] {
        store.add_edits(partner(1), &[edit(s, s)], None).await.unwrap();
    }
    store.add_edits(partner(1), &[], None).await.unwrap();
    assert_eq!(edits(&store, partner(1)).await, [edit(3, 3), edit(2, 2), edit(1, 1)]);
}

async fn pages_of_the_audit_join_up_also_inside_of_a_save(store: Store<impl Table>) {
    for s in 0..4 {
        let save: Vec<Edit> = (1..=3).map(|n| edit(s, 10 * s + n)).collect();
        store.add_edits(partner(1), &save, None).await.unwrap();
    }
    let expected: Vec<Edit> = (0..4).rev().flat_map(|s| (1..=3).map(move |n| edit(s, 10 * s + n))).collect();
    for limit in [1, 2, 3, 4, 5, 12, 13] {
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let page = store.list_edits(partner(1), None, after.as_deref(), limit).await.unwrap();
            assert!(page.edits.len() <= limit as usize && !page.edits.is_empty());
            all.extend(page.edits);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(all, expected, "{limit}");
    }
}

async fn the_edits_of_one_subject_are_listed_alone(store: Store<impl Table>) {
    save(&store, partner(1), &[put(1, 0, 3), put(2, 0, 4)]).await.unwrap();
    store.add_edits(partner(1), &[edit(1, 1), edit(1, 2)], None).await.unwrap();
    save(&store, partner(1), &[put(1, 1, 3)]).await.unwrap();
    let list = async |of: Subject| store.list_edits(partner(1), Some(&of), None, 10).await.unwrap();
    let of_customer = list(Subject::Customer(customer(1))).await;
    assert_eq!((of_customer.edits.len(), of_customer.next), (2, None));
    assert_eq!(list(Subject::PsaProduct(product(2))).await.edits, [edit(1, 2)]);
    assert_eq!(list(Subject::Product(code("A"))).await.edits, []);
    let first = store.list_edits(partner(1), Some(&Subject::Customer(customer(1))), None, 1).await.unwrap();
    let next = first.next.unwrap();
    let second = store.list_edits(partner(1), Some(&Subject::Customer(customer(1))), Some(&next), 1).await.unwrap();
    assert_eq!((first.edits.len(), second.edits.len(), second.next), (1, 1, None));
}

async fn edits_of_the_same_time_are_all_kept(store: Store<impl Table>) {
    let adding = (1..=8).map(|n| {
        let store = store.clone();
        async move { store.add_edits(partner(1), &[edit(1, n)], None).await }
    });
    for added in futures::future::join_all(adding).await {
        added.unwrap();
    }
    assert_eq!(edits(&store, partner(1)).await.len(), 8);
}

async fn partners_never_see_one_anothers_edits(store: Store<impl Table>) {
    store.add_edits(partner(1), &[edit(1, 1)], None).await.unwrap();
    assert_eq!(edits(&store, partner(0x11)).await, []);
    store.add_edits(partner(0x11), &[edit(2, 2)], None).await.unwrap();
    assert_eq!(edits(&store, partner(1)).await, [edit(1, 1)]);
}

async fn a_page_that_never_was_is_refused(store: Store<impl Table>) {
    for after in ["", "x", "x#", "x#-1", "é#1", &format!("{}#1", "x".repeat(300))] {
        let refused = store.list_edits(partner(1), None, Some(after), 10).await;
        assert!(matches!(refused, Err(StoreError::Refused { .. })), "{after}: {refused:?}");
    }
}
