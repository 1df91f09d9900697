//! What the gate must know of this vendor, and the other people who work in the PSA while a client pages through it.

use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::operations::Session;
use super::path::{Resource, Scope, read, template};
use super::{Inner, auth, refusal};
use crate::simulator::gate::Vendor;

impl Vendor for Inner {
    fn template(&self, _: &Method, path: &str) -> String {
        template(path)
    }

    fn caller(&self, headers: &HeaderMap) -> String {
        auth::caller(headers).unwrap_or_else(|| "nobody".to_owned())
    }

    fn too_many_calls(&self, retry_after_s: u64) -> Response {
        refusal::too_many_calls(retry_after_s)
    }

    fn server_error(&self, status: StatusCode) -> Response {
        refusal::server_error(status)
    }

    fn disturb(&self, path: &str, insert: u32, delete: u32, draw: u64) {
        let Some(Resource::List(scope)) = read(path).map(|addressed| addressed.resource) else {
            return;
        };
        let mut state = self.state();
        let mut session =
            Session { state: &mut state, now: self.now(), who: "colleague", root: "", wire: self.settings.wire };
        let mut rng = ChaCha8Rng::seed_from_u64(draw);
        for _ in 0..delete {
            if let Some(id) = any(&session, scope, &mut rng) {
                session.erase(scope, id);
            }
        }
        for _ in 0..insert {
            if let Some(id) = any(&session, scope, &mut rng) {
                copy(&mut session, scope, id);
            }
        }
    }
}

fn any(session: &Session<'_>, scope: Scope, rng: &mut ChaCha8Rng) -> Option<u32> {
    let ids: Vec<u32> = session.state.rows(scope.collection, scope.owner).map(|(id, _)| id).collect();
    (!ids.is_empty()).then(|| ids[rng.random_range(0..ids.len())])
}

/// Adds a copy of a row; where a value must be unique, the copy's carries its id.
fn copy(session: &mut Session<'_>, scope: Scope, id: u32) {
    let Some(mut row) = session.state.row(scope.collection, scope.owner, id).cloned() else {
        return;
    };
    let new_id = session.state.take_id(scope.collection);
    let unique = scope.collection.profile().unique;
    if let Some(Value::String(value)) = unique.and_then(|unique| row.get_mut(unique)) {
        *value = format!("copy-{new_id}");
    }
    row.entry("_info").or_insert_with(|| json!({}));
    session.store("POST", scope, new_id, None, row);
}
