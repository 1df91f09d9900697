//! What saving a mapping means, and how it is refused.

use crate::domain::id::CustomerId;
use crate::domain::mapping::{CustomerMapping, ProductMapping};
use crate::error::StoreError;
use crate::store::CustomerConflict;

/// The product mapping as it is stored when it was read at its version.
pub(super) fn next_product(mapping: &ProductMapping) -> ProductMapping {
    ProductMapping { version: mapping.version.saturating_add(1), ..mapping.clone() }
}

/// Whether the names that a run saw for one mapping are those of the other.
pub(super) fn is_same_place(one: &CustomerMapping, other: &CustomerMapping) -> bool {
    one.company == other.company && one.agreement == other.agreement
}

/// Someone else saved the product mapping.
pub(super) fn product_conflict(mapping: &ProductMapping) -> StoreError {
    StoreError::Conflict { what: format!("the mapping of {}", mapping.code) }
}

/// A single customer mapping cannot be saved: someone else saved it, or another customer has the company.
pub(super) fn customer_conflict(conflicts: &[CustomerConflict], customer: CustomerId) -> StoreError {
    let what = match conflicts.first() {
        Some(CustomerConflict::CompanyTaken { company, .. }) => {
            format!("the customer that company {company} is mapped to")
        }
        Some(CustomerConflict::Changed { .. }) | None => format!("the mapping of customer {customer}"),
    };
    StoreError::Conflict { what }
}
