//! What a tick did, in figures and in the log.

use std::fmt;

use jiff::Timestamp;
use shared::domain::id::PartnerId;
use shared::error::StoreError;
use shared::table::DUE_SHARDS;

use crate::partner::Outcome;
pub use crate::partner::PartnerError;

/// What a tick did. Everything found due is in exactly one of `sent`, `without_settings`, `nothing_to_look_at`, `alerts_asked`
/// and `failed`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TickReport {
    /// Partners whose run was asked for.
    pub sent: usize,
    /// Those among them that somebody else moved on meanwhile: another tick, or a person who saved settings.
    pub moved_meanwhile: usize,
    /// Partners moved on by a day because they have no settings.
    pub without_settings: usize,
    /// Partners whose runs were looked at, where none was to be carried on or retried.
    pub nothing_to_look_at: usize,
    /// Partners whose alerts are due for delivery, or that may need an alert that nothing runs: queued.
    pub alerts_asked: usize,
    /// Partners that failed and keep their due time.
    pub failed: Vec<PartnerFailure>,
    /// Shards that had as many due partners as one tick takes on, and so perhaps more.
    pub full_shards: usize,
}

/// A partner that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartnerFailure {
    pub partner: PartnerId,
    pub error: PartnerError,
}

/// A shard that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardFailure {
    /// Which, 0 to 15.
    pub shard: u8,
    pub error: StoreError,
}

/// Some shards could not be read: nobody knows which of their partners are due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TickError {
    /// Those shards; never empty.
    pub shards: Vec<ShardFailure>,
    /// What was done for the partners of the others.
    pub report: TickReport,
}

impl fmt::Display for TickError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} of the {DUE_SHARDS} shards of due partners could not be read, the next tick tries again:",
            self.shards.len()
        )?;
        for (n, ShardFailure { shard, error }) in self.shards.iter().enumerate() {
            write!(f, "{} shard {shard}: {error}", if n == 0 { "" } else { ";" })?;
        }
        Ok(())
    }
}

impl std::error::Error for TickError {}

impl TickReport {
    pub(crate) fn add(&mut self, partner: PartnerId, outcome: Result<Outcome, PartnerError>) {
        match outcome {
            Ok(Outcome::Sent) => self.sent += 1,
            Ok(Outcome::SentAndMoved) => {
                self.sent += 1;
                self.moved_meanwhile += 1;
            }
            Ok(Outcome::NothingToLookAt) => self.nothing_to_look_at += 1,
            Ok(Outcome::AlertsAsked) => self.alerts_asked += 1,
            Ok(Outcome::WithoutSettings) => {
                self.without_settings += 1;
                tracing::warn!(%partner, "partner is due but has no settings; looked at again in a day");
            }
            Err(error) => {
                tracing::error!(%partner, %error, "due partner failed; the next tick tries it again");
                self.failed.push(PartnerFailure { partner, error });
            }
        }
    }

    pub(crate) fn log(&self, at: Timestamp) {
        tracing::info!(
            %at,
            sent = self.sent,
            moved_meanwhile = self.moved_meanwhile,
            without_settings = self.without_settings,
            nothing_to_look_at = self.nothing_to_look_at,
            alerts_asked = self.alerts_asked,
            failed = self.failed.len(),
            full_shards = self.full_shards,
            "tick ended"
        );
    }
}
