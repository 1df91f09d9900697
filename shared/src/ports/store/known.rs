//! What runs saw: Sophos' customers, its products with the units last seen, and how each customer's last sync ended.
//!
//! It is for display: a page of the API shows it without calling Sophos. No run decides by it.

use std::collections::BTreeMap;
use std::future::Future;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::DiscoveredProduct;
use crate::domain::id::{CustomerId, PartnerId, PsaProductId};
use crate::domain::month::UsageMonth;
use crate::domain::plan::Customer;
use crate::domain::psa::PsaProduct;
use crate::domain::stamp::SyncStamp;
use crate::error::StoreError;

/// When a product was seen in the usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sighting {
    /// The earliest usage month that a run saw it in.
    pub first_month: UsageMonth,
    /// The latest.
    pub last_month: UsageMonth,
    /// Its units in the latest, of all customers together.
    pub last_units: u64,
    /// When a run saw them.
    pub last_seen_at: Timestamp,
}

/// A Sophos product of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenProduct {
    /// What it is.
    pub product: DiscoveredProduct,
    /// When it was seen; none before the first run that says so.
    pub seen: Option<Sighting>,
}

/// A ConnectWise product to which something is or was mapped, as it was last seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KnownPsaProduct {
    /// The product.
    #[serde(flatten)]
    pub product: PsaProduct,
    /// Whether ConnectWise no longer has it; the rest is what it was.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gone: bool,
}

/// What runs saw of a partner's Sophos Central, and of its ConnectWise.
pub trait KnownStore: Send + Sync {
    /// Notes that a run saw these products with so many units in a month's usage at `at`; adds those that are new. One
    /// write a product. A month older than the latest seen leaves the units alone.
    ///
    /// # Errors
    /// [`StoreError`]; some may be noted by then.
    fn refresh_products(
        &self,
        partner: PartnerId,
        month: UsageMonth,
        at: Timestamp,
        products: &[(DiscoveredProduct, u64)],
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The partner's catalogue of Sophos products with when they were seen, by code.
    ///
    /// # Errors
    /// [`StoreError`].
    fn list_seen_products(
        &self,
        partner: PartnerId,
    ) -> impl Future<Output = Result<Vec<SeenProduct>, StoreError>> + Send;

    /// Makes `customers` the known ones of those whose id starts with `prefix` (lower-case hex digits, at most 8; empty for
    /// all): adds, changes and removes what differs, and writes nothing else. `customers` must be complete for the prefix;
    /// those of other prefixes are refused.
    ///
    /// # Errors
    /// `Refused` for a customer of another prefix; otherwise [`StoreError`], some may be written by then.
    fn refresh_known_customers(
        &self,
        partner: PartnerId,
        prefix: &str,
        customers: &[Customer],
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// A customer as a run last saw it in Sophos, if one has.
    ///
    /// # Errors
    /// [`StoreError`].
    fn find_known_customer(
        &self,
        partner: PartnerId,
        customer: CustomerId,
    ) -> impl Future<Output = Result<Option<Customer>, StoreError>> + Send;

    /// At most `limit` (1 to 1,000) known customers behind `after`, by id. Fewer only where no more are behind them.
    ///
    /// # Errors
    /// [`StoreError`].
    fn list_known_customers(
        &self,
        partner: PartnerId,
        after: Option<CustomerId>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Customer>, StoreError>> + Send;

    /// How the last sync of each of these customers ended; one that never was synced is left out.
    ///
    /// # Errors
    /// [`StoreError`].
    fn list_customer_statuses(
        &self,
        partner: PartnerId,
        customers: &[CustomerId],
    ) -> impl Future<Output = Result<BTreeMap<CustomerId, SyncStamp>, StoreError>> + Send;

    /// Keeps these ConnectWise products as they were seen just now. One write a product.
    ///
    /// # Errors
    /// [`StoreError`]; some may be kept by then.
    fn put_psa_products(
        &self,
        partner: PartnerId,
        products: &[KnownPsaProduct],
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The ConnectWise products that are kept, by id: those that are mapped, and those that were.
    ///
    /// # Errors
    /// [`StoreError`].
    fn list_psa_products(
        &self,
        partner: PartnerId,
    ) -> impl Future<Output = Result<BTreeMap<PsaProductId, KnownPsaProduct>, StoreError>> + Send;
}
