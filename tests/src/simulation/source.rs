//! Sophos: the customers and their usage, which change while the world goes on.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use shared::domain::id::{CustomerId, ProductCode};
use shared::domain::month::UsageMonth;
use shared::domain::plan::Customer;
use shared::domain::usage::{LineQuantity, Pair, UsageLine};
use shared::error::SourceError;
use shared::ports::{CustomerPage, UsagePage, UsageSource};

use super::ground::{Ground, locked};

/// A month's usage: units by customer and Sophos product.
pub(super) type Units = BTreeMap<(CustomerId, ProductCode), u64>;

/// Sophos.
#[derive(Clone)]
pub(super) struct Sophos {
    pub(super) ground: Ground,
    pub(super) customers: Arc<Vec<Customer>>,
    pub(super) usage: Arc<Mutex<BTreeMap<UsageMonth, Units>>>,
}

impl Sophos {
    /// A month's usage as it is now.
    pub(super) fn units(&self, month: UsageMonth) -> Units {
        locked(&self.usage).get(&month).cloned().unwrap_or_default()
    }

    async fn answer(&self) -> Result<(), SourceError> {
        self.ground.pass(20, 400).await;
        match self.ground.happens(self.ground.storm().source_away) {
            true => Err(SourceError::Unavailable { why: "a storm".into() }),
            false => Ok(()),
        }
    }
}

impl UsageSource for Sophos {
    async fn list_customers(&self, _page: u32) -> Result<CustomerPage, SourceError> {
        self.answer().await?;
        let customers = self.customers.as_ref().clone();
        let total = Some(customers.len() as u64);
        Ok(CustomerPage { total, customers, unreadable: Vec::new(), pages: Some(1), is_full: false })
    }

    async fn list_usage(&self, month: UsageMonth, _key: Option<&str>) -> Result<Option<UsagePage>, SourceError> {
        self.answer().await?;
        let units = self.units(month);
        let line = |((customer, product), units): (&(CustomerId, ProductCode), &u64)| {
            let pair = Pair { customer: Some(*customer), product: Some(product.clone()) };
            UsageLine::new(pair, LineQuantity::Units(*units))
        };
        let lines: Vec<UsageLine> = units.iter().map(line).collect();
        self.ground.note("usage read", &[lines.len() as u64]);
        Ok(Some(UsagePage { total: Some(lines.len() as u64), lines, next: None }))
    }
}
