//! The audit of edits: who changed what, when and why.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::decision::HoldKey;
use crate::domain::ending::EndingKey;
use crate::domain::id::{CustomerId, PartnerId, ProductCode, PsaProductId};
use crate::domain::quantity_override::OverrideKey;
use crate::error::StoreError;
use crate::store::entry::{read_body, read_text, to_json, unreadable, with_body};
use crate::store::instant::HISTORY_DAYS;
use crate::store::limits::MAX_PAGE;
use crate::store::read::Ask;
use crate::store::{Keep, Store, instant, keys, limits};
use crate::table::{EXPIRY, Entry, SORT_KEY, Table, Write};

/// How many pages of the table (1 MB each) one call reads to find the edits of one subject.
const PAGES_A_CALL: usize = 4;
/// The most bytes of edits in one entry: an entry of the table has at most 400 KB.
const MAX_ENTRY_BYTES: usize = 300_000;

/// Who saves something, when and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// The person or program, as its token names it.
    pub who: String,
    /// When it is saved.
    pub at: Timestamp,
    /// The reason that the person gave, if any.
    pub note: Option<String>,
}

/// What an edit changed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "camelCase")]
pub enum Subject {
    /// The mapping of a Sophos product.
    Product(ProductCode),
    /// The mapping of a customer.
    Customer(CustomerId),
    /// A product in ConnectWise.
    PsaProduct(PsaProductId),
    ConnectWiseConnection,
    SophosConnection,
    /// The partner's settings.
    Settings,
    /// The partner's alert settings.
    Alerts,
    /// A decision on a hold.
    Hold(HoldKey),
    /// A decision to end an addition that is no longer synced.
    Addition(EndingKey),
    /// The partner itself, which was removed.
    Partner,
    /// Another quantity than the usage that a person ended early.
    Override(OverrideKey),
}

/// One edit in the audit, which keeps it for 400 days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Edit {
    /// When it was saved.
    pub at: Timestamp,
    /// The person or program, as its token named it.
    pub who: String,
    pub subject: Subject,
    /// The value before, as JSON; none when there was none. Never a secret.
    pub before: Option<Value>,
    /// The value after, as JSON; none when it was removed. Never a secret.
    pub after: Option<Value>,
    /// The reason that the person gave, if any.
    pub note: Option<String>,
}

/// One page of the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditPage {
    /// Edits, newest first; those of one save in the order of its rows.
    pub edits: Vec<Edit>,
    /// Where the next page starts; none on the last.
    pub next: Option<String>,
}

impl EditPage {
    /// Whether a page may start at this text: a page's `next` has this form.
    #[must_use]
    pub fn can_start_at(text: &str) -> bool {
        Cursor::parse(text).is_ok()
    }
}

impl<T: Table> Store<T> {
    /// Adds edits of what is stored elsewhere (a product in ConnectWise, a connection) to the audit, with the answer to
    /// keep, if any: all or none. All are filed under the time of the first.
    ///
    /// # Errors
    /// `Refused` when they exceed a transaction (some megabytes); `Conflict` when another attempt has taken over.
    pub async fn add_edits(
        &self,
        partner: PartnerId,
        edits: &[Edit],
        keep: Option<&Keep<'_, ()>>,
    ) -> Result<(), StoreError> {
        let entries = to_entries(partner, edits, &self.table.unique())?;
        let writes = entries.into_iter().map(|entry| Write::put(entry).if_absent()).collect();
        let answer = keep.map(|keep| keep.with(&())).transpose()?;
        if self.write_with_answer(partner, writes, answer).await? {
            Ok(())
        } else {
            // The key contains a unique text, so nobody else can have written it.
            limits::refuse("an entry of the audit stands already where a new one was to be written".into())
        }
    }

    /// A page of the audit, newest first, after `after` (a page's `next`): at most `limit` (1 to 1,000) edits, only those
    /// of the subject `of` where it is given. A page of one subject may be short or empty although a next one follows: a
    /// call reads a bounded part of the audit.
    ///
    /// # Errors
    /// `Refused` for an `after` that cannot be parsed.
    pub async fn list_edits(
        &self,
        partner: PartnerId,
        of: Option<&Subject>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<EditPage, StoreError> {
        let cursor = after.map(Cursor::parse).transpose()?;
        let range = keys::edits_until(cursor.as_ref().map(|cursor| cursor.place.as_str()));
        let mut filler = PageFiller::new(of, cursor, limit);
        let mut start = None;
        for _ in 0..PAGES_A_CALL {
            let ask = Ask { start, limit: filler.room(), backwards: true };
            let page = self.part_of_range(&keys::home(partner), &range, ask).await?;
            for entry in &page.entries {
                let (place, edits) = from_entry(entry)?;
                if filler.is_full_after(&place, edits) {
                    return Ok(filler.into_page(true));
                }
            }
            start = page.next;
            if start.is_none() {
                return Ok(filler.into_page(false));
            }
        }
        Ok(filler.into_page(true))
    }
}

/// The places and edits of the entries that a save writes. `save` is unique to the save: two may have the same time.
fn pack<'a>(edits: &'a [Edit], save: &str) -> Result<Vec<(String, Vec<&'a Edit>)>, StoreError> {
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
    // Pages read the keys backwards, so the first part of a save gets the highest number.
    let last = packs.len() - 1;
    let place = |(n, pack): (usize, _)| (format!("{:.9}#{save}#{:04}", first.at, last - n), pack);
    Ok(packs.into_iter().enumerate().map(place).collect())
}

