//! What runs saw: products, customers, and how customers' syncs ended.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::id::{CustomerId, PartnerId, ProductCode, PsaProductId};
use crate::domain::month::UsageMonth;
use crate::domain::plan::Customer;
use crate::domain::stamp::SyncStamp;
use crate::error::StoreError;
use crate::store::Store;
use crate::store::item::{keys, known as row, mapping, read_body, text, with_body};
use crate::store::known;
use crate::store::limits::MAX_PAGE;
use crate::store::{DiscoveredProduct, KnownPsaProduct, SeenProduct, Sighting};
use crate::table::{Table, Write};

impl<T: Table> Store<T> {
    /// Notes that a run saw these products with so many units in a month's usage at `at`; adds those that are new. One
    /// write a product. A month older than the latest seen leaves the units alone.
    ///
    /// # Errors
    /// [`StoreError`]; some may be noted by then.
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

    /// The partner's catalogue of Sophos products with when they were seen, by code.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_seen_products(&self, partner: PartnerId) -> Result<Vec<SeenProduct>, StoreError> {
        self.list(&keys::home(partner), keys::DISCOVERED, |entry| row::product_from_entry(&entry)).await
    }

    /// Makes `customers` the known ones of those whose id starts with `prefix` (lower-case hex digits, at most 8; empty for
    /// all): adds, changes and removes what differs, and writes nothing else. `customers` must be complete for the prefix;
    /// those of other prefixes are refused.
    ///
    /// # Errors
    /// `Refused` for a customer of another prefix; otherwise [`StoreError`], some may be written by then.
    pub async fn refresh_known_customers(
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

    /// A customer as a run last saw it in Sophos, if one has.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_known_customer(
        &self,
        partner: PartnerId,
        customer: CustomerId,
    ) -> Result<Option<Customer>, StoreError> {
        let entry = self.table.get(&keys::known_customer(partner, customer)).await?;
        entry.as_ref().map(read_body).transpose()
    }

    /// At most `limit` (1 to 1,000) known customers behind `after`, by id. Fewer only where no more are behind them.
    ///
    /// # Errors
    /// [`StoreError`].
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

    /// How the last sync of each of these customers ended; one that never was synced is left out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_customer_statuses(
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

    /// Keeps these ConnectWise products as they were seen just now. One write a product.
    ///
    /// # Errors
    /// [`StoreError`]; some may be kept by then.
    pub async fn put_psa_products(&self, partner: PartnerId, products: &[KnownPsaProduct]) -> Result<(), StoreError> {
        let mut writes = Vec::new();
        for known in products {
            writes.push(Write::put(with_body(&keys::psa_product(partner, known.product.id), known)?));
        }
        self.write_each(writes).await
    }

    /// The ConnectWise products that are kept, by id: those that are mapped, and those that were.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_psa_products(
        &self,
        partner: PartnerId,
    ) -> Result<BTreeMap<PsaProductId, KnownPsaProduct>, StoreError> {
        let read = |entry| read_body::<KnownPsaProduct>(&entry);
        let known = self.list(&keys::home(partner), keys::PSA_PRODUCTS, read).await?;
        Ok(known.into_iter().map(|known| (known.product.id, known)).collect())
    }
}
