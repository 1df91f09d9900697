//! One usage line from any JSON value: a line may be odd, and is never lost.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::id::{CustomerId, ProductCode};
use crate::domain::schedule::stable_hash;
use crate::domain::usage::{LineQuantity, Pair, UsageLine};
use crate::domain::vendor_text::one_line;

/// An oddity's text is cut to this length.
const SHOWN_CHARS: usize = 200;

/// Wire: a line. Its members are not parsed, so that an odd one does not spoil the others.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LineRecord<'a> {
    #[serde(borrow)]
    account_id: Option<&'a RawValue>,
    #[serde(borrow)]
    product_code: Option<&'a RawValue>,
    #[serde(borrow)]
    billable_quantity: Option<&'a RawValue>,
    #[serde(borrow)]
    product_description: Option<&'a RawValue>,
    #[serde(borrow)]
    product_group: Option<&'a RawValue>,
    #[serde(borrow)]
    order_number: Option<&'a RawValue>,
    #[serde(borrow)]
    order_line_item_number: Option<&'a RawValue>,
    #[serde(borrow)]
    account_number_or_serial_number: Option<&'a RawValue>,
    #[serde(borrow)]
    sku: Option<&'a RawValue>,
    #[serde(borrow)]
    external_id: Option<&'a RawValue>,
    #[serde(borrow)]
    billing_start_date: Option<&'a RawValue>,
    #[serde(borrow)]
    billing_end_date: Option<&'a RawValue>,
    #[serde(borrow)]
    actual_quantity: Option<&'a RawValue>,
    #[serde(borrow)]
    ordered_quantity: Option<&'a RawValue>,
}

/// Reads a line. Other values than objects, and objects with a duplicate member, become a line without a customer.
pub(super) fn read(raw: &RawValue) -> UsageLine {
    let mut oddities = Vec::new();
    // serde would read an array as the members in their order.
    let is_object = raw.get().starts_with('{');
    let record: LineRecord<'_> = match serde_json::from_str(raw.get()) {
        Ok(record) if is_object => record,
        Ok(_) | Err(_) => {
            oddities.push(shown("line", raw));
            LineRecord::default()
        }
    };
    let pair = Pair {
        customer: id(record.account_id, "accountId", &mut oddities, |text| CustomerId::parse(text).ok()),
        product: id(record.product_code, "productCode", &mut oddities, |text| ProductCode::parse(text).ok()),
    };
    let mut line = UsageLine {
        description: text(record.product_description),
        group: text(record.product_group),
        order: text(record.order_number),
        order_line: text(record.order_line_item_number),
        serial: text(record.account_number_or_serial_number),
        sku: text(record.sku),
        external_id: text(record.external_id),
        billing_start: text(record.billing_start_date),
        billing_end: text(record.billing_end_date),
        actual: text(record.actual_quantity),
        ordered: text(record.ordered_quantity),
        oddities,
        ..UsageLine::new(pair, quantity(record.billable_quantity))
    };
    if line.order.trim().is_empty() && line.external_id.trim().is_empty() {
        line.whole = Some(of_all_members(raw));
    }
    line
}

/// A hash of all members, independent of their order; of the text itself if it is not an object.
fn of_all_members(raw: &RawValue) -> u64 {
    let members: Result<BTreeMap<String, &RawValue>, _> = serde_json::from_str(raw.get());
    let text = members.map(|members| {
        let member = |(name, value): (&String, &&RawValue)| format!("{name:?}:{}", value.get());
        members.iter().map(member).collect::<Vec<_>>().join(",")
    });
    stable_hash(text.as_deref().unwrap_or(raw.get()))
}

/// An id; none where it is missing, null or empty. Any other value than an id is none with an oddity.
fn id<Id>(
    raw: Option<&RawValue>,
    field: &str,
    oddities: &mut Vec<String>,
    parse: impl FnOnce(&str) -> Option<Id>,
) -> Option<Id> {
    let raw = raw?;
    let text = serde_json::from_str::<String>(raw.get()).ok();
    if text.as_deref().is_some_and(|text| text.trim().is_empty()) {
        return None;
    }
    let id = text.as_deref().map(str::trim).and_then(parse);
    if id.is_none() {
        oddities.push(shown(field, raw));
    }
    id
}

/// The quantity. `quoted` has turned a bare `NaN` into a string; it is shown as it was.
fn quantity(raw: Option<&RawValue>) -> LineQuantity {
    let text = raw.map(RawValue::get);
    let bare = text.map(|text| match text {
        "\"NaN\"" | "\"Infinity\"" | "\"-Infinity\"" => text.trim_matches('"'),
        _ => text,
    });
    LineQuantity::from_json_text(bare)
}

/// A text for people, cut to one line: the string itself, or the JSON of any other value; empty for null.
fn text(raw: Option<&RawValue>) -> String {
    let raw = raw.map(RawValue::get).filter(|raw| *raw != "null").unwrap_or_default();
    serde_json::from_str::<String>(raw).map_or_else(|_| one_line(raw), |text| one_line(&text))
}

fn shown(what: &str, raw: &RawValue) -> String {
    one_line(&format!("{what} {}", raw.get())).chars().take(SHOWN_CHARS).collect()
}

#[cfg(test)]
mod tests;
