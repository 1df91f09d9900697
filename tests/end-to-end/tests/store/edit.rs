//! What people edit: saves of many rows, all or nothing, pages, and the audit.

mod audit;
mod customers;
mod kept;
mod products;
mod race;
mod removed;

use shared::domain::id::PartnerId;
use shared::domain::mapping::CustomerMapping;
use shared::store::{CustomerConflict, CustomerEdit, Edit, Store};
use shared::table::Table;

use crate::values::{agreement, author, company, customer};

/// A mapping of customer `n` that was read at a version.
fn mapped(n: u32, version: u64, company_id: i64) -> CustomerMapping {
    CustomerMapping { version, ..CustomerMapping::new(customer(n), company(company_id), agreement(company_id * 10)) }
}

/// A row that maps customer `n`, read at a version, to a company.
fn put(n: u32, version: u64, company_id: i64) -> CustomerEdit {
    CustomerEdit::Put(mapped(n, version, company_id))
}

/// A row that unmaps customer `n`.
fn remove(n: u32, version: u64) -> CustomerEdit {
    CustomerEdit::Remove { customer: customer(n), version }
}

async fn save(
    store: &Store<impl Table>,
    partner: PartnerId,
    rows: &[CustomerEdit],
) -> Result<Vec<CustomerMapping>, Vec<CustomerConflict>> {
    store.save_customer_mappings(partner, &author(0), rows, None).await.unwrap()
}

/// The company of each mapped customer among the first hundred, by the number that made its id.
async fn companies(store: &Store<impl Table>, partner: PartnerId) -> Vec<(u32, i64)> {
    let numbers = 0..100;
    let mapped = store.list_customer_mappings_after(partner, None, 1_000).await.unwrap();
    let number = |mapping: &CustomerMapping| numbers.clone().find(|n| customer(*n) == mapping.customer).unwrap();
    mapped.iter().map(|(mapping, _)| (number(mapping), i64::from(mapping.company))).collect()
}

/// The whole audit, newest first.
async fn edits(store: &Store<impl Table>, partner: PartnerId) -> Vec<Edit> {
    let page = store.list_edits(partner, None, None, 1_000).await.unwrap();
    assert_eq!(page.next, None);
    page.edits
}
