//! Product and customer mappings, and the catalogue of Sophos products.

use crate::domain::id::{AgreementId, CustomerId, PartnerId};
use crate::domain::mapping::{CustomerMapping, ProductMapping, ProductMappings};
use crate::error::StoreError;
use crate::store::Store;
use crate::store::item::{keys, mapping as row, number, read_body, text, with_body};
use crate::store::version;
use crate::store::{CustomerEdit, CustomerNames, DiscoveredProduct};
use crate::table::{Table, Write, Written};

impl<T: Table> Store<T> {
    /// All product mappings of a partner.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_product_mappings(&self, partner: PartnerId) -> Result<ProductMappings, StoreError> {
        let read = |entry| row::product_from_entry(&entry);
        Ok(self.list(&keys::home(partner), keys::PRODUCT_MAPPINGS, read).await?.into_iter().collect())
    }

    /// Saves a product mapping that was read at `mapping.version`; what is stored has the next version.
    ///
    /// # Errors
    /// `Conflict` when someone else saved it meanwhile.
    pub async fn put_product_mapping(&self, partner: PartnerId, mapping: &ProductMapping) -> Result<(), StoreError> {
        let write = at_version(Write::put(row::product_to_next_entry(partner, mapping)?), mapping.version);
        match self.table.write(write).await? {
            Written::All => Ok(()),
            Written::Unmet(_) => Err(version::product_conflict(mapping)),
        }
    }

    /// Adds Sophos products to the partner's catalogue; known ones are left as they are. Maps nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_discovered_products(
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

    /// The partner's catalogue of Sophos products.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_discovered_products(&self, partner: PartnerId) -> Result<Vec<DiscoveredProduct>, StoreError> {
        self.list(&keys::home(partner), keys::DISCOVERED, |entry| read_body(&entry)).await
    }

    /// The mappings of the customers whose id starts with `prefix` (lower-case hex digits, at most 8; empty for all),
    /// by customer, with their names where a run has seen them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_customer_mappings(
        &self,
        partner: PartnerId,
        prefix: &str,
    ) -> Result<Vec<(CustomerMapping, Option<CustomerNames>)>, StoreError> {
        let prefix = keys::customer_mappings(prefix);
        let mapped = self.list(&keys::home(partner), &prefix, |entry| row::customer_from_entry(&entry)).await?;
        Ok(mapped.into_iter().flatten().collect())
    }

    /// Saves a customer mapping that was read at `mapping.version` and claims its company. `mapping.applied` counts for
    /// the first save only: what a run has written of a customer meanwhile (names, the applied agreement) stays, but for
    /// the names of a place that it left.
    ///
    /// # Errors
    /// `Conflict` when someone else saved it meanwhile, or another customer of the partner has the company.
    pub async fn put_customer_mapping(&self, partner: PartnerId, mapping: &CustomerMapping) -> Result<(), StoreError> {
        let rows = [CustomerEdit::Put(mapping.clone())];
        let saved = self.save_customers(partner, None, &rows, None).await?;
        saved.map(drop).map_err(|conflicts| version::customer_conflict(&conflicts, mapping.customer))
    }

    /// Writes what a run learnt of a customer, leaving its version alone: names, and the agreement for which a person
    /// applied a preview. Does nothing when the mapping is gone or went to another agreement.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn touch_customer(
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
