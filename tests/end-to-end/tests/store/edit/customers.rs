//! Saves of many customer mappings, with the companies that they claim.

use shared::error::StoreError;
use shared::store::{CustomerConflict, Store, Subject};
use shared::table::Table;

use super::{companies, edits, mapped, put, remove, save};
use crate::on_both_tables;
use crate::values::{author, company, customer, partner};

on_both_tables!(
    thirty_customers_are_saved_at_once,
    customers_exchange_companies_in_one_save,
    a_company_goes_on_from_hand_to_hand_in_one_save,
    a_company_that_another_customer_keeps_is_refused_and_its_holder_named,
    two_rows_that_want_one_company_are_refused,
    a_company_whose_customer_is_unmapped_in_the_same_save_is_free,
    every_row_that_cannot_be_saved_is_named_and_nothing_is_stored,
    more_customers_or_one_twice_are_refused,
    pages_of_customers_join_up,
    who_has_a_company_is_told,
);

async fn thirty_customers_are_saved_at_once(store: Store<impl Table>) {
    let rows: Vec<_> = (1..=30).map(|n| put(n, 0, i64::from(n))).collect();
    let saved = save(&store, partner(1), &rows).await.unwrap();
    assert_eq!(saved, (1..=30).map(|n| mapped(n, 1, i64::from(n))).collect::<Vec<_>>());
    // All of them move on by one company: every row writes its mapping and a claim, one company is given up.
    let rows: Vec<_> = (1..=30).map(|n| put(n, 1, i64::from(n) + 1)).collect();
    save(&store, partner(1), &rows).await.unwrap();
    let expected: Vec<_> = (1..=30).map(|n| (n, i64::from(n) + 1)).collect();
    assert_eq!(companies(&store, partner(1)).await, expected);
    // All of them leave their companies for new ones: three actions a row.
    let rows: Vec<_> = (1..=30).map(|n| put(n, 2, i64::from(n) + 100)).collect();
    save(&store, partner(1), &rows).await.unwrap();
    let free: Vec<_> = (31..=60).map(|n| put(n, 0, i64::from(n) - 29)).collect();
    save(&store, partner(1), &free).await.unwrap();
    assert_eq!(edits(&store, partner(1)).await.len(), 120);
}

async fn customers_exchange_companies_in_one_save(store: Store<impl Table>) {
    save(&store, partner(1), &[put(1, 0, 3), put(2, 0, 4)]).await.unwrap();
    save(&store, partner(1), &[put(1, 1, 4), put(2, 1, 3)]).await.unwrap();
    assert_eq!(companies(&store, partner(1)).await, [(1, 4), (2, 3)]);
    let holders = store.list_company_holders(partner(1), &[company(3), company(4)]).await;
    assert_eq!(holders, Ok([(company(3), customer(2)), (company(4), customer(1))].into()));
}

async fn a_company_goes_on_from_hand_to_hand_in_one_save(store: Store<impl Table>) {
    save(&store, partner(1), &[put(1, 0, 3), put(2, 0, 4), put(3, 0, 5)]).await.unwrap();
    save(&store, partner(1), &[put(3, 1, 3), put(1, 1, 4), put(2, 1, 6)]).await.unwrap();
    assert_eq!(companies(&store, partner(1)).await, [(1, 4), (2, 6), (3, 3)]);
    // Company 5 was given up, and nobody else's was.
    save(&store, partner(1), &[put(4, 0, 5)]).await.unwrap();
    let taken = save(&store, partner(1), &[put(5, 0, 3)]).await.unwrap_err();
    assert!(matches!(taken[..], [CustomerConflict::CompanyTaken { holder, .. }] if holder == customer(3)), "{taken:?}");
}

async fn a_company_that_another_customer_keeps_is_refused_and_its_holder_named(store: Store<impl Table>) {
    save(&store, partner(1), &[put(1, 0, 3), put(2, 0, 4)]).await.unwrap();
    let taken = |n, number, holder| CustomerConflict::CompanyTaken {
        customer: customer(n),
        company: company(number),
        holder: customer(holder),
    };
    assert_eq!(save(&store, partner(1), &[put(3, 0, 3)]).await, Err(vec![taken(3, 3, 1)]));
    // Also when its holder is in the save, and stays.
    assert_eq!(save(&store, partner(1), &[put(3, 0, 3), put(1, 1, 3)]).await, Err(vec![taken(3, 3, 1)]));
    assert_eq!(save(&store, partner(1), &[put(1, 1, 4)]).await, Err(vec![taken(1, 4, 2)]));
    assert_eq!(companies(&store, partner(1)).await, [(1, 3), (2, 4)]);
    // Another partner's customers have companies of their own.
    save(&store, partner(0x11), &[put(3, 0, 3)]).await.unwrap();
}

