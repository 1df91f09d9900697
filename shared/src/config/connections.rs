//! Reads the settings of `connections` from the environment.

use url::Url;

use super::reader::{Reader, address, hosts, switch, text};
use super::{ConfigError, environment};
use crate::http::ApiOptions;
use crate::telemetry::LogFilter;

/// The settings of `connections`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connections {
    /// `TABLE_NAME`: the DynamoDB table.
    pub table_name: String,
    /// `SEAL_KEY_ID`: the ARN of the KMS key that seals the partners' credentials.
    pub seal_key_id: String,
    /// `PSA_ALLOWED_HOSTS`: ConnectWise hosts besides the vendor's cloud, for partners that host it themselves: in lower
    /// case, with their port where it is not 443; none by default.
    pub psa_allowed_hosts: Vec<String>,
    /// `PSA_ALLOW_LOOPBACK`: whether a ConnectWise may be on this machine and without TLS, for simulators; false by
    /// default, and always in a deployment.
    pub psa_allow_loopback: bool,
    /// `SOPHOS_SIGN_IN_URL`: the address of the Sophos sign-in; Sophos' own by default.
    pub sophos_sign_in_url: Url,
    /// `SOPHOS_API_URL`: the address of Sophos' whoami; Sophos' own by default.
    pub sophos_api_url: Url,
    /// `PARTNER_CLAIM`: see [`ApiOptions::partner_claim`]; `custom:partner_id` by default.
    pub api: ApiOptions,
    /// `RUST_LOG`: what is logged, such as `info` or `info,shared=debug`; `info` by default.
    pub log_filter: LogFilter,
}

impl Connections {
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
        let sophos_sign_in_url = reader.optional("SOPHOS_SIGN_IN_URL", "https://id.sophos.com", address);
        let sophos_api_url = reader.optional("SOPHOS_API_URL", "https://api.central.sophos.com", address);
        let api = reader.api();
        let log_filter = reader.optional("RUST_LOG", "info", LogFilter::parse);
        let whole = || {
            Some(Self {
                table_name: table_name?,
                seal_key_id: seal_key_id?,
                psa_allowed_hosts: psa_allowed_hosts?,
                psa_allow_loopback: psa_allow_loopback?,
                sophos_sign_in_url: sophos_sign_in_url?,
                sophos_api_url: sophos_api_url?,
                api: api?,
                log_filter: log_filter?,
            })
        };
        reader.finish(whole())
    }
}
