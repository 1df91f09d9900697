//! What a run writes of a customer.

use shared::domain::id::PartnerId;
use shared::domain::mapping::CustomerMapping;
use shared::domain::psa::CustomerNames;
use shared::store::Store;
use shared::table::Table;

use super::{mapped, stored};
use crate::on_both_tables;
use crate::values::{agreement, customer, partner};

on_both_tables!(
    a_run_writes_names_and_leaves_the_version,
    an_applied_preview_is_remembered_for_the_agreement,
    a_mapping_that_is_gone_is_not_made_again,
    a_mapping_that_went_to_another_agreement_is_left_alone,
    names_stay_while_a_person_edits_and_go_with_the_agreement,
    a_person_who_saves_never_undoes_what_a_run_noted_meanwhile,
    another_partners_customer_is_not_touched,
);

fn names(company: &str) -> CustomerNames {
    CustomerNames { company: company.to_owned(), agreement: "Managed".to_owned(), ..CustomerNames::default() }
}

/// A run that saw customer 1 at agreement 5 writes what it learnt.
async fn touch(store: &Store<impl Table>, partner: PartnerId, company: &str, applied: bool) {
    let names = names(company);
    let touched = store.touch_customer(partner, customer(1), agreement(5), &names, applied);
    touched.await.unwrap();
}

async fn a_run_writes_names_and_leaves_the_version(store: Store<impl Table>) {
    store.put_customer_mapping(partner(1), &mapped(1, 3, 5)).await.unwrap();
    let read = CustomerMapping { version: 1, ..mapped(1, 3, 5) };
    for name in ["Acme", "Acme Ltd."] {
        touch(&store, partner(1), name, false).await;
        let expected = (read.clone(), Some(names(name)));
        assert_eq!(stored(&store, partner(1), customer(1)).await, Some(expected));
    }
    // A person who read the mapping before the run can still save it.
    let edited = CustomerMapping { sync: false, ..read };
    store.put_customer_mapping(partner(1), &edited).await.unwrap();
}

async fn an_applied_preview_is_remembered_for_the_agreement(store: Store<impl Table>) {
    store.put_customer_mapping(partner(1), &mapped(1, 3, 5)).await.unwrap();
    touch(&store, partner(1), "Acme", true).await;
    touch(&store, partner(1), "Acme", false).await;
    let (mapping, _) = stored(&store, partner(1), customer(1)).await.unwrap();
    assert_eq!((mapping.applied, mapping.version), (Some(agreement(5)), 1));
}

async fn a_mapping_that_is_gone_is_not_made_again(store: Store<impl Table>) {
    touch(&store, partner(1), "Acme", true).await;
    assert_eq!(stored(&store, partner(1), customer(1)).await, None);
}

async fn a_mapping_that_went_to_another_agreement_is_left_alone(store: Store<impl Table>) {
    store.put_customer_mapping(partner(1), &mapped(1, 3, 6)).await.unwrap();
    touch(&store, partner(1), "Acme", true).await;
    let (mapping, names) = stored(&store, partner(1), customer(1)).await.unwrap();
    assert_eq!((mapping.applied, names), (None, None));
}

async fn names_stay_while_a_person_edits_and_go_with_the_agreement(store: Store<impl Table>) {
    let mapping = |version, agreement| CustomerMapping { version, ..mapped(1, 3, agreement) };
    store.put_customer_mapping(partner(1), &mapping(0, 5)).await.unwrap();
    touch(&store, partner(1), "Acme", false).await;
    store.put_customer_mapping(partner(1), &mapping(1, 5)).await.unwrap();
    let expected = (mapping(2, 5), Some(names("Acme")));
    assert_eq!(stored(&store, partner(1), customer(1)).await, Some(expected));
    store.put_customer_mapping(partner(1), &mapping(2, 6)).await.unwrap();
    assert_eq!(stored(&store, partner(1), customer(1)).await, Some((mapping(3, 6), None)));
}

/// A person reads, a run notes that its preview was applied, the person saves: what the run noted must not be lost, or
/// the customer would be billed on its former agreement and on the new one, unseen.
async fn a_person_who_saves_never_undoes_what_a_run_noted_meanwhile(store: Store<impl Table>) {
    store.put_customer_mapping(partner(1), &mapped(1, 3, 5)).await.unwrap();
    let read = stored(&store, partner(1), customer(1)).await.unwrap().0;
    touch(&store, partner(1), "Acme", true).await;
    let switched_off = CustomerMapping { sync: false, ..read.clone() };
    store.put_customer_mapping(partner(1), &switched_off).await.unwrap();
    let (mapping, seen) = stored(&store, partner(1), customer(1)).await.unwrap();
    assert_eq!((mapping.applied, mapping.sync, seen), (Some(agreement(5)), false, Some(names("Acme"))));
    let moved = CustomerMapping { version: 2, agreement: agreement(6), ..read };
    store.put_customer_mapping(partner(1), &moved).await.unwrap();
    let (mapping, _) = stored(&store, partner(1), customer(1)).await.unwrap();
    assert_eq!((mapping.agreement, mapping.applied), (agreement(6), Some(agreement(5))));
}

async fn another_partners_customer_is_not_touched(store: Store<impl Table>) {
    store.put_customer_mapping(partner(0x11), &mapped(1, 3, 5)).await.unwrap();
    touch(&store, partner(1), "Acme", true).await;
    assert_eq!(stored(&store, partner(0x11), customer(1)).await.unwrap().1, None);
}
