//! What a listing's query asks for: which rows, in which order, which page of them, which fields.

mod check;
mod children;
mod order;
mod page;
mod selection;

use axum::http::HeaderMap;
use url::form_urlencoded;

use super::conditions::{Condition, Path, Term, holds, parse_as};
use super::records::Collection;
use super::refusal::Refusal;
use super::settings::wire::WireReadings;
use super::view::{Place, View, place};
use order::Order;
pub(super) use page::{Address, Listing, Page};
use selection::Selection;

/// A listing's query, understood. Names count without their capitals; unknown ones are ignored, as the vendor does.
pub(super) struct Query {
    wire: WireReadings,
    conditions: Option<Condition>,
    child_conditions: Option<Condition>,
    custom_field_conditions: Option<Condition>,
    order: Order,
    selection: Selection,
    page: Page,
}

impl Query {
    /// Reads the query of a call on `collection`; names that its records do not have are refused.
    pub(super) fn read(
        collection: Collection,
        query: &str,
        headers: &HeaderMap,
        wire: WireReadings,
    ) -> Result<Self, Refusal> {
        let pairs = Pairs::of(query);
        let find = |name: &str| pairs.find(name);
        Ok(Self {
            wire,
            conditions: find("conditions").map(|text| conditions(collection, text, &wire)).transpose()?,
            child_conditions: find("childConditions")
                .map(|text| children::read(collection, text, &wire))
                .transpose()?,
            custom_field_conditions: find("customFieldConditions")
                .map(|text| custom_field_conditions(text, &wire))
                .transpose()?,
            order: Order::read(collection, find("orderBy"))?,
            selection: Selection::read(collection, find("fields"), &wire)?,
            page: Page::read(headers, find("page"), find("pageSize"), find("pageId")),
        })
    }

    /// Whether a record fits all conditions.
    pub(super) fn admits(&self, view: &View<'_>) -> bool {
        let custom =
            |condition: &Condition| view.custom_fields().iter().any(|field| holds(condition, field, &self.wire));
        self.conditions.as_ref().is_none_or(|condition| holds(condition, view, &self.wire))
            && self.child_conditions.as_ref().is_none_or(|condition| children::hold(condition, view, &self.wire))
            && self.custom_field_conditions.as_ref().is_none_or(custom)
    }

    /// The page that the query asks for, out of all rows that a path names (by id, from the first that it may show).
    pub(super) fn list<'a>(&self, rows: impl Iterator<Item = View<'a>>, address: &Address<'_>) -> Listing {
        let admitted = rows.filter(|view| self.admits(view));
        let (shown, link) = match &self.page {
            Page::After { size, .. } => page::forward(admitted, *size, address),
            Page::Number { page, size } => {
                page::numbered(self.order.sorted(admitted), *page, *size, address, self.wire.links)
            }
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

/// What the answer to a POST shows: `fields` works there too, and no other parameter does.
pub(super) fn fields_of(collection: Collection, query: &str, wire: &WireReadings) -> Result<Selection, Refusal> {
    Selection::read(collection, Pairs::of(query).find("fields"), wire)
}

/// The parameters of a query as sent.
struct Pairs(Vec<(String, String)>);

impl Pairs {
    fn of(query: &str) -> Self {
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// The first that is called so and says something.
    fn find(&self, name: &str) -> Option<&str> {
        let named = self.0.iter().find(|(key, value)| key.eq_ignore_ascii_case(name) && !value.trim().is_empty());
        named.map(|(_, value)| value.as_str())
    }
}

fn conditions(collection: Collection, text: &str, wire: &WireReadings) -> Result<Condition, Refusal> {
    let mut condition = read(text, wire)?;
    if collection == Collection::Agreements {
        condition.rename(&older_name);
    }
    for term in condition.terms() {
        check::check(term, &known(collection, &term.path.0)?, wire)?;
    }
    Ok(condition)
}

/// Manuals of public clients still write the name that the parent had in an older model.
fn older_name(path: &mut Path) {
    if path.0.eq_ignore_ascii_case("parentAgreementId") {
        path.0 = "parentAgreement/id".to_owned();
    }
}

fn custom_field_conditions(text: &str, wire: &WireReadings) -> Result<Condition, Refusal> {
    let condition = read(text, wire)?;
    let known = ["id", "caption", "type", "value", "connectWiseId"];
    let unknown = |term: &&Term| !known.iter().any(|name| name.eq_ignore_ascii_case(&term.path.0));
    match condition.terms().into_iter().find(unknown) {
        Some(term) => Err(Refusal::unknown_name(&term.path.0)),
        None => Ok(condition),
    }
}

fn read(text: &str, wire: &WireReadings) -> Result<Condition, Refusal> {
    parse_as(text, wire.quotes).map_err(|wrong| Refusal::condition(wrong.to_string()))
}

fn known(collection: Collection, path: &str) -> Result<Place, Refusal> {
    place(collection, path).ok_or_else(|| Refusal::unknown_name(path))
}
