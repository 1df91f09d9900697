//! The table on DynamoDB.
//!
//! - Reads of entries are consistent; nothing is scanned.
//! - Every conditional write carries a nonce and asks for the old entry if its condition fails. The SDK itself repeats a
//!   write whose response was lost; an old entry with our nonce shows that the first one succeeded.
//! - A conflict with a transaction in progress is retried for some seconds. A longer conflict, throttling and an
//!   unreachable table are [`StoreError::Unavailable`].

mod failure;
mod render;
mod retry;
mod value;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, TransactWriteItem};

use self::failure::Failure;
use self::render::{Expressions, on_failure};
use self::value::{SdkEntry, from_sdk, key_to_sdk, to_sdk};
use super::{
    Action, DUE_INDEX, DUE_SHARD, DueQuery, Entry, Key, NEXT_RUN_AT, PARTITION_KEY, Page, Query, Range, SORT_KEY,
    Table, Value, Write, WriteError, Written,
};
use crate::error::StoreError;
use crate::ports::Ids;

/// The attribute that identifies the write of an entry, so that a writer recognizes its own.
const NONCE: &str = "nonce";
/// The most keys of one read.
const KEYS_A_CALL: usize = 100;

/// The table of all functions, through the AWS SDK. Clones share the client.
#[derive(Clone, Debug)]
pub struct DynamoTable<I> {
    client: Client,
    name: String,
    ids: I,
}

impl<I> DynamoTable<I> {
    /// The table of this name, which must have the keys and the index named in [`super`]; `ids` makes the nonces.
    #[must_use]
    pub const fn new(client: Client, name: String, ids: I) -> Self {
        Self { client, name, ids }
    }

    /// The entries at some keys, and the keys that DynamoDB left unprocessed.
    async fn get_some(&self, keys: Vec<SdkEntry>) -> Result<(Vec<Entry>, Vec<SdkEntry>), StoreError> {
        let keys = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
        let keys = keys.map_err(|error| refused(&error))?;
        let call = self.client.batch_get_item().request_items(&self.name, keys);
        let answer = call.send().await.map_err(failure::of_call)?;
        let found = answer.responses.and_then(|mut tables| tables.remove(&self.name)).unwrap_or_default();
        let found: Result<Vec<Entry>, StoreError> = found.into_iter().map(from_sdk).collect();
        let left = answer.unprocessed_keys.and_then(|mut tables| tables.remove(&self.name));
        Ok((found?, left.map(|left| left.keys).unwrap_or_default()))
    }

    async fn send_one(&self, write: &Write) -> Result<(), Failure> {
        let Expressions { condition, update, names, values } = Expressions::of(write);
        let returned = on_failure(write);
        match &write.action {
            Action::Put(entry) => {
                let call = self.client.put_item().table_name(&self.name).set_item(Some(to_sdk(entry)));
                let call = call.set_condition_expression(condition).set_expression_attribute_names(names);
                let call = call.set_expression_attribute_values(values);
                let call = call.set_return_values_on_condition_check_failure(returned);
                call.send().await.map_err(failure::of_put)?;
            }
            Action::Update { key, .. } => {
                let call = self.client.update_item().table_name(&self.name).set_key(Some(key_to_sdk(key)));
                let call = call.set_update_expression(update).set_condition_expression(condition);
                let call = call.set_expression_attribute_names(names).set_expression_attribute_values(values);
                let call = call.set_return_values_on_condition_check_failure(returned);
                call.send().await.map_err(failure::of_update)?;
            }
            Action::Delete(key) => {
                let call = self.client.delete_item().table_name(&self.name).set_key(Some(key_to_sdk(key)));
                let call = call.set_condition_expression(condition).set_expression_attribute_names(names);
                let call = call.set_expression_attribute_values(values);
                let call = call.set_return_values_on_condition_check_failure(returned);
                call.send().await.map_err(failure::of_delete)?;
            }
        }
        Ok(())
    }

    async fn send_all(&self, writes: &[Write], token: &str) -> Result<(), Failure> {
        let actions: Result<Vec<TransactWriteItem>, BuildError> =
            writes.iter().map(|write| render::to_action(write, &self.name)).collect();
        let actions = actions.map_err(|error| Failure::Store(refused(&error)))?;
        let call = self.client.transact_write_items().set_transact_items(Some(actions));
        call.client_request_token(token).send().await.map_err(failure::of_transaction)?;
        Ok(())
    }
}

impl<I: Ids> Ids for DynamoTable<I> {
    fn unique(&self) -> String {
        self.ids.unique()
    }
}

