//! A row as the API shows it: references with the names of what they refer to, computed fields, flags never unset.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::conditions::{Names, Path};
use super::dates;
use super::invoices::prorated::prorated;
use super::invoices::terms::root;
use super::records::field::{Field, Kind};
use super::records::{Collection, Row};
use super::state::{State, reference_id};

/// What a view needs beside the row.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) state: &'a State,
    pub(super) now: Timestamp,
    /// The API's root as the caller addressed it, for links.
    pub(super) root: &'a str,
}

/// A row in its surroundings.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) scene: Scene<'a>,
    pub(super) collection: Collection,
    pub(super) owner: u32,
    pub(super) id: u32,
    pub(super) row: &'a Row,
}

/// Where a path of a condition, an order or a selection leads.
pub(super) enum Place {
    Id,
    Stamp(String),
    Whole(&'static Field),
    Within(&'static Field, String),
}

/// Finds where a path leads in a collection's records, whatever its capitals; `None` if there is no such field.
pub(super) fn place(collection: Collection, path: &str) -> Option<Place> {
    let (name, rest) = path.split_once('/').map_or((path, None), |(name, rest)| (name, Some(rest)));
    if rest.is_none() && name.eq_ignore_ascii_case("id") {
        return Some(Place::Id);
    }
    let stamp = if name.eq_ignore_ascii_case("_info") { rest? } else { name };
    let stamps = ["lastUpdated", "updatedBy", "dateEntered", "enteredBy"];
    if let Some(stamp) = stamps.into_iter().find(|known| known.eq_ignore_ascii_case(stamp)) {
        return Some(Place::Stamp(stamp.to_owned()));
    }
    let field = collection.field_ignoring_case(name)?;
    let Some(rest) = rest else {
        return Some(Place::Whole(field));
    };
    let names: &[&str] = match field.kind {
        Kind::Reference(to) => to.profile().titles,
        Kind::Elsewhere | Kind::List => &["identifier", "name", "caption", "value"],
        Kind::Text(_) | Kind::Number | Kind::Whole | Kind::Flag | Kind::Date | Kind::Choice(_) => return None,
    };
    let inner = ["id"].iter().chain(names).find(|known| known.eq_ignore_ascii_case(rest))?;
    Some(Place::Within(field, (*inner).to_owned()))
}

impl Names for View<'_> {
    fn values(&self, path: &Path) -> Vec<Cow<'_, Value>> {
        match place(self.collection, &path.0) {
            None => Vec::new(),
            Some(Place::Id) => vec![Cow::Owned(json!(self.id))],
            Some(Place::Stamp(stamp)) => vec![owned_or_null(self.row.get("_info").and_then(|info| info.get(stamp)))],
            Some(Place::Whole(field)) => vec![self.value(field)],
            Some(Place::Within(field, inner)) => self.inner(field, &inner),
        }
    }
}

fn owned_or_null(value: Option<&Value>) -> Cow<'_, Value> {
    value.map_or(Cow::Owned(Value::Null), Cow::Borrowed)
}

