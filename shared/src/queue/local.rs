//! A queue in process: delays follow the runtime's clock, delivery is at least once, and messages come in due order.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::checked_delay;
use crate::error::QueueError;
use crate::ports::{AlertMessage, AlertQueue, Queue, SyncMessage};

/// A queue in this process; clones are the same queue.
#[derive(Debug)]
pub struct LocalQueue<M = SyncMessage> {
    shared: Arc<Shared<M>>,
    redelivered_after: Duration,
    doubled: Option<u64>,
}

impl<M> Clone for LocalQueue<M> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), ..*self }
    }
}

#[derive(Debug)]
struct Shared<M> {
    state: Mutex<State<M>>,
    changed: Notify,
}

#[derive(Debug)]
struct State<M> {
    waiting: BinaryHeap<Reverse<Waiting<M>>>,
    /// Messages that are delivered and not acknowledged.
    in_flight: usize,
    sent: u64,
    next_number: u64,
}

impl<M> State<M> {
    fn put(&mut self, message: M, delay: Duration) {
        self.next_number += 1;
        self.waiting.push(Reverse(Waiting { due: Instant::now() + delay, number: self.next_number, message }));
    }

    /// The message that has been due longest, or when the next one is due if any waits.
    fn take_due(&mut self) -> Result<M, Option<Instant>> {
        let due = self.waiting.peek().map(|Reverse(first)| first.due);
        if due.is_none_or(|due| due > Instant::now()) {
            return Err(due);
        }
        let Reverse(first) = self.waiting.pop().ok_or(None)?;
        self.in_flight += 1;
        Ok(first.message)
    }
}

#[derive(Debug)]
struct Waiting<M> {
    due: Instant,
    /// Keeps messages that are due at the same time in the order of sending.
    number: u64,
    message: M,
}

impl<M> Waiting<M> {
    const fn key(&self) -> (Instant, u64) {
        (self.due, self.number)
    }
}

impl<M> PartialEq for Waiting<M> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl<M> Eq for Waiting<M> {}

impl<M> PartialOrd for Waiting<M> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<M> Ord for Waiting<M> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

/// A delivered message. If it is dropped without [`Delivery::acknowledge`], it is delivered again, as after a crash.
#[derive(Debug)]
#[must_use = "a delivery that is dropped is delivered again"]
pub struct Delivery<M: Clone = SyncMessage> {
    pub message: M,
    queue: LocalQueue<M>,
    acknowledged: bool,
}

impl<M: Clone> LocalQueue<M> {
    /// An empty queue that delivers a dropped message again after `redelivered_after`.
    #[must_use]
    pub fn new(redelivered_after: Duration) -> Self {
        let state = State { waiting: BinaryHeap::new(), in_flight: 0, sent: 0, next_number: 0 };
        let shared = Shared { state: Mutex::new(state), changed: Notify::new() };
        Self { shared: Arc::new(shared), redelivered_after, doubled: None }
    }

    /// The same, but delivers every `nth` message twice, as a standard queue may do.
    #[must_use]
    pub fn doubling_every(nth: u64, redelivered_after: Duration) -> Self {
        Self { doubled: Some(nth.max(1)), ..Self::new(redelivered_after) }
    }

    /// Waits for the message that has been due longest. Several tasks may wait at once.
    pub async fn receive(&self) -> Delivery<M> {
        loop {
            // Created before the check, so that a message sent in between wakes this task.
            let changed = self.shared.changed.notified();
            let taken = self.state().take_due();
            match taken {
                Ok(message) => {
                    return Delivery { message, queue: self.clone(), acknowledged: false };
                }
                Err(Some(due)) => tokio::select! {
                    () = changed => {}
                    () = sleep_until(due) => {}
                },
                Err(None) => changed.await,
            }
        }
    }