impl<I: Ids + Clone + 'static> Table for DynamoTable<I> {
    async fn get(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        let call = self.client.get_item().table_name(&self.name).set_key(Some(key_to_sdk(key)));
        let found = call.consistent_read(true).send().await.map_err(failure::of_call)?;
        found.item.map(from_sdk).transpose()
    }

    async fn get_many(&self, keys: Vec<Key>) -> Result<Vec<Entry>, StoreError> {
        let mut found = Vec::new();
        for some in keys.chunks(KEYS_A_CALL) {
            let keys = some.iter().map(key_to_sdk).collect();
            found.extend(retry::until_done(keys, |keys| self.get_some(keys)).await?);
        }
        Ok(found)
    }

    async fn query(&self, query: Query) -> Result<Page, StoreError> {
        let text = |text: String| AttributeValue::S(text);
        let call =
            self.client.query().table_name(&self.name).expression_attribute_values(":partition", text(query.partition));
        let call = match query.range {
            Range::All => call.key_condition_expression(format!("{PARTITION_KEY} = :partition")),
            Range::StartsWith(prefix) => call
                .key_condition_expression(format!("{PARTITION_KEY} = :partition AND begins_with({SORT_KEY}, :prefix)"))
                .expression_attribute_values(":prefix", text(prefix)),
            Range::Between(first, last) => call
                .key_condition_expression(format!(
                    "{PARTITION_KEY} = :partition AND {SORT_KEY} BETWEEN :first AND :last"
                ))
                .expression_attribute_values(":first", text(first))
                .expression_attribute_values(":last", text(last)),
        };
        let projection = query.keys_only.then(|| format!("{PARTITION_KEY}, {SORT_KEY}"));
        let call = call.set_projection_expression(projection).scan_index_forward(!query.backwards);
        let call = call.set_limit(query.limit.and_then(|limit| i32::try_from(limit).ok()));
        let call = call.set_exclusive_start_key(query.start.as_ref().map(to_sdk));
        let answer = call.consistent_read(true).send().await.map_err(failure::of_call)?;
        page(answer.items, answer.last_evaluated_key)
    }

    async fn query_due(&self, query: DueQuery) -> Result<Page, StoreError> {
        let call = self.client.query().table_name(&self.name).index_name(DUE_INDEX);
        let call = call.key_condition_expression(format!("{DUE_SHARD} = :shard AND {NEXT_RUN_AT} <= :until"));
        let call = call.expression_attribute_values(":shard", AttributeValue::S(query.shard));
        let call = call.expression_attribute_values(":until", value::to_attribute(&query.until));
        let call = call.limit(i32::try_from(query.limit).unwrap_or(i32::MAX));
        let call = call.set_exclusive_start_key(query.start.as_ref().map(to_sdk));
        let answer = call.send().await.map_err(failure::of_call)?;
        page(answer.items, answer.last_evaluated_key)
    }

    async fn write(&self, write: Write) -> Result<Written, WriteError> {
        let nonce = self.ids.unique();
        let write = with_nonce(write, &nonce);
        let sent = retry::while_contended(|| self.send_one(&write)).await;
        written(sent, &nonce)
    }

    async fn transact(&self, writes: Vec<Write>) -> Result<Written, WriteError> {
        let nonce = self.ids.unique();
        let writes: Vec<Write> = writes.into_iter().map(|write| with_nonce(write, &nonce)).collect();
        let sent = retry::while_contended(|| self.send_all(&writes, &nonce)).await;
        written(sent, &nonce)
    }
}

fn refused(error: &BuildError) -> StoreError {
    StoreError::Refused { why: error.to_string() }
}

/// Adds the nonce to a write with a condition.
fn with_nonce(mut write: Write, nonce: &str) -> Write {
    if !write.condition.is_empty() {
        match &mut write.action {
            Action::Put(entry) => drop(entry.insert(NONCE.to_owned(), Value::Text(nonce.into()))),
            Action::Update { set, .. } => set.push((NONCE, Value::Text(nonce.into()))),
            Action::Delete(_) => {}
        }
    }
    write
}

/// An unmet condition is success if the stored entry is our own write: its response was lost and the SDK repeated it.
fn written(sent: Result<(), Failure>, nonce: &str) -> Result<Written, WriteError> {
    let unmet = match sent {
        Ok(()) => return Ok(Written::All),
        Err(Failure::Unmet(old)) => old,
        Err(Failure::Contended(why)) => return Err(WriteError::Contended(why)),
        Err(Failure::Store(error)) => return Err(WriteError::Store(error)),
    };
    let ours = |old: &Entry| old.get(NONCE).and_then(Value::as_text) == Some(nonce);
    Ok(if unmet.iter().flatten().any(ours) { Written::All } else { Written::Unmet(unmet) })
}

/// The page of a response; an empty start of the next page means that there is none.
fn page(entries: Option<Vec<SdkEntry>>, next: Option<SdkEntry>) -> Result<Page, StoreError> {
    let entries: Result<Vec<Entry>, StoreError> = entries.unwrap_or_default().into_iter().map(from_sdk).collect();
    let next = next.filter(|key| !key.is_empty()).map(from_sdk).transpose()?;
    Ok(Page { entries: entries?, next })
}
