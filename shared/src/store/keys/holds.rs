//! The keys of holds, of decisions on them, of additions to end, and of other quantities than the usage.

use super::Key;
use crate::domain::decision::HoldKey;
use crate::domain::ending::EndingKey;
use crate::domain::id::{CustomerId, PartnerId};
use crate::domain::month::UsageMonth;
use crate::domain::quantity_override::OverrideKey;
use crate::table::Range;

/// Suffix of a decision.
const DECISION: &str = "D";
/// Suffix of a hold.
const HOLD: &str = "H";

/// The partner's partition of holds, decisions, endings and overrides.
pub(in crate::store) fn holds(partner: PartnerId) -> String {
    format!("P#{partner}#H")
}

pub(in crate::store) fn hold(partner: PartnerId, key: HoldKey) -> Key {
    Key::new(holds(partner), format!("{}{HOLD}", key.name()))
}

pub(in crate::store) fn decision(partner: PartnerId, key: HoldKey) -> Key {
    Key::new(holds(partner), format!("{}{DECISION}", key.name()))
}

/// Prefix of endings; they sort after the holds of all months.
pub(in crate::store) const ENDINGS: &str = "END#";

/// The decision to end an addition.
pub(in crate::store) fn ending(partner: PartnerId, key: EndingKey) -> Key {
    Key::new(holds(partner), format!("{ENDINGS}{:010}#{:010}", key.agreement.get(), key.addition.get()))
}

/// Prefix of overrides; they sort after the endings.
const OVERRIDES: &str = "OV#";

/// Prefix of the overrides of customers whose id starts with `prefix`.
pub(in crate::store) fn overrides(prefix: &str) -> String {
    format!("{OVERRIDES}{prefix}")
}

/// The name of an override, also in the key of a page of them.
pub(in crate::store) fn override_name(key: OverrideKey) -> String {
    let OverrideKey { customer, product, from, at } = key;
    format!("{customer}#{:010}#{from}#{at:.9}#", product.get())
}

/// Whether a text is the name of an override.
pub(in crate::store) fn is_override_name(text: &str) -> bool {
    let parts: Vec<&str> = text.split('#').collect();
    let [customer, product, from, at, ""] = parts.as_slice() else { return false };
    let key = || {
        Some(OverrideKey {
            customer: CustomerId::parse(customer).ok()?,
            product: product.parse::<i64>().ok()?.try_into().ok()?,
            from: UsageMonth::parse(from).ok()?,
            at: at.parse().ok()?,
        })
    };
    // Only what is written in the one way that the table has.
    key().is_some_and(|key| override_name(key) == text)
}

pub(in crate::store) fn quantity_override(partner: PartnerId, key: OverrideKey) -> Key {
    Key::new(holds(partner), overrides(&override_name(key)))
}

/// The sort keys of the overrides after the one named `after`.
pub(in crate::store) fn overrides_after(after: Option<&str>) -> Range {
    let first = after.map_or_else(|| OVERRIDES.to_owned(), |name| format!("{OVERRIDES}{name}~"));
    Range::Between(first, format!("{OVERRIDES}~"))
}

/// Whether a sort key is that of a decision. Its hold has the same name and comes directly after it.
pub(in crate::store) fn is_decision(sort: &str) -> bool {
    sort.ends_with(&format!("#{DECISION}"))
}

/// The sort keys of a page of a month's holds, after the hold named `after`: of customers whose id starts
/// with `prefix`. None when there can be none.
pub(in crate::store) fn hold_range(month: UsageMonth, prefix: &str, after: Option<&str>) -> Option<Range> {
    let first = format!("{month}#{prefix}");
    // `~` sorts after both suffixes.
    let after = after.map_or_else(String::new, |name| format!("{name}~"));
    let last = format!("{first}~");
    let first = first.max(after);
    (first <= last).then_some(Range::Between(first, last))
}

/// The sort keys of a page of holds of all months, after the hold named `after`.
pub(in crate::store) fn all_holds_after(after: Option<&str>) -> Range {
    // Months begin with a digit, and `:` is the character after `9`. The table refuses an empty key.
    Range::Between(after.map_or_else(|| "0".to_owned(), |name| format!("{name}~")), ":".to_owned())
}
