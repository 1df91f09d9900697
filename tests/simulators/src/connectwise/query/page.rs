//! Both kinds of paging, and the `Link` headers that go with them.

use axum::http::HeaderMap;

use crate::connectwise::records::Row;
use crate::connectwise::settings::wire::Links;
use crate::connectwise::view::View;

const DEFAULT_SIZE: usize = 25;
const LARGEST_SIZE: usize = 1000;

/// Which part of a listing is asked for.
pub(in crate::connectwise) enum Page {
    /// By number, from 1.
    Number {
        /// From 1.
        page: usize,
        /// 1 to 1000.
        size: usize,
    },
    /// Forward-only: what comes after an id.
    After {
        /// 0 for the first page.
        id: u32,
        /// 1 to 1000.
        size: usize,
    },
}

/// A page of records and its `Link` header, if it has one.
pub(in crate::connectwise) struct Listing {
    pub(in crate::connectwise) records: Vec<Row>,
    pub(in crate::connectwise) link: Option<String>,
}

/// The address that a listing was asked at; links repeat it.
pub(in crate::connectwise) struct Address<'a> {
    /// Scheme, host and path.
    pub(in crate::connectwise) url: &'a str,
    /// The query as sent.
    pub(in crate::connectwise) query: &'a str,
}

impl Page {
    pub(super) fn read(headers: &HeaderMap, page: Option<&str>, size: Option<&str>, id: Option<&str>) -> Self {
        let number = |text: Option<&str>| text.and_then(|text| text.trim().parse::<usize>().ok()).filter(|&n| n > 0);
        let size = number(size).unwrap_or(DEFAULT_SIZE).min(LARGEST_SIZE);
        let kind = headers.get("pagination-type").and_then(|kind| kind.to_str().ok());
        if kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("forward-only")) {
            let id = id.and_then(|id| id.trim().parse().ok()).unwrap_or_default();
            return Self::After { id, size };
        }
        Self::Number { page: number(page).unwrap_or(1), size }
    }
}

impl Address<'_> {
    /// The address with one parameter set anew, as the last of its query; the page size is always named.
    fn with(&self, name: &str, value: impl std::fmt::Display, size: usize) -> String {
        let is = |pair: &str, name: &str| pair.split('=').next().unwrap_or_default().eq_ignore_ascii_case(name);
        let pairs = self.query.split('&').filter(|pair| !pair.is_empty());
        let mut kept: Vec<String> =
            pairs.filter(|pair| !is(pair, name) && !is(pair, "pageSize")).map(str::to_owned).collect();
        kept.push(format!("pageSize={size}"));
        kept.push(format!("{name}={value}"));
        format!("{}?{}", self.url, kept.join("&"))
    }
}

/// The page by number, and the links to others that the server's reading has.
///
/// `last` ends the header where a page follows, and nowhere else: one public client takes that for the sign of it.
pub(super) fn numbered<'a>(
    rows: Vec<View<'a>>,
    page: usize,
    size: usize,
    address: &Address<'_>,
    links: Links,
) -> (Vec<View<'a>>, Option<String>) {
    let pages = rows.len().div_ceil(size).max(1);
    let always = links == Links::FirstAndLastAlways;
    let (before_last, after_first) = (page < pages, page > 1);
    let last = ("last", always || before_last, pages);
    let mut relations = vec![
        ("first", always || after_first, 1),
        // Before a page past the end comes the last one that has rows.
        ("prev", after_first, (page - 1).min(pages)),
        ("next", before_last, page + 1),
    ];
    relations.insert(if before_last { relations.len() } else { 0 }, last);
    let link = |(relation, _, page)| format!("<{}>; rel=\"{relation}\"", address.with("page", page, size));
    let header: Vec<String> = relations.into_iter().filter(|(_, there, _)| *there).map(link).collect();
    let shown = rows.into_iter().skip((page - 1).saturating_mul(size)).take(size).collect();
    (shown, Some(header.join(", ")))
}

/// What comes after an id; the link is there on every page, and empty on the last.
pub(super) fn forward<'a>(
    mut rows: impl Iterator<Item = View<'a>>,
    size: usize,
    address: &Address<'_>,
) -> (Vec<View<'a>>, Option<String>) {
    let shown: Vec<View<'a>> = rows.by_ref().take(size).collect();
    let last = rows.next().and_then(|_| shown.last());
    let link = last.map(|view| format!("<{}>; rel=\"next\"", address.with("pageId", view.id, size)));
    (shown, Some(link.unwrap_or_default()))
}
