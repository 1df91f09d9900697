//! What was found a moment ago, in the memory of the warm function: a person who types asks the same thing again and again.
//!
//! Bounded in time, searches and rows. What is kept belongs to one partner and is never looked at for another. It is short
//! enough that nobody waits for a product that was just created, and that a connection that was just removed is gone.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use shared::domain::id::PartnerId;
use shared::domain::search::{Found, Named, SearchText};

/// How long a search is kept, in seconds.
pub(crate) const KEPT_S: i64 = 30;
/// The most searches that are kept.
const MAX_SEARCHES: usize = 256;
/// The most rows of them all: some 20 MB.
const MAX_ROWS: usize = 50_000;

/// The searches of one kind, oldest first.
#[derive(Debug)]
pub(crate) struct Kept<T>(Mutex<VecDeque<Search<T>>>);

#[derive(Debug)]
struct Search<T> {
    partner: PartnerId,
    at: Timestamp,
    found: Found<T>,
}

impl<T> Search<T> {
    /// A clock that was set back makes nothing older than it may be.
    fn is_fresh(&self, now: Timestamp) -> bool {
        let age = now.duration_since(self.at);
        age >= SignedDuration::ZERO && age < SignedDuration::from_secs(KEPT_S)
    }
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Named + Clone> Kept<T> {
    /// What a search of the partner's own, a moment ago, says of this text, if it says all.
    pub(crate) fn find(&self, partner: PartnerId, text: &SearchText, now: Timestamp) -> Option<Found<T>> {
        let searches = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = searches.iter().rev().filter(|search| search.partner == partner && search.is_fresh(now));
        own.into_iter().find_map(|Search { found, .. }| {
            // Of the very same text also the best of too many is what ConnectWise would say again.
            if found.text == *text { Some(found.clone()) } else { found.narrowed(text, usize::MAX) }
        })
    }

    /// Keeps what was found, in the place of the oldest where it is too much.
    pub(crate) fn keep(&self, partner: PartnerId, found: Found<T>, now: Timestamp) {
        let mut searches = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        searches.retain(|search| search.is_fresh(now));
        searches.push_back(Search { partner, at: now, found });
        let rows =
            |searches: &VecDeque<Search<T>>| searches.iter().map(|search| search.found.hits.len()).sum::<usize>();
        while searches.len() > MAX_SEARCHES || rows(&searches) > MAX_ROWS {
            searches.pop_front();
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use shared::domain::psa::Company;

    use super::*;

    fn partner(n: u8) -> PartnerId {
        PartnerId::parse(&format!("718b6047-2fbc-4f4b-a143-45ee42bf5d{n:02x}")).unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_428_000 + second).unwrap()
    }

    fn text(typed: &str) -> SearchText {
        SearchText::parse(typed).unwrap()
    }

    fn found(typed: &str, names: usize, complete: bool) -> Found<Company> {
        let company = |n: usize| Company {
            id: i64::try_from(n + 1).unwrap().try_into().unwrap(),
            identifier: String::new(),
            name: format!("{typed} {n:05}"),
        };
        Found::of(text(typed), (0..names).map(company), complete, usize::MAX)
    }

    #[test]
    fn a_longer_text_is_found_in_what_was_kept_for_half_a_minute_and_for_its_own_partner_only() {
        let kept = Kept::default();
        kept.keep(partner(1), found("acme", 12, true), at(0));
        assert_eq!(kept.find(partner(1), &text("ACME 0001"), at(29)).unwrap().hits.len(), 2);
        assert_eq!(kept.find(partner(1), &text("acm"), at(1)), None, "a shorter text may find more");
        assert_eq!(kept.find(partner(2), &text("acme"), at(1)), None);
        assert_eq!(kept.find(partner(1), &text("acme"), at(30)), None);
        assert_eq!(kept.find(partner(1), &text("acme"), at(-1)), None, "the clock was set back");
    }

    #[test]
    fn what_was_too_much_answers_its_own_text_and_no_longer_one() {
        let kept = Kept::default();
        kept.keep(partner(1), found("acme", 12, false), at(0));
        assert_eq!(kept.find(partner(1), &text("acme"), at(1)).unwrap().hits.len(), 12);
        assert_eq!(kept.find(partner(1), &text("acme 0"), at(1)), None);
    }

    #[test]
    fn the_oldest_go_where_searches_or_rows_are_too_many() {
        let kept = Kept::default();
        for n in 0..300 {
            kept.keep(partner(1), found(&format!("acme {n:03}"), 1, true), at(0));
        }
        assert_eq!(kept.0.lock().unwrap().len(), MAX_SEARCHES);
        assert_eq!(kept.find(partner(1), &text("acme 000"), at(1)), None);
        assert!(kept.find(partner(1), &text("acme 299"), at(1)).is_some());
        for _ in 0..20 {
            kept.keep(partner(1), found("brook", 3_000, true), at(1));
        }
        let rows: usize = kept.0.lock().unwrap().iter().map(|search| search.found.hits.len()).sum();
        assert!((MAX_ROWS - 3_000..=MAX_ROWS).contains(&rows), "{rows}");
    }
}
