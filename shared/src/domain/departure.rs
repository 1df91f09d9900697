//! How a customer has left: Sophos no longer lists it, or no longer bills it by monthly usage.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::customer::Customer;
use super::mapping::CustomerMapping;

/// Sophos' word for a customer that is billed by monthly usage (MSP Flex).
const MONTHLY: &str = "usage";

/// What keeps a customer from syncing that was synced before. What ConnectWise bills for it goes on until a person ends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "left", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Departure {
    /// Sophos no longer lists it: it was unlinked or deleted.
    NotListed,
    /// Its billing type is another one than monthly usage.
    OtherBilling {
        /// The billing type, in Sophos' word.
        billing: String,
    },
}

impl Departure {
    /// How the customer has left, by Sophos' complete list; none where it is on monthly billing.
    #[must_use]
    pub fn of(customer: Option<&Customer>) -> Option<Self> {
        match customer {
            None => Some(Self::NotListed),
            Some(customer) if customer.billing != MONTHLY => {
                Some(Self::OtherBilling { billing: customer.billing.clone() })
            }
            Some(_) => None,
        }
    }

    /// The same of a customer that a partner syncs: it is mapped and its sync is on. For others, the mapping or switch
    /// is the reason.
    #[must_use]
    pub fn of_synced(mapping: Option<&CustomerMapping>, customer: Option<&Customer>) -> Option<Self> {
        mapping.filter(|mapping| mapping.sync)?;
        Self::of(customer)
    }
}

impl fmt::Display for Departure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotListed => f.write_str("no longer listed by Sophos"),
            Self::OtherBilling { billing } if billing.trim().is_empty() => {
                f.write_str("no longer on monthly billing at Sophos (it names no billing type)")
            }
            Self::OtherBilling { billing } => {
                write!(f, "no longer on monthly billing at Sophos (its billing type is {billing})")
            }
        }
    }
}
