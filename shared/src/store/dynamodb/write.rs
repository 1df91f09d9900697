//! A write of one entry, under a condition where it has one.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeValue, Delete, Put, ReturnValuesOnConditionCheckFailure as OnFailure, TransactWriteItem, Update,
};

use crate::store::item::keys::Key;
use crate::store::item::{Entry, NONCE, keyed, text};

/// What a write does to its entry.
pub(super) enum Action {
    /// Replaces it.
    Put(Entry),
    /// Changes it as an update expression says.
    Update(Key, String),
    /// Removes it.
    Delete(Key),
}

/// One write. Its expressions name attributes as `#name` and values as `:name`.
pub(super) struct Write {
    pub(super) action: Action,
    pub(super) condition: Option<&'static str>,
    values: HashMap<String, AttributeValue>,
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
    pub(super) fn signed(mut self, nonce: &str) -> Self {
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
    pub(super) fn names(&self) -> Option<HashMap<String, String>> {
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

    pub(super) fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        (!self.values.is_empty()).then(|| self.values.clone())
    }

    pub(super) fn on_failure(&self) -> Option<OnFailure> {
        self.condition.map(|_| OnFailure::AllOld)
    }

    pub(super) fn to_action(&self, table: &str) -> Result<TransactWriteItem, BuildError> {
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
