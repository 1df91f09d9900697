//! Writes as DynamoDB expressions: `#name` is an attribute, `:name` its new value, and `:if0`, `:if1` and so on are the
//! values of the condition, numbered because two clauses may compare the same attribute.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeValue, Delete, Put, ReturnValuesOnConditionCheckFailure as OnFailure, TransactWriteItem, Update,
};

use super::value::{key_to_sdk, to_attribute, to_sdk};
use crate::table::{Action, Clause, PARTITION_KEY, Value, Write};

/// The expressions of a write, each none where it is empty.
#[derive(Debug, Default)]
pub(super) struct Expressions {
    pub(super) condition: Option<String>,
    pub(super) update: Option<String>,
    pub(super) names: Option<HashMap<String, String>>,
    pub(super) values: Option<HashMap<String, AttributeValue>>,
}

impl Expressions {
    pub(super) fn of(write: &Write) -> Self {
        let mut expressions = Self::default();
        let clauses: Vec<String> = write.condition.iter().map(|clause| expressions.clause(clause)).collect();
        expressions.condition = (!clauses.is_empty()).then(|| clauses.join(" AND "));
        if let Action::Update { set, remove, .. } = &write.action {
            let set: Vec<String> = set.iter().map(|(name, value)| expressions.assignment(name, value)).collect();
            let remove: Vec<String> = remove.iter().map(|name| expressions.name(name)).collect();
            let parts = [("SET", set), ("REMOVE", remove)].into_iter().filter(|(_, of)| !of.is_empty());
            let parts: Vec<String> = parts.map(|(verb, of)| format!("{verb} {}", of.join(", "))).collect();
            expressions.update = (!parts.is_empty()).then(|| parts.join(" "));
        }
        expressions
    }

    fn clause(&mut self, clause: &Clause) -> String {
        match clause {
            Clause::NoEntry => format!("attribute_not_exists({})", self.name(PARTITION_KEY)),
            Clause::Missing(name) => format!("attribute_not_exists({})", self.name(name)),
            Clause::Equals(name, value) => format!("{} = {}", self.name(name), self.compared(value)),
            Clause::EqualsOrMissing(name, value) => self.or_missing(name, "=", value),
            Clause::LessOrMissing(name, value) => self.or_missing(name, "<", value),
        }
    }

    fn or_missing(&mut self, name: &str, is: &str, value: &Value) -> String {
        let (name, value) = (self.name(name), self.compared(value));
        format!("(attribute_not_exists({name}) OR {name} {is} {value})")
    }

    fn assignment(&mut self, name: &str, value: &Value) -> String {
        let place = format!(":{name}");
        self.values.get_or_insert_default().insert(place.clone(), to_attribute(value));
        format!("{} = {place}", self.name(name))
    }

    fn compared(&mut self, value: &Value) -> String {
        let values = self.values.get_or_insert_default();
        let place = format!(":if{}", values.len());
        values.insert(place.clone(), to_attribute(value));
        place
    }

    fn name(&mut self, name: &str) -> String {
        let place = format!("#{name}");
        self.names.get_or_insert_default().insert(place.clone(), name.to_owned());
        place
    }
}

/// A write with a condition asks for the stored entry if the condition is unmet.
pub(super) fn on_failure(write: &Write) -> Option<OnFailure> {
    (!write.condition.is_empty()).then_some(OnFailure::AllOld)
}

/// The write as an action of a transaction.
pub(super) fn to_action(write: &Write, table: &str) -> Result<TransactWriteItem, BuildError> {
    let Expressions { condition, update, names, values } = Expressions::of(write);
    let (item, returned) = (TransactWriteItem::builder(), on_failure(write));
    let item = match &write.action {
        Action::Put(entry) => item.put(
            Put::builder()
                .table_name(table)
                .set_item(Some(to_sdk(entry)))
                .set_condition_expression(condition)
                .set_expression_attribute_names(names)
                .set_expression_attribute_values(values)
                .set_return_values_on_condition_check_failure(returned)
                .build()?,
        ),
        Action::Update { key, .. } => item.update(
            Update::builder()
                .table_name(table)
                .set_key(Some(key_to_sdk(key)))
                .set_update_expression(update)
                .set_condition_expression(condition)
                .set_expression_attribute_names(names)
                .set_expression_attribute_values(values)
                .set_return_values_on_condition_check_failure(returned)
                .build()?,
        ),
        Action::Delete(key) => item.delete(
            Delete::builder()
                .table_name(table)
                .set_key(Some(key_to_sdk(key)))
                .set_condition_expression(condition)
                .set_expression_attribute_names(names)
                .set_expression_attribute_values(values)
                .set_return_values_on_condition_check_failure(returned)
                .build()?,
        ),
    };
    Ok(item.build())
}
