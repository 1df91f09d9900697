//! Times in the table: a text that sorts, and the expiry that DynamoDB counts in seconds.

use jiff::Timestamp;

use crate::error::StoreError;
use crate::store::entry::{number, read_text, text, unreadable};
use crate::table::{Entry, Value};

/// Chunks: a preview may be applied for a day, and whoever looks into a run has two more.
pub(super) const CHUNK_DAYS: i64 = 3;
/// Alerts: what has not arrived by then is told by the runs' own pages.
pub(super) const ALERT_DAYS: i64 = 90;
/// Runs and ledgers: a year's invoices can be checked against them, and the month after.
pub(super) const HISTORY_DAYS: i64 = 400;

const SECONDS_A_DAY: i64 = 24 * 60 * 60;

/// A time, exact to the nanosecond; texts of the years 0 to 9999 sort as their times do.
pub(super) fn to_text(at: Timestamp) -> Value {
    text(&format!("{at:.9}"))
}

/// The time in a text attribute.
pub(super) fn read(entry: &Entry, name: &str) -> Result<Timestamp, StoreError> {
    let written = read_text(entry, name)?;
    written.parse().map_err(|error| unreadable(entry, error))
}

/// When an entry written at `from` may be removed. DynamoDB takes up to some days longer: it is never a lock.
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
