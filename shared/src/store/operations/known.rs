//! What runs saw: products, customers, and how customers' syncs ended.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::id::{CustomerId, PartnerId, ProductCode, PsaProductId};
use crate::domain::month::UsageMonth;
use crate::domain::plan::Customer;
use crate::domain::stamp::SyncStamp;
use crate::error::StoreError;
use crate::ports::{DiscoveredProduct, Ids, KnownPsaProduct, KnownStore, SeenProduct, Sighting};
use crate::store::Store;
use crate::store::item::{keys, known as row, mapping, read_body, text, with_body};
use crate::store::known;
use crate::store::limits::MAX_PAGE;
use crate::table::{Table, Write};

impl<T: Table, I: Ids> KnownStore for Store<T, I> {
    async fn refresh_products(
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
            let entry = row::product_to_entry(partner, product, &known::sight(read, month, *units, at))?;
            let write = Write::put(entry);
            writes.push(match read {
                Some(read) => write.if_equals(row::SEEN, text(&row::seen_to_json(&read)?)),
                None => write.if_missing(row::SEEN),
            });
        }
        // One that another run noted meanwhile is fresh enough: an unmet condition is no failure here.
        self.write_each(writes).await
    }

    async fn list_seen_products(&self, partner: PartnerId) -> Result<Vec<SeenProduct>, StoreError> {
        self.list(&keys::home(partner), keys::DISCOVERED, |entry| row::product_from_entry(&entry)).await
    }

    async fn refresh_known_customers(
        &self,
        partner: PartnerId,
        prefix: &str,
        customers: &[Customer],
    ) -> Result<(), StoreError> {
        known::check(prefix, customers)?;
        let read = |entry| read_body(&entry);
        let before: Vec<Customer> = self.list(&keys::home(partner), &keys::known_customers(prefix), read).await?;
        let changes = known::changes(&before, customers);
        let mut writes = Vec::new();
        for customer in changes.put {
            writes.push(Write::put(row::customer_to_entry(partner, customer)?));
        }
        let gone = changes.remove.into_iter();
        writes.extend(gone.map(|customer| Write::delete(keys::known_customer(partner, customer))));
        self.write_each(writes).await
    }

    async fn find_known_customer(
        &self,
        partner: PartnerId,
        customer: CustomerId,
    ) -> Result<Option<Customer>, StoreError> {
        let entry = self.table.get(&keys::known_customer(partner, customer)).await?;
        entry.as_ref().map(read_body).transpose()
    }

    async fn list_known_customers(
        &self,
        partner: PartnerId,
        after: Option<CustomerId>,
        limit: u32,
    ) -> Result<Vec<Customer>, StoreError> {
        let limit = limit.clamp(1, MAX_PAGE) as usize;
        let range = keys::known_customers_after(after);
        self.first_of_range(&keys::home(partner), &range, limit, |entry| read_body(entry).map(Some)).await
    }

    async fn list_customer_statuses(
        &self,
        partner: PartnerId,
        customers: &[CustomerId],
    ) -> Result<BTreeMap<CustomerId, SyncStamp>, StoreError> {
        let mut wanted: Vec<_> = customers.iter().map(|id| keys::customer_status(partner, *id)).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let found = self.table.get_many(wanted).await?;
        found.iter().map(|entry| Ok((mapping::customer_of_entry(entry)?, read_body(entry)?))).collect()
    }

    async fn put_psa_products(&self, partner: PartnerId, products: &[KnownPsaProduct]) -> Result<(), StoreError> {
        let mut writes = Vec::new();
        for known in products {
            writes.push(Write::put(with_body(&keys::psa_product(partner, known.product.id), known)?));
        }
        self.write_each(writes).await
    }

    async fn list_psa_products(
        &self,
        partner: PartnerId,
    ) -> Result<BTreeMap<PsaProductId, KnownPsaProduct>, StoreError> {
        let read = |entry| read_body::<KnownPsaProduct>(&entry);
        let known = self.list(&keys::home(partner), keys::PSA_PRODUCTS, read).await?;
        Ok(known.into_iter().map(|known| (known.product.id, known)).collect())
    }
}
