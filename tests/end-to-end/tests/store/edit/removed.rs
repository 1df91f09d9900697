//! Customers whose mapping was removed: what stays of it, and that nobody saves over it unseen.

use shared::domain::mapping::CustomerMapping;
use shared::domain::psa::CustomerNames;
use shared::store::{CustomerConflict, Store};
use shared::table::Table;

use super::{companies, mapped, put, remove, save};
use crate::on_both_tables;
use crate::values::{agreement, customer, partner};

on_both_tables!(
    an_unmapped_customer_is_neither_found_nor_listed,
    who_read_a_mapping_before_it_was_removed_and_made_anew_cannot_save_it,
    a_customer_mapped_anew_remembers_the_agreement_that_was_applied,
    removing_what_is_not_there_changes_nothing,
    a_run_does_not_touch_a_customer_that_was_unmapped,
);

async fn an_unmapped_customer_is_neither_found_nor_listed(store: Store<impl Table>) {
    save(&store, partner(1), &[put(1, 0, 3), put(2, 0, 4)]).await.unwrap();
    assert_eq!(save(&store, partner(1), &[remove(1, 1)]).await, Ok(vec![]));
    assert_eq!(store.find_customer_mapping(partner(1), customer(1)).await, Ok(None));
    let found = store.find_customer_mapping(partner(1), customer(2)).await.unwrap().unwrap();
    assert_eq!(found, (mapped(2, 1, 4), None));
    assert_eq!(store.list_customer_mappings(partner(1), "").await, Ok(vec![(mapped(2, 1, 4), None)]));
    assert_eq!(companies(&store, partner(1)).await, [(2, 4)]);
}

async fn who_read_a_mapping_before_it_was_removed_and_made_anew_cannot_save_it(store: Store<impl Table>) {
    save(&store, partner(1), &[put(1, 0, 3)]).await.unwrap();
    save(&store, partner(1), &[remove(1, 1)]).await.unwrap();
    assert_eq!(save(&store, partner(1), &[put(1, 0, 4)]).await, Ok(vec![mapped(1, 3, 4)]));
    for row in [put(1, 1, 5), remove(1, 1), put(1, 2, 5), put(1, 0, 5)] {
        let now = Some(mapped(1, 3, 4));
        let changed = CustomerConflict::Changed { customer: customer(1), now };
        assert_eq!(save(&store, partner(1), &[row]).await, Err(vec![changed]));
    }
}

async fn a_customer_mapped_anew_remembers_the_agreement_that_was_applied(store: Store<impl Table>) {
    save(&store, partner(1), &[put(1, 0, 3)]).await.unwrap();
    let names =
        CustomerNames { company: "Acme".to_owned(), agreement: "Managed".to_owned(), ..CustomerNames::default() };
    store.touch_customer(partner(1), customer(1), agreement(30), &names, true).await.unwrap();
    save(&store, partner(1), &[remove(1, 1)]).await.unwrap();
    save(&store, partner(1), &[put(1, 0, 4)]).await.unwrap();
    let (mapping, names) = store.find_customer_mapping(partner(1), customer(1)).await.unwrap().unwrap();
    let expected = CustomerMapping { applied: Some(agreement(30)), ..mapped(1, 3, 4) };
    assert_eq!((mapping, names), (expected, None));
}

async fn removing_what_is_not_there_changes_nothing(store: Store<impl Table>) {
    assert_eq!(save(&store, partner(1), &[remove(1, 0)]).await, Ok(vec![]));
    assert_eq!(save(&store, partner(1), &[put(1, 0, 3)]).await, Ok(vec![mapped(1, 1, 3)]));
}

async fn a_run_does_not_touch_a_customer_that_was_unmapped(store: Store<impl Table>) {
    save(&store, partner(1), &[put(1, 0, 3)]).await.unwrap();
    save(&store, partner(1), &[remove(1, 1)]).await.unwrap();
    let names =
        CustomerNames { company: "Acme".to_owned(), agreement: "Managed".to_owned(), ..CustomerNames::default() };
    store.touch_customer(partner(1), customer(1), agreement(30), &names, true).await.unwrap();
    assert_eq!(store.find_customer_mapping(partner(1), customer(1)).await, Ok(None));
    assert_eq!(save(&store, partner(1), &[put(1, 0, 3)]).await, Ok(vec![mapped(1, 3, 3)]));
}