    /// How many messages wait, delayed ones included.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.state().waiting.len()
    }

    /// How many messages are delivered and not yet acknowledged.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.state().in_flight
    }

    /// Waits until every message is acknowledged and none waits.
    pub async fn drained(&self) {
        loop {
            let changed = self.shared.changed.notified();
            {
                let state = self.state();
                if state.waiting.is_empty() && state.in_flight == 0 {
                    return;
                }
            }
            changed.await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State<M>> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn queue(&self, message: &M, delay_s: u32) -> Result<(), QueueError> {
        let delay = Duration::from_secs(u64::from(checked_delay(delay_s)?));
        {
            let mut state = self.state();
            state.sent += 1;
            let doubled = self.doubled.is_some_and(|nth| state.sent.is_multiple_of(nth));
            for _ in 0..if doubled { 2 } else { 1 } {
                state.put(message.clone(), delay);
            }
        }
        self.shared.changed.notify_waiters();
        Ok(())
    }
}

impl Queue for LocalQueue {
    async fn send(&self, message: &SyncMessage, delay_s: u32) -> Result<(), QueueError> {
        self.queue(message, delay_s)
    }
}

impl AlertQueue for LocalQueue<AlertMessage> {
    async fn send_alert(&self, message: &AlertMessage) -> Result<(), QueueError> {
        self.queue(message, 0)
    }
}

impl<M: Clone> Delivery<M> {
    /// Ends the message: it is not delivered again.
    pub fn acknowledge(mut self) {
        self.acknowledged = true;
    }
}

impl<M: Clone> Drop for Delivery<M> {
    fn drop(&mut self) {
        {
            let mut state = self.queue.state();
            state.in_flight -= 1;
            if !self.acknowledged {
                state.put(self.message.clone(), self.queue.redelivered_after);
            }
        }
        self.queue.shared.changed.notify_waiters();
    }
}

#[cfg(test)]
pub(super) mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::id::PartnerId;
    use crate::domain::month::UsageMonth;
    use crate::domain::run::{RunKind, RunRequest, RunScope};

    const MINUTE: Duration = Duration::from_secs(60);

    pub(in crate::queue) fn message(partner: u128) -> SyncMessage {
        SyncMessage {
            request: RunRequest {
                partner: PartnerId::from_uuid(Uuid::from_u128(partner)),
                kind: RunKind::Scheduled,
                month: UsageMonth::parse("2026-11").unwrap(),
                slot: "2026-11-30".into(),
                scheduled_at: "2026-11-30T01:12:00Z".parse().unwrap(),
                preview: None,
                retry_of: None,
                scope: RunScope::default(),
                asked_by: None,
            },
            attempt: 0,
            turns: 0,
            first_sent_at: "2026-11-30T01:15:00Z".parse().unwrap(),
        }
    }

    async fn receive(queue: &LocalQueue) -> SyncMessage {
        let delivery = queue.receive().await;
        let message = delivery.message.clone();
        delivery.acknowledge();
        message
    }

    #[tokio::test(start_paused = true)]
    async fn messages_come_when_due_and_then_in_the_order_of_sending() {
        let queue = LocalQueue::new(MINUTE);
        let started = Instant::now();
        for (partner, delay_s) in [(1, 900), (2, 0), (3, 120), (4, 0), (5, 120)] {
            queue.send(&message(partner), delay_s).await.unwrap();
        }
        for (partner, after_s) in [(2, 0), (4, 0), (3, 120), (5, 120), (1, 900)] {
            assert_eq!(receive(&queue).await, message(partner));
            assert_eq!(started.elapsed().as_secs(), after_s, "partner {partner}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_waiting_worker_is_woken_by_a_message_that_is_due_earlier() {
        let queue = LocalQueue::new(MINUTE);
        queue.send(&message(1), 600).await.unwrap();
        let worker = tokio::spawn({
            let queue = queue.clone();
            async move { receive(&queue).await }
        });
        tokio::time::sleep(Duration::from_secs(1)).await;
        queue.send(&message(2), 0).await.unwrap();
        assert_eq!(worker.await.unwrap(), message(2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_message_is_delivered_again() {
        let queue = LocalQueue::new(MINUTE);
        let started = Instant::now();
        queue.send(&message(1), 0).await.unwrap();
        drop(queue.receive().await);
        assert_eq!(receive(&queue).await, message(1));
        assert_eq!(started.elapsed(), MINUTE);
        assert_eq!(queue.waiting(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn every_nth_message_comes_twice_where_configured() {
        let queue = LocalQueue::doubling_every(3, MINUTE);
        for partner in 1..=6 {
            queue.send(&message(partner), 0).await.unwrap();
        }
        for partner in [1, 2, 3, 3, 4, 5, 6, 6] {
            assert_eq!(receive(&queue).await, message(partner));
        }
        assert_eq!(queue.waiting(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_drained_only_when_the_last_message_is_acknowledged() {
        let queue = LocalQueue::new(MINUTE);
        queue.send(&message(1), 30).await.unwrap();
        let delivery = queue.receive().await;
        assert_eq!((queue.waiting(), queue.in_flight()), (0, 1));
        let drained = tokio::time::timeout(MINUTE, queue.drained());
        assert!(drained.await.is_err(), "a message is still in flight");
        delivery.acknowledge();
        queue.drained().await;
    }
}
