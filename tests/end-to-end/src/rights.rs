//! What the roles of `template.yaml` may do with the table, held against what went over the wire.

use std::collections::BTreeSet;

use yaml_serde::Value;

use simulators::table::wire::Call;

/// What is deployed, as it was when this was built.
const TEMPLATE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../template.yaml"));

/// A role's rights to the table: each an action, such as `PutItem`, and a pattern of partitions.
#[derive(Clone, Debug)]
pub struct Rights(BTreeSet<(String, String)>);

impl Rights {
    /// The rights of a role of the template, such as `UsageSyncRole`; none of one that it does not have.
    #[must_use]
    pub fn of(role: &str) -> Self {
        let template: Value = yaml_serde::from_str(TEMPLATE).unwrap_or_default();
        let statements = &template["Resources"][role]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"];
        let mut rights = BTreeSet::new();
        for statement in statements.as_sequence().into_iter().flatten() {
            let keys = texts(&statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]);
            for action in texts(&statement["Action"]).iter().filter_map(|action| action.strip_prefix("dynamodb:")) {
                rights.extend(keys.iter().map(|key| (action.to_owned(), key.clone())));
            }
        }
        Self(rights)
    }

    /// Each right: action and pattern.
    pub fn iter(&self) -> impl Iterator<Item = &(String, String)> {
        self.0.iter()
    }

    /// What of these calls the role may not do: action and partition. Queries of the index have a statement of their own
    /// and are left out.
    #[must_use]
    pub fn lacking(&self, calls: &[Call]) -> BTreeSet<(String, String)> {
        let done = calls.iter().flat_map(|call| &call.keys).filter(|key| !key.partition.starts_with("DUE#"));
        let lacks = done.filter(|key| !self.allows(&key.action, &key.partition));
        lacks.map(|key| (key.action.clone(), key.partition.clone())).collect()
    }

    fn allows(&self, action: &str, partition: &str) -> bool {
        self.0.iter().any(|(allowed, pattern)| allowed == action && is_like(pattern.as_bytes(), partition.as_bytes()))
    }
}

fn texts(value: &Value) -> Vec<String> {
    let one = value.as_str().map(str::to_owned);
    let several = value.as_sequence().into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned));
    one.into_iter().chain(several).collect()
}

/// IAM's `StringLike`: `*` is any text, `?` any sign.
fn is_like(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => (0..=text.len()).any(|from| text.get(from..).is_some_and(|text| is_like(rest, text))),
        ([b'?', rest @ ..], [_, text @ ..]) => is_like(rest, text),
        ([sign, rest @ ..], [first, text @ ..]) => sign == first && is_like(rest, text),
        ([], _) | (_, []) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_fits_as_iam_reads_it() {
        for (pattern, text, fits) in [
            ("P#*#", "P#1#", true),
            ("P#*#", "P#1#S", false),
            ("P#*#R#*", "P#1#R#20261130T011200Z-now-0123abcd", true),
            ("P#?#", "P#12#", false),
            ("H#*", "H#", true),
        ] {
            assert_eq!(is_like(pattern.as_bytes(), text.as_bytes()), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn a_right_that_is_missing_is_told() {
        let rights = Rights(BTreeSet::from([("GetItem".to_owned(), "P#*#K".to_owned())]));
        let key = |action: &str, partition: &str| simulators::table::wire::WireKey {
            partition: partition.to_owned(),
            sort: None,
            action: action.to_owned(),
        };
        let keys = vec![key("GetItem", "P#1#K"), key("PutItem", "P#1#K"), key("GetItem", "P#1#S")];
        let call = Call { operation: "TransactWriteItems".to_owned(), keys, token: None };
        let expected = [("GetItem", "P#1#S"), ("PutItem", "P#1#K")].map(|(a, p)| (a.to_owned(), p.to_owned()));
        assert_eq!(rights.lacking(&[call]), BTreeSet::from(expected));
    }
}
