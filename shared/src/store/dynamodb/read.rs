//! Reads: consistent, and to the last page.

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};

use super::{DynamoStore, failure, wait};
use crate::error::StoreError;
use crate::store::item::keys::Key;
use crate::store::item::{Entry, keyed, text};
use crate::store::table::{PARTITION_KEY, SORT_KEY};

/// The most keys of one call.
const KEYS_A_CALL: usize = 100;

/// Which part of a range is wanted.
pub(super) struct Ask {
    /// Where it starts: a page's `next`.
    pub(super) start: Option<Entry>,
    /// The most entries of it.
    pub(super) limit: usize,
    /// From the last sort key to the first.
    pub(super) backwards: bool,
}

/// One page of a query.
pub(super) struct Page {
    pub(super) entries: Vec<Entry>,
    /// Where the next page starts.
    pub(super) next: Option<Entry>,
}

impl<I> DynamoStore<I> {
    /// The entry at a key, if there is one.
    pub(super) async fn find(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .key(PARTITION_KEY, text(&key.partition))
            .key(SORT_KEY, text(&key.sort))
            .consistent_read(true)
            .send()
            .await
            .map_err(failure::of_call)?;
        Ok(found.item)
    }

    /// What `read` makes of all entries of a partition whose sort key starts with `prefix`, which is not empty, in the
    /// order of their keys. No more than a page of the entries themselves is in memory.
    pub(super) async fn list<T>(
        &self,
        partition: &str,
        prefix: &str,
        mut read: impl FnMut(Entry) -> Result<T, StoreError> + Send,
    ) -> Result<Vec<T>, StoreError> {
        let mut values = Vec::new();
        let mut start = None;
        loop {
            let page = self.page_of_prefix(partition, prefix, start).await?;
            for entry in page.entries {
                values.push(read(entry)?);
            }
            start = page.next;
            if start.is_none() {
                return Ok(values);
            }
        }
    }

    async fn page_of_prefix(&self, partition: &str, prefix: &str, start: Option<Entry>) -> Result<Page, StoreError> {
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("PK = :partition AND begins_with(SK, :prefix)")
            .expression_attribute_values(":partition", text(partition))
            .expression_attribute_values(":prefix", text(prefix))
            .set_exclusive_start_key(start)
            .consistent_read(true)
            .send()
            .await
            .map_err(failure::of_call)?;
        Ok(page(answer.items, answer.last_evaluated_key))
    }

    /// The entries at these keys, in no order, at most 100 a call; of different keys.
    pub(super) async fn find_all(&self, wanted: Vec<Key>) -> Result<Vec<Entry>, StoreError> {
        let mut found = Vec::new();
        for some in wanted.chunks(KEYS_A_CALL) {
            let keys = some.iter().map(keyed).collect();
            found.extend(wait::until_done(keys, |keys| self.find_some(keys)).await?);
        }
        Ok(found)
    }

    /// What the table answers of the entries at some keys, and the keys that it left for another call.
    async fn find_some(&self, keys: Vec<Entry>) -> Result<(Vec<Entry>, Vec<Entry>), StoreError> {
        let wanted = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
        let wanted = wanted.map_err(|error| StoreError::Refused { why: error.to_string() })?;
        let call = self.client.batch_get_item().request_items(&self.table, wanted);
        let answer = call.send().await.map_err(failure::of_call)?;
        let found = answer.responses.and_then(|mut tables| tables.remove(&self.table)).unwrap_or_default();
        let left = answer.unprocessed_keys.and_then(|mut tables| tables.remove(&self.table));
        Ok((found, left.map(|left| left.keys).unwrap_or_default()))
    }

    /// What `read` makes of the first `limit` entries of a partition from one sort key to another; of those that it makes
    /// nothing of, the next one counts.
    pub(super) async fn first_of_range<T>(
        &self,
        partition: &str,
        range: &(String, String),
        limit: usize,
        mut read: impl FnMut(&Entry) -> Result<Option<T>, StoreError> + Send,
    ) -> Result<Vec<T>, StoreError> {
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
        range: &(String, String),
        start: Option<Entry>,
    ) -> Result<Page, StoreError> {
        self.part_of_range(partition, range, Ask { start, limit: usize::MAX, backwards: false }).await
    }

    /// A page of at most `limit` of those entries, the last ones first where it goes backwards.
    pub(super) async fn part_of_range(
        &self,
        partition: &str,
        (first, last): &(String, String),
        Ask { start, limit, backwards }: Ask,
    ) -> Result<Page, StoreError> {
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("PK = :partition AND SK BETWEEN :first AND :last")
            .expression_attribute_values(":partition", text(partition))
            .expression_attribute_values(":first", text(first))
            .expression_attribute_values(":last", text(last))
            .scan_index_forward(!backwards)
            .set_limit(i32::try_from(limit).ok())
            .set_exclusive_start_key(start)
            .consistent_read(true)
            .send()
            .await
            .map_err(failure::of_call)?;
        Ok(page(answer.items, answer.last_evaluated_key))
    }
}

/// A page of an answer; an empty start of the next page is none.
pub(super) fn page(entries: Option<Vec<Entry>>, next: Option<Entry>) -> Page {
    Page {
        entries: entries.unwrap_or_default(),
        next: next.filter(|key: &std::collections::HashMap<String, AttributeValue>| !key.is_empty()),
    }
}
