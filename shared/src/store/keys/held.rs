//! The keys of what waits for a person.

use super::Key;
use crate::domain::decision::HoldKey;
use crate::domain::ending::EndingKey;
use crate::domain::id::PartnerId;
use crate::domain::month::UsageMonth;

/// What the sort key of a decision ends in.
const DECISION: &str = "D";
/// What the sort key of a hold ends in.
const HOLD: &str = "H";
/// What the names of a month's holds start with, of customers whose id starts with `prefix`.
pub(in crate::store) fn holds(month: UsageMonth, prefix: &str) -> String {
    format!("{month}#{prefix}")
}

/// The partner's partition of what waits for a person.
pub(in crate::store) fn held(partner: PartnerId) -> String {
    format!("P#{partner}#H")
}

pub(in crate::store) fn hold(partner: PartnerId, key: HoldKey) -> Key {
    Key::new(held(partner), format!("{}{HOLD}", key.name()))
}

pub(in crate::store) fn decision(partner: PartnerId, key: HoldKey) -> Key {
    Key::new(held(partner), format!("{}{DECISION}", key.name()))
}

/// What the sort keys of endings start with: behind those of all months.
pub(in crate::store) const ENDINGS: &str = "END#";

/// That an addition is to be ended.
pub(in crate::store) fn ending(partner: PartnerId, key: EndingKey) -> Key {
    Key::new(held(partner), format!("{ENDINGS}{:010}#{:010}", key.agreement.get(), key.addition.get()))
}

/// Whether a sort key is that of a decision; its hold, which has the same name, comes right behind it.
pub(in crate::store) fn is_decision(sort: &str) -> bool {
    sort.ends_with(&format!("#{DECISION}"))
}

/// The first and last sort key of a page of a month's holds, behind the hold named `after`. None when there can be none.
pub(in crate::store) fn hold_range(month: UsageMonth, prefix: &str, after: Option<&str>) -> Option<(String, String)> {
    let first = holds(month, prefix);
    // `~` comes behind both ends of a name.
    let after = after.map_or_else(String::new, |name| format!("{name}~"));
    let last = format!("{first}~");
    let first = first.max(after);
    (first <= last).then_some((first, last))
}

/// The first and last sort key of a page of holds of all months, behind the hold named `after`.
pub(in crate::store) fn all_holds_after(after: Option<&str>) -> (String, String) {
    // Months begin with a digit, and `:` is the sign behind those; the table takes no empty key.
    (after.map_or_else(|| "0".to_owned(), |name| format!("{name}~")), ":".to_owned())
}
