//! A page of usage on the wire: every line is kept, and a page that contradicts itself is an error.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::bare_numbers::quoted;
use super::refusal::Fault;
use super::usage_line;
use crate::client::exchange::Answer;
use crate::domain::usage::UsageLine;
use crate::domain::vendor_text::one_line;
use crate::error::SourceError;
use crate::ports::UsagePage;

/// How many lines are requested at a time: Sophos' largest page.
pub(super) const PAGE_SIZE: usize = 1000;

/// A page whose lines are parsed.
#[derive(Debug)]
pub(super) struct ReadPage {
    lines: Vec<UsageLine>,
    pages: Pages,
}

/// Wire: a page whose lines are not parsed.
#[derive(Deserialize)]
struct PageRecord<'a> {
    #[serde(borrow)]
    items: Vec<&'a RawValue>,
    pages: Pages,
}

/// Wire: the position of the page.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pages {
    next_key: Option<String>,
    /// How many lines the month has.
    items: Option<u64>,
}

/// Reads a page, even one whose only defect as JSON is a bare `NaN` or `Infinity`.
pub(super) fn parse(answer: &Answer) -> Result<ReadPage, Fault> {
    let read = |text: &[u8]| {
        serde_json::from_slice(text).map(|page: PageRecord<'_>| ReadPage {
            lines: page.items.iter().map(|raw| usage_line::read(raw)).collect(),
            pages: page.pages,
        })
    };
    read(&answer.body)
        .or_else(|error| quoted(&answer.body).map_or(Err(error), |text| read(&text)))
        .map_err(|error| Fault::malformed(one_line(&format!("a page of usage cannot be read: {error}"))))
}

impl ReadPage {
    /// The page for the port, unless it contradicts itself.
    ///
    /// The caller checks what needs all pages (a key that comes again, a total that is not reached): the page has the
    /// key and the total.
    pub(super) fn into_page(self, requested: Option<&str>) -> Result<UsagePage, SourceError> {
        let next = self.pages.next_key.filter(|key| !key.is_empty());
        if next.is_some() && next.as_deref() == requested {
            return Err(malformed("a page of usage leads to itself"));
        }
        let (count, total) = (self.lines.len() as u64, self.pages.items);
        if self.lines.len() > PAGE_SIZE {
            return Err(malformed(&format!("a page of usage has {count} lines, {PAGE_SIZE} were asked for")));
        }
        let whole_month = requested.is_none() && next.is_none();
        match total {
            Some(total) if count > total || (whole_month && count != total) => {
                Err(malformed(&format!("a page of usage has {count} lines where Sophos counts {total}")))
            }
            Some(_) | None => Ok(UsagePage { lines: self.lines, next, total }),
        }
    }
}

fn malformed(why: &str) -> SourceError {
    SourceError::Malformed { why: why.to_owned() }
}
