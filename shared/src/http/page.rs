//! Pages of lists with Sophos' names: `pageSize`, `pageFromKey`, and `pages` in the response.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::catalogue::ProblemCode;
use super::language::Text;
use super::problem::{FieldError, Problem};
use crate::domain::id::PartnerId;

/// How many bytes of a key bind it to its list.
const BINDING: usize = 16;
/// The default page size.
const DEFAULT_SIZE: u16 = 50;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct List<T> {
    /// The page's entries.
    pub items: Vec<T>,
    /// Where it stands in the list.
    pub pages: Pages,
}

/// Where a page stands in its list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pages {
    /// How many entries a page has at most, as asked for.
    size: usize,
    /// The most that may be asked for.
    max_size: usize,
    /// The `pageFromKey` of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_key: Option<String>,
}

impl Pages {
    /// The `pageFromKey` of the next page; none on the last.
    #[must_use]
    pub fn next_key(&self) -> Option<&str> {
        self.next_key.as_deref()
    }

    /// A list that fits on one page.
    #[must_use]
    pub const fn whole(size: usize) -> Self {
        Self { size, max_size: size, next_key: None }
    }
}

/// A request for a page of a list.
#[derive(Clone, Debug)]
pub struct Paging {
    binding: Sha256,
    size: u16,
    max_size: u16,
    after: Option<String>,
}

impl Paging {
    /// Reads `pageSize` (1 to `max_size`; by default the smaller of 50 and `max_size`) and `pageFromKey`.
    ///
    /// A key is bound to partner, list (the operation id) and filter: all fields of `filter` except these two. It
    /// contains a position and no right: only the caller's own entries are read in any case, so the binding needs no
    /// secret.
    ///
    /// # Errors
    /// `invalidRequest` for a size out of range, `invalidPageKey` for a key of another partner, list or filter.
    pub fn read(
        partner: PartnerId,
        list: &str,
        filter: &impl Serialize,
        page_size: Option<u16>,
        page_from_key: Option<&str>,
        max_size: u16,
    ) -> Result<Self, Problem> {
        let size = page_size.unwrap_or(DEFAULT_SIZE.min(max_size));
        if !(1..=max_size).contains(&size) {
            let detail = Text::new(
                format!("Expected a number from 1 to {max_size}."),
                format!("Occorre un numero da 1 a {max_size}."),
            );
            let error = FieldError::parameter("pageSize", ProblemCode::Invalid, detail);
            return Err(Problem::new(ProblemCode::InvalidRequest).errors([error]));
        }
        // A filter that was parsed from a query can be written as JSON.
        let mut filter = serde_json::to_value(filter).map_err(|_| Problem::new(ProblemCode::Internal))?;
        if let Some(fields) = filter.as_object_mut() {
            fields.retain(|name, _| name != "pageSize" && name != "pageFromKey");
        }
        let binding = Sha256::new().chain_update(format!("{partner}\n{list}\n{filter}\n"));
        let mut paging = Self { binding, size, max_size, after: None };
        if let Some(key) = page_from_key {
            paging.after = Some(paging.position(key).ok_or_else(|| Problem::new(ProblemCode::InvalidPageKey))?);
        }
        Ok(paging)
    }

    /// The most entries of the page.
    #[must_use]
    pub const fn size(&self) -> u16 {
        self.size
    }

    /// The position after which the page starts, as passed to [`Self::list`]; none on the first page.
    #[must_use]
    pub fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// The position as a value of the list's own kind; none on the first page.
    ///
    /// # Errors
    /// `invalidPageKey`: a client can make keys of any text, and what no page has named is refused before the table is
    /// asked.
    pub fn after_as<'a, T>(&'a self, parse: impl FnOnce(&'a str) -> Option<T>) -> Result<Option<T>, Problem> {
        let position = |text| parse(text).ok_or_else(|| Problem::new(ProblemCode::InvalidPageKey));
        self.after().map(position).transpose()
    }

