//! Forward-only paging: the request for a page, the start of the next one, and responses that cannot be trusted.

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

pub(super) struct List<'a> {
    /// The name of the list in messages.
    pub(super) of: &'a str,
    pub(super) path: &'a str,
    pub(super) conditions: Option<&'a str>,
    pub(super) fields: &'a str,
}

pub(super) type Read<T> = fn(&RawValue) -> Result<T, PsaError>;

/// One page of a list, from `after` on: the `next` of an earlier page.
pub(super) async fn read<T>(
    api: &Api,
    list: &List<'_>,
    after: Option<&str>,
    read: Read<T>,
) -> Result<Page<T>, PsaError> {
    Ok(request_page(api, list, after, PAGE_BYTES, read).await?.0)
}

/// The same with at most `most_bytes`, and with its measures.
async fn request_page<T>(
    api: &Api,
    list: &List<'_>,
    after: Option<&str>,
    most_bytes: usize,
    read: Read<T>,
) -> Result<(Page<T>, Measures), PsaError> {
    let after = after.map(parse_start).transpose()?;
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
        return Err(untrusted(&why));
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
    Ok((page, Measures { started: raw.started, bytes: raw.bytes }))
}

/// The measures of a page.
struct Measures {
    /// When its request was sent.
    started: Instant,
    /// The length of its body in bytes.
    bytes: usize,
}

/// All pages of a list in which no row may be missing: an unreadable row fails it.
pub(super) async fn read_all<T>(api: &Api, list: &List<'_>, bounds: Bounds, row: Read<T>) -> Result<Vec<T>, PsaError> {
    Ok(read_all_since(api, list, bounds, row).await?.0)
}

/// The same, with the time at which the first request was sent.
pub(super) async fn read_all_since<T>(
    api: &Api,
    list: &List<'_>,
    bounds: Bounds,
    row: Read<T>,
) -> Result<(Vec<T>, Instant), PsaError> {
    let (mut listed, started) = list_from(api, list, bounds, row).await?;
    match listed.unreadable.pop() {
        Some(row) => Err(PsaError::Unanswered { why: row.why }),
        None => Ok((listed.rows, started)),
    }
}

/// All pages of a list; unreadable rows are separate.
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
    let (mut after, mut first_started) = (None, None);
    let mut meter = Meter::new(list.of, bounds);
    loop {
        let (mut page, measures) = request_page(api, list, after.as_deref(), meter.bytes_left(), row).await?;
        let first_started = *first_started.get_or_insert(measures.started);
        meter.count(page.rows.len() + page.unreadable.len(), measures.bytes, page.next.is_none())?;
        listed.rows.append(&mut page.rows);
        listed.unreadable.append(&mut page.unreadable);
        if page.next.is_none() {
            return Ok((listed, first_started));
        }
        after = page.next;
    }
}

/// Reads a body as JSON; HTML, an incomplete body and an empty one are errors.
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

fn parse_start(after: &str) -> Result<i64, PsaError> {
    after.parse().map_err(|_| PsaError::NotSent { why: format!("{after:?} is not where a page starts") })
}

/// A page's records, not parsed, and its `Link` header.
struct RawPage {
    started: Instant,
    bytes: usize,
    records: Vec<Box<RawValue>>,
    link: Option<String>,
}

impl RawPage {
    fn read(answer: &Answer) -> Result<Self, PsaError> {
        // A proxy may have split the header in two; the link to the next page can be in either.
        let links: Vec<&str> = answer.headers.get_all("link").iter().filter_map(|link| link.to_str().ok()).collect();
        let link = (!links.is_empty()).then(|| links.join(", "));
        Ok(Self { started: answer.started, bytes: answer.body.len(), records: read_json(answer)?, link })
    }

    /// The id after which the next page begins; none on the last page.
    ///
    /// A server that does not advance, or that answers rows from before the page, would cause a loop or lose rows.
    fn next(&self, after: i64) -> Result<Option<i64>, PsaError> {
        let ids: Vec<i64> = self.records.iter().map(|record| wire::id(record)).collect::<Result<_, _>>()?;
        if ids.iter().any(|id| *id <= after) {
            return Err(untrusted("a page repeats what an earlier one had"));
        }
        let next = match &self.link {
            Some(link) => next_id(link)?,
            // The vendor always sends the header. Without it, a full page may not be the last.
            None if ids.len() >= PAGE_SIZE => ids.iter().copied().max(),
            None => None,
        };
        // The next page begins after the last row of this one, or rows would appear twice.
        let is_backwards = |next| next <= after || ids.is_empty() || ids.iter().any(|id| *id > next);
        if next.is_some_and(is_backwards) {
            return Err(untrusted("a page leads back"));
        }
        Ok(next)
    }
}

/// The `pageId` of the link to the next page. The link is never followed as an address: only this id is used.
fn next_id(link: &str) -> Result<Option<i64>, PsaError> {
    let Some(target) = targets(link).find_map(|(target, rel)| is_next(rel).then_some(target)) else {
        return Ok(None);
    };
    // A relative link is valid too.
    let base = Url::parse("https://localhost/").ok();
    let url = Url::options().base_url(base.as_ref()).parse(target).ok();
    let id = url.and_then(|url| {
        let page_id = url.query_pairs().find(|(name, _)| name.eq_ignore_ascii_case("pageId"))?;
        page_id.1.parse().ok()
    });
    id.map(Some).ok_or_else(|| untrusted("the link to the next page has no page id"))
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

fn untrusted(why: &str) -> PsaError {
    PsaError::Unanswered { why: format!("the list cannot be read to its end: {why}") }
}

#[cfg(test)]
mod tests;
