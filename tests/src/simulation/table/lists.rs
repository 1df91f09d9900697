//! What waits, what is due and what is known: behind the same network as the rest of the table.

use std::collections::BTreeMap;

use jiff::Timestamp;
use shared::domain::decision::{Decision, HoldKey, StandingHold};
use shared::domain::ending::{Ending, EndingKey};
use shared::domain::id::{CustomerId, PartnerId, PsaProductId, RunId};
use shared::domain::month::UsageMonth;
use shared::domain::plan::Customer;
use shared::domain::run::Run;
use shared::domain::stamp::SyncStamp;
use shared::error::StoreError;
use shared::ports::{
    Author, DiscoveredProduct, Due, DueStore, HoldPage, HoldStore, KnownPsaProduct, KnownStore, Look, SeenProduct,
};

use super::Table;

impl HoldStore for Table {
    async fn list_holds(
        &self,
        partner: PartnerId,
        month: UsageMonth,
        prefix: &str,
        after: Option<&str>,
    ) -> Result<HoldPage, StoreError> {
        self.go().await?;
        self.memory.list_holds(partner, month, prefix, after).await
    }

    async fn find_hold(&self, partner: PartnerId, key: HoldKey) -> Result<Option<StandingHold>, StoreError> {
        self.go().await?;
        self.memory.find_hold(partner, key).await
    }

    async fn decide_hold_over(
        &self,
        partner: PartnerId,
        key: HoldKey,
        seen: Option<&Decision>,
        decision: &Decision,
    ) -> Result<(), StoreError> {
        self.go().await?;
        self.memory.decide_hold_over(partner, key, seen, decision).await?;
        self.back().await
    }

    async fn put_ending(&self, partner: PartnerId, ending: &Ending) -> Result<(), StoreError> {
        self.go().await?;
        self.memory.put_ending(partner, ending).await?;
        self.back().await
    }

    async fn take_ending_back(&self, partner: PartnerId, key: EndingKey, by: &Author) -> Result<(), StoreError> {
        self.go().await?;
        self.memory.take_ending_back(partner, key, by).await?;
        self.back().await
    }

    async fn list_endings(&self, partner: PartnerId) -> Result<Vec<Ending>, StoreError> {
        self.go().await?;
        self.memory.list_endings(partner).await
    }
}

impl DueStore for Table {
    async fn list_due(&self, shard: u8, at: Timestamp, limit: u32) -> Result<Vec<Due>, StoreError> {
        self.go().await?;
        self.memory.list_due(shard, at, limit).await
    }

    async fn find_due(&self, partner: PartnerId) -> Result<Option<Timestamp>, StoreError> {
        self.go().await?;
        self.memory.find_due(partner).await
    }

    async fn put_due(&self, partner: PartnerId, at: Timestamp) -> Result<(), StoreError> {
        self.go().await?;
        self.memory.put_due(partner, at).await?;
        self.back().await
    }

    async fn advance_due(&self, partner: PartnerId, from: Timestamp, to: Timestamp) -> Result<bool, StoreError> {
        self.go().await?;
        let advanced = self.memory.advance_due(partner, from, to).await?;
        self.back().await?;
        Ok(advanced)
    }

    async fn put_look(&self, partner: PartnerId, look: Look, at: Option<Timestamp>) -> Result<(), StoreError> {
        self.go().await?;
        self.memory.put_look(partner, look, at).await?;
        self.back().await
    }

    async fn put_retry(&self, partner: PartnerId, run: &RunId, at: Timestamp) -> Result<(), StoreError> {
        self.go().await?;
        self.memory.put_retry(partner, run, at).await?;
        self.back().await
    }

    async fn find_retry(&self, partner: PartnerId) -> Result<Option<Run>, StoreError> {
        self.go().await?;
        self.memory.find_retry(partner).await
    }

    async fn end_look(&self, partner: PartnerId, look: Look, at: Timestamp) -> Result<(), StoreError> {
        self.go().await?;
        self.memory.end_look(partner, look, at).await?;
        self.back().await
    }

    async fn move_look(
        &self,
        partner: PartnerId,
        look: Look,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<(), StoreError> {
        self.go().await?;
        self.memory.move_look(partner, look, from, to).await?;
        self.back().await
    }
}

impl KnownStore for Table {
    async fn refresh_products(
        &self,
        partner: PartnerId,
        month: UsageMonth,
        at: Timestamp,
        products: &[(DiscoveredProduct, u64)],
    ) -> Result<(), StoreError> {
        self.go().await?;
        self.memory.refresh_products(partner, month, at, products).await?;
        self.back().await
    }

    async fn list_seen_products(&self, partner: PartnerId) -> Result<Vec<SeenProduct>, StoreError> {
        self.go().await?;
        self.memory.list_seen_products(partner).await
    }

    async fn refresh_known_customers(
        &self,
        partner: PartnerId,
        prefix: &str,
        customers: &[Customer],
    ) -> Result<(), StoreError> {
        self.go().await?;
        self.memory.refresh_known_customers(partner, prefix, customers).await?;
        self.back().await
    }

    async fn find_known_customer(
        &self,
        partner: PartnerId,
        customer: CustomerId,
    ) -> Result<Option<Customer>, StoreError> {
        self.go().await?;
        self.memory.find_known_customer(partner, customer).await
    }

    async fn list_known_customers(
        &self,
        partner: PartnerId,
        after: Option<CustomerId>,
        limit: u32,
    ) -> Result<Vec<Customer>, StoreError> {
        self.go().await?;
        self.memory.list_known_customers(partner, after, limit).await
    }

    async fn list_customer_statuses(
        &self,
        partner: PartnerId,
        customers: &[CustomerId],
    ) -> Result<BTreeMap<CustomerId, SyncStamp>, StoreError> {
        self.go().await?;
        self.memory.list_customer_statuses(partner, customers).await
    }

    async fn put_psa_products(&self, partner: PartnerId, products: &[KnownPsaProduct]) -> Result<(), StoreError> {
        self.go().await?;
        self.memory.put_psa_products(partner, products).await?;
        self.back().await
    }

    async fn list_psa_products(
        &self,
        partner: PartnerId,
    ) -> Result<BTreeMap<PsaProductId, KnownPsaProduct>, StoreError> {
        self.go().await?;
        self.memory.list_psa_products(partner).await
    }
}
