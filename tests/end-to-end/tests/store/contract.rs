//! The table in memory and DynamoDB's API give the same answers to the same calls: generated writes, conditions,
//! transactions and queries, from a seed that is printed.
//!
//! `TABLE_CONTRACT_SEQUENCES` asks for more sequences, `TABLE_CONTRACT_SEED` for one alone.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use shared::error::StoreError;
use shared::table::dynamodb::DynamoTable;
use shared::table::memory::MemoryTable;
use shared::table::{Clause, Entry, Key, Query, Range, Table, Value, Write, WriteError, Written};
use simulators::table::LocalTable;
use simulators::table::ids::CountedIds;

/// How many sequences are run, unless the environment asks for others.
const SEQUENCES: u64 = 400;
/// How many calls a sequence has.
const CALLS: usize = 14;

const ATTRIBUTES: [&str; 3] = ["a", "version", "body"];
const SORTS: [&str; 6] = ["A#1", "A#10", "A#2", "B", "B#é", "~"];

/// One call of a table.
#[derive(Clone, Debug)]
enum Call {
    Get(Key),
    GetMany(Vec<Key>),
    List(Query),
    Write(Write),
    Transact(Vec<Write>),
}

/// What a table answers, without what only one of both adds.
#[derive(Debug, PartialEq)]
enum Answer {
    Entries(Vec<Entry>),
    Written(Written),
    Refused,
    Failed(String),
}

/// Draws the calls of one sequence, in two partitions of its own.
struct Generator {
    random: ChaCha8Rng,
    seed: u64,
}

impl Generator {
    fn below(&mut self, end: usize) -> usize {
        self.random.random_range(0..end)
    }

    fn happens(&mut self, per_cent: usize) -> bool {
        self.below(100) < per_cent
    }

    fn key(&mut self) -> Key {
        let half = self.below(2);
        let partition = format!("P#{}#{half}", self.seed);
        Key::new(partition, SORTS[self.below(SORTS.len())])
    }

    fn keys(&mut self) -> Vec<Key> {
        let mut keys: Vec<Key> = (0..=self.below(4)).map(|_| self.key()).collect();
        // Now and then one twice, which both have to refuse.
        if !self.happens(10) {
            keys.sort_unstable();
            keys.dedup();
        }
        keys
    }

    fn attribute(&mut self) -> &'static str {
        ATTRIBUTES[self.below(ATTRIBUTES.len())]
    }

    fn value(&mut self) -> Value {
        match self.below(6) {
            0 => Value::Number(self.below(3).to_string()),
            1 => Value::Bytes(vec![0, 159, 146].into()),
            n => Value::Text(["", "x", "xy", "é"][n - 2].into()),
        }
    }

    fn clause(&mut self) -> Clause {
        let (attribute, value) = (self.attribute(), self.value());
        match self.below(5) {
            0 => Clause::NoEntry,
            1 => Clause::Equals(attribute, value),
            2 => Clause::EqualsOrMissing(attribute, value),
            3 => Clause::Missing(attribute),
            _ => Clause::LessOrMissing(attribute, Value::Text("xx".into())),
        }
    }

    fn write(&mut self, key: Key) -> Write {
        let write = match self.below(5) {
            0 => Write::delete(key),
            1 | 2 => {
                let (set, removed) = (self.attribute(), self.attribute());
                let write = Write::update(key, vec![(set, self.value())]);
                if set == removed { write } else { write.removing(&[removed]) }
            }
            _ => {
                let mut entry = key.to_entry();
                for _ in 0..self.below(3) {
                    entry.insert(self.attribute().to_owned(), self.value());
                }
                Write::put(entry)
            }
        };
        (0..self.below(3)).fold(write, |write, _| {
            let clause = self.clause();
            write.only_if(clause)
        })
    }

    fn query(&mut self) -> Query {
        let partition = self.key().partition;
        let range = match self.below(3) {
            0 => Range::All,
            1 => Range::StartsWith(["A", "A#1", "B", "C"][self.below(4)].to_owned()),
            _ => Range::Between(self.key().sort, self.key().sort),
        };
        let limit = self.happens(60).then(|| 1 + self.below(3));
        Query { limit, backwards: self.happens(50), keys_only: self.happens(20), ..Query::of(partition, range) }
    }

    fn call(&mut self) -> Call {
        match self.below(10) {
            0 => Call::Get(self.key()),
            1 => Call::GetMany(self.keys()),
            2 | 3 => Call::List(self.query()),
            4..=6 => {
                let key = self.key();
                Call::Write(self.write(key))
            }
            _ => {
                let keys = self.keys();
                Call::Transact(keys.into_iter().map(|key| self.write(key)).collect())
            }
        }
    }
}

