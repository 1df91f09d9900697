//! Who can sign in (partners, and the account types that the product must refuse) and whom a partner serves.

use std::collections::HashMap;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use uuid::Uuid;

use super::tenant::Tenant;

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

    /// Takes a customer off the list; whether it was on it.
    pub(super) fn remove(&mut self, id: Uuid) -> bool {
        let Some(place) = self.places.remove(&id) else { return false };
        self.listed.remove(place);
        self.count_places();
        true
    }

    /// The customer of this id, to be changed in its place.
    pub(super) fn find_mut(&mut self, id: Uuid) -> Option<&mut Tenant> {
        self.places.get(&id).map(|place| &mut self.listed[*place])
    }

    /// The ids of the customers with this contact address, in any case of letters.
    pub(super) fn with_contact(&self, email: &str) -> Vec<Uuid> {
        let has_it = |tenant: &&Tenant| {
            tenant.details.as_ref().is_some_and(|details| details.contact.email.eq_ignore_ascii_case(email))
        };
        self.listed.iter().filter(has_it).map(|tenant| tenant.id).collect()
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
        self.count_places();
    }

    fn count_places(&mut self) {
        self.places = self.listed.iter().map(|tenant| tenant.id).zip(0..).collect();
    }

    pub(super) fn len(&self) -> usize {
        self.listed.len()
    }
}
