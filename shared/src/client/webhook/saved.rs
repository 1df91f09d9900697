//! The sealed form of a partner's webhook: its address, which can contain a secret, and its signing secret.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{WebhookAddress, WebhookAddressError, WebhookSecret, WebhookSecretError};
use crate::client::address::AddressPolicy;

/// A partner's webhook.
#[derive(Clone, Debug)]
pub struct SavedWebhook {
    /// Where alerts are sent.
    pub address: WebhookAddress,
    /// The secret that signs them.
    pub secret: WebhookSecret,
}

/// The opened text is not a webhook that may be called. Never quotes the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SavedWebhookError {
    /// The text is not in the form in which this release saves it.
    #[error("it is not in the form in which this release saves it")]
    Unreadable,
    /// The address may not be called any more.
    #[error(transparent)]
    Address(#[from] WebhookAddressError),
    /// The secret cannot be used.
    #[error(transparent)]
    Secret(#[from] WebhookSecretError),
}

#[derive(Deserialize)]
struct Opened {
    url: String,
    secret: String,
}

impl SavedWebhook {
    /// Reads what [`SavedWebhook::to_json`] wrote; the address is checked again.
    pub fn parse(text: &SecretString, policy: AddressPolicy) -> Result<Self, SavedWebhookError> {
        // The parser's own message may quote the text.
        let opened: Opened = serde_json::from_str(text.expose_secret()).map_err(|_| SavedWebhookError::Unreadable)?;
        Ok(Self { address: WebhookAddress::parse(&opened.url, policy)?, secret: WebhookSecret::parse(&opened.secret)? })
    }

    /// The text that is sealed and stored.
    #[must_use]
    pub fn to_json(&self) -> SecretString {
        serde_json::json!({"url": self.address.expose(), "secret": self.secret.expose_text()}).to_string().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_is_read_back_and_shown_by_nothing_else() {
        let address = "https://hooks.example.com/services/canary-path?token=canary-token";
        let address = WebhookAddress::parse(address, AddressPolicy::Vendor).unwrap();
        let saved = SavedWebhook { address, secret: WebhookSecret::generate() };
        let secret = saved.secret.expose_text();
        let again = SavedWebhook::parse(&saved.to_json(), AddressPolicy::Vendor).unwrap();
        assert_eq!((again.address.expose(), again.secret.expose_text()), (saved.address.expose(), secret.clone()));
        let shown = format!("{saved:?} {:?}", saved.to_json());
        assert!(!shown.contains("canary") && !shown.contains(&secret), "{shown}");
    }

    #[test]
    fn what_may_not_be_called_any_more_is_refused_without_being_quoted() {
        for (text, expected) in [
            ("canary", SavedWebhookError::Unreadable),
            (r#"{"url":"http://hooks.example.com/canary","secret":"x"}"#, WebhookAddressError::NotHttps.into()),
            (r#"{"url":"https://hooks.example.com/canary","secret":"canary"}"#, WebhookSecretError.into()),
        ] {
            let error = SavedWebhook::parse(&text.into(), AddressPolicy::Vendor).unwrap_err();
            assert_eq!(error, expected);
            assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
        }
    }
}
