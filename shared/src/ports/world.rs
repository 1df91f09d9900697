//! The ports to time, unique ids and the queues.

use std::future::Future;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::follow_up::FollowUp;
use crate::domain::id::PartnerId;
use crate::domain::run::RunRequest;
use crate::error::QueueError;

/// The wall clock. A monotonic clock may stop while a sandbox is frozen, but leases must expire meanwhile.
pub trait Clock: Send + Sync {
    /// The present time.
    fn now(&self) -> Timestamp;
}

/// The source of unique ids. A port, so that a simulation can be replayed from its seed.
pub trait Ids: Send + Sync {
    /// A text that no other call returns, at most 36 visible ASCII characters; used as nonce of a conditional write or
    /// as name of a lease's owner.
    fn unique(&self) -> String;
}

/// A message from `sync-schedule` or the API to `usage-sync`: open or continue a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SyncMessage {
    /// The run to open or continue.
    pub request: RunRequest,
    /// How many times in a row a service was unreachable; progress resets it to 0.
    pub attempt: u32,
    /// How many times in a row the run waited for another worker or another run of the partner.
    #[serde(default)]
    pub turns: u32,
    pub first_sent_at: Timestamp,
}

/// The queue of runs. It delivers at least once, in no order.
pub trait Queue: Send + Sync {
    /// Queues a message to be delivered after `delay_s` seconds, 0 to 900. Messages of different partners do not wait
    /// for one another.
    ///
    /// # Errors
    /// [`QueueError`]; the message may have been queued.
    fn send(&self, message: &SyncMessage, delay_s: u32) -> impl Future<Output = Result<(), QueueError>> + Send;
}

/// A message from `sync-schedule` or the API to `alert-delivery`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertMessage {
    /// The partner that is due for the follow-up.
    pub partner: PartnerId,
    /// [`FollowUp::DeliverAlerts`] or [`FollowUp::CheckSilence`].
    pub follow_up: FollowUp,
    /// The time for which the follow-up was scheduled; by now it may have another one.
    pub due_at: Timestamp,
}

/// The queue of alerts, separate so that no run waits for a partner's webhook. It delivers at least once, in no order.
pub trait AlertQueue: Send + Sync {
    /// Queues a message. Messages of different partners do not wait for one another.
    ///
    /// # Errors
    /// [`QueueError`]; the message may have been queued.
    fn send_alert(&self, message: &AlertMessage) -> impl Future<Output = Result<(), QueueError>> + Send;
}
