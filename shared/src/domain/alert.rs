//! Alerts that a partner gets without asking, and how far the delivery of each is: one for each run that left something
//! to do, one when nothing was synced for long, one for lines that missed their invoice, and one for a test.
//!
//! An alert is raised whether anybody wants it or not, in the transaction that ends its run. Whether it is wanted, and
//! where it goes, is decided when its delivery begins.

mod digest;
mod settings;

use std::fmt;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use self::digest::Digest;
pub use self::settings::{AlertSettings, MAX_MAIL_ADDRESSES, MAX_QUIET_DAYS, ShownWebhook, Wanted};
use super::id::{IdError, RunId};
use super::month::UsageMonth;

/// How long after each attempt the next one follows, in minutes. With the first one there are eight, over 22 h 35 min: a
/// night's maintenance of a receiver loses nothing.
const WAIT_MIN: [i64; 7] = [5, 15, 30, 60, 120, 360, 765];
/// The most attempts of a delivery.
pub const MAX_ATTEMPTS: u32 = 8;

/// An alert's id: what a receiver tells a repeated delivery by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AlertId(String);

impl AlertId {
    /// The alert of a run.
    #[must_use]
    pub fn of_run(run: &RunId) -> Self {
        Self(format!("run-{run}"))
    }

    /// The alert that nothing was synced for a number of days since a time.
    #[must_use]
    pub fn of_quiet(since: Timestamp, days: u16) -> Self {
        Self(format!("quiet-{}-{days}d", since.strftime("%Y%m%dT%H%M%SZ")))
    }

    /// The alert of the lines of a month that were not decided before the ConnectWise invoices of a day.
    #[must_use]
    pub fn of_missed(month: UsageMonth, invoice: Date) -> Self {
        Self(format!("missed-{month}-{invoice}"))
    }

    /// Reads an id as it was written.
    ///
    /// # Errors
    /// Anything but 1 to 80 letters, digits and hyphens.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let fits = (1..=80).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if fits { Ok(Self(text.to_owned())) } else { Err(IdError::of_alert(text)) }
    }

    /// The id as it is shown and stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for AlertId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl From<AlertId> for String {
    fn from(id: AlertId) -> String {
        id.0
    }
}

impl fmt::Display for AlertId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What an alert is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum AlertAbout {
    /// A run that failed, or left lines that failed or wait for a person.
    Run(Digest),
    /// No run has written for this number of days.
    Quiet {
        since: Timestamp,
        /// The days after which the partner wants to know.
        days: u16,
    },
    /// Lines were not decided before their ConnectWise invoice was made.
    Missed {
        month: UsageMonth,
        /// The invoice's day.
        invoice: Date,
        lines: u64,
    },
    /// Somebody tries whether alerts arrive.
    Test {
        /// Who, as the token named them.
        by: String,
    },
}

/// What is sent. Composed once, so that a repeated delivery says the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageText {
    /// One line.
    pub subject: String,
    /// The mail.
    pub text: String,
    /// The webhook's body: JSON.
    pub body: String,
}

/// Where an alert goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Channel {
    /// The partner's webhook.
    Webhook,
    /// One mail address.
    Mail { address: String },
}

/// How far a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum DeliveryState {
    /// It is still tried.
    Waiting {
        /// Not before.
        next_at: Timestamp,
    },
    /// The receiver took it.
    Delivered { at: Timestamp },
    /// It was given up.
    Undelivered { at: Timestamp },
}

/// One way of an alert to the partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    pub channel: Channel,
    /// How far it is.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// Why the last attempt failed, for a person; no secret is in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<String>,
}

impl Delivery {
    /// A delivery that is due at once.
    #[must_use]
    pub const fn to(channel: Channel, now: Timestamp) -> Self {
        Self { channel, state: DeliveryState::Waiting { next_at: now }, attempts: 0, last_failure: None }
    }

    /// When it is tried next; none once it is over.
    #[must_use]
    pub const fn next_at(&self) -> Option<Timestamp> {
        match self.state {
            DeliveryState::Waiting { next_at } => Some(next_at),
            DeliveryState::Delivered { .. } | DeliveryState::Undelivered { .. } => None,
        }
    }

    /// Whether it may be tried now.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.next_at().is_some_and(|next_at| next_at <= now)
    }

    /// Counts an attempt that is about to be made. Stored before anything is sent: whoever dies while sending has used the
    /// attempt up, and nobody else sends meanwhile.
    pub fn begin(&mut self, now: Timestamp) {
        let wait = usize::try_from(self.attempts).ok().and_then(|n| WAIT_MIN.get(n)).or(WAIT_MIN.last());
        let wait = SignedDuration::from_mins(wait.copied().unwrap_or_default());
        self.attempts = self.attempts.saturating_add(1);
        self.state = DeliveryState::Waiting { next_at: now.saturating_add(wait).unwrap_or(now) };
    }

    /// Whether all attempts are used up.
    #[must_use]
    pub const fn is_used_up(&self) -> bool {
        self.attempts >= MAX_ATTEMPTS
    }

    /// The receiver took it.
    pub fn succeed(&mut self, now: Timestamp) {
        self.state = DeliveryState::Delivered { at: now };
        self.last_failure = None;
    }

    /// The attempt failed: it is tried again, or was the last one.
    pub fn fail(&mut self, now: Timestamp, why: String) {
        self.last_failure = Some(why);
        if self.is_used_up() {
            self.state = DeliveryState::Undelivered { at: now };
        }
    }

    /// There is no point in trying.
    pub fn give_up(&mut self, now: Timestamp, why: String) {
        self.last_failure = Some(why);
        self.state = DeliveryState::Undelivered { at: now };
    }
}

/// One alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Alert {
    pub id: AlertId,
    /// When there was something to tell.
    pub raised_at: Timestamp,
    pub about: AlertAbout,
    /// What is sent; none until its delivery begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageText>,
    /// Where it goes; empty where nobody wanted it.
    #[serde(default)]
    pub deliveries: Vec<Delivery>,
    /// Counts its saves: 0 as it is raised.
    #[serde(default)]
    pub version: u64,
}

impl Alert {
    /// An alert as it is raised.
    #[must_use]
    pub const fn new(id: AlertId, raised_at: Timestamp, about: AlertAbout) -> Self {
        Self { id, raised_at, about, message: None, deliveries: Vec::new(), version: 0 }
    }

    /// When there is something to do for it next; none once all is done.
    #[must_use]
    pub fn next_at(&self) -> Option<Timestamp> {
        if self.message.is_none() {
            Some(self.raised_at)
        } else {
            self.deliveries.iter().filter_map(Delivery::next_at).min()
        }
    }

    /// Whether a delivery of it was given up.
    #[must_use]
    pub fn is_undelivered(&self) -> bool {
        self.deliveries.iter().any(|delivery| matches!(delivery.state, DeliveryState::Undelivered { .. }))
    }
}

#[cfg(test)]
mod tests;
