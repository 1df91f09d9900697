//! Product and customer mappings, and the catalogue of Sophos products.

mod catalogue;
mod customers;
mod products;
mod touch;

use shared::domain::id::{CustomerId, PartnerId};
use shared::domain::mapping::CustomerMapping;
use shared::domain::psa::CustomerNames;
use shared::error::StoreError;
use shared::store::Store;
use shared::table::Table;

use super::values::{agreement, company, customer};

/// A new mapping of customer `n` to company and agreement.
fn mapped(n: u32, company_id: i64, agreement_id: i64) -> CustomerMapping {
    CustomerMapping::new(customer(n), company(company_id), agreement(agreement_id))
}

fn is_conflict<T>(result: &Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Conflict { .. }))
}

async fn stored(
    store: &Store<impl Table>,
    partner: PartnerId,
    customer: CustomerId,
) -> Option<(CustomerMapping, Option<CustomerNames>)> {
    let all = store.list_customer_mappings(partner, "").await.unwrap();
    all.into_iter().find(|(mapping, _)| mapping.customer == customer)
}
