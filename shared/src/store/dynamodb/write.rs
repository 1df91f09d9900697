//! Writes: one entry or several in a transaction, under conditions, recognised by their nonce when an answer is lost.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeValue, Delete, Put, ReturnValue, ReturnValuesOnConditionCheckFailure as OnFailure, TransactWriteItem,
    Update,
};

use super::failure::{self, Failure};
use super::{DynamoStore, wait};
use crate::error::StoreError;
use crate::ports::Ids;
use crate::store::item::keys::Key;
use crate::store::item::{Entry, NONCE, find_text, keyed, text};

/// What a write does to its entry.
enum Action {
    /// Replaces it.
    Put(Entry),
    /// Changes it as an update expression says.
    Update(Key, String),
    /// Removes it.
    Delete(Key),
}

/// One write. Its expressions name attributes as `#name` and values as `:name`.
pub(super) struct Write {
    action: Action,
    condition: Option<&'static str>,
    values: HashMap<String, AttributeValue>,
}

/// What came of writes under conditions.
pub(super) enum Verdict {
    /// They are written, by this call or by its predecessor whose answer was lost.
    Written,
    /// Nothing is: for each write whether its condition was not met, and what stands there instead.
    Unmet(Vec<Option<Entry>>),
}

impl Write {
    fn new(action: Action) -> Self {
        Self { action, condition: None, values: HashMap::new() }
    }

    pub(super) fn put(entry: Entry) -> Self {
        Self::new(Action::Put(entry))
    }

    /// An update; one under a condition sets `#nonce = :nonce`.
    pub(super) fn update(key: Key, expression: impl Into<String>) -> Self {
        Self::new(Action::Update(key, expression.into()))
    }

    pub(super) fn delete(key: Key) -> Self {
        Self::new(Action::Delete(key))
    }

    /// Writes only if the condition holds of what stands there.
    pub(super) fn only_if(mut self, condition: &'static str) -> Self {
        self.condition = Some(condition);
        self
    }

    /// Writes only if nothing stands there.
    pub(super) fn if_absent(self) -> Self {
        self.only_if("attribute_not_exists(PK)")
    }

    /// Gives `:name` in the expressions its value.
    pub(super) fn value(mut self, name: &str, value: AttributeValue) -> Self {
        self.values.insert(format!(":{name}"), value);
        self
    }

    /// Marks what is written under a condition.
    fn signed(mut self, nonce: &str) -> Self {
        match &mut self.action {
            Action::Put(entry) if self.condition.is_some() => {
                entry.insert(NONCE.to_owned(), text(nonce));
            }
            Action::Update(_, expression) if expression.contains(":nonce") => {
                self.values.insert(":nonce".to_owned(), text(nonce));
            }
            Action::Put(_) | Action::Update(..) | Action::Delete(_) => {}
        }
        self
    }

    /// The names behind the `#name`s of the expressions.
    fn names(&self) -> Option<HashMap<String, String>> {
        let update = match &self.action {
            Action::Update(_, expression) => expression.as_str(),
            Action::Put(_) | Action::Delete(_) => "",
        };
        let texts = [update, self.condition.unwrap_or("")];
        let words = texts.iter().flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric() && c != '#'));
        let names: HashMap<String, String> =
            words.filter_map(|word| Some((word.to_owned(), word.strip_prefix('#')?.to_owned()))).collect();
        (!names.is_empty()).then_some(names)
    }

    fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        (!self.values.is_empty()).then(|| self.values.clone())
    }

    fn on_failure(&self) -> Option<OnFailure> {
        self.condition.map(|_| OnFailure::AllOld)
    }

    fn to_action(&self, table: &str) -> Result<TransactWriteItem, BuildError> {
        let item = TransactWriteItem::builder();
        let item = match &self.action {
            Action::Put(entry) => item.put(
                Put::builder()
                    .table_name(table)
                    .set_item(Some(entry.clone()))
                    .set_condition_expression(self.condition.map(str::to_owned))
                    .set_expression_attribute_names(self.names())
                    .set_expression_attribute_values(self.values())
                    .set_return_values_on_condition_check_failure(self.on_failure())
                    .build()?,
            ),
            Action::Update(key, expression) => item.update(
                Update::builder()
                    .table_name(table)
                    .set_key(Some(keyed(key)))
                    .update_expression(expression)
                    .set_condition_expression(self.condition.map(str::to_owned))
                    .set_expression_attribute_names(self.names())
                    .set_expression_attribute_values(self.values())
                    .set_return_values_on_condition_check_failure(self.on_failure())
                    .build()?,
            ),
            Action::Delete(key) => item.delete(
                Delete::builder()
                    .table_name(table)
                    .set_key(Some(keyed(key)))
                    .set_condition_expression(self.condition.map(str::to_owned))
                    .set_expression_attribute_names(self.names())
                    .set_expression_attribute_values(self.values())
                    .set_return_values_on_condition_check_failure(self.on_failure())
                    .build()?,
            ),
        };
        Ok(item.build())
    }
}

