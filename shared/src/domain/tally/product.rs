//! The units and the usage lines of one Sophos product in a run, by what became of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::outcome::{Bucket, SkipKind};

/// How much of a description a run keeps. Sophos' own have fewer than 150 characters.
const DESCRIPTION_BYTES: usize = 150;

/// The units of one Sophos product: usage = the sum over all buckets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProductTally {
    /// What Sophos calls it, as far as `DESCRIPTION_BYTES` go; empty for products after the first few hundred.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Units in the usage as it was fetched.
    #[serde(skip_serializing_if = "is_zero")]
    pub usage: u64,
    /// Usage lines as they were fetched.
    #[serde(skip_serializing_if = "is_zero")]
    pub lines: u64,
    /// Usage lines behind what is in the ledger.
    #[serde(skip_serializing_if = "is_zero")]
    pub lines_accounted: u64,
    /// Fetched usage lines whose quantity could not be read; they count no units.
    #[serde(skip_serializing_if = "is_zero")]
    pub unreadable: u64,
    /// Units of what is in the ledger, by what became of them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub units: BTreeMap<Bucket, u64>,
    /// What is not synced, by its reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub not_billed: BTreeMap<SkipKind, NotBilled>,
}

/// Usage that is not synced, of one Sophos product and for one reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NotBilled {
    /// How many customers; 0 for usage that names none.
    pub customers: u64,
    pub units: u64,
    /// Those among the units whose agreement tells its currency, by that currency.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub currencies: BTreeMap<String, u64>,
}

impl ProductTally {
    /// What Sophos calls it in this usage, where that is not what it was known as.
    #[must_use]
    pub fn renamed_from(&self, known: &str) -> Option<&str> {
        let is_other = !self.description.is_empty() && self.description != beginning(known);
        is_other.then_some(self.description.as_str())
    }

    /// Units with that end.
    #[must_use]
    pub fn units(&self, bucket: Bucket) -> u64 {
        self.units.get(&bucket).copied().unwrap_or_default()
    }

    /// Units that have an outcome.
    #[must_use]
    pub fn accounted(&self) -> u64 {
        self.units.values().sum()
    }

    pub(super) fn describe(&mut self, description: &str) {
        if self.description.is_empty() {
            beginning(description).clone_into(&mut self.description);
        }
    }

    pub(super) fn add_units(&mut self, bucket: Bucket, units: u64) {
        // What has no units is in no bucket, so that two ways to the same end come to the same.
        if units > 0 {
            *self.units.entry(bucket).or_default() += units;
        }
    }

    pub(super) fn add_not_billed(&mut self, why: SkipKind, has_customer: bool, units: u64, currency: Option<&str>) {
        let not_billed = self.not_billed.entry(why).or_default();
        not_billed.customers += u64::from(has_customer);
        not_billed.units += units;
        if let Some(currency) = currency.filter(|_| units > 0) {
            *not_billed.currencies.entry(currency.to_owned()).or_default() += units;
        }
    }
}

/// As much of a description as a run keeps.
fn beginning(description: &str) -> &str {
    let ends = description.char_indices().map(|(at, c)| at + c.len_utf8());
    let end = ends.take_while(|end| *end <= DESCRIPTION_BYTES).last().unwrap_or_default();
    description.split_at_checked(end).map_or(description, |(kept, _)| kept)
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a field over by reference")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}
