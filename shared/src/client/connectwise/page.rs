//! Forward-only paging: what is asked, where the next page starts, and what makes a listing untrustworthy.

use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::Instant;
use url::Url;

use super::bounds::{Bounds, Meter, PAGE_BYTES};
use super::call::{Api, Call};
use super::wire;
use crate::client::exchange::Answer;
use crate::error::PsaError;
use crate::ports::{Listed, Page, Unreadable};

/// ConnectWise's largest page.
const PAGE_SIZE: usize = 1000;

/// A list to be read.
pub(super) struct List<'a> {
    /// What it is of, for people.
    pub(super) of: &'a str,
    pub(super) path: &'a str,
    pub(super) conditions: Option<&'a str>,
    pub(super) fields: &'a str,
}

/// Reads a record of the wire.
pub(super) type Read<T> = fn(&RawValue) -> Result<T, PsaError>;

/// One page of a list, from `after` on: the text that an earlier page gave as its next.
pub(super) async fn read<T>(
    api: &Api,
    list: &List<'_>,
    after: Option<&str>,
    read: Read<T>,
) -> Result<Page<T>, PsaError> {
    Ok(ask(api, list, (after, PAGE_BYTES), read).await?.0)
}

/// The same, of at most `most_bytes`, with how it came.
async fn ask<T>(
    api: &Api,
    list: &List<'_>,
    (after, most_bytes): (Option<&str>, usize),
    read: Read<T>,
) -> Result<(Page<T>, Came), PsaError> {
    let after = after.map(start).transpose()?;
    let mut query = vec![("pageSize", PAGE_SIZE.to_string()), ("fields", list.fields.to_owned())];
    query.extend(list.conditions.map(|conditions| ("conditions", conditions.to_owned())));
    query.extend(after.map(|after| ("pageId", after.to_string())));
    let raw = match api.call(&Call::get(list.path, query).within(most_bytes), RawPage::read).await {
        Err(PsaError::ListTooLong { bound, .. }) => {
            return Err(PsaError::ListTooLong { list: list.of.to_owned(), bound });
        }
        raw => raw?,
    };
    if raw.records.len() > PAGE_SIZE {
        let why = format!("a page has {} rows, and {PAGE_SIZE} were asked for", raw.records.len());
        return Err(not_forward(&why));
    }
    let next = raw.next(after.unwrap_or(0))?;
    let mut page = Page { rows: Vec::new(), unreadable: Vec::new(), next: next.map(|next| next.to_string()) };
    for record in &raw.records {
        match read(record) {
            Ok(row) => page.rows.push(row),
            Err(PsaError::Unanswered { why }) => page.unreadable.push(Unreadable { id: wire::id(record)?, why }),
            Err(error) => return Err(error),
        }
    }
    Ok((page, Came { left: raw.left, bytes: raw.bytes }))
}

/// How a page came.
struct Came {
    /// When it was asked for.
    left: Instant,
    /// How long its text was.
    bytes: usize,
}

/// All pages of a list of which no row may be missing: one that cannot be read fails it.
pub(super) async fn read_all<T>(api: &Api, list: &List<'_>, bounds: Bounds, row: Read<T>) -> Result<Vec<T>, PsaError> {
    Ok(ask_all(api, list, bounds, row).await?.0)
}

/// The same, with when the first page was asked for.
pub(super) async fn ask_all<T>(
    api: &Api,
    list: &List<'_>,
    bounds: Bounds,
    row: Read<T>,
) -> Result<(Vec<T>, Instant), PsaError> {
    let (mut listed, left) = list_from(api, list, bounds, row).await?;
    match listed.unreadable.pop() {
        Some(row) => Err(PsaError::Unanswered { why: row.why }),
        None => Ok((listed.rows, left)),
    }
}

/// All pages of a list; the rows that cannot be read apart.
pub(super) async fn list_all<T>(
    api: &Api,
    list: &List<'_>,
    bounds: Bounds,
    row: Read<T>,
) -> Result<Listed<T>, PsaError> {
    Ok(list_from(api, list, bounds, row).await?.0)
}

