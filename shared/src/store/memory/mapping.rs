//! Product and customer mappings and the catalogue of Sophos products, in memory.

use super::MemoryStore;
use super::edit::save_customers;
use crate::domain::id::{AgreementId, CustomerId, PartnerId};
use crate::domain::mapping::{CustomerMapping, ProductMapping, ProductMappings};
use crate::error::StoreError;
use crate::ports::{CustomerEdit, CustomerNames, DiscoveredProduct, MappingStore};
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
        let starts = |customer: &&CustomerId| customer.to_string().starts_with(prefix);
        Ok(self.with(partner, |shelf| {
            let fitting = shelf.customers.keys().filter(starts);
            fitting.filter_map(|customer| shelf.mapped(customer)).collect()
        }))
    }

    async fn put_customer_mapping(&self, partner: PartnerId, mapping: &CustomerMapping) -> Result<(), StoreError> {
        let rows = [CustomerEdit::Put(mapping.clone())];
        let saved = self.with(partner, |shelf| save_customers(shelf, None, &rows, None))?;
        saved.map(drop).map_err(|conflicts| version::customer_conflict(&conflicts, mapping.customer))
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
            let Some((row, known)) = shelf.customers.get_mut(&customer) else { return };
            let Some(mapping) = row.mapping.as_mut().filter(|mapping| mapping.agreement == agreement) else { return };
            *known = Some(names.clone());
            if applied {
                mapping.applied = Some(agreement);
                row.applied = Some(agreement);
            }
        });
        Ok(())
    }
}
