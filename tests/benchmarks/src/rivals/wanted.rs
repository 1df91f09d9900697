//! What there is to do, and what was found done: the words between the rivals' world and whoever measures.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use shared::domain::id::CustomerId;

/// What the world is asked, one line each.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Ask {
    /// Let the usage change so, and say what is wanted now.
    Change(Changed),
    /// Say what ConnectWise has, and what was written since the last change.
    FollowUp,
}

/// How the usage differs from that of the contender's last run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Changed {
    /// As the world began: a third of the additions is missing, a third has another quantity.
    First,
    Nothing,
    /// Every product of one customer in 20.
    Customers,
    /// One pair in 20, wherever it is.
    Pairs,
}

/// One pair in so many changes.
const ONE_IN: usize = 20;

impl Changed {
    /// Whether a pair's usage changes, by the customer's number, the product's number, and how many products there are.
    pub(super) const fn concerns(self, customer: usize, product: usize, products: usize) -> bool {
        match self {
            Self::First | Self::Nothing => false,
            Self::Customers => customer.is_multiple_of(ONE_IN),
            Self::Pairs => (customer * products + product).is_multiple_of(ONE_IN),
        }
    }
}

/// The quantities that ConnectWise is to have. The rivals read it as it is; what it takes to get here from Sophos'
/// usage, ours does for itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Wanted {
    /// From when a new addition is billed.
    pub(super) effective: String,
    pub(super) customers: Vec<WantedCustomer>,
}

/// One customer's.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WantedCustomer {
    pub(super) customer: CustomerId,
    pub(super) agreement: u32,
    pub(super) products: Vec<WantedProduct>,
}

/// One pair's.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WantedProduct {
    /// The Sophos product.
    pub(super) code: String,
    /// The ConnectWise product.
    pub(super) product: u32,
    pub(super) quantity: u64,
}

/// What ConnectWise has of one pair.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Found {
    pub(super) agreement: u32,
    pub(super) product: u32,
    /// One for each addition in force.
    pub(super) quantities: Vec<Decimal>,
    /// How many additions were created since the last change.
    pub(super) created: u32,
    /// How many quantities were set since the last change to another value than they had.
    pub(super) updated: u32,
}
