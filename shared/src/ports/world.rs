//! Time, ids and the queue.

use std::future::Future;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::follow_up::FollowUp;
use crate::domain::id::PartnerId;
use crate::domain::run::RunRequest;
use crate::error::QueueError;

/// The wall clock. A monotonic one may stand still in a frozen sandbox, and leases must not.
pub trait Clock: Send + Sync {
    /// The present time.
    fn now(&self) -> Timestamp;
}

/// Where ids come from, so that a seed replays a run.
pub trait Ids: Send + Sync {
    /// A text that no other call returns, at most 36 visible ASCII characters: the nonce of a conditional write, the name
    /// of a lease's owner.
    fn unique(&self) -> String;
}

/// What `sync-schedule` and the API send, and `usage-sync` works off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SyncMessage {
    /// The run to open or carry on.
    pub request: RunRequest,
    /// How many times in a row a service was away; a continuation after progress starts again at 0.
    pub attempt: u32,
    /// How many times in a row it waited for another worker or another run of the partner.
    #[serde(default)]
    pub turns: u32,
    /// When it was first sent.
    pub first_sent_at: Timestamp,
}

/// The queue between those who ask for runs and those who work them off. At least once, in no order.
pub trait Queue: Send + Sync {
    /// Queues a message to be delivered after `delay_s` seconds, 0 to 900. Messages of different partners do not wait
    /// for one another.
    ///
    /// # Errors
    /// The message may or may not have been queued.
    fn send(&self, message: &SyncMessage, delay_s: u32) -> impl Future<Output = Result<(), QueueError>> + Send;
}

/// What `sync-schedule` and the API send, and `alert-delivery` works off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertMessage {
    /// Whose alerts are to be seen to.
    pub partner: PartnerId,
    /// For what: [`FollowUp::DeliverAlerts`] or [`FollowUp::CheckSilence`].
    pub follow_up: FollowUp,
    /// The time that the look is set to, unless somebody sets it to another meanwhile.
    pub due_at: Timestamp,
}

/// The queue of alerts: its own, so that no run waits for a partner's webhook. At least once, in no order.
pub trait AlertQueue: Send + Sync {
    /// Queues a message. Messages of different partners do not wait for one another.
    ///
    /// # Errors
    /// The message may or may not have been queued.
    fn send_alert(&self, message: &AlertMessage) -> impl Future<Output = Result<(), QueueError>> + Send;
}