pub(super) fn to_entries(partner: PartnerId, edits: &[Edit], save: &str) -> Result<Vec<Entry>, StoreError> {
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
fn from_entry(entry: &Entry) -> Result<(String, Vec<Edit>), StoreError> {
    let place = keys::place_of_edits(read_text(entry, SORT_KEY)?);
    let place = place.ok_or_else(|| unreadable(entry, "it is no entry of the audit"))?;
    Ok((place.to_owned(), read_body(entry)?))
}

/// Where a page ended: in an entry, after `seen` of its edits.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Cursor {
    pub(super) place: String,
    seen: usize,
}

impl Cursor {
    pub(super) fn parse(text: &str) -> Result<Self, StoreError> {
        let parts = text.rsplit_once('#').and_then(|(place, seen)| Some((place, seen.parse().ok()?)));
        match parts {
            Some((place, seen)) if is_place(place) => Ok(Self { place: place.to_owned(), seen }),
            _ => limits::refuse("no page of the audit starts there".into()),
        }
    }

    fn to_text(&self) -> String {
        format!("{}#{}", self.place, self.seen)
    }
}

/// Whether a text has the form of an entry's place: its time, the unique text of its save, its part.
fn is_place(text: &str) -> bool {
    let mut parts = text.splitn(2, '#');
    let time = parts.next().is_some_and(|time| time.parse::<Timestamp>().is_ok());
    let rest = parts.next().and_then(|rest| rest.rsplit_once('#'));
    let visible = |save: &str| !save.is_empty() && save.bytes().all(|byte| byte.is_ascii_graphic());
    time && text.len() < 200
        && rest.is_some_and(|(save, part)| visible(save) && part.len() == 4 && part.bytes().all(|b| b.is_ascii_digit()))
}

/// A page that is being filled, the newest edit first.
#[derive(Debug)]
struct PageFiller<'a> {
    of: Option<&'a Subject>,
    limit: usize,
    edits: Vec<Edit>,
    last: Option<Cursor>,
}

impl<'a> PageFiller<'a> {
    /// An empty page of at most `limit` edits after `after`.
    fn new(of: Option<&'a Subject>, after: Option<Cursor>, limit: u32) -> Self {
        Self { of, limit: limit.clamp(1, MAX_PAGE) as usize, edits: Vec::new(), last: after }
    }

    /// How many entries to read. Each adds at least one edit, except the one in which the last page ended (hence the one
    /// extra) and, with a subject, those without an edit of it.
    fn room(&self) -> usize {
        if self.of.is_some() { usize::MAX } else { self.limit - self.edits.len() + 1 }
    }

    /// Adds the edits of an entry; true when one of them no longer fits.
    fn is_full_after(&mut self, place: &str, edits: Vec<Edit>) -> bool {
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

    /// The page; with a `next` where `more` edits may follow.
    fn into_page(self, more: bool) -> EditPage {
        EditPage { next: self.last.filter(|_| more).map(|last| last.to_text()), edits: self.edits }
    }
}

/// The edit that replaced `before` by `after`.
pub(super) fn edit<T: Serialize>(
    author: &Author,
    subject: Subject,
    before: Option<&T>,
    after: Option<&T>,
) -> Result<Edit, StoreError> {
    let Author { who, at, note } = author.clone();
    let json = |value: Option<&T>| value.map(to_value).transpose();
    Ok(Edit { at, who, subject, before: json(before)?, after: json(after)?, note })
}

/// Goes through the JSON text, so that numbers keep all their digits.
fn to_value<T: Serialize>(value: &T) -> Result<Value, StoreError> {
    let text = to_json("an edit", value)?;
    text.parse().map_err(|error| StoreError::Refused { why: format!("an edit cannot be read as JSON: {error}") })
}
