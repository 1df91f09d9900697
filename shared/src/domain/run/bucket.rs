//! The buckets that a run's customers are cut into: ranges of ids.

use super::Run;
use crate::domain::id::CustomerId;

/// The bucket of a customer: by the first hex digit of its id, so that buckets are ranges of ids.
#[must_use]
pub fn bucket_of(customer: CustomerId, buckets: u32) -> u32 {
    if buckets == 1 {
        return 0;
    }
    let text = customer.to_string();
    text.chars().next().and_then(|c| c.to_digit(16)).unwrap_or(0)
}

impl Run {
    /// The bucket of the usage lines of a customer; those without a customer have the one behind the last.
    #[must_use]
    pub fn bucket_of(&self, customer: Option<CustomerId>) -> u32 {
        customer.map_or(self.buckets, |customer| bucket_of(customer, self.buckets))
    }
}
