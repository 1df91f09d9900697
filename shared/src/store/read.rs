//! Reads of whole ranges and of pages, and writes in parallel or for a person who waits.

use futures::{StreamExt, TryStreamExt, stream};

use crate::error::StoreError;
use crate::store::Store;
use crate::table::{Entry, Page, Query, Range, Table, Write, WriteError, Written};

/// How many independent writes are in flight at most.
const WRITES_IN_FLIGHT: usize = 8;

/// Which part of a range to read.
pub(super) struct Ask {
    /// Where to start: a page's `next`.
    pub(super) start: Option<Entry>,
    /// The most entries to read.
    pub(super) limit: usize,
    /// From the last sort key to the first.
    pub(super) backwards: bool,
}

impl<T: Table> Store<T> {
    /// The results of `read` for all entries of a partition whose sort key starts with `prefix` (not empty), in the order
    /// of their keys. Only one page of the entries themselves is in memory.
    pub(super) async fn list<V: Send>(
        &self,
        partition: &str,
        prefix: &str,
        mut read: impl FnMut(Entry) -> Result<V, StoreError> + Send,
    ) -> Result<Vec<V>, StoreError> {
        let mut values = Vec::new();
        let mut start = None;
        loop {
            let query = Query { start, ..Query::of(partition, Range::StartsWith(prefix.to_owned())) };
            let page = self.table.query(query).await?;
            for entry in page.entries {
                values.push(read(entry)?);
            }
            start = page.next;
            if start.is_none() {
                return Ok(values);
            }
        }
    }

    /// The results of `read` for the first entries of a partition in a range of sort keys, up to `limit` results. An entry
    /// for which `read` returns none does not count.
    pub(super) async fn first_of_range<V: Send>(
        &self,
        partition: &str,
        range: &Range,
        limit: usize,
        mut read: impl FnMut(&Entry) -> Result<Option<V>, StoreError> + Send,
    ) -> Result<Vec<V>, StoreError> {
        let mut values = Vec::new();
        let mut start = None;
        loop {
            let ask = Ask { start, limit: limit - values.len(), backwards: false };
            let page = self.part_of_range(partition, range, ask).await?;
            for entry in &page.entries {
                values.extend(read(entry)?);
            }
            start = page.next;
            if start.is_none() || values.len() >= limit {
                return Ok(values);
            }
        }
    }

    /// A page of the entries of a partition in a range of sort keys.
    pub(super) async fn page_of_range(
        &self,
        partition: &str,
        range: &Range,
        start: Option<Entry>,
    ) -> Result<Page, StoreError> {
        self.table.query(Query { start, ..Query::of(partition, range.clone()) }).await
    }

    /// A page of at most `limit` of those entries, the last ones first if `backwards`.
    pub(super) async fn part_of_range(
        &self,
        partition: &str,
        range: &Range,
        Ask { start, limit, backwards }: Ask,
    ) -> Result<Page, StoreError> {
        self.table.query(Query { start, limit: Some(limit), backwards, ..Query::of(partition, range.clone()) }).await
    }

    /// Makes all writes or none, for something that a person saves. Lasting contention means that somebody else is saving
    /// the same, so it is reported as unmet: the person looks at that save first. "Busy" would make the client repeat the
    /// request without asking the person.
    pub(super) async fn transact_for_a_person(&self, writes: Vec<Write>) -> Result<Written, StoreError> {
        match self.table.transact(writes).await {
            Ok(written) => Ok(written),
            Err(WriteError::Contended(why)) => {
                tracing::info!(why, "others were saving the same for as long as it was waited for");
                Err(StoreError::Conflict { what: "what was to be saved".to_owned() })
            }
            Err(WriteError::Store(error)) => Err(error),
        }
    }

    /// Makes each write on its own; their entries must differ. After an error some may be made. An unmet condition is not
    /// an error.
    pub(super) async fn write_each(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        let writing = stream::iter(writes.into_iter().map(|write| async { self.table.write(write).await }));
        let written = writing.buffer_unordered(WRITES_IN_FLIGHT).try_for_each(|_| async { Ok(()) }).await;
        Ok(written?)
    }
}
