//! The table in memory, for simulations and tests: evaluates the same conditions and refuses what DynamoDB refuses.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{
    Action, Clause, DUE_SHARD, DueQuery, Entry, Key, MAX_ACTIONS, NEXT_RUN_AT, PARTITION_KEY, Page, Query, Range,
    SORT_KEY, Table, Value, Write, WriteError, Written,
};
use crate::error::StoreError;
use crate::ids::CountedIds;
use crate::ports::Ids;

/// The most bytes of an entry.
const MAX_ENTRY_BYTES: usize = 400 * 1024;
/// The most bytes of the entries of a transaction.
const MAX_TRANSACTION_BYTES: usize = 4 * 1024 * 1024;
/// The most bytes of a page; it ends with the entry that reaches them.
const MAX_PAGE_BYTES: usize = 1024 * 1024;
/// The most bytes of a partition key.
const MAX_PARTITION_BYTES: usize = 2_048;
/// The most bytes of a sort key.
const MAX_SORT_BYTES: usize = 1_024;

type Partitions = BTreeMap<String, BTreeMap<String, Entry>>;

/// A table in memory. Clones share what is stored. It never waits and is never unavailable.
#[derive(Clone, Debug, Default)]
pub struct MemoryTable {
    partitions: Arc<Mutex<Partitions>>,
    ids: CountedIds,
}

impl MemoryTable {
    fn stored(&self) -> MutexGuard<'_, Partitions> {
        // After a panic elsewhere the entries are still whole: each call changes them in its last step.
        self.partitions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_all(&self, writes: Vec<Write>) -> Result<Written, WriteError> {
        let stored = &mut *self.stored();
        let mut keyed = Vec::with_capacity(writes.len());
        for write in writes {
            keyed.push((key_of(&write.action)?, write));
        }
        let (mut unmet, mut is_unmet) = (Vec::with_capacity(keyed.len()), false);
        for (key, write) in &keyed {
            let there = stored.get(&key.partition).and_then(|partition| partition.get(&key.sort));
            let met = write.condition.iter().all(|clause| holds(clause, there));
            is_unmet |= !met;
            unmet.push((!met).then(|| there.cloned().unwrap_or_default()));
        }
        if is_unmet {
            return Ok(Written::Unmet(unmet));
        }
        let mut changed = Vec::with_capacity(keyed.len());
        for (key, write) in keyed {
            let there = stored.get(&key.partition).and_then(|partition| partition.get(&key.sort));
            let after = after(write.action, &key, there);
            if let Some(after) = &after
                && size(after) > MAX_ENTRY_BYTES
            {
                return Err(refused(format!("the entry {} is larger than 400 KB", key.sort)));
            }
            changed.push((key, after));
        }
        if changed.iter().filter_map(|(_, after)| after.as_ref()).map(size).sum::<usize>() > MAX_TRANSACTION_BYTES {
            return Err(refused("the transaction is larger than 4 MB".into()));
        }
        for (key, after) in changed {
            let partition = stored.entry(key.partition).or_default();
            match after {
                Some(entry) => drop(partition.insert(key.sort, entry)),
                None => drop(partition.remove(&key.sort)),
            }
        }
        Ok(Written::All)
    }
}

impl Ids for MemoryTable {
    fn unique(&self) -> String {
        self.ids.unique()
    }
}

impl Table for MemoryTable {
    async fn get(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        check_key(key)?;
        Ok(self.stored().get(&key.partition).and_then(|partition| partition.get(&key.sort)).cloned())
    }

    async fn get_many(&self, keys: Vec<Key>) -> Result<Vec<Entry>, StoreError> {
        check_different(keys.iter())?;
        let stored = self.stored();
        let mut found = Vec::new();
        for key in &keys {
            check_key(key)?;
            found.extend(stored.get(&key.partition).and_then(|partition| partition.get(&key.sort)).cloned());
        }
        Ok(found)
    }

    async fn query(&self, query: Query) -> Result<Page, StoreError> {
        let (first, last): (Bound<&str>, Bound<&str>) = match &query.range {
            Range::All => (Bound::Unbounded, Bound::Unbounded),
            Range::StartsWith(prefix) => (Bound::Included(prefix), Bound::Unbounded),
            Range::Between(first, last) if first > last => {
                return Err(StoreError::Refused { why: "the range ends before it starts".into() });
            }
            Range::Between(first, last) => (Bound::Included(first), Bound::Included(last)),
        };
        let start = query.start.as_ref().and_then(Key::of).map(|key| key.sort);
        let is_wanted = |sort: &str| {
            let in_range = match &query.range {
                Range::StartsWith(prefix) => sort.starts_with(prefix.as_str()),
                Range::All | Range::Between(..) => true,
            };
            let is_next = |start: &String| if query.backwards { sort < start.as_str() } else { sort > start.as_str() };
            in_range && start.as_ref().is_none_or(is_next)
        };
        let stored = self.stored();
        let Some(partition) = stored.get(&query.partition) else { return Ok(Page::default()) };
        let in_range = partition.range::<str, _>((first, last));
        let read = |(sort, entry): (&String, &Entry)| {
            let key = Key::new(&query.partition, sort);
            (key.clone(), if query.keys_only { key.to_entry() } else { entry.clone() })
        };
        Ok(if query.backwards {
            page(
                in_range.rev().skip_while(|(sort, _)| !is_wanted(sort)).take_while(|(s, _)| is_wanted(s)).map(read),
                query.limit,
            )
        } else {
            page(
                in_range.skip_while(|(sort, _)| !is_wanted(sort)).take_while(|(s, _)| is_wanted(s)).map(read),
                query.limit,
            )
        })
    }

