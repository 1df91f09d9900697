//! Attempts: calls that fit the document, with the owner's ids wherever one may stand.

use local_stack::api::operation::{Call, Operation, Parameter, as_segment, as_text};
use rand::RngExt;
use rand::seq::{IndexedRandom, IteratorRandom};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::TOKENS;

/// What the caller knows of the owner.
pub(super) struct Pool {
    /// Ids, and what looks like them.
    pub(super) ids: Vec<String>,
    /// Page keys of the owner's lists.
    pub(super) keys: Vec<String>,
    /// Its versions.
    pub(super) tags: Vec<String>,
}

/// One attempt.
#[derive(Debug)]
pub(super) struct Tried {
    /// The route's key.
    pub(super) key: String,
    /// What is asked.
    pub(super) call: Call,
    /// Which of the caller's tokens it is asked with.
    pub(super) token: usize,
}

/// Names under which a program may look for a partner.
const NAMES: [&str; 8] =
    ["partner", "partnerId", "tenant", "tenantId", "custom:partner_id", "PK", "organizationId", "pageFromKey"];
const HEADERS: [&str; 6] =
    ["x-partner-id", "x-tenant-id", "x-organization-id", "x-amzn-oidc-identity", "forwarded", "x-original-url"];

impl Pool {
    fn value(&self, parameter: &Parameter, random: &mut ChaCha8Rng) -> Option<String> {
        let wanted = parameter.place == "path" || parameter.required || random.random_bool(0.4);
        if !wanted || random.random_bool(0.1) {
            return parameter.required.then(|| parameter.sample.clone());
        }
        let pool = match parameter.name.as_str() {
            "If-Match" | "If-None-Match" => &self.tags,
            "pageFromKey" => &self.keys,
            _ if parameter.is_choice || random.random_bool(0.3) => return Some(parameter.sample.clone()),
            _ => &self.ids,
        };
        pool.choose(random).cloned()
    }

    fn id(&self, random: &mut ChaCha8Rng) -> String {
        self.ids.choose(random).cloned().unwrap_or_default()
    }

    /// One attempt on one operation.
    pub(super) fn attempt(&self, operation: &Operation, random: &mut ChaCha8Rng) -> Tried {
        let mut call = operation.call_with(|parameter| self.value(parameter, random));
        if random.random_bool(0.15) {
            let mark = if call.head.contains('?') { '&' } else { '?' };
            let id = as_segment(&self.id(random));
            call.head += &format!("{mark}{}={id}", NAMES.choose(random).unwrap());
        }
        if random.random_bool(0.3) {
            // A header holds no line and no letter beyond ASCII; every id of the pool may stand in one.
            call.headers.push(((*HEADERS.choose(random).unwrap()).to_owned(), self.id(random)));
        }
        if let Some((_, body)) = &operation.body {
            let mut body = body.clone();
            if random.random_bool(0.7) {
                self.poison(&mut body, random);
            }
            call.body = Some(as_text(&body));
        }
        Tried { key: operation.key(), call, token: random.random_range(0..TOKENS) }
    }

    /// Puts an id of the owner where a text or a number stands, or beside the fields.
    fn poison(&self, body: &mut Value, random: &mut ChaCha8Rng) {
        match body {
            Value::Object(fields) if fields.is_empty() || random.random_bool(0.15) => {
                fields.insert((*NAMES.choose(random).unwrap()).to_owned(), self.id(random).into());
            }
            Value::Object(fields) => {
                if let Some((_, field)) = fields.iter_mut().choose(random) {
                    self.poison(field, random);
                }
            }
            Value::Array(values) => {
                if let Some(value) = values.iter_mut().choose(random) {
                    self.poison(value, random);
                }
            }
            Value::Number(_) => *body = json!([7_700, 7_702, 23_866, 1].choose(random)),
            Value::String(_) | Value::Null => *body = self.id(random).into(),
            Value::Bool(value) => *value = !*value,
        }
    }
}
