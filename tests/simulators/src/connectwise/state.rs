//! The PSA's database: rows by collection, kept in order of their ids, with what must be found fast beside them.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::audit::Write;
use super::auth::Credential;
use super::invoices::Invoice;
use super::records::field::Kind;
use super::records::{COLLECTIONS, Collection, Row};

/// A row's owner (the agreement of an addition, 0 for every other record) and its id.
type Key = (u32, u32);

/// Everything that survives a restart.
#[derive(Default)]
pub(super) struct State {
    rows: BTreeMap<Collection, BTreeMap<Key, Row>>,
    next_id: BTreeMap<Collection, u32>,
    /// The owner of each row that has one.
    owners: HashMap<(Collection, u32), u32>,
    /// Who holds a unique value (in small letters).
    holders: HashMap<(Collection, String), u32>,
    pub(super) credentials: Vec<Credential>,
    /// Whether the server is older than 2025.1.
    pub(super) older: bool,
    pub(super) writes: Vec<Write>,
    /// By agreement and id.
    pub(super) invoices: BTreeMap<(u32, u32), Invoice>,
    /// The day on which the invoices were made last that the server makes by itself.
    pub(super) invoiced_on: Option<Date>,
}

impl State {
    /// The rows of a collection under one owner, by id, those after `after` only.
    pub(super) fn rows_after(
        &self,
        collection: Collection,
        owner: u32,
        after: u32,
    ) -> impl DoubleEndedIterator<Item = (u32, &Row)> {
        let range = (Bound::Excluded((owner, after)), Bound::Included((owner, u32::MAX)));
        self.rows.get(&collection).into_iter().flat_map(move |rows| rows.range(range)).map(|((_, id), row)| (*id, row))
    }

    /// All rows of a collection under one owner, by id.
    pub(super) fn rows(&self, collection: Collection, owner: u32) -> impl DoubleEndedIterator<Item = (u32, &Row)> {
        self.rows_after(collection, owner, 0)
    }

    /// A row by its owner and its id; by its id alone if `owner` is 0.
    pub(super) fn row(&self, collection: Collection, owner: u32, id: u32) -> Option<&Row> {
        let known = if owner == 0 { self.owners.get(&(collection, id)).copied() } else { None };
        self.rows.get(&collection)?.get(&(known.unwrap_or(owner), id))
    }

    /// The id of the row that holds a unique value.
    pub(super) fn holder(&self, collection: Collection, value: &str) -> Option<u32> {
        self.holders.get(&(collection, value.to_lowercase())).copied()
    }

    /// Takes the next id of a collection; ids are never used twice.
    pub(super) fn take_id(&mut self, collection: Collection) -> u32 {
        let next = self.next_id.entry(collection).or_insert(1);
        let id = *next;
        *next += 1;
        id
    }

    /// Stores a row in the place of what was there.
    pub(super) fn put(&mut self, collection: Collection, owner: u32, id: u32, row: Row) {
        self.remove(collection, owner, id);
        if let Some(value) = unique_value(collection, &row) {
            self.holders.insert((collection, value), id);
        }
        if owner != 0 {
            self.owners.insert((collection, id), owner);
        }
        self.rows.entry(collection).or_default().insert((owner, id), row);
    }

    pub(super) fn remove(&mut self, collection: Collection, owner: u32, id: u32) -> Option<Row> {
        let row = self.rows.get_mut(&collection)?.remove(&(owner, id))?;
        if let Some(value) = unique_value(collection, &row) {
            // Where identifiers may be shared, another row can hold it by now.
            if self.holders.get(&(collection, value.clone())) == Some(&id) {
                self.holders.remove(&(collection, value));
            }
        }
        self.owners.remove(&(collection, id));
        Some(row)
    }

    /// The collection that still has a row referring to this one.
    pub(super) fn referrer(&self, to: Collection, id: u32) -> Option<Collection> {
        COLLECTIONS.into_iter().find(|collection| {
            let fields = collection.profile().fields;
            let mut names = fields.iter().filter(|field| matches!(field.kind, Kind::Reference(target) if target == to));
            let rows = || self.rows.get(collection).into_iter().flat_map(BTreeMap::values);
            names.any(|field| rows().any(|row| reference_id(row, field.name) == Some(id)))
        })
    }
}

/// The id that a row's reference holds.
pub(super) fn reference_id(row: &Row, field: &str) -> Option<u32> {
    row.get(field)?.get("id")?.as_u64()?.try_into().ok()
}

fn unique_value(collection: Collection, row: &Row) -> Option<String> {
    let field = collection.profile().unique?;
    row.get(field).and_then(Value::as_str).map(str::to_lowercase)
}

/// The form in which a state is written to its file.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SavedState {
    rows: BTreeMap<Collection, Vec<(u32, u32, Row)>>,
    next_id: BTreeMap<Collection, u32>,
    credentials: Vec<Credential>,
    writes: Vec<Write>,
    #[serde(default)]
    invoices: Vec<Invoice>,
}

impl State {
    pub(super) fn to_saved(&self) -> SavedState {
        let list = |rows: &BTreeMap<Key, Row>| rows.iter().map(|(key, row)| (key.0, key.1, row.clone())).collect();
        SavedState {
            rows: self.rows.iter().map(|(collection, rows)| (*collection, list(rows))).collect(),
            next_id: self.next_id.clone(),
            credentials: self.credentials.clone(),
            writes: self.writes.clone(),
            invoices: self.invoices.values().cloned().collect(),
        }
    }

    pub(super) fn from_saved(saved: SavedState) -> Self {
        let invoices = saved.invoices.into_iter().map(|invoice| ((invoice.agreement, invoice.id), invoice)).collect();
        let mut state = Self {
            invoices,
            next_id: saved.next_id,
            credentials: saved.credentials,
            writes: saved.writes,
            ..Self::default()
        };
        for (collection, rows) in saved.rows {
            for (owner, id, row) in rows {
                state.put(collection, owner, id, row);
            }
        }
        state
    }
}
