//! Reads the settings of `alert-delivery` from the environment.

use super::reader::{Reader, sender, switch, text};
use super::{ConfigError, environment};
use crate::domain::mail_address::MailAddress;
use crate::telemetry::LogFilter;

/// The settings of `alert-delivery`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertDelivery {
    /// `TABLE_NAME`: the DynamoDB table.
    pub table_name: String,
    /// `SEAL_KEY_ID`: the ARN of the KMS key that seals the partners' webhooks.
    pub seal_key_id: String,
    /// `MAIL_FROM`: the sender of mail, an identity of SES; none by default, and then no mail is sent.
    pub mail_from: Option<MailAddress>,
    /// `WEBHOOK_ALLOW_LOOPBACK`: whether a webhook may be on this machine and without TLS, for tests; false by default,
    /// and always in a deployment.
    pub webhook_allow_loopback: bool,
    /// `RUST_LOG`: what is logged, such as `info` or `info,shared=debug`; `info` by default.
    pub log_filter: LogFilter,
}

impl AlertDelivery {
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
        let mail_from = reader.optional("MAIL_FROM", "", sender);
        let webhook_allow_loopback = reader.optional("WEBHOOK_ALLOW_LOOPBACK", "false", switch);
        let log_filter = reader.optional("RUST_LOG", "info", LogFilter::parse);
        let whole = || {
            Some(Self {
                table_name: table_name?,
                seal_key_id: seal_key_id?,
                mail_from: mail_from?,
                webhook_allow_loopback: webhook_allow_loopback?,
                log_filter: log_filter?,
            })
        };
        reader.finish(whole())
    }
}
