//! Alerts to an address of the partner's choice, signed after Standard Webhooks (<https://www.standardwebhooks.com>).
//!
//! The receiver is not trusted: its response is not believed, waited for only within the limits, and read no further
//! than its status.

mod address;
mod failure;
#[cfg(test)]
mod hostile;
mod saved;
mod secret;

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::CONTENT_TYPE;

pub use address::{MAX_ADDRESS_CHARS, WebhookAddress, WebhookAddressError};
pub use failure::WebhookFailure;
pub use saved::{SavedWebhook, SavedWebhookError};
pub use secret::{WebhookSecret, WebhookSecretError};

use super::http::{Http, HttpLimits};

/// Sends alerts; built once for all partners. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Webhooks {
    http: Http,
}

impl Webhooks {
    /// Sends through `http`, which must be built with [`Webhooks::limits`] and the policy that the addresses were
    /// parsed with.
    #[must_use]
    pub const fn new(http: Http) -> Self {
        Self { http }
    }

    /// The limits of a receiver: 5 s for the connection, 10 s for the whole call.
    #[must_use]
    pub const fn limits() -> HttpLimits {
        HttpLimits {
            connect_timeout: Duration::from_secs(5),
            call_timeout: Duration::from_secs(10),
            // The body of a response is not read.
            max_body_bytes: 0,
        }
    }

    /// Sends an alert once; succeeds when the receiver answers 2xx.
    ///
    /// `id` names the alert: visible ASCII without a dot, and the same for each repetition, so that a receiver can
    /// recognize one. `at` is the time of this attempt; receivers refuse one that is minutes off. `body` is JSON.
    ///
    /// # Errors
    /// Why it was not accepted. Where no usable response came, the receiver may have accepted the alert.
    pub async fn send(
        &self,
        address: &WebhookAddress,
        secret: &WebhookSecret,
        id: &str,
        at: Timestamp,
        body: &str,
    ) -> Result<(), WebhookFailure> {
        let request = self.http.client.post(address.url().clone());
        let request = request
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", at.as_second())
            .header("webhook-signature", secret.signature(id, at, body))
            .body(body.to_owned());
        match request.send().await {
            // The response is dropped with its body unread: a slow or endless one costs nothing.
            Ok(answer) => WebhookFailure::unless_taken(answer.status()),
            Err(error) => Err(WebhookFailure::from_error(&error, self.http.limits)),
        }
    }
}
