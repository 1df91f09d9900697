//! The table of a simulated world: the shipped store on a table in memory, behind everything that a table on the network
//! does to its callers.

use std::sync::{Arc, Mutex};

use shared::error::StoreError;
use shared::ports::Ids;
use shared::store::{MemoryStore, Store};
use shared::table::memory::MemoryTable;
use shared::table::{DueQuery, Entry, Key, Page, Query, Table, Write, WriteError, Written};

use super::environment::{Environment, locked};
use super::fate::Effects;

/// A world's table, and the store in it.
pub(super) struct WorldTable {
    /// The store as an onlooker sees it, without any fault.
    pub(super) memory: MemoryStore,
    faulty: FaultyTable,
}

impl WorldTable {
    pub(super) fn new(environment: Environment) -> Self {
        let memory = MemoryTable::default();
        let faulty =
            FaultyTable { environment, memory: memory.clone(), late: Arc::default(), effects: Effects::default() };
        Self { memory: Store::on(memory), faulty }
    }

    /// The store as one invocation sees it, which counts its effects.
    pub(super) fn seen_by(&self, effects: Effects) -> Store<FaultyTable> {
        Store::on(FaultyTable { effects, ..self.faulty.clone() })
    }
}

/// A transaction that takes effect although its caller got an error.
struct OnItsWay {
    at_ms: u64,
    writes: Vec<Write>,
}

/// The table as one invocation sees it.
#[derive(Clone)]
pub(super) struct FaultyTable {
    environment: Environment,
    memory: MemoryTable,
    late: Arc<Mutex<Vec<OnItsWay>>>,
    effects: Effects,
}

impl FaultyTable {
    /// The way there; an error where nothing arrives.
    async fn go(&self) -> Result<(), StoreError> {
        let fault_profile = self.environment.fault_profile();
        match self.environment.happens(fault_profile.slow_table) {
            true => self.environment.pass(500, 9_000).await,
            false => self.environment.pass(1, 12).await,
        }
        self.let_late_arrive().await?;
        match self.environment.happens(fault_profile.table_away) {
            true => Err(away()),
            false => Ok(()),
        }
    }

    /// The way back of something that changed the table; an error where the answer is lost.
    async fn back(&self) -> Result<(), WriteError> {
        self.effects.count();
        let fault_profile = self.environment.fault_profile();
        match self.environment.happens(fault_profile.slow_table) {
            true => self.environment.pass(500, 9_000).await,
            false => self.environment.pass(1, 6).await,
        }
        match self.environment.happens(fault_profile.table_lost) {
            true => Err(WriteError::Store(away())),
            false => Ok(()),
        }
    }

    async fn let_late_arrive(&self) -> Result<(), StoreError> {
        let now = self.environment.now_ms();
        let due: Vec<OnItsWay> = locked(&self.late).extract_if(.., |late| late.at_ms <= now).collect();
        for OnItsWay { writes, .. } in due {
            let count = writes.len() as u64;
            let came = self.memory.transact(writes).await?;
            self.environment.note("late transaction", &[count, u64::from(came == Written::All)]);
        }
        Ok(())
    }
}

fn away() -> StoreError {
    StoreError::Unavailable { why: "a storm".into() }
}

impl Ids for FaultyTable {
    fn unique(&self) -> String {
        self.memory.unique()
    }
}

impl Table for FaultyTable {
    async fn get(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        self.go().await?;
        self.memory.get(key).await
    }

    async fn get_many(&self, keys: Vec<Key>) -> Result<Vec<Entry>, StoreError> {
        self.go().await?;
        self.memory.get_many(keys).await
    }

    async fn query(&self, query: Query) -> Result<Page, StoreError> {
        self.go().await?;
        self.memory.query(query).await
    }

    async fn query_due(&self, query: DueQuery) -> Result<Page, StoreError> {
        self.go().await?;
        self.memory.query_due(query).await
    }

    async fn write(&self, write: Write) -> Result<Written, WriteError> {
        self.go().await.map_err(WriteError::Store)?;
        let written = self.memory.write(write).await?;
        self.environment.note("write", &[u64::from(written == Written::All)]);
        self.back().await?;
        Ok(written)
    }

    async fn transact(&self, writes: Vec<Write>) -> Result<Written, WriteError> {
        self.go().await.map_err(WriteError::Store)?;
        if self.environment.happens(self.environment.fault_profile().table_late) {
            let at_ms = self.environment.now_ms() + self.environment.between(100, 20_000);
            locked(&self.late).push(OnItsWay { at_ms, writes });
            return Err(WriteError::Store(away()));
        }
        let count = writes.len() as u64;
        let written = self.memory.transact(writes).await?;
        self.environment.note("transaction", &[count, u64::from(written == Written::All)]);
        self.back().await?;
        Ok(written)
    }
}
