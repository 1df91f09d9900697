//! What the API does to the database: read, create, replace, patch, delete. Each is one step that happens or does not.

use axum::http::HeaderMap;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::audit::Write;
use super::coerce::coerce;
use super::complete::complete;
use super::dates;
use super::doubts::Doubts;
use super::patch;
use super::path::Scope;
use super::query::{Address, Listing, Query, fields_of};
use super::records::{Collection, Row};
use super::refusal::{FieldError, Refusal};
use super::settings::wire::WireReadings;
use super::state::{State, reference_id};
use super::validate::{Candidate, validate};
use super::view::{Scene, View};

/// The database as one caller meets it at one moment.
pub(super) struct Session<'a> {
    pub(super) state: &'a mut State,
    pub(super) now: Timestamp,
    /// The member who calls.
    pub(super) who: &'a str,
    /// The API's root as the caller addressed it.
    pub(super) root: &'a str,
    /// How this server reads what the vendor leaves open.
    pub(super) wire: WireReadings,
}

impl Session<'_> {
    pub(super) fn list(
        &self,
        scope: Scope,
        query: &str,
        headers: &HeaderMap,
        address: &Address<'_>,
    ) -> Result<Listing, Refusal> {
        self.owner_exists(scope)?;
        let query = Query::read(scope.collection, query, headers, self.wire)?;
        let mut listing = query.list(self.views(scope, query.after()), address);
        listing.records.iter_mut().for_each(|record| narrow(scope, record));
        Ok(listing)
    }

    pub(super) fn count(&self, scope: Scope, query: &str, headers: &HeaderMap) -> Result<Value, Refusal> {
        self.owner_exists(scope)?;
        let query = Query::read(scope.collection, query, headers, self.wire)?;
        Ok(json!({ "count": self.views(scope, 0).filter(|view| query.admits(view)).count() }))
    }

    pub(super) fn get(&self, scope: Scope, id: u32, query: &str, headers: &HeaderMap) -> Result<Row, Refusal> {
        let query = Query::read(scope.collection, query, headers, self.wire)?;
        let mut record = query.select(self.view(scope, id)?);
        narrow(scope, &mut record);
        Ok(record)
    }

    /// Adds a record; the answer shows what `fields` of the query asks for, and its id is in front.
    pub(super) fn create(&mut self, scope: Scope, query: &str, body: &[u8]) -> Result<(u32, Row), Refusal> {
        writable(scope)?;
        self.owner_exists(scope)?;
        let shown = fields_of(scope.collection, query, &self.wire)?;
        let row = self.admit(scope, None, None, &within(scope, object(body)?))?;
        let id = self.state.take_id(scope.collection);
        self.store("POST", scope, id, None, row);
        Ok((id, shown.of(self.shown(scope, id)?)))
    }

    pub(super) fn replace(&mut self, scope: Scope, id: u32, body: &[u8]) -> Result<Row, Refusal> {
        writable(scope)?;
        let before = self.view(scope, id)?.row.clone();
        let row = self.admit(scope, Some(id), None, &within(scope, object(body)?))?;
        self.store("PUT", scope, id, Some(before), row);
        self.shown(scope, id)
    }

    pub(super) fn patch(&mut self, scope: Scope, id: u32, body: &[u8]) -> Result<Row, Refusal> {
        writable(scope)?;
        let before = self.view(scope, id)?.row.clone();
        let changes = patch::changes(scope.collection, body, &self.wire)?;
        let row = self.admit(scope, Some(id), Some(&before), &changes)?;
        self.store("PATCH", scope, id, Some(before), row);
        self.shown(scope, id)
    }

    pub(super) fn delete(&mut self, scope: Scope, id: u32) -> Result<(), Refusal> {
        writable(scope)?;
        self.view(scope, id)?;
        if self.state.referrer(scope.collection, id).is_some() {
            return Err(Refusal::in_use());
        }
        if scope.collection == Collection::Agreements {
            let lines = Scope { owner: id, ..Scope::of(Collection::Additions) };
            let ids: Vec<u32> = self.state.rows(Collection::Additions, id).map(|(id, _)| id).collect();
            ids.into_iter().for_each(|id| self.erase(lines, id));
        }
        self.erase(scope, id);
        Ok(())
    }

    /// Makes the record that a body leads to, or says all that is wrong with it.
    fn admit(
        &self,
        scope: Scope,
        id: Option<u32>,
        before: Option<&Row>,
        body: &Map<String, Value>,
    ) -> Result<Row, Refusal> {
        let (row, mut errors) = self.draft(scope, before, body);
        let candidate = Candidate { collection: scope.collection, id, row: &row };
        let reported: Vec<String> = errors.iter().map(|error| error.field.clone()).collect();
        let doubts = Doubts { state: self.state, wire: &self.wire, candidate: &candidate, before };
        let fresh = validate(self.state, &candidate).into_iter().filter(|error| !doubts.waive(error));
        errors.extend(fresh.chain(doubts.more()).filter(|error| !reported.contains(&error.field)));
        if errors.is_empty() { Ok(row) } else { Err(Refusal::invalid(scope.collection.profile().resource, errors)) }
    }

    /// The record that a body leads to, typed and completed, and what in the body could not be typed.
    fn draft(&self, scope: Scope, before: Option<&Row>, body: &Map<String, Value>) -> (Row, Vec<FieldError>) {
        let (sent, errors) = coerce(self.state, scope.collection, body, &self.wire);
        let mut row = before.cloned().unwrap_or_default();
        for (name, value) in &sent {
            if value.is_null() {
                row.remove(name);
            } else {
                row.insert(name.clone(), value.clone());
            }
        }
        complete(self.state, self.now, scope, &mut row, &sent, before);
        (row, errors)
    }

    /// Adds a record that was always there: checked like a new one, and not in the log.
    pub(super) fn plant(&mut self, scope: Scope, fields: &Map<String, Value>) -> Result<u32, Refusal> {
        self.owner_exists(scope)?;
        let mut row = self.admit(scope, None, None, fields)?;
        stamp(&mut row, None, &dates::to_wire(self.now), self.who);
        let id = self.state.take_id(scope.collection);
        self.state.put(scope.collection, scope.owner, id, row);
        Ok(id)
    }

    /// Changes a record the way the PSA's own screens do: typed and completed, but whatever it leaves behind.
    pub(super) fn edit(&mut self, scope: Scope, id: u32, fields: &Map<String, Value>) -> Result<(), Refusal> {
        let before = self.view(scope, id)?.row.clone();
        let (row, errors) = self.draft(scope, Some(&before), fields);
        if !errors.is_empty() {
            return Err(Refusal::invalid(scope.collection.profile().resource, errors));
        }
        self.store("EDIT", scope, id, Some(before), row);
        Ok(())
    }

    /// Stores a record with its stamps and enters the change in the log.
    pub(super) fn store(&mut self, verb: &str, scope: Scope, id: u32, before: Option<Row>, mut row: Row) {
        stamp(&mut row, before.as_ref(), &dates::to_wire(self.now), self.who);
        self.state.put(scope.collection, scope.owner, id, row.clone());
        self.log(verb, scope, id, before, Some(row));
    }

    pub(super) fn erase(&mut self, scope: Scope, id: u32) {
        let before = self.state.remove(scope.collection, scope.owner, id);
        self.log("DELETE", scope, id, before, None);
    }

    fn log(&mut self, verb: &str, scope: Scope, id: u32, before: Option<Row>, after: Option<Row>) {
        let path = scope.collection.profile().path.replace("{}", &scope.owner.to_string());
        self.state.writes.push(Write {
            at: dates::to_wire(self.now),
            who: self.who.to_owned(),
            verb: verb.to_owned(),
            path: format!("/{path}/{id}"),
            before,
            after,
        });
    }

    fn shown(&self, scope: Scope, id: u32) -> Result<Row, Refusal> {
        let mut record = self.view(scope, id)?.to_wire();
        narrow(scope, &mut record);
        Ok(record)
    }

    fn owner_exists(&self, scope: Scope) -> Result<(), Refusal> {
        let owner = match (scope.agreement(), scope.category) {
            (Some(agreement), _) => (Collection::Agreements, agreement),
            (None, None) if scope.collection == Collection::Sites => (Collection::Companies, scope.owner),
            (None, Some(category)) => (Collection::Categories, category),
            (None, None) => return Ok(()),
        };
        let found = self.state.row(owner.0, 0, owner.1).is_some();
        let missing = || Refusal::not_found(format!("{} {} was not found.", owner.0.profile().resource, owner.1));
        found.then_some(()).ok_or_else(missing)
    }

    fn views(&self, scope: Scope, after: u32) -> impl Iterator<Item = View<'_>> {
        let rows = self.state.rows_after(scope.collection, scope.owner, after);
        rows.map(move |(id, row)| self.at(scope, id, row)).filter(move |view| in_scope(scope, view.row))
    }

    fn view(&self, scope: Scope, id: u32) -> Result<View<'_>, Refusal> {
        self.owner_exists(scope)?;
        let row = self.state.row(scope.collection, scope.owner, id).filter(|row| in_scope(scope, row));
        let resource = scope.collection.profile().resource;
        row.map(|row| self.at(scope, id, row))
            .ok_or_else(|| Refusal::not_found(format!("{resource} {id} was not found.")))
    }

    fn at<'a>(&'a self, scope: Scope, id: u32, row: &'a Row) -> View<'a> {
        let scene = Scene { state: self.state, now: self.now, root: self.root };
        View { scene, collection: scope.collection, owner: scope.owner, id, row }
    }
}

