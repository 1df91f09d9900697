//! The delivery of alerts in the local stack: what SQS and Lambda do, in a loop. Webhooks of this machine may be called, and
//! no mail is sent.

use alert_delivery::World;
use jiff::SignedDuration;
use shared::client::address::AddressPolicy;
use shared::client::http::Http;
use shared::client::webhook::Webhooks;
use shared::clock::SystemClock;
use shared::mail::SesMailer;
use shared::ports::{AlertMessage, Clock};
use shared::queue::LocalQueue;
use shared::seal::LocalSeal;
use tokio::task::JoinSet;

use super::{LocalStore, StackError, TableClient};

/// What an invocation has in `template.yaml`.
const TIMEOUT: SignedDuration = SignedDuration::from_mins(2);

/// The world that alerts are delivered in.
pub(super) type AlertWorld = World<TableClient, LocalSeal, SesMailer, SystemClock>;

/// What the local delivery works with.
pub(super) fn world(store: LocalStore, seal: LocalSeal) -> Result<AlertWorld, StackError> {
    let policy = AddressPolicy::Loopback;
    let webhooks = Webhooks::new(Http::build(policy, Webhooks::limits())?);
    Ok(World { store, seal, webhooks, policy, mailer: None, clock: SystemClock })
}

/// A running delivery.
pub(super) struct AlertWorker(JoinSet<()>);

impl AlertWorker {
    /// Starts it on a queue.
    pub(super) fn start(world: AlertWorld, queue: &LocalQueue<AlertMessage>) -> Self {
        let mut worker = JoinSet::new();
        worker.spawn(work(world, queue.clone()));
        Self(worker)
    }

    /// Stops it at once, as a killed Lambda stops.
    pub(super) async fn stop(mut self) {
        self.0.shutdown().await;
    }
}

async fn work(world: AlertWorld, queue: LocalQueue<AlertMessage>) {
    loop {
        let delivery = queue.receive().await;
        let now = SystemClock.now();
        match world.see_to(&delivery.message, now.checked_add(TIMEOUT).unwrap_or(now)).await {
            Ok(()) => delivery.acknowledge(),
            Err(error) => tracing::error!(%error, "alerts were not seen to; the message is delivered again"),
        }
    }
}
