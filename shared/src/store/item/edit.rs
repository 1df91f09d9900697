//! The audit of edits in the table: the edits of one save are one entry, or several where they are large.

use super::instant::{self, HISTORY_DAYS};
use super::{Entry, keys, read_body, read_text, to_json, unreadable, with_body};
use crate::domain::id::PartnerId;
use crate::error::StoreError;
use crate::store::Edit;
use crate::store::limits;
use crate::table::{EXPIRY, SORT_KEY};

/// The most bytes of the edits of one entry: an entry of the table has at most 400 KB.
const MAX_ENTRY_BYTES: usize = 300_000;

/// The places and edits of the entries that a save writes. `save` tells it from other saves of the same time.
pub(in crate::store) fn pack<'a>(edits: &'a [Edit], save: &str) -> Result<Vec<(String, Vec<&'a Edit>)>, StoreError> {
    let Some(first) = edits.first() else { return Ok(Vec::new()) };
    let mut packs: Vec<Vec<&Edit>> = Vec::new();
    let mut room = 0;
    for edit in edits {
        let bytes = to_json("an edit", edit)?.len() + 1;
        if bytes > MAX_ENTRY_BYTES {
            return limits::refuse(format!("an edit of {bytes} bytes, at most {MAX_ENTRY_BYTES}"));
        }
        match packs.last_mut() {
            Some(pack) if bytes <= room => pack.push(edit),
            _ => {
                packs.push(vec![edit]);
                room = MAX_ENTRY_BYTES;
            }
        }
        room -= bytes;
    }
    // Newest first is the order of the keys backwards: the first part of a save has the highest number.
    let last = packs.len() - 1;
    let place = |(n, pack): (usize, _)| (format!("{:.9}#{save}#{:04}", first.at, last - n), pack);
    Ok(packs.into_iter().enumerate().map(place).collect())
}

pub(in crate::store) fn to_entries(partner: PartnerId, edits: &[Edit], save: &str) -> Result<Vec<Entry>, StoreError> {
    let packs = pack(edits, save)?;
    let entry = |(place, edits): (String, Vec<&Edit>)| {
        let mut entry = with_body(&keys::edits(partner, &place), &edits)?;
        if let Some(first) = edits.first() {
            entry.insert(EXPIRY.to_owned(), instant::expiry(first.at, HISTORY_DAYS));
        }
        Ok(entry)
    };
    packs.into_iter().map(entry).collect()
}

/// The place of an entry and its edits.
pub(in crate::store) fn from_entry(entry: &Entry) -> Result<(String, Vec<Edit>), StoreError> {
    let place = keys::place_of_edits(read_text(entry, SORT_KEY)?);
    let place = place.ok_or_else(|| unreadable(entry, "it is no entry of the audit"))?;
    Ok((place.to_owned(), read_body(entry)?))
}