fn writable(scope: Scope) -> Result<(), Refusal> {
    if scope.collection.profile().read_only { Err(Refusal::verb()) } else { Ok(()) }
}

fn in_scope(scope: Scope, row: &Row) -> bool {
    scope.category.is_none_or(|category| reference_id(row, "category") == Some(category))
}

/// Under a category's path, a subcategory has the few fields of an older API.
fn narrow(scope: Scope, record: &mut Row) {
    if scope.category.is_some() {
        record.retain(|name, _| matches!(name.as_str(), "id" | "name" | "inactiveFlag" | "_info"));
    }
}

fn object(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    serde_json::from_slice(body).map_err(|_| Refusal::body("The body must be a JSON object."))
}

/// The body of a record that its path puts into a category: that category, whatever the body says.
fn within(scope: Scope, mut body: Map<String, Value>) -> Map<String, Value> {
    if let Some(category) = scope.category {
        body.retain(|name, _| !name.eq_ignore_ascii_case("category"));
        body.insert("category".to_owned(), json!({ "id": category }));
    }
    body
}

/// Who entered a record and when it changed last; a record keeps its first two stamps.
pub(super) fn stamp(row: &mut Row, before: Option<&Row>, now: &str, who: &str) {
    let first = before.and_then(|before| before.get("_info")).and_then(Value::as_object);
    let kept = |name: &str, new: &str| first.and_then(|info| info.get(name)).cloned().unwrap_or_else(|| json!(new));
    let info = json!({
        "dateEntered": kept("dateEntered", now),
        "enteredBy": kept("enteredBy", who),
        "lastUpdated": now,
        "updatedBy": who,
    });
    row.insert("_info".to_owned(), info);
}
