//! Reads: consistent, and to the last page.

use aws_sdk_dynamodb::types::AttributeValue;

use super::{DynamoStore, failure};
use crate::error::StoreError;
use crate::store::item::keys::Key;
use crate::store::item::{Entry, text};
use crate::store::table::{PARTITION_KEY, SORT_KEY};

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

    /// A page of the entries of a partition from one sort key to another.
    pub(super) async fn page_of_range(
        &self,
        partition: &str,
        (first, last): &(String, String),
        start: Option<Entry>,
    ) -> Result<Page, StoreError> {
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("PK = :partition AND SK BETWEEN :first AND :last")
            .expression_attribute_values(":partition", text(partition))
            .expression_attribute_values(":first", text(first))
            .expression_attribute_values(":last", text(last))
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
