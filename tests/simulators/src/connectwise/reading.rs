//! Looking into the PSA from a test, without a call.

use serde_json::Value;

use super::operations::Session;
use super::path::Scope;
use super::view::{Scene, View};
use super::{Collection, ConnectWise, Refusal, Row, Write};

impl ConnectWise {
    /// The additions of an agreement as the API would show them, by id.
    pub fn additions(&self, agreement: u32) -> Vec<Row> {
        self.records(Collection::Additions, agreement)
    }

    /// The records of a collection as the API would show them, by id; `owner` is the agreement of additions, else 0.
    pub fn records(&self, collection: Collection, owner: u32) -> Vec<Row> {
        let state = self.inner.state();
        let scene = Scene { state: &state, now: self.inner.now(), root: "" };
        let view = |(id, row)| View { scene, collection, owner, id, row }.to_wire();
        state.rows(collection, owner).map(view).collect()
    }

    /// One record as the API would show it; `owner` is the agreement of an addition, else 0.
    pub fn record(&self, collection: Collection, owner: u32, id: u32) -> Option<Row> {
        let state = self.inner.state();
        let scene = Scene { state: &state, now: self.inner.now(), root: "" };
        let row = state.row(collection, owner, id)?;
        Some(View { scene, collection, owner, id, row }.to_wire())
    }

    /// All writes through the API and by people in the PSA, in the order in which they took effect.
    pub fn writes(&self) -> Vec<Write> {
        self.inner.state().writes.clone()
    }

    /// Changes a record the way a person in the PSA does: no rule of the API stands in the way. `null` unsets.
    pub fn edit(&self, collection: Collection, owner: u32, id: u32, changes: &Value) -> Result<(), Refusal> {
        let scope = Scope { owner, ..Scope::of(collection) };
        let changes = changes.as_object().cloned().unwrap_or_default();
        let mut state = self.inner.state();
        Session { state: &mut state, now: self.inner.now(), who: "technician", root: "", wire: self.inner.in_house() }
            .edit(scope, id, &changes)
    }

    /// Deletes a record the way a person in the PSA does. False if there is no such record.
    pub fn erase(&self, collection: Collection, owner: u32, id: u32) -> bool {
        let mut state = self.inner.state();
        if state.row(collection, owner, id).is_none() {
            return false;
        }
        let scope = Scope { owner, ..Scope::of(collection) };
        Session { state: &mut state, now: self.inner.now(), who: "technician", root: "", wire: self.inner.in_house() }
            .erase(scope, id);
        true
    }
}