    async fn query_due(&self, query: DueQuery) -> Result<Page, StoreError> {
        let stored = self.stored();
        let start = query.start.as_ref().map(place_in_index);
        let mut found: Vec<&Entry> = stored.values().flat_map(BTreeMap::values).collect();
        found.retain(|entry| {
            let is_due = |at: &Value| at.as_text() <= query.until.as_text();
            let in_shard = entry.get(DUE_SHARD).and_then(Value::as_text) == Some(query.shard.as_str());
            let is_next = start.as_ref().is_none_or(|start| place_in_index(entry) > *start);
            in_shard && is_next && entry.get(NEXT_RUN_AT).is_some_and(is_due)
        });
        found.sort_by_key(|entry| place_in_index(entry));
        let projected = found.into_iter().filter_map(|entry| {
            let key = Key::of(entry)?;
            let mut shown = key.to_entry();
            shown.extend([DUE_SHARD, NEXT_RUN_AT].map(|name| (name.to_owned(), entry[name].clone())));
            Some((key, shown))
        });
        let mut page = page(projected, Some(query.limit));
        // In DynamoDB the start of an index page contains the keys of the index too.
        page.next = page.next.and(page.entries.last().cloned());
        Ok(page)
    }

    async fn write(&self, write: Write) -> Result<Written, WriteError> {
        self.write_all(vec![write])
    }

    async fn transact(&self, writes: Vec<Write>) -> Result<Written, WriteError> {
        if writes.is_empty() || writes.len() > MAX_ACTIONS {
            return Err(refused(format!(
                "{} writes in one transaction, 1 to {MAX_ACTIONS} are possible",
                writes.len()
            )));
        }
        let keys: Result<Vec<Key>, WriteError> = writes.iter().map(|write| key_of(&write.action)).collect();
        check_different(keys?.iter()).map_err(WriteError::Store)?;
        self.write_all(writes)
    }
}

fn refused(why: String) -> WriteError {
    WriteError::Store(StoreError::Refused { why })
}

fn check_key(key: &Key) -> Result<(), StoreError> {
    let fits = |text: &str, most: usize| !text.is_empty() && text.len() <= most;
    if fits(&key.partition, MAX_PARTITION_BYTES) && fits(&key.sort, MAX_SORT_BYTES) {
        return Ok(());
    }
    Err(StoreError::Refused { why: format!("the key {} / {} is empty or too long", key.partition, key.sort) })
}

fn check_different<'a>(keys: impl Iterator<Item = &'a Key>) -> Result<(), StoreError> {
    let mut seen = BTreeSet::new();
    for key in keys {
        if !seen.insert(key) {
            return Err(StoreError::Refused { why: format!("the key {} occurs twice in one call", key.sort) });
        }
    }
    Ok(())
}

fn key_of(action: &Action) -> Result<Key, WriteError> {
    let key = match action {
        Action::Put(entry) => Key::of(entry).ok_or_else(|| refused("an entry without a key".into()))?,
        Action::Update { key, .. } | Action::Delete(key) => key.clone(),
    };
    check_key(&key).map_err(WriteError::Store)?;
    Ok(key)
}

/// Whether a clause holds for the stored entry.
fn holds(clause: &Clause, there: Option<&Entry>) -> bool {
    let attribute = |name: &str| there.and_then(|entry| entry.get(name));
    match clause {
        Clause::NoEntry => there.is_none(),
        Clause::Equals(name, value) => attribute(name) == Some(value),
        Clause::EqualsOrMissing(name, value) => attribute(name).is_none_or(|stored| stored == value),
        Clause::Missing(name) => attribute(name).is_none(),
        Clause::LessOrMissing(name, value) => attribute(name).is_none_or(
            |stored| matches!((stored.as_text(), value.as_text()), (Some(stored), Some(value)) if stored < value),
        ),
    }
}

/// The entry at the key after an action; none if there is none.
fn after(action: Action, key: &Key, there: Option<&Entry>) -> Option<Entry> {
    match action {
        Action::Put(entry) => Some(entry),
        Action::Update { set, remove, .. } => {
            let mut entry = there.cloned().unwrap_or_else(|| key.to_entry());
            entry.extend(set.into_iter().map(|(name, value)| (name.to_owned(), value)));
            for name in remove {
                entry.remove(name);
            }
            Some(entry)
        }
        Action::Delete(_) => None,
    }
}

fn size(entry: &Entry) -> usize {
    entry.iter().map(|(name, value)| name.len() + value.size()).sum()
}

/// A page of the entries, up to the limit or 1 MB. A page that reaches one of them has a `next` even if nothing is left.
fn page(found: impl Iterator<Item = (Key, Entry)>, limit: Option<usize>) -> Page {
    let (mut entries, mut bytes) = (Vec::new(), 0);
    for (key, entry) in found {
        bytes += size(&entry);
        entries.push(entry);
        if bytes >= MAX_PAGE_BYTES || limit.is_some_and(|limit| entries.len() >= limit) {
            return Page { entries, next: Some(key.to_entry()) };
        }
    }
    Page { entries, next: None }
}

/// The place of an entry in the index of due partners.
fn place_in_index(entry: &Entry) -> (String, String, String) {
    let text = |name: &str| entry.get(name).and_then(Value::as_text).unwrap_or_default().to_owned();
    (text(NEXT_RUN_AT), text(PARTITION_KEY), text(SORT_KEY))
}
