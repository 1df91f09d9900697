//! Reads to the last page, and writes that people wait for.

use futures::{StreamExt, TryStreamExt, stream};

use crate::error::StoreError;
use crate::store::Store;
use crate::table::{Entry, Page, Query, Range, Table, Write, WriteError, Written};

/// Writes in flight that do not depend on each other.
const WRITES_IN_FLIGHT: usize = 8;

/// Which part of a range is wanted.
pub(super) struct Ask {
    /// Where it starts: a page's `next`.
    pub(super) start: Option<Entry>,
    /// The most entries of it.
    pub(super) limit: usize,
    /// From the last sort key to the first.
    pub(super) backwards: bool,
}

impl<T: Table> Store<T> {
    /// What `read` makes of all entries of a partition whose sort key starts with `prefix`, which is not empty, in the
    /// order of their keys. No more than a page of the entries themselves is in memory.
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

    /// What `read` makes of the first `limit` entries of a partition from one sort key to another; of those that it makes
    /// nothing of, the next one counts.
    pub(super) async fn first_of_range<V: Send>(
        &self,
        partition: &str,
        range: &(String, String),
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

    /// A page of the entries of a partition from one sort key to another.
    pub(super) async fn page_of_range(
        &self,
        partition: &str,
        (first, last): &(String, String),
        start: Option<Entry>,
    ) -> Result<Page, StoreError> {
        let range = Range::Between(first.clone(), last.clone());
        self.table.query(Query { start, ..Query::of(partition, range) }).await
    }

    /// A page of at most `limit` of those entries, the last ones first where it goes backwards.
    pub(super) async fn part_of_range(
        &self,
        partition: &str,
        (first, last): &(String, String),
        Ask { start, limit, backwards }: Ask,
    ) -> Result<Page, StoreError> {
        let range = Range::Between(first.clone(), last.clone());
        self.table.query(Query { start, limit: Some(limit), backwards, ..Query::of(partition, range) }).await
    }

    /// Makes all writes or none, of what a person saves. Contention that lasts is somebody else's save, which the person
    /// looks at before deciding again: to say that the service is busy would have the same request sent again.
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

    /// Makes each write by itself, of different entries; when it fails, some may be made. A condition that is not met is no
    /// failure.
    pub(super) async fn write_each(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        let writing = stream::iter(writes.into_iter().map(|write| async { self.table.write(write).await }));
        let written = writing.buffer_unordered(WRITES_IN_FLIGHT).try_for_each(|_| async { Ok(()) }).await;
        Ok(written?)
    }
}
