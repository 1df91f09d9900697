//! Pages of the audit: entries hold the edits of a save, pages count edits.

use super::limits::{self, MAX_PAGE};
use crate::error::StoreError;
use crate::store::{Edit, EditPage, Subject};

/// Where a page ended: in an entry, behind so many of its edits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    /// The entry's place.
    pub(super) place: String,
    /// How many of its edits were seen.
    seen: usize,
}

impl Cursor {
    /// Reads what a page gave as its `next`.
    pub(super) fn parse(text: &str) -> Result<Self, StoreError> {
        let parts = text.rsplit_once('#').and_then(|(place, seen)| Some((place, seen.parse().ok()?)));
        match parts {
            Some((place, seen)) if place.is_ascii() && place.len() < 200 => Ok(Self { place: place.to_owned(), seen }),
            _ => limits::refuse("no page of the audit starts there".into()),
        }
    }

    fn to_text(&self) -> String {
        format!("{}#{}", self.place, self.seen)
    }
}

/// A page that is being filled with entries, the newest first.
#[derive(Debug)]
pub(super) struct Pages<'a> {
    of: Option<&'a Subject>,
    limit: usize,
    edits: Vec<Edit>,
    last: Option<Cursor>,
}

impl<'a> Pages<'a> {
    /// An empty page of at most `limit` edits behind `after`.
    pub(super) fn new(of: Option<&'a Subject>, after: Option<Cursor>, limit: u32) -> Self {
        Self { of, limit: limit.clamp(1, MAX_PAGE) as usize, edits: Vec::new(), last: after }
    }

    /// How many entries are worth reading: each has an edit at least, but the one in which the last page ended, and those
    /// without any of the subject.
    pub(super) fn room(&self) -> usize {
        if self.of.is_some() { usize::MAX } else { self.limit - self.edits.len() + 1 }
    }

    /// Takes the edits of an entry; true when the page is full, which it is only where an edit is left behind it.
    pub(super) fn is_full_after(&mut self, place: &str, edits: Vec<Edit>) -> bool {
        let seen = self.last.as_ref().filter(|last| last.place == place).map_or(0, |last| last.seen);
        for (n, edit) in edits.into_iter().enumerate().skip(seen) {
            if self.of.is_none_or(|of| *of == edit.subject) {
                if self.edits.len() == self.limit {
                    return true;
                }
                self.edits.push(edit);
            }
            self.last = Some(Cursor { place: place.to_owned(), seen: n + 1 });
        }
        false
    }

    /// The page; `more` may be behind it.
    pub(super) fn into_page(self, more: bool) -> EditPage {
        EditPage { next: self.last.filter(|_| more).map(|last| last.to_text()), edits: self.edits }
    }
}
