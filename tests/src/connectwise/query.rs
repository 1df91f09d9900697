//! What a listing's query asks for: which rows, in which order, which page of them, which fields.

mod order;
mod page;
mod selection;

use axum::http::HeaderMap;
use url::form_urlencoded;

use super::conditions::{Condition, holds, parse};
use super::records::Collection;
use super::refusal::Refusal;
use super::view::{Place, View, place};
use order::Order;
pub(super) use page::{Address, Listing, Page};
use selection::Selection;

/// A listing's query, understood. Names count without their capitals; unknown ones are ignored, as the vendor does.
pub(super) struct Query {
    conditions: Option<Condition>,
    child_conditions: Option<Condition>,
    custom_field_conditions: Option<Condition>,
    order: Order,
    selection: Selection,
    page: Page,
}

impl Query {
    /// Reads the query of a call on `collection`; names that its records do not have are refused.
    pub(super) fn read(collection: Collection, query: &str, headers: &HeaderMap) -> Result<Self, Refusal> {
        let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let find = |name: &str| {
            let named = pairs.iter().find(|(key, value)| key.eq_ignore_ascii_case(name) && !value.trim().is_empty());
            named.map(|(_, value)| value.as_str())
        };
        Ok(Self {
            conditions: find("conditions").map(|text| conditions(collection, text)).transpose()?,
            child_conditions: find("childConditions").map(|text| conditions(collection, text)).transpose()?,
            custom_field_conditions: find("customFieldConditions").map(custom_field_conditions).transpose()?,
            order: Order::read(collection, find("orderBy"))?,
            selection: Selection::read(find("fields")),
            page: Page::read(headers, find("page"), find("pageSize"), find("pageId")),
        })
    }

    /// Whether a record fits all conditions.
    pub(super) fn admits(&self, view: &View<'_>) -> bool {
        let fits = |condition: &Option<Condition>| condition.as_ref().is_none_or(|condition| holds(condition, view));
        let custom = |condition: &Condition| view.custom_fields().iter().any(|field| holds(condition, field));
        fits(&self.conditions)
            && fits(&self.child_conditions)
            && self.custom_field_conditions.as_ref().is_none_or(custom)
    }

    /// The page that the query asks for, out of all rows that a path names (by id, from the first that it may show).
    pub(super) fn list<'a>(&self, rows: impl Iterator<Item = View<'a>>, address: &Address<'_>) -> Listing {
        let admitted = rows.filter(|view| self.admits(view));
        let (shown, link) = match &self.page {
            Page::After { size, .. } => page::forward(admitted, *size, address),
            Page::Number { page, size } => page::numbered(self.order.sorted(admitted), *page, *size, address),
        };
        Listing { records: shown.into_iter().map(|view| self.selection.of(view.to_wire())).collect(), link }
    }

    /// The id after which a forward-only listing begins; 0 for any other.
    pub(super) fn after(&self) -> u32 {
        match self.page {
            Page::After { id, .. } => id,
            Page::Number { .. } => 0,
        }
    }

    /// One record, with the fields that the query asks for.
    pub(super) fn select(&self, view: View<'_>) -> super::records::Row {
        self.selection.of(view.to_wire())
    }
}

fn conditions(collection: Collection, text: &str) -> Result<Condition, Refusal> {
    let condition = parse(text).map_err(|wrong| Refusal::condition(wrong.to_string()))?;
    for path in condition.paths() {
        known(collection, &path.0)?;
    }
    Ok(condition)
}

fn custom_field_conditions(text: &str) -> Result<Condition, Refusal> {
    let condition = parse(text).map_err(|wrong| Refusal::condition(wrong.to_string()))?;
    let known = ["id", "caption", "type", "value", "connectWiseId"];
    match condition.paths().iter().find(|path| !known.iter().any(|name| name.eq_ignore_ascii_case(&path.0))) {
        Some(path) => Err(Refusal::unknown_name(&path.0)),
        None => Ok(condition),
    }
}

fn known(collection: Collection, path: &str) -> Result<Place, Refusal> {
    place(collection, path).ok_or_else(|| Refusal::unknown_name(path))
}
