//! Product and customer mappings, and the catalogue of Sophos products.

use crate::domain::id::{AgreementId, CustomerId, PartnerId};
use crate::domain::mapping::{CustomerMapping, ProductMapping, ProductMappings};
use crate::error::StoreError;
use crate::ports::{CustomerEdit, CustomerNames, DiscoveredProduct, Ids, MappingStore};
use crate::store::Store;
use crate::store::item::{keys, mapping as row, number, read_body, text, with_body};
use crate::store::version;
use crate::table::{Table, Write, Written};

impl<T: Table, I: Ids> MappingStore for Store<T, I> {
    async fn list_product_mappings(&self, partner: PartnerId) -> Result<ProductMappings, StoreError> {
        let read = |entry| row::product_from_entry(&entry);
        Ok(self.list(&keys::home(partner), keys::PRODUCT_MAPPINGS, read).await?.into_iter().collect())
    }

    async fn put_product_mapping(&self, partner: PartnerId, mapping: &ProductMapping) -> Result<(), StoreError> {
        let write = at_version(Write::put(row::product_to_next_entry(partner, mapping)?), mapping.version);
        match self.table.write(write).await? {
            Written::All => Ok(()),
            Written::Unmet(_) => Err(version::product_conflict(mapping)),
        }
    }

    async fn add_discovered_products(
        &self,
        partner: PartnerId,
        products: &[DiscoveredProduct],
    ) -> Result<(), StoreError> {
        let known = self.list_discovered_products(partner).await?;
        let new = products.iter().filter(|product| known.iter().all(|k| k.code != product.code));
        let writes: Result<Vec<Write>, StoreError> = new
            .map(|product| {
                let entry = with_body(&keys::discovered(partner, &product.code), product)?;
                Ok(Write::put(entry).if_absent())
            })
            .collect();
        // One that became known meanwhile is left as it is: an unmet condition is no failure here.
        self.write_each(writes?).await
    }

    async fn list_discovered_products(&self, partner: PartnerId) -> Result<Vec<DiscoveredProduct>, StoreError> {
        self.list(&keys::home(partner), keys::DISCOVERED, |entry| read_body(&entry)).await
    }

    async fn list_customer_mappings(
        &self,
        partner: PartnerId,
        prefix: &str,
    ) -> Result<Vec<(CustomerMapping, Option<CustomerNames>)>, StoreError> {
        let prefix = keys::customer_mappings(prefix);
        let mapped = self.list(&keys::home(partner), &prefix, |entry| row::customer_from_entry(&entry)).await?;
        Ok(mapped.into_iter().flatten().collect())
    }

    async fn put_customer_mapping(&self, partner: PartnerId, mapping: &CustomerMapping) -> Result<(), StoreError> {
        let rows = [CustomerEdit::Put(mapping.clone())];
        let saved = self.save_customers(partner, None, &rows, None).await?;
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
        let mut set = vec![(row::NAMES, text(&row::names_to_json(names)?))];
        if applied {
            set.push((row::APPLIED, number(agreement)));
        }
        let write =
            Write::update(keys::customer_mapping(partner, customer), set).if_equals(row::AGREEMENT, number(agreement));
        // A mapping that is gone or went to another agreement has nothing to learn from this run.
        self.table.write(write).await?;
        Ok(())
    }
}

pub(super) fn at_version(write: Write, version: u64) -> Write {
    if version == 0 { write.if_absent() } else { write.if_equals(row::VERSION, number(version)) }
}
