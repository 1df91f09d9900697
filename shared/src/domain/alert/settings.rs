//! Which alerts a partner wants, and where they go.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AlertAbout, Channel};
use crate::domain::language::Language;

/// The most mail addresses of a partner.
pub const MAX_MAIL_ADDRESSES: usize = 5;
/// The most days without a run after which an alert is raised.
pub const MAX_QUIET_DAYS: u16 = 62;

/// Which alerts are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wanted {
    /// Runs and lines that failed.
    pub failed: bool,
    /// Lines that wait for a decision.
    pub held: bool,
    /// Lines that were not decided before their ConnectWise invoice was made.
    pub missed: bool,
    /// After how many days without a run that wrote: 1 to 62; none for never.
    pub quiet_days: Option<u16>,
}

impl Default for Wanted {
    fn default() -> Self {
        Self { failed: true, held: true, missed: true, quiet_days: None }
    }
}

/// What may be shown of a partner's webhook. Its address can hold a secret, and so is sealed with its signing secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownWebhook {
    /// The host that is called.
    pub host: String,
    pub saved_by: String,
    pub saved_at: Timestamp,
}

/// Which alerts a partner wants, and where they go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertSettings {
    #[serde(default)]
    pub wanted: Wanted,
    /// The language of their texts.
    #[serde(default)]
    pub language: Language,
    /// Mail addresses, at most five.
    #[serde(default)]
    pub mail: Vec<String>,
    /// The webhook, if one is saved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<ShownWebhook>,
}

impl AlertSettings {
    /// Whether an alert is wanted.
    #[must_use]
    pub fn wants(&self, about: &AlertAbout) -> bool {
        match about {
            AlertAbout::Run(digest) => {
                (self.wanted.failed && (digest.failed > 0 || digest.failure.is_some()))
                    || (self.wanted.held && digest.held > 0)
            }
            AlertAbout::Missed { .. } => self.wanted.missed,
            AlertAbout::Quiet { .. } => self.wanted.quiet_days.is_some(),
            AlertAbout::Test { .. } => true,
        }
    }

    /// Where alerts go.
    #[must_use]
    pub fn channels(&self) -> Vec<Channel> {
        let webhook = self.webhook.iter().map(|_| Channel::Webhook);
        webhook.chain(self.mail.iter().map(|address| Channel::Mail { address: address.clone() })).collect()
    }
}
