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
    /// Whether it can have been one of the quantity, on a line that goes on billing.
    pub counts: bool,
}
