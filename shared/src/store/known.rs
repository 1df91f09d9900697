//! Products and customers as the last run saw them, and how each customer's last sync ended.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::customer::Customer;
use crate::domain::id::{CustomerId, PartnerId, ProductCode, PsaProductId};
use crate::domain::month::UsageMonth;
use crate::domain::psa::PsaProduct;
use crate::domain::sync_status::CustomerSyncStatus;
use crate::error::StoreError;
use crate::store::entry::{find_text, from_json, read_body, text, to_json, with_body};
use crate::store::instant::HISTORY_DAYS;
use crate::store::limits::MAX_PAGE;
use crate::store::{Store, instant, keys, limits, mapping};
use crate::table::{EXPIRY, Entry, Table, Write};

/// When a product was seen, as JSON. An attribute of its own, because conditions compare it.
const SEEN: &str = "seen";

/// A Sophos product as it appears in the usage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DiscoveredProduct {
    /// The product code in the usage.
    pub code: ProductCode,
    /// The name that Sophos gives it.
    pub description: String,
    /// What is counted: User, Server or Device.
    pub group: String,
}

/// When a product was seen in the usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sighting {
    /// The earliest usage month in which a run saw it.
    pub first_month: UsageMonth,
    /// The latest usage month in which a run saw it.
    pub last_month: UsageMonth,
    /// Its units in the latest month, all customers together.
    pub last_units: u64,
    /// When a run read those units.
    pub last_seen_at: Timestamp,
}

/// A Sophos product of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenProduct {
    /// The product's code and name.
    pub product: DiscoveredProduct,
    /// When it was seen; none before the first run that counted its units.
    pub seen: Option<Sighting>,
}

/// A ConnectWise product to which something is or was mapped, as it was last seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KnownPsaProduct {
    #[serde(flatten)]
    pub product: PsaProduct,
    /// Whether ConnectWise no longer has it; the product is then as it was last seen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gone: bool,
}

impl<T: Table> Store<T> {
    /// Stores that a run saw these products with these numbers of units in a month's usage at `at`; adds those that are
    /// new. One write for each product. A month older than the latest one seen does not change the units.
    ///
    /// # Errors
    /// [`StoreError`]; some may be written by then.
    pub async fn refresh_products(
        &self,
        partner: PartnerId,
        month: UsageMonth,
        at: Timestamp,
        products: &[(DiscoveredProduct, u64)],
    ) -> Result<(), StoreError> {
        let before: BTreeMap<ProductCode, Option<Sighting>> =
            self.list_seen_products(partner).await?.into_iter().map(|known| (known.product.code, known.seen)).collect();
        let mut writes = Vec::new();
        for (product, units) in products {
            let read = before.get(&product.code).copied().flatten();
            let entry = product_to_entry(partner, product, &next_sighting(read, month, *units, at))?;
            let write = Write::put(entry);
            writes.push(match read {
                Some(read) => write.if_equals(SEEN, text(&seen_to_json(&read)?)),
                None => write.if_missing(SEEN),
            });
        }
        // An unmet condition is fine: another run has just stored a fresh sighting.
        self.write_each(writes).await
    }

    /// The partner's catalogue of Sophos products with their sightings, in the order of their codes.
    pub async fn list_seen_products(&self, partner: PartnerId) -> Result<Vec<SeenProduct>, StoreError> {
        self.list(&keys::home(partner), keys::DISCOVERED, |entry| product_from_entry(&entry)).await
    }

    /// Makes `customers` the known customers whose id starts with `prefix` (lower-case hex digits, at most 8; empty for
    /// all): adds, changes and removes what differs. `customers` must be complete for the prefix.
    ///
    /// # Errors
    /// `Refused` for a customer of another prefix; otherwise [`StoreError`], some may be written by then.
    pub async fn refresh_known_customers(
        &self,
        partner: PartnerId,
        prefix: &str,
        customers: &[Customer],
    ) -> Result<(), StoreError> {
        check_prefix(prefix, customers)?;
        let read = |entry| read_body(&entry);
        let before: Vec<Customer> = self.list(&keys::home(partner), &keys::known_customers(prefix), read).await?;
        let changes = changes(&before, customers);
        let mut writes = Vec::new();
        for customer in changes.put {
            writes.push(Write::put(customer_to_entry(partner, customer)?));
        }
        let gone = changes.remove.into_iter();
        writes.extend(gone.map(|customer| Write::delete(keys::known_customer(partner, customer))));
        self.write_each(writes).await
    }

    /// A customer as a run last saw it in Sophos, if a run has seen it.
    pub async fn find_known_customer(
        &self,
        partner: PartnerId,
        customer: CustomerId,
    ) -> Result<Option<Customer>, StoreError> {
        let entry = self.table.get(&keys::known_customer(partner, customer)).await?;
        entry.as_ref().map(read_body).transpose()
    }

    /// At most `limit` (1 to 1,000) known customers after `after`, in the order of their ids; fewer only at the end.
    pub async fn list_known_customers(
        &self,
        partner: PartnerId,
        after: Option<CustomerId>,
        limit: u32,
    ) -> Result<Vec<Customer>, StoreError> {
        let limit = limit.clamp(1, MAX_PAGE) as usize;
        let range = keys::known_customers_after(after);
        self.first_of_range(&keys::home(partner), &range, limit, |entry| read_body(entry).map(Some)).await
    }

