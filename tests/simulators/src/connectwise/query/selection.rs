//! `fields`: `id,name,company/identifier`.

use serde_json::{Map, Value};

use crate::connectwise::records::{Collection, Row};
use crate::connectwise::refusal::Refusal;
use crate::connectwise::settings::wire::{Doubtful, WireReadings};

/// The fields that a caller wants to see; all of them, if it does not say.
pub(in crate::connectwise) struct Selection {
    paths: Vec<Vec<String>>,
}

impl Selection {
    pub(super) fn read(collection: Collection, text: Option<&str>, wire: &WireReadings) -> Result<Self, Refusal> {
        let paths = text.unwrap_or_default().split(',').map(str::trim).filter(|path| !path.is_empty());
        let paths: Vec<Vec<String>> = paths.map(|path| path.split('/').map(str::to_owned).collect()).collect();
        let has = |name: &str| {
            let of_all = ["id", "_info"].iter().any(|known| known.eq_ignore_ascii_case(name));
            of_all || collection.field_ignoring_case(name).is_some()
        };
        match paths.iter().filter_map(|path| path.first()).find(|name| !has(name)) {
            Some(unknown) if wire.unknown_fields == Doubtful::Refused => Err(Refusal::unknown_name(unknown)),
            Some(_) | None => Ok(Self { paths }),
        }
    }

    pub(in crate::connectwise) fn of(&self, record: Row) -> Row {
        if self.paths.is_empty() {
            return record;
        }
        let mut selected = Map::new();
        for path in &self.paths {
            copy(&record, path, &mut selected);
        }
        selected
    }
}

fn copy(from: &Row, path: &[String], to: &mut Row) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    let Some((name, value)) = from.iter().find(|(name, _)| name.eq_ignore_ascii_case(first)) else {
        return;
    };
    let (Value::Object(inner), false) = (value, rest.is_empty()) else {
        to.insert(name.clone(), value.clone());
        return;
    };
    let within = to.entry(name.as_str()).or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(within) = within {
        copy(inner, rest, within);
    }
}
