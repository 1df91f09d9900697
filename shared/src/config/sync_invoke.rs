//! Reads the settings of `sync-invoke` from the environment.

use url::Url;

use super::reader::{Reader, address, text};
use super::{ConfigError, environment};
use crate::telemetry::LogFilter;

/// The settings of `sync-invoke`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncInvoke {
    /// `TABLE_NAME`: the DynamoDB table.
    pub table_name: String,
    /// `QUEUE_URL`: the SQS queue of `usage-sync`.
    pub queue_url: Url,
    /// `RUST_LOG`: what is logged, such as `info` or `info,shared=debug`; `info` by default.
    pub log_filter: LogFilter,
}

impl SyncInvoke {
    /// Reads them from the environment.
    ///
    /// # Errors
    /// Every variable that is missing or wrong, in one error.
    pub fn from_environment() -> Result<Self, ConfigError> {
        Self::from_lookup(environment)
    }

    /// Reads them through `lookup`, which finds a variable by its name.
    ///
    /// # Errors
    /// As [`Self::from_environment`].
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(lookup);
        let table_name = reader.required("TABLE_NAME", text);
        let queue_url = reader.required("QUEUE_URL", address);
        let log_filter = reader.optional("RUST_LOG", "info", LogFilter::parse);
        let whole = || Some(Self { table_name: table_name?, queue_url: queue_url?, log_filter: log_filter? });
        reader.finish(whole())
    }
}
