//! Reads the settings of `usage-sync` from the environment.

use url::Url;

use super::reader::{Reader, address, hosts, switch, text};
use super::{ConfigError, environment};
use crate::telemetry::LogFilter;

/// The settings of `usage-sync`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageSync {
    /// `TABLE_NAME`: the DynamoDB table.
    pub table_name: String,
    /// `QUEUE_URL`: the SQS queue of `usage-sync`, for the next slice of a run.
    pub queue_url: Url,
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
    /// `RUST_LOG`: what is logged, such as `info` or `info,shared=debug`; `info` by default.
    pub log_filter: LogFilter,
}

impl UsageSync {
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
        let seal_key_id = reader.required("SEAL_KEY_ID", text);
        let psa_allowed_hosts = reader.optional("PSA_ALLOWED_HOSTS", "", hosts);
        let psa_allow_loopback = reader.optional("PSA_ALLOW_LOOPBACK", "false", switch);
        let sophos_sign_in_url = reader.optional("SOPHOS_SIGN_IN_URL", "https://id.sophos.com", address);
        let sophos_api_url = reader.optional("SOPHOS_API_URL", "https://api.central.sophos.com", address);
        let log_filter = reader.optional("RUST_LOG", "info", LogFilter::parse);
        let whole = || {
            Some(Self {
                table_name: table_name?,
                queue_url: queue_url?,
                seal_key_id: seal_key_id?,
                psa_allowed_hosts: psa_allowed_hosts?,
                psa_allow_loopback: psa_allow_loopback?,
                sophos_sign_in_url: sophos_sign_in_url?,
                sophos_api_url: sophos_api_url?,
                log_filter: log_filter?,
            })
        };
        reader.finish(whole())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<UsageSync, ConfigError> {
        UsageSync::from_lookup(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, text)| (*text).to_owned())
        })
    }

    #[test]
    fn a_deployment_calls_sophos_itself_and_no_loopback() {
        let settings = read(&[
            ("TABLE_NAME", "usage"),
            ("QUEUE_URL", "https://sqs.eu-central-1.amazonaws.com/123456789012/runs"),
            ("SEAL_KEY_ID", "arn:aws:kms:eu-central-1:123456789012:key/1"),
            ("PSA_ALLOWED_HOSTS", ""),
        ])
        .unwrap();
        assert!(!settings.psa_allow_loopback);
        assert!(settings.psa_allowed_hosts.is_empty());
        assert_eq!(settings.sophos_sign_in_url.as_str(), "https://id.sophos.com/");
        assert_eq!(settings.sophos_api_url.as_str(), "https://api.central.sophos.com/");
    }

    #[test]
    fn every_missing_or_bad_variable_is_named_in_one_error() {
        let error = read(&[
            ("TABLE_NAME", ""),
            ("QUEUE_URL", "runs"),
            ("PSA_ALLOWED_HOSTS", "psa.example.com,10.0.0.1"),
            ("PSA_ALLOW_LOOPBACK", "maybe"),
            ("RUST_LOG", "shared=loud"),
        ])
        .unwrap_err();
        let names: Vec<&str> = error.faults.iter().map(|fault| fault.name).collect();
        let expected =
            ["TABLE_NAME", "QUEUE_URL", "SEAL_KEY_ID", "PSA_ALLOWED_HOSTS", "PSA_ALLOW_LOOPBACK", "RUST_LOG"];
        assert_eq!(names, expected);
        assert!(names.iter().all(|name| error.to_string().contains(name)), "{error}");
        assert_eq!(format!("{error:?}"), error.to_string(), "main prints the Debug form");
    }
}