    /// The page with these entries; `next` is the position of the last one if more follow.
    #[must_use]
    pub fn list<T>(&self, items: Vec<T>, next: Option<&str>) -> List<T> {
        let pages = Pages {
            size: usize::from(self.size),
            max_size: usize::from(self.max_size),
            next_key: next.map(|position| self.key(position)),
        };
        List { items, pages }
    }

    /// The page of a list that is completely in memory, in the order of its positions.
    pub fn cut<T>(&self, entries: impl IntoIterator<Item = T>, position: impl Fn(&T) -> &str) -> List<T> {
        let is_after = |entry: &T| self.after().is_none_or(|after| position(entry) > after);
        let mut rest = entries.into_iter().filter(is_after);
        let items: Vec<T> = rest.by_ref().take(usize::from(self.size)).collect();
        let next = items.last().map(|entry| position(entry).to_owned()).filter(|_| rest.next().is_some());
        self.list(items, next.as_deref())
    }

    fn key(&self, position: &str) -> String {
        let mut bytes = self.bound(position);
        bytes.extend_from_slice(position.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn position(&self, key: &str) -> Option<String> {
        let bytes = URL_SAFE_NO_PAD.decode(key).ok()?;
        let (binding, position) = bytes.split_at_checked(BINDING)?;
        let position = std::str::from_utf8(position).ok()?;
        (binding == self.bound(position)).then(|| position.to_owned())
    }

    fn bound(&self, position: &str) -> Vec<u8> {
        let mut bytes = self.binding.clone().chain_update(position).finalize().to_vec();
        bytes.truncate(BINDING);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn partner(n: u128) -> PartnerId {
        PartnerId::from_uuid(Uuid::from_u128(n))
    }

    fn page(n: u128, list: &str, filter: &str, key: Option<&str>) -> Result<Paging, ProblemCode> {
        Paging::read(partner(n), list, &filter, Some(2), key, 100).map_err(|problem| problem.code())
    }

    #[test]
    fn consecutive_pages_contain_every_entry_once() {
        let entries = ["a", "b", "c", "d", "e"];
        let (mut key, mut seen, mut pages) = (None, Vec::new(), 0);
        loop {
            let list = page(1, "list", "all", key.as_deref()).unwrap().cut(entries, |entry| entry);
            seen.extend(list.items);
            pages += 1;
            key = list.pages.next_key;
            if key.is_none() {
                break;
            }
        }
        assert_eq!((seen, pages), (entries.to_vec(), 3));
        let exactly_two = page(1, "list", "all", None).unwrap().cut(["a", "b"], |entry| entry);
        assert_eq!(exactly_two.pages.next_key, None);
    }

    #[test]
    fn a_key_of_another_partner_list_or_filter_is_refused() {
        let key = page(1, "list", "all", None).unwrap().key("b");
        assert_eq!(page(1, "list", "all", Some(&key)).unwrap().after(), Some("b"));
        let others = [(2, "list", "all"), (1, "other", "all"), (1, "list", "mapped")];
        for (n, list, filter) in others {
            assert_eq!(page(n, list, filter, Some(&key)).unwrap_err(), ProblemCode::InvalidPageKey);
        }
        for damaged in ["", "?", &key[1..], &format!("{key}A"), "AAAA"] {
            assert_eq!(page(1, "list", "all", Some(damaged)).unwrap_err(), ProblemCode::InvalidPageKey, "{damaged}");
        }
    }

    #[test]
    fn a_size_out_of_range_is_refused() {
        for size in [0, 101] {
            let refused = Paging::read(partner(1), "list", &"all", Some(size), None, 100).unwrap_err();
            assert_eq!(refused.code(), ProblemCode::InvalidRequest);
        }
        assert_eq!(Paging::read(partner(1), "list", &"all", None, None, 20).unwrap().size(), 20);
    }
}
