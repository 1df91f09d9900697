//! A customer of the partner in Sophos Central.

use serde::{Deserialize, Serialize};

use super::id::CustomerId;

/// A customer as Sophos lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Customer {
    pub id: CustomerId,
    pub name: String,
    /// Its billing type: `usage` for MSP Flex.
    pub billing: String,
    /// Whether its account is suspended. What Sophos bills for it all the same is synced.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspended: bool,
}
