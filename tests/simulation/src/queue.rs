//! The queue: delivers at least once, in any order.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use shared::error::QueueError;
use shared::ports::{Queue, SyncMessage};
use tokio::sync::Notify;

use super::environment::{Environment, locked};
use super::fate::Effects;

/// How often a message is delivered before it is left to the dead letters.
const DELIVERIES: u32 = 5;

/// A message and how often it was delivered.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) message: SyncMessage,
    deliveries: u32,
}

#[derive(Default)]
struct State {
    /// Key: due time, then a sequence number.
    waiting: BTreeMap<(u64, u64), Waiting>,
    numbers: u64,
    /// Messages that nobody could work off.
    dead: u32,
}

/// The queue of a world.
#[derive(Clone)]
pub(super) struct Messages {
    environment: Environment,
    state: Arc<Mutex<State>>,
    pub(super) changed: Arc<Notify>,
}

impl Messages {
    pub(super) fn new(environment: Environment) -> Self {
        Self { environment, state: Arc::default(), changed: Arc::default() }
    }

    fn put(&self, waiting: Waiting, due_ms: u64) {
        let mut state = locked(&self.state);
        state.numbers += 1;
        let number = state.numbers;
        state.waiting.insert((due_ms, number), waiting);
        drop(state);
        self.changed.notify_one();
    }

    /// Queues what somebody outside of the workers asks for.
    pub(super) fn ask(&self, message: SyncMessage) {
        self.put(Waiting { message, deliveries: 0 }, self.environment.now_ms());
    }

    /// Puts a message back that was not worked off.
    pub(super) fn put_back(&self, waiting: Waiting) {
        if waiting.deliveries >= DELIVERIES {
            self.environment.note("dead letter", &[]);
            locked(&self.state).dead += 1;
            return;
        }
        let visible = self.environment.now_ms() + self.environment.one_of(&[1_000, 30_000, 90_000, 180_000]);
        self.put(waiting, visible);
    }

    /// When the next message is due.
    pub(super) fn next_due(&self) -> Option<u64> {
        locked(&self.state).waiting.keys().next().map(|(due, _)| *due)
    }

    /// The message that has been due longest.
    pub(super) fn take(&self) -> Option<Waiting> {
        let mut state = locked(&self.state);
        let first = state.waiting.first_entry()?;
        if first.key().0 > self.environment.now_ms() {
            return None;
        }
        let mut waiting = first.remove();
        waiting.deliveries += 1;
        Some(waiting)
    }
}

/// The queue as one invocation sees it.
#[derive(Clone)]
pub(super) struct Sender {
    pub(super) messages: Messages,
    pub(super) effects: Effects,
}

impl Queue for Sender {
    async fn send(&self, message: &SyncMessage, delay_s: u32) -> Result<(), QueueError> {
        let environment = &self.messages.environment;
        environment.pass(2, 30).await;
        let fault_profile = environment.fault_profile();
        let lost = environment.happens(fault_profile.queue_lost);
        if lost && environment.happens(500) {
            environment.pass(5, 3_000).await;
            return Err(QueueError { why: "no answer".into() });
        }
        let late = if environment.happens(fault_profile.reordered) { environment.between(0, 90_000) } else { 0 };
        let due = environment.now_ms() + u64::from(delay_s) * 1000 + late;
        let waiting = Waiting { message: message.clone(), deliveries: 0 };
        self.messages.put(waiting.clone(), due);
        if environment.happens(fault_profile.doubled_message) {
            self.messages.put(waiting, due + environment.between(0, 60_000));
        }
        environment.note("queued", &[u64::from(delay_s)]);
        self.effects.count();
        environment.pass(2, 30).await;
        if lost { Err(QueueError { why: "no answer".into() }) } else { Ok(()) }
    }
}