async fn two_rows_that_want_one_company_are_refused(store: Store<impl Table>) {
    let conflicts = save(&store, partner(1), &[put(1, 0, 3), put(2, 0, 3)]).await.unwrap_err();
    let expected = CustomerConflict::CompanyTaken { customer: customer(2), company: company(3), holder: customer(1) };
    assert_eq!(conflicts, [expected]);
    assert_eq!(companies(&store, partner(1)).await, []);
}

async fn a_company_whose_customer_is_unmapped_in_the_same_save_is_free(store: Store<impl Table>) {
    save(&store, partner(1), &[put(1, 0, 3)]).await.unwrap();
    assert_eq!(save(&store, partner(1), &[put(2, 0, 3), remove(1, 1)]).await, Ok(vec![mapped(2, 1, 3)]));
    assert_eq!(companies(&store, partner(1)).await, [(2, 3)]);
    let unmapped = store.list_edits(partner(1), Some(&Subject::Customer(customer(1))), None, 10).await.unwrap();
    assert_eq!(unmapped.edits.len(), 2);
    let removal = unmapped.edits.iter().find(|edit| edit.after.is_none()).unwrap();
    assert_eq!(removal.before, Some(serde_json::to_value(mapped(1, 1, 3)).unwrap()));
}

async fn every_row_that_cannot_be_saved_is_named_and_nothing_is_stored(store: Store<impl Table>) {
    save(&store, partner(1), &[put(1, 0, 3), put(2, 0, 4)]).await.unwrap();
    let rows = [put(1, 0, 5), put(3, 0, 4), remove(2, 7), put(4, 2, 8), put(5, 0, 9)];
    let conflicts = save(&store, partner(1), &rows).await.unwrap_err();
    // Customer 2 would have left company 4; that it was changed meanwhile is told of itself.
    let changed = |n, now| CustomerConflict::Changed { customer: customer(n), now };
    let expected = [changed(1, Some(mapped(1, 1, 3))), changed(2, Some(mapped(2, 1, 4))), changed(4, None)];
    assert_eq!(conflicts, expected);
    assert_eq!(companies(&store, partner(1)).await, [(1, 3), (2, 4)]);
    assert_eq!(edits(&store, partner(1)).await.len(), 2);
    save(&store, partner(1), &[put(6, 0, 5), put(7, 0, 8)]).await.unwrap();
}

async fn more_customers_or_one_twice_are_refused(store: Store<impl Table>) {
    let many: Vec<_> = (1..=31).map(|n| put(n, 0, i64::from(n))).collect();
    for rows in [many, vec![put(1, 0, 3), remove(1, 0)]] {
        let refused = store.save_customer_mappings(partner(1), &author(0), &rows, None).await;
        assert!(matches!(refused, Err(StoreError::Refused { .. })), "{refused:?}");
    }
}

async fn pages_of_customers_join_up(store: Store<impl Table>) {
    let rows: Vec<_> = (1..=9).map(|n| put(n, 0, i64::from(n))).collect();
    save(&store, partner(1), &rows).await.unwrap();
    save(&store, partner(1), &[remove(3, 1), remove(4, 1), remove(9, 1)]).await.unwrap();
    let mut pages = Vec::new();
    let mut after = None;
    loop {
        let page = store.list_customer_mappings_after(partner(1), after, 2).await.unwrap();
        let page: Vec<_> = page.into_iter().map(|(mapping, _)| mapping.customer).collect();
        after = page.last().copied();
        let is_last = page.len() < 2;
        pages.push(page);
        if is_last {
            break;
        }
    }
    let expected = [vec![1, 2], vec![5, 6], vec![7, 8], vec![]];
    assert_eq!(pages, expected.map(|page| page.into_iter().map(customer).collect::<Vec<_>>()));
    assert_eq!(store.list_customer_mappings_after(partner(0x11), None, 2).await, Ok(vec![]));
}

async fn who_has_a_company_is_told(store: Store<impl Table>) {
    save(&store, partner(1), &[put(1, 0, 3), put(2, 0, 4)]).await.unwrap();
    let asked = [company(4), company(5), company(4)];
    let holders = store.list_company_holders(partner(1), &asked).await;
    assert_eq!(holders, Ok([(company(4), customer(2))].into()));
    assert_eq!(store.list_company_holders(partner(0x11), &asked).await, Ok([].into()));
}
