//! Times in the table: texts that sort by time, and the expiry that DynamoDB counts in seconds.

use jiff::Timestamp;

use crate::error::StoreError;
use crate::store::entry::{number, read_text, text, unreadable};
use crate::table::{Entry, Value};

/// Chunks: a preview may be applied for one day; people who examine a run have two more.
pub(super) const CHUNK_DAYS: i64 = 3;
/// Alerts: after that time the pages of the runs still show what happened.
pub(super) const ALERT_DAYS: i64 = 90;
/// Runs and ledgers: the invoices of a year and one more month can be checked against them.
pub(super) const HISTORY_DAYS: i64 = 400;

const SECONDS_A_DAY: i64 = 24 * 60 * 60;

/// A time to the nanosecond, as a text that sorts by time in the years 0 to 9999.
pub(super) fn to_text(at: Timestamp) -> Value {
    text(&format!("{at:.9}"))
}

/// The time in a text attribute.
pub(super) fn read(entry: &Entry, name: &str) -> Result<Timestamp, StoreError> {
    let written = read_text(entry, name)?;
    written.parse().map_err(|error| unreadable(entry, error))
}

/// When an entry written at `from` may be removed. DynamoDB removes it up to some days later, so it is never a lock.
pub(super) fn expiry(from: Timestamp, days: i64) -> Value {
    number(from.as_second().saturating_add(days * SECONDS_A_DAY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_sort_as_their_times_do() {
        let times = ["2026-11-30T01:12:00Z", "2026-11-30T01:12:00.000000001Z", "2026-11-30T01:12:00.5Z"];
        let texts = times.map(|time| to_text(time.parse().unwrap()));
        let texts = texts.each_ref().map(|value| value.as_text().unwrap());
        assert!(texts.is_sorted(), "{texts:?}");
        assert_eq!(texts[0], "2026-11-30T01:12:00.000000000Z");
    }
}
