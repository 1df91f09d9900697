//! A call of DynamoDB's API as it went over the wire: its operation and the keys that it names.

use axum::http::HeaderMap;
use serde_json::Value;
use shared::table::{PARTITION_KEY, SORT_KEY};

/// A call, without its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The operation, such as `PutItem`.
    pub operation: String,
    /// The entries that it names, in their order: of a query the partition alone.
    pub keys: Vec<WireKey>,
    /// The token by which the table knows a transaction that it has seen before.
    pub token: Option<String>,
}

/// An entry or partition that a call names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireKey {
    /// The partition; of a query on an index the index' own.
    pub partition: String,
    /// The sort key; none for a partition as a whole.
    pub sort: Option<String>,
    /// What is done to it, as a right is named: `PutItem`.
    pub action: String,
}

impl Call {
    pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Self {
        let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or("");
        let (_, operation) = target.rsplit_once('.').unwrap_or(("", target));
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let mut keys: Vec<WireKey> = queried(&body).into_iter().collect();
        collect(&body, operation, &mut keys);
        Self { operation: operation.to_owned(), keys, token: body["ClientRequestToken"].as_str().map(str::to_owned) }
    }

    /// Whether it names an entry with this sort key.
    pub fn names(&self, sort: &str) -> bool {
        self.keys.iter().any(|key| key.sort.as_deref() == Some(sort))
    }
}

/// The keys of all entries inside of a request, wherever they stand.
fn collect(value: &Value, action: &str, keys: &mut Vec<WireKey>) {
    match value {
        Value::Object(fields) => {
            if let Some(partition) = text(&value[PARTITION_KEY]) {
                keys.push(WireKey { partition, sort: text(&value[SORT_KEY]), action: action.to_owned() });
            } else {
                for (name, field) in fields {
                    // A transaction asks for the right of each of its actions.
                    let own = matches!(name.as_str(), "Put" | "Update" | "Delete" | "ConditionCheck");
                    let own = own.then(|| format!("{name}Item"));
                    collect(field, own.as_deref().unwrap_or(action), keys);
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, action, keys)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The partition of a query: the value that its first condition, `name = :value`, asks for.
fn queried(body: &Value) -> Option<WireKey> {
    let condition = body["KeyConditionExpression"].as_str()?;
    let (_, behind) = condition.split_once('=')?;
    let value = behind.split_whitespace().next()?;
    let partition = text(&body["ExpressionAttributeValues"][value])?;
    Some(WireKey { partition, sort: None, action: "Query".to_owned() })
}

fn text(attribute: &Value) -> Option<String> {
    attribute["S"].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn keys(body: Value) -> Vec<(String, Option<String>)> {
        let call = Call::read(&HeaderMap::new(), body.to_string().as_bytes());
        call.keys.into_iter().map(|key| (key.partition, key.sort)).collect()
    }

    #[test]
    fn a_transaction_names_every_entry() {
        let put = json!({"Put": {"Item": {"PK": {"S": "a"}, "SK": {"S": "1"}, "body": {"S": "x"}}}});
        let delete = json!({"Delete": {"Key": {"PK": {"S": "b"}, "SK": {"S": "2"}}}});
        let expected = [("a", "1"), ("b", "2")].map(|(p, s)| (p.to_owned(), Some(s.to_owned())));
        assert_eq!(keys(json!({"TransactItems": [put, delete]})), expected);
    }

    #[test]
    fn a_query_names_its_partition() {
        let query = json!({
            "KeyConditionExpression": "PK = :partition AND begins_with(SK, :prefix)",
            "ExpressionAttributeValues": {":partition": {"S": "a"}, ":prefix": {"S": "1"}},
        });
        assert_eq!(keys(query), [("a".to_owned(), None)]);
    }
}