async fn list_from<T>(
    api: &Api,
    list: &List<'_>,
    bounds: Bounds,
    row: Read<T>,
) -> Result<(Listed<T>, Instant), PsaError> {
    let mut listed = Listed { rows: Vec::new(), unreadable: Vec::new() };
    let (mut after, mut first_left) = (None, None);
    let mut meter = Meter::new(list.of, bounds);
    loop {
        let (mut page, came) = ask(api, list, (after.as_deref(), meter.bytes_left()), row).await?;
        let first_left = *first_left.get_or_insert(came.left);
        meter.count(page.rows.len() + page.unreadable.len(), came.bytes, page.next.is_none())?;
        listed.rows.append(&mut page.rows);
        listed.unreadable.append(&mut page.unreadable);
        if page.next.is_none() {
            return Ok((listed, first_left));
        }
        after = page.next;
    }
}

/// Reads a body as JSON; HTML, half a body and none at all are no answer.
pub(super) fn read_json<T: for<'de> Deserialize<'de>>(answer: &Answer) -> Result<T, PsaError> {
    serde_json::from_slice(&answer.body).map_err(|_| {
        let what = match answer.body.trim_ascii() {
            [] => "an empty body",
            [b'<', ..] => "a web page",
            _ => "a body that cannot be read",
        };
        PsaError::Unanswered { why: format!("HTTP {} with {what}", answer.status.as_u16()) }
    })
}

fn start(after: &str) -> Result<i64, PsaError> {
    after.parse().map_err(|_| PsaError::NotSent { why: format!("{after:?} is not where a page starts") })
}

/// A page's records, unread, and its link to the next.
struct RawPage {
    left: Instant,
    bytes: usize,
    records: Vec<Box<RawValue>>,
    link: Option<String>,
}

impl RawPage {
    fn read(answer: &Answer) -> Result<Self, PsaError> {
        // Something in between may have split the header in two; the link to the next page can stand in either.
        let links: Vec<&str> = answer.headers.get_all("link").iter().filter_map(|link| link.to_str().ok()).collect();
        let link = (!links.is_empty()).then(|| links.join(", "));
        Ok(Self { left: answer.left, bytes: answer.body.len(), records: read_json(answer)?, link })
    }

    /// The id after which the next page begins; none on the last page.
    ///
    /// A server that does not move on, or that answers rows from before the page's start, would loop or lose rows.
    fn next(&self, after: i64) -> Result<Option<i64>, PsaError> {
        let ids: Vec<i64> = self.records.iter().map(|record| wire::id(record)).collect::<Result<_, _>>()?;
        if ids.iter().any(|id| *id <= after) {
            return Err(not_forward("a page repeats what an earlier one had"));
        }
        let next = match &self.link {
            Some(link) => next_id(link)?,
            // The vendor sends the header always; without it, a full page is not known to be the last.
            None if ids.len() >= PAGE_SIZE => ids.iter().copied().max(),
            None => None,
        };
        // The next page begins after the last row of this one, or rows would come twice.
        let leads_back = |next| next <= after || ids.is_empty() || ids.iter().any(|id| *id > next);
        if next.is_some_and(leads_back) {
            return Err(not_forward("a page leads back"));
        }
        Ok(next)
    }
}

/// The `pageId` of the link to the next page. Nothing else of the link is used: it is never followed as an address.
fn next_id(link: &str) -> Result<Option<i64>, PsaError> {
    let Some(target) = targets(link).find_map(|(target, rel)| is_next(rel).then_some(target)) else {
        return Ok(None);
    };
    // A relative link is one as well.
    let base = Url::parse("https://localhost/").ok();
    let url = Url::options().base_url(base.as_ref()).parse(target).ok();
    let id = url.and_then(|url| {
        let page_id = url.query_pairs().find(|(name, _)| name.eq_ignore_ascii_case("pageId"))?;
        page_id.1.parse().ok()
    });
    id.map(Some).ok_or_else(|| not_forward("the link to the next page has no page id"))
}

/// The `<target>; parameters` of a Link header.
fn targets(link: &str) -> impl Iterator<Item = (&str, &str)> {
    let parts = link.split('<').skip(1);
    parts.filter_map(|part| part.split_once('>'))
}

fn is_next(parameters: &str) -> bool {
    parameters.split([';', ',']).any(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or_default();
        name.trim().eq_ignore_ascii_case("rel") && value.trim().trim_matches('"').eq_ignore_ascii_case("next")
    })
}

fn not_forward(why: &str) -> PsaError {
    PsaError::Unanswered { why: format!("the list cannot be read to its end: {why}") }
}

#[cfg(test)]
mod tests;
