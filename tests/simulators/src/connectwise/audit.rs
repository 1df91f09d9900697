//! The log of writes: what a test reads to know what really happened, whatever the callers were told.

use serde::{Deserialize, Serialize};

use super::records::Row;

/// One change of one record, by whomever.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Write {
    /// When, as the vendor writes dates.
    pub at: String,
    /// The member who wrote.
    pub who: String,
    /// `POST`, `PATCH`, `PUT` or `DELETE`; `EDIT` for a change made in the PSA's own screens.
    pub verb: String,
    /// The record's path under the API's root.
    pub path: String,
    /// The record before; absent for a new one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub before: Option<Row>,
    /// The record after; absent for a deleted one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub after: Option<Row>,
}
