//! Reads the settings of `psa-search` and `psa-products`, which only call a partner's ConnectWise while a person waits.

use super::reader::{Reader, hosts, switch, text};
use super::{ConfigError, environment};
use crate::http::ApiOptions;
use crate::telemetry::LogFilter;

/// The settings of `psa-search` and of `psa-products`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PsaForms {
    /// `TABLE_NAME`: the DynamoDB table.
    pub table_name: String,
    /// `SEAL_KEY_ID`: the ARN of the KMS key that seals the partners' credentials.
    pub seal_key_id: String,
    /// `PSA_ALLOWED_HOSTS`: as [`super::UsageSync::psa_allowed_hosts`]; none by default.
    pub psa_allowed_hosts: Vec<String>,
    /// `PSA_ALLOW_LOOPBACK`: as [`super::UsageSync::psa_allow_loopback`]; false by default.
    pub psa_allow_loopback: bool,
    /// `PARTNER_CLAIM`: see [`ApiOptions::partner_claim`]; `custom:partner_id` by default.
    pub api: ApiOptions,
    /// `RUST_LOG`: what is logged, such as `info` or `info,shared=debug`; `info` by default.
    pub log_filter: LogFilter,
}

impl PsaForms {
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
        let seal_key_id = reader.required("SEAL_KEY_ID", text);
        let psa_allowed_hosts = reader.optional("PSA_ALLOWED_HOSTS", "", hosts);
        let psa_allow_loopback = reader.optional("PSA_ALLOW_LOOPBACK", "false", switch);
        let api = reader.api();
        let log_filter = reader.optional("RUST_LOG", "info", LogFilter::parse);
        let whole = || {
            Some(Self {
                table_name: table_name?,
                seal_key_id: seal_key_id?,
                psa_allowed_hosts: psa_allowed_hosts?,
                psa_allow_loopback: psa_allow_loopback?,
                api: api?,
                log_filter: log_filter?,
            })
        };
        reader.finish(whole())
    }
}