async fn answer(table: &impl Table, call: Call) -> Answer {
    match call {
        Call::Get(key) => read(table.get(&key).await.map(|found| found.into_iter().collect())),
        Call::GetMany(keys) => {
            let mut answer = read(table.get_many(keys).await);
            if let Answer::Entries(entries) = &mut answer {
                entries.sort_by_key(Key::of);
            }
            answer
        }
        Call::List(query) => read(all_pages(table, query).await),
        Call::Write(write) => written(table.write(write).await),
        Call::Transact(writes) => written(table.transact(writes).await),
    }
}

/// All pages of a query. A page of a limited query must not be longer than its limit.
async fn all_pages(table: &impl Table, query: Query) -> Result<Vec<Entry>, StoreError> {
    let (mut found, mut start) = (Vec::new(), None);
    loop {
        let page = table.query(Query { start, ..query.clone() }).await?;
        assert!(query.limit.is_none_or(|limit| page.entries.len() <= limit), "{query:?}");
        found.extend(page.entries);
        start = page.next;
        if start.is_none() {
            return Ok(found);
        }
    }
}

fn read(entries: Result<Vec<Entry>, StoreError>) -> Answer {
    match entries {
        Ok(entries) => Answer::Entries(entries.into_iter().map(without_nonce).collect()),
        Err(StoreError::Refused { .. }) => Answer::Refused,
        Err(error) => Answer::Failed(error.to_string()),
    }
}

fn written(written: Result<Written, WriteError>) -> Answer {
    match written {
        Ok(Written::All) => Answer::Written(Written::All),
        Ok(Written::Unmet(old)) => {
            let old = old.into_iter().map(|old| old.map(without_nonce)).collect();
            Answer::Written(Written::Unmet(old))
        }
        Err(WriteError::Store(StoreError::Refused { .. })) => Answer::Refused,
        Err(error) => Answer::Failed(format!("{error:?}")),
    }
}

/// The nonce is DynamoDB's own business.
fn without_nonce(mut entry: Entry) -> Entry {
    entry.remove("nonce");
    entry
}

#[expect(clippy::disallowed_methods, reason = "which sequences are run is the test's own setting")]
fn seeds() -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    match (number("TABLE_CONTRACT_SEED"), number("TABLE_CONTRACT_SEQUENCES")) {
        (Some(seed), _) => seed..seed + 1,
        (None, sequences) => 0..sequences.unwrap_or(SEQUENCES),
    }
}

#[tokio::test]
async fn the_table_in_memory_answers_what_dynamodb_answers() {
    let local = LocalTable::in_memory().await.unwrap();
    let dynamodb = DynamoTable::new(local.client(), local.name().to_owned(), CountedIds);
    let memory = MemoryTable::default();
    let (mut unmet, mut refused, mut made) = (0, 0, 0);
    for seed in seeds() {
        let mut generator = Generator { random: ChaCha8Rng::seed_from_u64(seed), seed };
        for n in 0..CALLS {
            let call = generator.call();
            let (there, here) = (answer(&dynamodb, call.clone()).await, answer(&memory, call.clone()).await);
            assert_eq!(here, there, "seed {seed}, call {n}: memory on the left, DynamoDB on the right: {call:#?}");
            match there {
                Answer::Written(Written::All) => made += 1,
                Answer::Written(Written::Unmet(_)) => unmet += 1,
                Answer::Refused => refused += 1,
                Answer::Entries(_) | Answer::Failed(_) => {}
            }
        }
    }
    // The calls must reach what they are about.
    assert!(
        seeds().end - seeds().start == 1 || (made > 500 && unmet > 500 && refused > 20),
        "{made} {unmet} {refused}"
    );
    local.stop().await.unwrap();
}
