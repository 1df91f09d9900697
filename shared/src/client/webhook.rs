//! Alerts to an address of the partner's choice, signed after Standard Webhooks (<https://www.standardwebhooks.com>).
//!
//! The receiver is a stranger: it is never believed, never waited for longer than the limits say, and nothing that it
//! answers beside its status is read.

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

/// Sends alerts; clones share their connections. Built once, used for all partners.
#[derive(Clone, Debug)]
pub struct Webhooks {
    http: Http,
}

impl Webhooks {
    /// Sends through `http`, which is built with [`Webhooks::limits`] and the policy that the addresses are parsed with.
    #[must_use]
    pub const fn new(http: Http) -> Self {
        Self { http }
    }

    /// How long a receiver may take: 5 s until a connection stands, 10 s for the whole call.
    #[must_use]
    pub const fn limits() -> HttpLimits {
        HttpLimits {
            connect_timeout: Duration::from_secs(5),
            call_timeout: Duration::from_secs(10),
            // No answer's body is read.
            max_body_bytes: 0,
        }
    }

    /// Sends one alert once; done when the receiver answers 2xx.
    ///
    /// `id` names the alert: visible ASCII without a dot, and the same whenever the alert is sent again, so that a
    /// receiver can tell a repetition. `at` is the time of this attempt; receivers refuse one that is minutes off.
    /// `body` is JSON.
    ///
    /// # Errors
    /// [`WebhookFailure`]. The receiver may have taken the alert all the same where no usable answer came.
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
            // The answer is dropped with its body unread: a slow or endless one costs nothing.
            Ok(answer) => WebhookFailure::unless_taken(answer.status()),
            Err(error) => Err(WebhookFailure::from_error(&error, self.http.limits)),
        }
    }
}