    /// How the last sync of each of these customers ended; a customer that was never synced is left out.
    pub async fn list_customer_statuses(
        &self,
        partner: PartnerId,
        customers: &[CustomerId],
    ) -> Result<BTreeMap<CustomerId, CustomerSyncStatus>, StoreError> {
        let mut keys: Vec<_> = customers.iter().map(|id| keys::customer_status(partner, *id)).collect();
        keys.sort_unstable();
        keys.dedup();
        let found = self.table.get_many(keys).await?;
        found.iter().map(|entry| Ok((mapping::customer_of_entry(entry)?, read_body(entry)?))).collect()
    }

    /// Stores these ConnectWise products as they were just seen. One write for each product.
    ///
    /// # Errors
    /// [`StoreError`]; some may be written by then.
    pub async fn put_psa_products(&self, partner: PartnerId, products: &[KnownPsaProduct]) -> Result<(), StoreError> {
        let mut writes = Vec::new();
        for known in products {
            writes.push(Write::put(with_body(&keys::psa_product(partner, known.product.id), known)?));
        }
        self.write_each(writes).await
    }

    /// The stored ConnectWise products by id: those that something is or was mapped to.
    pub async fn list_psa_products(
        &self,
        partner: PartnerId,
    ) -> Result<BTreeMap<PsaProductId, KnownPsaProduct>, StoreError> {
        let read = |entry| read_body::<KnownPsaProduct>(&entry);
        let known = self.list(&keys::home(partner), keys::PSA_PRODUCTS, read).await?;
        Ok(known.into_iter().map(|known| (known.product.id, known)).collect())
    }
}

fn customer_to_entry(partner: PartnerId, customer: &Customer) -> Result<Entry, StoreError> {
    with_body(&keys::known_customer(partner, customer.id), customer)
}

pub(super) fn status_to_entry(
    partner: PartnerId,
    customer: CustomerId,
    status: &CustomerSyncStatus,
) -> Result<Entry, StoreError> {
    let mut entry = with_body(&keys::customer_status(partner, customer), status)?;
    entry.insert(EXPIRY.to_owned(), instant::expiry(status.at, HISTORY_DAYS));
    Ok(entry)
}

fn product_to_entry(partner: PartnerId, product: &DiscoveredProduct, seen: &Sighting) -> Result<Entry, StoreError> {
    let mut entry = with_body(&keys::discovered(partner, &product.code), product)?;
    entry.insert(SEEN.to_owned(), text(&seen_to_json(seen)?));
    Ok(entry)
}

fn seen_to_json(seen: &Sighting) -> Result<String, StoreError> {
    to_json(SEEN, seen)
}

fn product_from_entry(entry: &Entry) -> Result<SeenProduct, StoreError> {
    let seen = find_text(entry, SEEN).map(|json| from_json(entry, json)).transpose()?;
    Ok(SeenProduct { product: read_body(entry)?, seen })
}

/// What to write so that the given customers become the known ones.
#[derive(Debug, PartialEq, Eq)]
struct CustomerChanges<'a> {
    pub(super) put: Vec<&'a Customer>,
    pub(super) remove: Vec<CustomerId>,
}

/// Refuses customers of another prefix: the next refresh of that prefix would remove them.
fn check_prefix(prefix: &str, customers: &[Customer]) -> Result<(), StoreError> {
    match customers.iter().find(|customer| !customer.id.to_string().starts_with(prefix)) {
        Some(other) => limits::refuse(format!("customer {} is none of those that start with {prefix}", other.id)),
        None => Ok(()),
    }
}

/// The differences alone. If Sophos lists a customer twice, the last one counts.
fn changes<'a>(known: &[Customer], customers: &'a [Customer]) -> CustomerChanges<'a> {
    let now: BTreeMap<CustomerId, &Customer> = customers.iter().map(|customer| (customer.id, customer)).collect();
    let before: BTreeMap<CustomerId, &Customer> = known.iter().map(|customer| (customer.id, customer)).collect();
    let put = now.values().filter(|customer| before.get(&customer.id) != Some(*customer)).copied().collect();
    let gone: BTreeSet<CustomerId> = before.into_keys().filter(|id| !now.contains_key(id)).collect();
    CustomerChanges { put, remove: gone.into_iter().collect() }
}

/// The sighting that replaces the one before: an older month never overwrites the units of a later one.
fn next_sighting(before: Option<Sighting>, month: UsageMonth, units: u64, at: Timestamp) -> Sighting {
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
    fn only_customers_that_changed_are_written() {
        let known = [listed(1, "a"), listed(2, "b"), listed(3, "c")];
        assert_eq!(changes(&known, &known), CustomerChanges { put: vec![], remove: vec![] });
        let now = [listed(3, "c"), listed(2, "renamed"), listed(4, "d")];
        let expected = CustomerChanges { put: vec![&now[1], &now[2]], remove: vec![known[0].id] };
        assert_eq!(changes(&known, &now), expected);
    }
}
