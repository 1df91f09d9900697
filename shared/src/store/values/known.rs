//! What runs saw: Sophos' customers, its products with the units last seen, and how each customer's last sync ended.
//!
//! It is for display: a page of the API shows it without calling Sophos. No run decides by it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::DiscoveredProduct;
use crate::domain::month::UsageMonth;
use crate::domain::psa::PsaProduct;

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
