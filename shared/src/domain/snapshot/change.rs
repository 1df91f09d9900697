//! The last change of an addition in ConnectWise by one of its members.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::domain::psa::ChangedBy;

/// The last change of an addition by somebody, as it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SeenChange {
    #[serde(flatten)]
    pub changed: ChangedBy,
    /// The quantity after it.
    pub quantity: Decimal,
    /// Whether the quantity may have changed on an addition that is still billed.
    pub counts: bool,
}
