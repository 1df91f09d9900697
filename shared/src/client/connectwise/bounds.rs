//! The bounds of a list: one that exceeds them is a list without an end rather than a real one.

use std::time::Duration;

use tokio::time::Instant;

use crate::error::PsaError;

/// The most bytes of one page. A full page has some hundred kilobytes.
pub(super) const PAGE_BYTES: usize = 4 * 1024 * 1024;

/// The bounds of a list that is read completely.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    rows: usize,
    pages: u32,
    bytes: usize,
    time: Duration,
}

impl Bounds {
    /// For the additions of an agreement; a dozen agreements are read at the same time.
    pub(super) const ADDITIONS: Self = Self::new(5_000, 50, 4, 300);
    /// For products by their ids, at most a hundred.
    pub(super) const BY_ID: Self = Self::new(1_000, 10, 4, 300);
    /// For a person who waits at a form.
    pub(super) const AT_A_FORM: Self = Self::new(10_000, 50, 12, 20);

    const fn new(rows: usize, pages: u32, megabytes: usize, seconds: u64) -> Self {
        Self { rows, pages, bytes: megabytes * 1024 * 1024, time: Duration::from_secs(seconds) }
    }
}

/// Measures how much of a list was read.
pub(super) struct Meter<'a> {
    list: &'a str,
    bounds: Bounds,
    started: Instant,
    rows: usize,
    pages: u32,
    bytes: usize,
}

impl<'a> Meter<'a> {
    pub(super) fn new(list: &'a str, bounds: Bounds) -> Self {
        Self { list, bounds, started: Instant::now(), rows: 0, pages: 0, bytes: 0 }
    }

    /// The most bytes of the next page.
    pub(super) fn bytes_left(&self) -> usize {
        self.bounds.bytes.saturating_sub(self.bytes).min(PAGE_BYTES)
    }

    /// Counts a page.
    ///
    /// # Errors
    /// `ListTooLong`: there are too many rows, or another page follows after a bound is reached.
    pub(super) fn count(&mut self, rows: usize, bytes: usize, is_last: bool) -> Result<(), PsaError> {
        self.rows += rows;
        self.bytes += bytes;
        self.pages += 1;
        let Bounds { rows, pages, bytes, time } = self.bounds;
        let beyond = match is_last {
            _ if self.rows > rows => format!("more than {rows} rows"),
            true => return Ok(()),
            false if self.pages >= pages => format!("more than {pages} pages"),
            false if self.bytes >= bytes => format!("more than {bytes} bytes"),
            false if self.started.elapsed() > time => format!("more than {} seconds", time.as_secs()),
            false => return Ok(()),
        };
        Err(PsaError::ListTooLong { list: self.list.to_owned(), bound: beyond })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beyond(bounds: Bounds, pages: &[(usize, usize)]) -> Option<String> {
        let mut meter = Meter::new("additions of agreement 7", bounds);
        let mut counted = pages.iter().map(|(rows, bytes)| meter.count(*rows, *bytes, false));
        counted.find_map(Result::err).map(|error| error.to_string())
    }

    #[test]
    fn each_bound_ends_an_endless_list_and_is_named() {
        let bounds = Bounds { rows: 10, pages: 3, bytes: 100, time: Duration::from_secs(60) };
        let words = |what: &str| {
            Some(format!("ConnectWise's list of additions of agreement 7 has no end that is reached: more than {what}"))
        };
        assert_eq!(beyond(bounds, &[(5, 1), (5, 1)]), None);
        assert_eq!(beyond(bounds, &[(5, 1), (6, 1)]), words("10 rows"));
        assert_eq!(beyond(bounds, &[(1, 1), (1, 1), (1, 1)]), words("3 pages"));
        assert_eq!(beyond(bounds, &[(1, 60), (1, 40)]), words("100 bytes"));
        assert_eq!(beyond(Bounds { time: Duration::ZERO, ..bounds }, &[(1, 1)]), words("0 seconds"));
    }

    #[test]
    fn a_last_page_counts_by_its_rows_alone() {
        let bounds = Bounds { rows: 10, pages: 1, bytes: 100, time: Duration::ZERO };
        assert!(Meter::new("rows", bounds).count(10, 100, true).is_ok());
        assert!(Meter::new("rows", bounds).count(11, 100, true).is_err());
    }
}
