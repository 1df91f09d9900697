//! What a refresh of what runs saw comes to.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::limits;
use crate::domain::id::CustomerId;
use crate::domain::month::UsageMonth;
use crate::domain::plan::Customer;
use crate::error::StoreError;
use crate::store::Sighting;

/// What is to be written so that `customers` are the known ones.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CustomerChanges<'a> {
    pub(super) put: Vec<&'a Customer>,
    pub(super) remove: Vec<CustomerId>,
}

/// Refuses customers of another prefix: they would be removed by the next refresh of their own.
pub(super) fn check(prefix: &str, customers: &[Customer]) -> Result<(), StoreError> {
    match customers.iter().find(|customer| !customer.id.to_string().starts_with(prefix)) {
        Some(other) => limits::refuse(format!("customer {} is none of those that start with {prefix}", other.id)),
        None => Ok(()),
    }
}

/// Only what differs is written. Of a customer that Sophos listed twice the last one counts.
pub(super) fn changes<'a>(known: &[Customer], customers: &'a [Customer]) -> CustomerChanges<'a> {
    let now: BTreeMap<CustomerId, &Customer> = customers.iter().map(|customer| (customer.id, customer)).collect();
    let before: BTreeMap<CustomerId, &Customer> = known.iter().map(|customer| (customer.id, customer)).collect();
    let put = now.values().filter(|customer| before.get(&customer.id) != Some(*customer)).copied().collect();
    let gone: BTreeSet<CustomerId> = before.into_keys().filter(|id| !now.contains_key(id)).collect();
    CustomerChanges { put, remove: gone.into_iter().collect() }
}

/// The sighting of a product over the one before: an older month never hides what a later one showed.
pub(super) fn sight(before: Option<Sighting>, month: UsageMonth, units: u64, at: Timestamp) -> Sighting {
    let latest = Sighting { first_month: month, last_month: month, last_units: units, last_seen_at: at };
    match before {
        None => latest,
        Some(before) if before.last_month > month => Sighting { first_month: before.first_month.min(month), ..before },
        Some(before) => Sighting { first_month: before.first_month.min(month), ..latest },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(n: u128, name: &str) -> Customer {
        Customer {
            id: CustomerId::from_uuid(uuid::Uuid::from_u128(n)),
            name: name.into(),
            billing: "usage".into(),
            suspended: false,
        }
    }

    #[test]
    fn what_did_not_change_is_not_written() {
        let known = [listed(1, "a"), listed(2, "b"), listed(3, "c")];
        assert_eq!(changes(&known, &known), CustomerChanges { put: vec![], remove: vec![] });
        let now = [listed(3, "c"), listed(2, "renamed"), listed(4, "d")];
        let expected = CustomerChanges { put: vec![&now[1], &now[2]], remove: vec![known[0].id] };
        assert_eq!(changes(&known, &now), expected);
    }
}
