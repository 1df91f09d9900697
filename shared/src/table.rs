//! The port to the one table: keys, entries, conditions, writes and queries, as DynamoDB offers them.
//!
//! [`dynamodb`] sends them; [`memory`] evaluates them, for simulations and tests. The store is written once, on this port,
//! so that simulations exercise what is shipped. Whatever creates the table (the deployment template, the local stack)
//! uses the names of keys, index and expiry given here.

pub mod dynamodb;
pub mod memory;

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;

use crate::error::StoreError;
use crate::ports::Ids;

/// The partition key, a string. It starts with the partner, so that a role can be restricted to partners.
pub const PARTITION_KEY: &str = "PK";
/// The sort key, a string: the entries of a partition are in its order.
pub const SORT_KEY: &str = "SK";
/// When an entry expires: epoch seconds, a number. DynamoDB removes it up to some days later.
pub const EXPIRY: &str = "ttl";
/// The index of due partners. It projects keys only.
pub const DUE_INDEX: &str = "due";
/// The partition key of the index, a string: `DUE#0` to `DUE#15`.
pub const DUE_SHARD: &str = "dueShard";
/// The sort key of the index, a string: when the partner is due, as a text that sorts by time.
pub const NEXT_RUN_AT: &str = "nextRunAt";
/// How many shards the index has: a partition of DynamoDB accepts 1,000 writes a second.
pub const DUE_SHARDS: u8 = 16;
/// The most writes of one transaction.
pub const MAX_ACTIONS: usize = 100;

/// The key of an entry, unique in the table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    pub partition: String,
    pub sort: String,
}

impl Key {
    /// The key with this partition key and sort key.
    #[must_use]
    pub fn new(partition: impl Into<String>, sort: impl Into<String>) -> Self {
        Self { partition: partition.into(), sort: sort.into() }
    }

    /// The key in the attributes of an entry; none if they lack one.
    #[must_use]
    pub fn of(entry: &Entry) -> Option<Self> {
        Some(Self::new(entry.get(PARTITION_KEY)?.as_text()?, entry.get(SORT_KEY)?.as_text()?))
    }

    /// An entry with only this key.
    #[must_use]
    pub fn to_entry(&self) -> Entry {
        let text = |text: &str| Value::Text(text.into());
        Entry::from([(PARTITION_KEY.to_owned(), text(&self.partition)), (SORT_KEY.to_owned(), text(&self.sort))])
    }
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Text(Arc<str>),
    /// A number in decimal digits.
    Number(String),
    Bytes(Arc<[u8]>),
}

impl Value {
    /// The text, if the value is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(_) | Self::Bytes(_) => None,
        }
    }

    /// The digits of the number, if the value is one.
    #[must_use]
    pub fn as_number(&self) -> Option<&str> {
        match self {
            Self::Number(digits) => Some(digits),
            Self::Text(_) | Self::Bytes(_) => None,
        }
    }

    /// The bytes, if the value is some.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Text(_) | Self::Number(_) => None,
        }
    }

    /// How many bytes DynamoDB counts for it, or a few more.
    fn size(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Number(digits) => digits.len(),
            Self::Bytes(bytes) => bytes.len(),
        }
    }
}

/// The attributes of an entry, its key included.
pub type Entry = HashMap<String, Value>;

