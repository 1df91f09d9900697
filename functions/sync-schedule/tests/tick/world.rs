//! The store and the queue of a tick in memory, with the faults that a test asks for.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use futures::FutureExt;
use jiff::Timestamp;
use shared::domain::id::PartnerId;
use shared::domain::run::Run;
use shared::domain::settings::Settings;
use shared::error::{QueueError, StoreError};
use shared::ports::{AlertMessage, AlertQueue, Ids, Queue, SyncMessage};
use shared::store::{Change, Store};
use shared::table::memory::MemoryTable;
use shared::table::{Action, DueQuery, Entry, Key, Page, Query, Table, Value, Write, WriteError, Written};
use tokio::task::yield_now;
use uuid::Uuid;

/// A store and a queue. Each call lets others run first, so that two ticks can meet.
#[derive(Default)]
pub(crate) struct World {
    /// What is stored, without any fault.
    pub(crate) stored: Store<MemoryTable>,
    memory: MemoryTable,
    pub(crate) faults: Arc<Mutex<Faults>>,
    pub(crate) queue: TestQueue,
}

/// What fails in the table.
#[derive(Default)]
pub(crate) struct Faults {
    /// Partners whose due time and follow-ups cannot be changed.
    pub(crate) not_moved: BTreeSet<PartnerId>,
    /// A shard that cannot be read.
    pub(crate) shard_away: Option<u8>,
}

/// Two queues in one.
#[derive(Default)]
pub(crate) struct TestQueue {
    sent: Mutex<Vec<SyncMessage>>,
    pub(crate) alerts: Mutex<Vec<AlertMessage>>,
    /// Partners whose messages it does not take.
    pub(crate) refused: BTreeSet<PartnerId>,
}

/// The partner with this number.
pub(crate) fn partner(number: u128) -> PartnerId {
    PartnerId::from_uuid(Uuid::from_u128(number))
}

/// The outcome of a call on the memory table, which never waits.
fn now<T>(call: impl Future<Output = Result<T, StoreError>>) -> T {
    call.now_or_never().unwrap().unwrap()
}

impl World {
    pub(crate) fn new() -> Self {
        let memory = MemoryTable::default();
        Self { stored: Store::on(memory.clone()), memory, faults: Arc::default(), queue: TestQueue::default() }
    }

    /// The store as a tick sees it.
    pub(crate) fn store(&self) -> Store<FaultyTable> {
        Store::on(FaultyTable { memory: self.memory.clone(), faults: Arc::clone(&self.faults) })
    }

    pub(crate) fn with(self, number: u128, settings: &Settings, due: Timestamp) -> Self {
        now(self.stored.put_settings(partner(number), settings));
        now(self.stored.put_due(partner(number), due));
        self
    }

    /// Stores runs of a partner.
    pub(crate) fn put_runs(&self, partner: PartnerId, runs: &[Run], at: Timestamp) {
        let lease = now(self.stored.acquire_lease(partner, "test", at, 90)).unwrap();
        for run in runs {
            now(self.stored.commit(&lease, lease.expires_at, vec![Change::PutRun(Box::new(run.clone()))]));
        }
    }

    /// Overwrites a partner's settings with what no release has written.
    pub(crate) fn spoil_settings(&self, partner: PartnerId) {
        let body = Value::Text(r#"{"frequency":"hourly"}"#.into());
        let spoil = Write::update(Key::new(format!("P#{partner}#"), "CFG"), vec![("body", body)]);
        self.memory.write(spoil).now_or_never().unwrap().unwrap();
    }

    /// When a partner is due.
    pub(crate) fn due_of(&self, number: u128) -> Timestamp {
        now(self.stored.find_due(partner(number))).unwrap()
    }

    /// The partners that are due in a shard.
    pub(crate) fn partners_of(&self, shard: u8) -> usize {
        now(self.stored.list_due(shard, Timestamp::MAX, 1_000)).len()
    }

    /// The messages sent so far, taken out.
    pub(crate) fn take_sent(&self) -> Vec<SyncMessage> {
        std::mem::take(&mut self.queue.sent.lock().unwrap())
    }
}

/// The table as a tick sees it.
#[derive(Clone)]
pub(crate) struct FaultyTable {
    memory: MemoryTable,
    faults: Arc<Mutex<Faults>>,
}

fn away() -> StoreError {
    StoreError::Unavailable { why: "timed out".into() }
}

impl FaultyTable {
    fn check(&self, write: &Write) -> Result<(), WriteError> {
        let partition = match &write.action {
            Action::Put(entry) => Key::of(entry).unwrap().partition,
            Action::Update { key, .. } | Action::Delete(key) => key.partition.clone(),
        };
        let is_refused = |partner: &PartnerId| partition == format!("P#{partner}#D");
        match self.faults.lock().unwrap().not_moved.iter().any(is_refused) {
            true => Err(WriteError::Store(away())),
            false => Ok(()),
        }
    }
}

impl Ids for FaultyTable {
    fn unique(&self) -> String {
        self.memory.unique()
    }
}

impl Table for FaultyTable {
    async fn get(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        yield_now().await;
        self.memory.get(key).await
    }

    async fn get_many(&self, keys: Vec<Key>) -> Result<Vec<Entry>, StoreError> {
        yield_now().await;
        self.memory.get_many(keys).await
    }

    async fn query(&self, query: Query) -> Result<Page, StoreError> {
        yield_now().await;
        self.memory.query(query).await
    }

    async fn query_due(&self, query: DueQuery) -> Result<Page, StoreError> {
        yield_now().await;
        let is_away = self.faults.lock().unwrap().shard_away.is_some_and(|shard| query.shard == format!("DUE#{shard}"));
        if is_away { Err(away()) } else { self.memory.query_due(query).await }
    }

    async fn write(&self, write: Write) -> Result<Written, WriteError> {
        yield_now().await;
        self.check(&write)?;
        self.memory.write(write).await
    }

    async fn transact(&self, writes: Vec<Write>) -> Result<Written, WriteError> {
        yield_now().await;
        writes.iter().try_for_each(|write| self.check(write))?;
        self.memory.transact(writes).await
    }
}

impl Queue for TestQueue {
    async fn send(&self, message: &SyncMessage, delay_s: u32) -> Result<(), QueueError> {
        yield_now().await;
        assert_eq!(delay_s, 0, "a due partner does not wait");
        if self.refused.contains(&message.request.partner) {
            return Err(QueueError { why: "timed out".into() });
        }
        self.sent.lock().unwrap().push(message.clone());
        Ok(())
    }
}

impl AlertQueue for TestQueue {
    async fn send_alert(&self, message: &AlertMessage) -> Result<(), QueueError> {
        yield_now().await;
        if self.refused.contains(&message.partner) {
            return Err(QueueError { why: "timed out".into() });
        }
        self.alerts.lock().unwrap().push(message.clone());
        Ok(())
    }
}
