//! `orderBy`: `name desc, id`.

use std::cmp::Ordering;

use serde_json::Value;

use super::known;
use crate::connectwise::conditions::{Names, Path, to_decimal};
use crate::connectwise::records::Collection;
use crate::connectwise::refusal::Refusal;
use crate::connectwise::view::View;

/// The order of a listing; rows that it does not tell apart stay in order of their ids.
pub(super) struct Order {
    keys: Vec<(Path, bool)>,
}

impl Order {
    pub(super) fn read(collection: Collection, text: Option<&str>) -> Result<Self, Refusal> {
        let mut keys = Vec::new();
        for part in text.unwrap_or_default().split(',').filter(|part| !part.trim().is_empty()) {
            let mut words = part.split_whitespace();
            let path = words.next().unwrap_or_default();
            known(collection, path)?;
            let descending = match words.next().map(str::to_lowercase).as_deref() {
                None | Some("asc") => false,
                Some("desc") => true,
                Some(other) => return Err(Refusal::condition(format!("{other} is neither asc nor desc."))),
            };
            keys.push((Path(path.to_owned()), descending));
        }
        Ok(Self { keys })
    }

    pub(super) fn sorted<'a>(&self, rows: impl Iterator<Item = View<'a>>) -> Vec<View<'a>> {
        if self.keys.is_empty() {
            return rows.collect();
        }
        let value = |view: &View<'a>, path: &Path| view.values(path).into_iter().next().map(|value| value.into_owned());
        let keyed = |view: View<'a>| {
            let values: Vec<_> = self.keys.iter().map(|(path, _)| value(&view, path).unwrap_or_default()).collect();
            (values, view)
        };
        let mut rows: Vec<(Vec<Value>, View<'a>)> = rows.map(keyed).collect();
        rows.sort_by(|(left, _), (right, _)| self.compare(left, right));
        rows.into_iter().map(|(_, view)| view).collect()
    }

    fn compare(&self, left: &[Value], right: &[Value]) -> Ordering {
        let pairs = left.iter().zip(right).zip(&self.keys);
        let orders = pairs.map(|((left, right), (_, descending))| {
            let order = compare(left, right);
            if *descending { order.reverse() } else { order }
        });
        orders.fold(Ordering::Equal, Ordering::then)
    }
}

/// Unset fields come first; texts without their capitals.
fn compare(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => to_decimal(left).cmp(&to_decimal(right)),
        (Value::String(left), Value::String(right)) => left.to_lowercase().cmp(&right.to_lowercase()),
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (left, right) => right.is_null().cmp(&left.is_null()),
    }
}