impl<'a> View<'a> {
    /// A field's value, computed where the server computes it.
    fn value(&self, field: &Field) -> Cow<'a, Value> {
        match (self.collection, field.name) {
            (Collection::Additions, "agreementId") => Cow::Owned(json!(self.owner)),
            (Collection::Additions, "agreementStatus") => Cow::Owned(json!(self.owner_status())),
            (Collection::Additions, "uom") => owned_or_null(self.unit_of_product()),
            (Collection::Agreements, "agreementStatus") => {
                Cow::Owned(json!(agreement_status(self.row, self.scene.now)))
            }
            (
                Collection::Additions,
                "proratePrice" | "prorateCost" | "extendedProratePrice" | "extendedProrateCost",
            ) => Cow::Owned(prorated(self.scene.state, self.owner, self.row, field.name, self.scene.now)),
            (Collection::Agreements, "nextInvoiceDate") => owned_or_null(self.invoiced_with().get(field.name)),
            _ => match (self.row.get(field.name), &field.kind) {
                (None, Kind::Flag) => Cow::Owned(json!(false)),
                (value, _) => owned_or_null(value),
            },
        }
    }

    fn inner(&self, field: &Field, inner: &str) -> Vec<Cow<'a, Value>> {
        match (&field.kind, self.row.get(field.name)) {
            (Kind::Reference(to), Some(_)) if inner != "id" => vec![owned_or_null(self.title(*to, field.name, inner))],
            (_, Some(Value::Array(members))) => members.iter().map(|member| owned_or_null(member.get(inner))).collect(),
            (_, value) => vec![owned_or_null(value.and_then(|value| value.get(inner)))],
        }
    }

    fn title(&self, to: Collection, field: &str, title: &str) -> Option<&'a Value> {
        let value = self.scene.state.row(to, 0, reference_id(self.row, field)?)?.get(title)?;
        // A currency's code is a record of its own, and a word where a reference shows it.
        if to == Collection::Currencies && title == "currencyCode" { value.get("name") } else { Some(value) }
    }

    /// The agreement whose next invoice date counts for this one: its topmost parent.
    fn invoiced_with(&self) -> &'a Row {
        let state = self.scene.state;
        if !self.row.contains_key("parentAgreement") {
            return self.row;
        }
        state.row(Collection::Agreements, 0, root(state, self.id)).unwrap_or(self.row)
    }

    fn owner_status(&self) -> &'static str {
        let agreement = self.scene.state.row(Collection::Agreements, 0, self.owner);
        agreement.map_or("Inactive", |agreement| agreement_status(agreement, self.scene.now))
    }

    fn unit_of_product(&self) -> Option<&'a Value> {
        let state = self.scene.state;
        let product = state.row(Collection::Catalog, 0, reference_id(self.row, "product")?)?;
        state.row(Collection::UnitsOfMeasure, 0, reference_id(product, "unitOfMeasure")?)?.get("name")
    }

    /// The record's custom fields.
    pub(super) fn custom_fields(&self) -> Vec<CustomField<'a>> {
        let fields = self.row.get("customFields").and_then(Value::as_array);
        fields.into_iter().flatten().map(CustomField).collect()
    }

    /// The record as an answer carries it: nothing in it is null.
    pub(super) fn to_wire(self) -> Row {
        let mut record = Map::new();
        record.insert("id".to_owned(), json!(self.id));
        for field in self.collection.profile().fields {
            let value = match (&field.kind, self.row.get(field.name)) {
                (Kind::Reference(to), Some(_)) => self.reference(*to, field.name),
                _ => self.value(field).into_owned(),
            };
            if !value.is_null() {
                record.insert(field.name.to_owned(), value);
            }
        }
        if let Some(info) = self.row.get("_info") {
            record.insert("_info".to_owned(), info.clone());
        }
        record
    }

    fn reference(&self, to: Collection, field: &str) -> Value {
        let Some(id) = reference_id(self.row, field) else {
            return Value::Null;
        };
        let profile = to.profile();
        let titles = profile.titles.iter().filter_map(|title| Some((*title, self.title(to, field, title)?.clone())));
        let mut reference: Row = titles.map(|(title, value)| (title.to_owned(), value)).collect();
        reference.insert("id".to_owned(), json!(id));
        // Two slashes, as the vendor's own links have them.
        let owner = self.scene.state.row(to, 0, id).and_then(|row| reference_id(row, "company")).unwrap_or_default();
        let path = profile.path.replace("{}", &owner.to_string());
        let href = format!("{}//{path}/{id}", self.scene.root);
        reference.insert("_info".to_owned(), json!({profile.href: href}));
        Value::Object(reference)
    }
}

/// One custom field, whose members a condition can name.
pub(super) struct CustomField<'a>(&'a Value);

impl Names for CustomField<'_> {
    fn values(&self, path: &Path) -> Vec<Cow<'_, Value>> {
        let mut members = self.0.as_object().into_iter().flatten();
        vec![owned_or_null(members.find(|(name, _)| name.eq_ignore_ascii_case(&path.0)).map(|(_, value)| value))]
    }
}

/// An agreement's status: cancelled by its flag, expired by its end date, else as the PSA's people set it.
fn agreement_status(agreement: &Row, now: Timestamp) -> &'static str {
    let flag = |name| agreement.get(name).and_then(Value::as_bool).unwrap_or_default();
    let end = agreement.get("endDate").and_then(Value::as_str).and_then(dates::parse);
    match agreement.get("agreementStatus").and_then(Value::as_str) {
        _ if flag("cancelledFlag") => "Cancelled",
        Some("Cancelled") => "Cancelled",
        Some("Inactive") => "Inactive",
        Some("Expired") => "Expired",
        _ if !flag("noEndingDateFlag") && end.is_some_and(|end| end < now) => "Expired",
        _ => "Active",
    }
}
