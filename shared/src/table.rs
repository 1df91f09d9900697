//! The port to the one table: keys, entries, conditions, writes and queries, as far as DynamoDB has them.
//!
//! [`dynamodb`] sends them; [`memory`] evaluates them, for simulated worlds and tests. The store is written once, on this
//! port, so that what is simulated is what is shipped. Whatever creates the table (the deployment template, the local
//! stack) states keys, index and expiry by the names given here.

pub mod dynamodb;
pub mod memory;

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;

use crate::error::StoreError;
use crate::ports::Ids;

/// The partition key, a string. It starts with the partner, so that a role can be confined to partners.
pub const PARTITION_KEY: &str = "PK";
/// The sort key, a string.
pub const SORT_KEY: &str = "SK";
/// The attribute by which DynamoDB removes entries some days after they expired: epoch seconds, a number.
pub const EXPIRY: &str = "ttl";
/// The index of due partners, which projects keys only.
pub const DUE_INDEX: &str = "due";
/// The index' partition key, a string: `DUE#0` to `DUE#15`.
pub const DUE_SHARD: &str = "dueShard";
/// The index' sort key, a string: when the partner is due, as a text that sorts by time.
pub const NEXT_RUN_AT: &str = "nextRunAt";
/// How many shards the index has: a partition of DynamoDB takes 1,000 writes a second.
pub const DUE_SHARDS: u8 = 16;
/// The most writes of one transaction.
pub const MAX_ACTIONS: usize = 100;

/// The key of an entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The partition.
    pub partition: String,
    /// The place in the partition.
    pub sort: String,
}

impl Key {
    /// The key at a place in a partition.
    #[must_use]
    pub fn new(partition: impl Into<String>, sort: impl Into<String>) -> Self {
        Self { partition: partition.into(), sort: sort.into() }
    }

    /// The key that an entry has; none where it lacks one.
    #[must_use]
    pub fn of(entry: &Entry) -> Option<Self> {
        Some(Self::new(entry.get(PARTITION_KEY)?.as_text()?, entry.get(SORT_KEY)?.as_text()?))
    }

    /// An entry with nothing but this key.
    #[must_use]
    pub fn to_entry(&self) -> Entry {
        let text = |text: &str| Value::Text(text.into());
        Entry::from([(PARTITION_KEY.to_owned(), text(&self.partition)), (SORT_KEY.to_owned(), text(&self.sort))])
    }
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A text.
    Text(Arc<str>),
    /// A number in decimal digits.
    Number(String),
    /// Bytes.
    Bytes(Arc<[u8]>),
}

impl Value {
    /// The text, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(_) | Self::Bytes(_) => None,
        }
    }

    /// The digits of the number, if it is one.
    #[must_use]
    pub fn as_number(&self) -> Option<&str> {
        match self {
            Self::Number(digits) => Some(digits),
            Self::Text(_) | Self::Bytes(_) => None,
        }
    }

    /// The bytes, if it has some.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Text(_) | Self::Number(_) => None,
        }
    }

    /// How many bytes DynamoDB counts for it, a few at most too many.
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

/// What has to hold of the entry that is stored at a write's key. A condition is a conjunction of clauses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clause {
    /// There is no entry.
    NoEntry,
    /// The attribute has this value.
    Equals(&'static str, Value),
    /// The attribute has this value, or there is none.
    EqualsOrMissing(&'static str, Value),
    /// There is no such attribute.
    Missing(&'static str),
    /// The attribute is a text that sorts before this one, or there is none.
    LessOrMissing(&'static str, Value),
}

/// What a write does to its entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Replaces it.
    Put(Entry),
    /// Sets and removes attributes; makes the entry if there is none.
    Update {
        /// Where.
        key: Key,
        /// The attributes that are set.
        set: Vec<(&'static str, Value)>,
        /// The attributes that are removed.
        remove: Vec<&'static str>,
    },
    /// Removes it.
    Delete(Key),
}

/// One write of one entry, under a condition where it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// What it does.
    pub action: Action,
    /// What has to hold before; empty: nothing.
    pub condition: Vec<Clause>,
}

impl Write {
    const fn new(action: Action) -> Self {
        Self { action, condition: Vec::new() }
    }

    /// Replaces an entry.
    #[must_use]
    pub const fn put(entry: Entry) -> Self {
        Self::new(Action::Put(entry))
    }

    /// Sets attributes of an entry.
    #[must_use]
    pub const fn update(key: Key, set: Vec<(&'static str, Value)>) -> Self {
        Self::new(Action::Update { key, set, remove: Vec::new() })
    }

    /// Changes nothing: with a condition, it is a check in a transaction.
    #[must_use]
    pub const fn check(key: Key) -> Self {
        Self::update(key, Vec::new())
    }

    /// Removes an entry.
    #[must_use]
    pub const fn delete(key: Key) -> Self {
        Self::new(Action::Delete(key))
    }

    /// Removes these attributes as well, where it is an update.
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

    /// Writes only if there is no such attribute.
    #[must_use]
    pub fn if_missing(self, attribute: &'static str) -> Self {
        self.only_if(Clause::Missing(attribute))
    }

    /// Writes only if this holds too.
    #[must_use]
    pub fn only_if(mut self, clause: Clause) -> Self {
        self.condition.push(clause);
        self
    }
}

/// Which entries of a partition are wanted, by their sort keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Range {
    /// All.
    All,
    /// Those that start so.
    StartsWith(String),
    /// Those from one key to another, both included.
    Between(String, String),
}

/// A query of a partition, consistent, from the first sort key to the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The partition.
    pub partition: String,
    /// Which of its entries.
    pub range: Range,
    /// From the last sort key to the first instead.
    pub backwards: bool,
    /// The most entries of a page.
    pub limit: Option<usize>,
    /// Where it starts: the `next` of the page before.
    pub start: Option<Entry>,
    /// Only the keys of the entries.
    pub keys_only: bool,
}

impl Query {
    /// All entries in the range, forwards, without a limit.
    #[must_use]
    pub fn of(partition: impl Into<String>, range: Range) -> Self {
        Self { partition: partition.into(), range, backwards: false, limit: None, start: None, keys_only: false }
    }
}

/// A query of the index of due partners: not consistent, and with what the index projects only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueQuery {
    /// The index' partition.
    pub shard: String,
    /// Up to this value of its sort key, which is included.
    pub until: Value,
    /// The most entries of a page.
    pub limit: usize,
    /// Where it starts: the `next` of the page before.
    pub start: Option<Entry>,
}

/// One page of a query: at most 1 MB of entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The entries in the order of their sort keys.
    pub entries: Vec<Entry>,
    /// Where the next page starts; none where this is the last one.
    pub next: Option<Entry>,
}

/// What came of writes under conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// They are written.
    All,
    /// Nothing is: for each write whether its condition was not met, and what is stored there instead, which is empty where
    /// there is no entry.
    Unmet(Vec<Option<Entry>>),
}

/// Why writes failed otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteError {
    /// Others were writing the same entries for as long as that was waited for.
    Contended(String),
    /// Anything else.
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

/// The table. Clones share what is stored. Its ids tell apart writes of the same time.
///
/// Every method fails with [`StoreError::Unavailable`] where the same call may succeed later, and with
/// [`StoreError::Refused`] where the call itself is wrong.
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