/// A part of a condition on the entry that is stored at a write's key. All clauses of a condition must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clause {
    NoEntry,
    /// The attribute has this value.
    Equals(&'static str, Value),
    /// The attribute has this value or is missing.
    EqualsOrMissing(&'static str, Value),
    /// The attribute is missing.
    Missing(&'static str),
    /// The attribute is a text that sorts before this one, or is missing.
    LessOrMissing(&'static str, Value),
}

/// What a write does to its entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Stores the entry in place of the one at its key.
    Put(Entry),
    /// Sets and removes attributes; creates the entry if there is none.
    Update {
        /// The key of the entry.
        key: Key,
        /// The attributes to set.
        set: Vec<(&'static str, Value)>,
        /// The attributes to remove.
        remove: Vec<&'static str>,
    },
    /// Removes the entry.
    Delete(Key),
}

/// One write of one entry, with or without a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    pub action: Action,
    /// The clauses that must hold before the write; empty means no condition.
    pub condition: Vec<Clause>,
}

impl Write {
    const fn new(action: Action) -> Self {
        Self { action, condition: Vec::new() }
    }

    /// Stores an entry in place of the one at its key.
    #[must_use]
    pub const fn put(entry: Entry) -> Self {
        Self::new(Action::Put(entry))
    }

    /// Sets attributes of an entry.
    #[must_use]
    pub const fn update(key: Key, set: Vec<(&'static str, Value)>) -> Self {
        Self::new(Action::Update { key, set, remove: Vec::new() })
    }

    /// Changes nothing. With a condition it is a check in a transaction.
    #[must_use]
    pub const fn check(key: Key) -> Self {
        Self::update(key, Vec::new())
    }

    /// Removes an entry.
    #[must_use]
    pub const fn delete(key: Key) -> Self {
        Self::new(Action::Delete(key))
    }

    /// Removes these attributes too, if the write is an update.
    #[must_use]
    pub fn removing(mut self, attributes: &[&'static str]) -> Self {
        if let Action::Update { remove, .. } = &mut self.action {
            remove.extend_from_slice(attributes);
        }
        self
    }

    /// Writes only if there is no entry.
    #[must_use]
    pub fn if_absent(self) -> Self {
        self.only_if(Clause::NoEntry)
    }

    /// Writes only if the attribute has this value.
    #[must_use]
    pub fn if_equals(self, attribute: &'static str, value: Value) -> Self {
        self.only_if(Clause::Equals(attribute, value))
    }

    /// Writes only if the attribute is missing.
    #[must_use]
    pub fn if_missing(self, attribute: &'static str) -> Self {
        self.only_if(Clause::Missing(attribute))
    }

    /// Writes only if this clause holds too.
    #[must_use]
    pub fn only_if(mut self, clause: Clause) -> Self {
        self.condition.push(clause);
        self
    }
}

/// Which entries of a partition to read, by their sort keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Range {
    /// All entries.
    All,
    /// Those whose sort key has this prefix.
    StartsWith(String),
    /// Those between two sort keys, both included.
    Between(String, String),
}

/// A consistent query of a partition, from the first sort key to the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The partition key.
    pub partition: String,
    /// Which of its entries to read.
    pub range: Range,
    /// Reads from the last sort key to the first instead.
    pub backwards: bool,
    /// The most entries of a page.
    pub limit: Option<usize>,
    /// Where to start: the `next` of the page before.
    pub start: Option<Entry>,
    /// Reads only the keys of the entries.
    pub keys_only: bool,
}

impl Query {
    /// All entries in the range, forwards, without a limit.
    #[must_use]
    pub fn of(partition: impl Into<String>, range: Range) -> Self {
        Self { partition: partition.into(), range, backwards: false, limit: None, start: None, keys_only: false }
    }
}

/// A query of the index of due partners. It is not consistent and returns only what the index projects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueQuery {
    /// The partition key of the index.
    pub shard: String,
    /// The last value of the index' sort key to read.
    pub until: Value,
    /// The most entries of a page.
    pub limit: usize,
    /// Where to start: the `next` of the page before.
    pub start: Option<Entry>,
}

/// One page of a query: at most 1 MB of entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The entries in the order of their sort keys.
    pub entries: Vec<Entry>,
    /// Where the next page starts; none on the last.
    pub next: Option<Entry>,
}

/// The result of writes with conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// Everything is written.
    All,
    /// Nothing is written. For each write: none if its condition was met, else the stored entry, which is empty if there
    /// is none.
    Unmet(Vec<Option<Entry>>),
}

/// Why writes failed for another reason than a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteError {
    /// Others kept writing the same entries until the retries ran out.
    Contended(String),
    Store(StoreError),
}

impl From<WriteError> for StoreError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Contended(why) => Self::Unavailable { why },
            WriteError::Store(error) => error,
        }
    }
}

/// The table. Clones share what is stored. Its ids distinguish writes of the same time.
///
/// Every method fails with [`StoreError::Unavailable`] if the same call may succeed later, and with
/// [`StoreError::Refused`] if the call itself is wrong.
pub trait Table: Ids + Clone + 'static {
    /// The entry at a key, if there is one.
    fn get(&self, key: &Key) -> impl Future<Output = Result<Option<Entry>, StoreError>> + Send;

    /// The entries at these keys, in no order; the keys must differ.
    fn get_many(&self, keys: Vec<Key>) -> impl Future<Output = Result<Vec<Entry>, StoreError>> + Send;

    /// A page of a partition.
    fn query(&self, query: Query) -> impl Future<Output = Result<Page, StoreError>> + Send;

    /// A page of the index of due partners.
    fn query_due(&self, query: DueQuery) -> impl Future<Output = Result<Page, StoreError>> + Send;

    /// Makes one write.
    fn write(&self, write: Write) -> impl Future<Output = Result<Written, WriteError>> + Send;

    /// Makes all writes or none: at most 100, of different entries, 4 MB together.
    fn transact(&self, writes: Vec<Write>) -> impl Future<Output = Result<Written, WriteError>> + Send;
}
