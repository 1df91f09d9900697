//! Writes that need no condition, many at once.

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{DeleteRequest, PutRequest, WriteRequest};

use super::{DynamoStore, failure, wait};
use crate::error::StoreError;
use crate::store::item::Entry;
use crate::store::item::keyed;
use crate::store::item::keys::Key;

/// The most writes of one call.
const WRITES_A_CALL: usize = 25;

/// One write without a condition.
pub(super) enum Plain {
    /// Replaces an entry.
    Put(Entry),
    /// Removes one.
    Delete(Key),
}

impl Plain {
    fn to_request(&self) -> Result<WriteRequest, BuildError> {
        let request = WriteRequest::builder();
        Ok(match self {
            Self::Put(entry) => request.put_request(PutRequest::builder().set_item(Some(entry.clone())).build()?),
            Self::Delete(key) => request.delete_request(DeleteRequest::builder().set_key(Some(keyed(key))).build()?),
        }
        .build())
    }
}

impl<I> DynamoStore<I> {
    /// Makes all writes, each by itself and of different entries; when it fails, some may be made.
    pub(super) async fn write_plain(&self, writes: &[Plain]) -> Result<(), StoreError> {
        for some in writes.chunks(WRITES_A_CALL) {
            let requests: Result<Vec<WriteRequest>, BuildError> = some.iter().map(Plain::to_request).collect();
            let requests = requests.map_err(|error| StoreError::Refused { why: error.to_string() })?;
            wait::until_done(requests, |requests| self.write_some(requests)).await?;
        }
        Ok(())
    }

    /// Makes what the table takes of some writes, and returns those that it left for another call.
    async fn write_some(&self, requests: Vec<WriteRequest>) -> Result<(Vec<()>, Vec<WriteRequest>), StoreError> {
        let call = self.client.batch_write_item().request_items(&self.table, requests);
        let answer = call.send().await.map_err(failure::of_call)?;
        let left = answer.unprocessed_items.and_then(|mut tables| tables.remove(&self.table));
        Ok((Vec::new(), left.unwrap_or_default()))
    }
}
