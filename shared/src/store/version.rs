//! What saving a mapping means, the same for both stores.

use crate::domain::mapping::{CustomerMapping, ProductMapping};
use crate::error::StoreError;

/// The product mapping as it is stored when it was read at its version.
pub(super) fn next_product(mapping: &ProductMapping) -> ProductMapping {
    ProductMapping { version: mapping.version.saturating_add(1), ..mapping.clone() }
}

/// The customer mapping as it is stored when it was read at its version.
pub(super) fn next_customer(mapping: &CustomerMapping) -> CustomerMapping {
    CustomerMapping { version: mapping.version.saturating_add(1), ..mapping.clone() }
}

/// Whether the names that a run saw for one mapping are those of the other.
pub(super) fn is_same_place(one: &CustomerMapping, other: &CustomerMapping) -> bool {
    one.company == other.company && one.agreement == other.agreement
}

/// Someone else saved the product mapping.
pub(super) fn product_conflict(mapping: &ProductMapping) -> StoreError {
    StoreError::Conflict { what: format!("the mapping of {}", mapping.code) }
}

/// Someone else saved the customer mapping.
pub(super) fn customer_conflict(mapping: &CustomerMapping) -> StoreError {
    StoreError::Conflict { what: format!("the mapping of customer {}", mapping.customer) }
}

/// Another customer has the company.
pub(super) fn company_conflict(mapping: &CustomerMapping) -> StoreError {
    StoreError::Conflict { what: format!("the customer that company {} is mapped to", mapping.company) }
}
