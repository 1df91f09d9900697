//! Who can sign in (partners, and the account types that the product must refuse) and whom a partner serves.

use std::collections::HashMap;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use uuid::Uuid;

/// What a set of API credentials belongs to; `whoami` tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AccountType {
    /// An MSP: the only one that may ask for tenants and billing usage.
    Partner,
    /// An enterprise with several tenants of its own.
    Organization,
    /// A single customer.
    Tenant,
}

/// How Sophos bills a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BillingType {
    /// MSP Flex: by monthly usage, the only type that usage sync is for.
    Usage,
    /// A fixed term.
    Term,
    /// A trial.
    Trial,
}

/// A customer as the partner's tenant list shows it.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// The `accountId` of the customer's usage lines.
    pub id: Uuid,
    /// Shown as `name` and `showAs`.
    pub name: String,
    /// Calls that name a tenant of another type than `usage` are refused with 403.
    pub billing_type: BillingType,
    /// `active` on a customer in good standing; served as given.
    pub status: String,
    /// The data region, such as `us03` or `eu01`.
    pub region: String,
}

impl Tenant {
    /// An active MSP Flex customer in `us03`.
    #[must_use]
    pub fn new(id: Uuid, name: impl Into<String>) -> Self {
        Self { id, name: name.into(), billing_type: BillingType::Usage, status: "active".into(), region: "us03".into() }
    }

    /// The same customer, billed otherwise.
    #[must_use]
    pub fn billed_by(self, billing_type: BillingType) -> Self {
        Self { billing_type, ..self }
    }

    /// The country code that Sophos shows for the region.
    pub(super) fn geography(&self) -> &'static str {
        match self.region.get(..2) {
            Some("eu") => "IE",
            Some("ca") => "CA",
            Some("ap") => "AU",
            Some("jp") => "JP",
            _ => "US",
        }
    }
}

/// One account with its credentials; the secret is compared, never shown.
pub(super) struct Account {
    pub(super) id: Uuid,
    pub(super) account_type: AccountType,
    pub(super) client_secret: String,
}

/// A partner's customers in the order they were added, found by id without a search.
#[derive(Default)]
pub(super) struct Tenants {
    listed: Vec<Tenant>,
    places: HashMap<Uuid, usize>,
}

impl Tenants {
    /// Adds a customer, or replaces the one of the same id in its place.
    pub(super) fn put(&mut self, tenant: Tenant) {
        if let Some(place) = self.places.get(&tenant.id) {
            self.listed[*place] = tenant;
        } else {
            self.places.insert(tenant.id, self.listed.len());
            self.listed.push(tenant);
        }
    }

    pub(super) fn find(&self, id: Uuid) -> Option<&Tenant> {
        self.places.get(&id).map(|place| &self.listed[*place])
    }

    /// Page `number`, counted from 1; empty past the end.
    pub(super) fn page(&self, number: usize, size: usize) -> &[Tenant] {
        self.listed.chunks(size).nth(number - 1).unwrap_or_default()
    }

    /// Customers leave somewhere in the list and others come somewhere else in it.
    pub(super) fn disturb(&mut self, insert: u32, delete: u32, draw: u64) {
        let mut draws = ChaCha8Rng::seed_from_u64(draw);
        for _ in 0..delete.min(u32::try_from(self.listed.len()).unwrap_or(u32::MAX)) {
            self.listed.remove(draws.random_range(0..self.listed.len()));
        }
        for _ in 0..insert {
            let newcomer = Tenant::new(Uuid::from_u128(draws.random()), "Newcomer");
            self.listed.insert(draws.random_range(0..=self.listed.len()), newcomer);
        }
        self.places = self.listed.iter().map(|tenant| tenant.id).zip(0..).collect();
    }

    pub(super) fn len(&self) -> usize {
        self.listed.len()
    }
}
