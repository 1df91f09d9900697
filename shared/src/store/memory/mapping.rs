//! Product and customer mappings and the catalogue of Sophos products, in memory.

use super::MemoryStore;
use super::shelf::Shelf;
use crate::domain::id::{AgreementId, CustomerId, PartnerId};
use crate::domain::mapping::{CustomerMapping, ProductMapping, ProductMappings};
use crate::error::StoreError;
use crate::ports::{CustomerNames, DiscoveredProduct, MappingStore};
use crate::store::version;

impl MappingStore for MemoryStore {
    async fn list_product_mappings(&self, partner: PartnerId) -> Result<ProductMappings, StoreError> {
        Ok(self.with(partner, |shelf| shelf.products.values().cloned().collect()))
    }

    async fn put_product_mapping(&self, partner: PartnerId, mapping: &ProductMapping) -> Result<(), StoreError> {
        self.with(partner, |shelf| {
            let stored = shelf.products.get(&mapping.code);
            if stored.map_or(0, |stored| stored.version) != mapping.version {
                return Err(version::product_conflict(mapping));
            }
            shelf.products.insert(mapping.code.clone(), version::next_product(mapping));
            Ok(())
        })
    }

    async fn add_discovered_products(
        &self,
        partner: PartnerId,
        products: &[DiscoveredProduct],
    ) -> Result<(), StoreError> {
        self.with(partner, |shelf| {
            for product in products {
                shelf.catalogue.entry(product.code.clone()).or_insert_with(|| product.clone());
            }
        });
        Ok(())
    }

    async fn list_discovered_products(&self, partner: PartnerId) -> Result<Vec<DiscoveredProduct>, StoreError> {
        Ok(self.with(partner, |shelf| shelf.catalogue.values().cloned().collect()))
    }

    async fn list_customer_mappings(
        &self,
        partner: PartnerId,
        prefix: &str,
    ) -> Result<Vec<(CustomerMapping, Option<CustomerNames>)>, StoreError> {
        let starts = |customer: &CustomerId| customer.to_string().starts_with(prefix);
        Ok(self.with(partner, |shelf| {
            let fitting = shelf.customers.iter().filter(|(customer, _)| starts(customer));
            fitting.map(|(_, stored)| stored.clone()).collect()
        }))
    }

    async fn put_customer_mapping(&self, partner: PartnerId, mapping: &CustomerMapping) -> Result<(), StoreError> {
        self.with(partner, |shelf| {
            let names = names_that_stay(shelf, mapping)?;
            let saved = version::next_customer(mapping);
            shelf.customers.insert(mapping.customer, (saved, names));
            Ok(())
        })
    }

    async fn touch_customer(
        &self,
        partner: PartnerId,
        customer: CustomerId,
        agreement: AgreementId,
        names: &CustomerNames,
        applied: bool,
    ) -> Result<(), StoreError> {
        self.with(partner, |shelf| {
            let stored = shelf.customers.get_mut(&customer);
            if let Some((mapping, known)) = stored.filter(|(mapping, _)| mapping.agreement == agreement) {
                *known = Some(names.clone());
                if applied {
                    mapping.applied = Some(agreement);
                }
            }
        });
        Ok(())
    }
}

/// The names that go on being right for the mapping, if it may be saved.
fn names_that_stay(shelf: &Shelf, mapping: &CustomerMapping) -> Result<Option<CustomerNames>, StoreError> {
    let stored = shelf.customers.get(&mapping.customer);
    if stored.map_or(0, |(stored, _)| stored.version) != mapping.version {
        return Err(version::customer_conflict(mapping));
    }
    let has_company = |(other, _): &(CustomerMapping, _)| other.company == mapping.company;
    let mut others = shelf.customers.values().filter(|(other, _)| other.customer != mapping.customer);
    if others.any(has_company) {
        return Err(version::company_conflict(mapping));
    }
    let same_place = stored.filter(|(former, _)| version::is_same_place(former, mapping));
    Ok(same_place.and_then(|(_, names)| names.clone()))
}
