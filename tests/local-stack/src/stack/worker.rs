//! The workers of the local stack: what SQS and Lambda do, in a loop.

use jiff::{SignedDuration, Timestamp};
use shared::clock::SystemClock;
use shared::ports::Clock;
use shared::queue::LocalQueue;
use tokio::task::JoinSet;
use usage_sync::Worker;

use super::LocalWorld;

/// How many messages are worked on at once.
const WORKERS: usize = 2;

/// Running workers.
pub(super) struct Workers(JoinSet<()>);

impl Workers {
    /// Starts them on a queue.
    pub(super) fn start(worker: &Worker<LocalWorld>, queue: &LocalQueue, slice: SignedDuration) -> Self {
        let mut workers = JoinSet::new();
        for _ in 0..WORKERS {
            workers.spawn(work(worker.clone(), queue.clone(), slice));
        }
        Self(workers)
    }

    /// Stops them at once, as a frozen or killed Lambda stops: what they left undone is taken up again.
    pub(super) async fn stop(mut self) {
        self.0.shutdown().await;
    }
}

async fn work(worker: Worker<LocalWorld>, queue: LocalQueue, slice: SignedDuration) {
    loop {
        let delivery = queue.receive().await;
        match worker.carry_on(&delivery.message, deadline(slice)).await {
            Ok(_) => delivery.acknowledge(),
            Err(error) => tracing::error!(%error, "a slice failed; its message is delivered again"),
        }
    }
}

fn deadline(slice: SignedDuration) -> Timestamp {
    let now = SystemClock.now();
    now.checked_add(slice).unwrap_or(now)
}
