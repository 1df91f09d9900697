//! Saves of many product mappings.

use shared::domain::mapping::ProductMapping;
use shared::error::StoreError;
use shared::store::{ProductConflict, Store, Subject};
use shared::table::Table;

use super::edits;
use crate::on_both_tables;
use crate::values::{after, author, code, partner, product};

on_both_tables!(
    ninety_rows_are_saved_at_once_with_their_edits,
    a_save_with_rows_that_others_changed_stores_nothing_and_names_each_with_what_it_is_now,
    a_row_is_saved_by_one_of_many_who_read_the_same_version,
    a_save_of_nothing_is_done,
    more_rows_or_a_product_twice_are_refused,
    a_product_is_found_by_its_code,
    large_rows_are_saved_with_their_edits_in_several_entries,
);

fn row(n: usize, version: u64) -> ProductMapping {
    let discovered = ProductMapping::discovered(code(&format!("P-{n:02}")), false);
    ProductMapping { version, ..discovered.map_to(product(7), None) }
}

async fn save(store: &Store<impl Table>, rows: &[ProductMapping]) -> Result<Vec<ProductMapping>, Vec<ProductConflict>> {
    store.save_product_mappings(partner(1), &author(0), rows, None).await.unwrap()
}

async fn ninety_rows_are_saved_at_once_with_their_edits(store: Store<impl Table>) {
    let rows: Vec<ProductMapping> = (0..90).map(|n| row(n, 0)).collect();
    let saved = save(&store, &rows).await.unwrap();
    let expected: Vec<ProductMapping> = (0..90).map(|n| row(n, 1)).collect();
    assert_eq!(saved, expected);
    let stored = store.list_product_mappings(partner(1)).await.unwrap();
    assert_eq!(stored.iter().cloned().collect::<Vec<_>>(), expected);
    let edits = edits(&store, partner(1)).await;
    assert_eq!(edits.len(), 90);
    for (n, edit) in edits.iter().enumerate() {
        assert_eq!(edit.subject, Subject::Product(row(n, 1).code));
        assert_eq!((edit.at, edit.who.as_str()), (after(0), "clerk@example.com"));
        assert_eq!(edit.note.as_deref(), Some("as agreed"));
        assert_eq!((&edit.before, &edit.after), (&None, &Some(serde_json::to_value(row(n, 1)).unwrap())));
    }
    let switched = rows[0].clone().switch(false).unwrap();
    let switched = ProductMapping { version: 1, ..switched };
    save(&store, std::slice::from_ref(&switched)).await.unwrap();
    let edit = store.list_edits(partner(1), Some(&Subject::Product(row(0, 1).code)), None, 10).await.unwrap();
    let last = edit.edits.iter().find(|edit| edit.before.is_some()).unwrap();
    assert_eq!(last.before, Some(serde_json::to_value(row(0, 1)).unwrap()));
    assert_eq!(last.after, Some(serde_json::to_value(ProductMapping { version: 2, ..switched }).unwrap()));
}

async fn a_save_with_rows_that_others_changed_stores_nothing_and_names_each_with_what_it_is_now(
    store: Store<impl Table>,
) {
    save(&store, &[row(1, 0), row(2, 0), row(3, 0)]).await.unwrap();
    save(&store, &[row(2, 1)]).await.unwrap();
    let late = [row(1, 1), row(2, 1), row(3, 0), row(4, 1), row(5, 0)];
    let conflicts = save(&store, &late).await.unwrap_err();
    let changed =
        |n, version: Option<u64>| ProductConflict { code: row(n, 0).code, now: version.map(|version| row(n, version)) };
    assert_eq!(conflicts, [changed(2, Some(2)), changed(3, Some(1)), changed(4, None)]);
    let stored = store.list_product_mappings(partner(1)).await.unwrap();
    let versions: Vec<u64> = stored.iter().map(|mapping| mapping.version).collect();
    assert_eq!(versions, [1, 2, 1]);
    assert_eq!(edits(&store, partner(1)).await.len(), 4, "a refused save leaves no edit");
}

async fn a_row_is_saved_by_one_of_many_who_read_the_same_version(store: Store<impl Table>) {
    let saving = (0..8).map(|n| {
        let store = store.clone();
        async move { save(&store, &[row(20 + n, 0), row(1, 0)]).await }
    });
    let saved = futures::future::join_all(saving).await;
    assert_eq!(saved.iter().filter(|saved| saved.is_ok()).count(), 1, "{saved:?}");
    let refused = saved.iter().filter_map(|saved| saved.as_ref().err());
    for conflicts in refused {
        assert_eq!(conflicts, &[ProductConflict { code: row(1, 0).code, now: Some(row(1, 1)) }]);
    }
    assert_eq!(store.list_product_mappings(partner(1)).await.unwrap().iter().count(), 2);
}

async fn a_save_of_nothing_is_done(store: Store<impl Table>) {
    assert_eq!(save(&store, &[]).await, Ok(vec![]));
    assert_eq!(edits(&store, partner(1)).await, []);
}

async fn more_rows_or_a_product_twice_are_refused(store: Store<impl Table>) {
    let many: Vec<ProductMapping> = (0..91).map(|n| row(n, 0)).collect();
    for rows in [many, vec![row(1, 0), row(2, 0), row(1, 0)]] {
        let refused = store.save_product_mappings(partner(1), &author(0), &rows, None).await;
        assert!(matches!(refused, Err(StoreError::Refused { .. })), "{refused:?}");
    }
    assert_eq!(store.list_product_mappings(partner(1)).await.unwrap().iter().count(), 0);
}

async fn a_product_is_found_by_its_code(store: Store<impl Table>) {
    save(&store, &[row(1, 0), row(2, 0)]).await.unwrap();
    assert_eq!(store.find_product_mapping(partner(1), &row(2, 0).code).await, Ok(Some(row(2, 1))));
    assert_eq!(store.find_product_mapping(partner(1), &row(3, 0).code).await, Ok(None));
    assert_eq!(store.find_product_mapping(partner(0x11), &row(2, 0).code).await, Ok(None));
}

async fn large_rows_are_saved_with_their_edits_in_several_entries(store: Store<impl Table>) {
    let reason = "because ".repeat(12_000);
    let rows: Vec<ProductMapping> =
        (0..9).map(|n| ProductMapping::discovered(code(&format!("P-{n}")), false).exclude(reason.clone())).collect();
    save(&store, &rows).await.unwrap();
    let edits = edits(&store, partner(1)).await;
    let subjects: Vec<Subject> = edits.into_iter().map(|edit| edit.subject).collect();
    assert_eq!(subjects, rows.iter().map(|row| Subject::Product(row.code.clone())).collect::<Vec<_>>());
}