impl<I: Ids> DynamoStore<I> {
    /// Makes one write.
    pub(super) async fn write(&self, write: Write) -> Result<Verdict, StoreError> {
        let nonce = self.ids.unique();
        let write = write.signed(&nonce);
        let sent = wait::out(|| self.send_one(&write, &nonce)).await;
        verdict(sent, &nonce)
    }

    /// Makes all writes or none, at most 100 and of different entries.
    pub(super) async fn transact(&self, writes: Vec<Write>) -> Result<Verdict, StoreError> {
        let nonce = self.ids.unique();
        let writes: Vec<Write> = writes.into_iter().map(|write| write.signed(&nonce)).collect();
        let sent = wait::out(|| self.send_all(&writes, &nonce)).await;
        verdict(sent, &nonce)
    }

    async fn send_one(&self, write: &Write, token: &str) -> Result<(), Failure> {
        match &write.action {
            Action::Put(entry) => {
                let call = self.client.put_item().table_name(&self.table).set_item(Some(entry.clone()));
                let call = call
                    .set_condition_expression(write.condition.map(str::to_owned))
                    .set_expression_attribute_names(write.names())
                    .set_expression_attribute_values(write.values())
                    .set_return_values_on_condition_check_failure(write.on_failure());
                call.send().await.map_err(failure::of_put)?;
            }
            Action::Update(key, expression) => {
                let call = self.client.update_item().table_name(&self.table).set_key(Some(keyed(key)));
                let call = call
                    .update_expression(expression)
                    .set_condition_expression(write.condition.map(str::to_owned))
                    .set_expression_attribute_names(write.names())
                    .set_expression_attribute_values(write.values())
                    .set_return_values_on_condition_check_failure(write.on_failure())
                    .return_values(ReturnValue::None);
                call.send().await.map_err(failure::of_update)?;
            }
            // Removals only ever go with other writes; one alone is a transaction of one.
            Action::Delete(_) => self.send_all(std::slice::from_ref(write), token).await?,
        }
        Ok(())
    }

    async fn send_all(&self, writes: &[Write], token: &str) -> Result<(), Failure> {
        let actions: Result<Vec<TransactWriteItem>, BuildError> =
            writes.iter().map(|write| write.to_action(&self.table)).collect();
        let actions = actions.map_err(|error| Failure::Store(StoreError::Refused { why: error.to_string() }))?;
        self.client
            .transact_write_items()
            .set_transact_items(Some(actions))
            .client_request_token(token)
            .send()
            .await
            .map_err(failure::of_transaction)?;
        Ok(())
    }
}

/// An unmet condition is success when what stands there is our own write: its answer was lost, and it was sent again.
fn verdict(sent: Result<(), Failure>, nonce: &str) -> Result<Verdict, StoreError> {
    let unmet = match sent {
        Ok(()) => return Ok(Verdict::Written),
        Err(failure) => failure.into_contended()?,
    };
    let ours = |old: &Entry| find_text(old, NONCE) == Some(nonce);
    if unmet.iter().flatten().any(ours) { Ok(Verdict::Written) } else { Ok(Verdict::Unmet(unmet)) }
}
