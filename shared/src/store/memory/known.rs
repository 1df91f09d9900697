//! What runs saw, in memory.

use std::collections::BTreeMap;
use std::ops::Bound;

use jiff::Timestamp;

use super::MemoryStore;
use crate::domain::id::{CustomerId, PartnerId, PsaProductId};
use crate::domain::month::UsageMonth;
use crate::domain::plan::Customer;
use crate::domain::stamp::SyncStamp;
use crate::error::StoreError;
use crate::ports::{DiscoveredProduct, KnownPsaProduct, KnownStore, SeenProduct};
use crate::store::known;
use crate::store::limits::MAX_PAGE;

impl KnownStore for MemoryStore {
    async fn refresh_products(
        &self,
        partner: PartnerId,
        month: UsageMonth,
        at: Timestamp,
        products: &[(DiscoveredProduct, u64)],
    ) -> Result<(), StoreError> {
        self.with(partner, |shelf| {
            for (product, units) in products {
                let before = shelf.sightings.get(&product.code).copied();
                shelf.sightings.insert(product.code.clone(), known::sight(before, month, *units, at));
                shelf.catalogue.insert(product.code.clone(), product.clone());
            }
        });
        Ok(())
    }

    async fn list_seen_products(&self, partner: PartnerId) -> Result<Vec<SeenProduct>, StoreError> {
        Ok(self.with(partner, |shelf| {
            let seen = |product: &DiscoveredProduct| shelf.sightings.get(&product.code).copied();
            let products = shelf.catalogue.values();
            products.map(|product| SeenProduct { product: product.clone(), seen: seen(product) }).collect()
        }))
    }

    async fn refresh_known_customers(
        &self,
        partner: PartnerId,
        prefix: &str,
        customers: &[Customer],
    ) -> Result<(), StoreError> {
        known::check(prefix, customers)?;
        self.with(partner, |shelf| {
            let of_prefix = shelf.known.values().filter(|known| known.id.to_string().starts_with(prefix));
            let before: Vec<Customer> = of_prefix.cloned().collect();
            let changes = known::changes(&before, customers);
            shelf.known.extend(changes.put.into_iter().map(|customer| (customer.id, customer.clone())));
            shelf.known.retain(|customer, _| !changes.remove.contains(customer));
        });
        Ok(())
    }

    async fn find_known_customer(
        &self,
        partner: PartnerId,
        customer: CustomerId,
    ) -> Result<Option<Customer>, StoreError> {
        Ok(self.with(partner, |shelf| shelf.known.get(&customer).cloned()))
    }

    async fn list_known_customers(
        &self,
        partner: PartnerId,
        after: Option<CustomerId>,
        limit: u32,
    ) -> Result<Vec<Customer>, StoreError> {
        let limit = limit.clamp(1, MAX_PAGE) as usize;
        let behind = (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
        Ok(self.with(partner, |shelf| shelf.known.range(behind).take(limit).map(|(_, known)| known.clone()).collect()))
    }

    async fn list_customer_statuses(
        &self,
        partner: PartnerId,
        customers: &[CustomerId],
    ) -> Result<BTreeMap<CustomerId, SyncStamp>, StoreError> {
        Ok(self.with(partner, |shelf| {
            let status = |customer: &CustomerId| Some((*customer, shelf.statuses.get(customer)?.clone()));
            customers.iter().filter_map(status).collect()
        }))
    }

    async fn put_psa_products(&self, partner: PartnerId, products: &[KnownPsaProduct]) -> Result<(), StoreError> {
        let products = products.iter().map(|known| (known.product.id, known.clone()));
        self.with(partner, |shelf| shelf.psa_products.extend(products));
        Ok(())
    }

    async fn list_psa_products(
        &self,
        partner: PartnerId,
    ) -> Result<BTreeMap<PsaProductId, KnownPsaProduct>, StoreError> {
        Ok(self.with(partner, |shelf| shelf.psa_products.clone()))
    }
}
