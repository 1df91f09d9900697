//! The vendor's dates: `yyyy-MM-ddTHH:mm:ssZ`, and what it accepts in their place.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// Reads a date with or without a time, with or without an offset (then UTC).
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let local = |at: DateTime| at.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp());
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    if text.contains('T') {
        return text.parse::<DateTime>().ok().and_then(local);
    }
    text.parse::<Date>().ok().map(|date| date.to_datetime(jiff::civil::Time::midnight())).and_then(local)
}

/// Whether a date that can be read is written loosely: with fractions of a second, or with a time of day and no zone.
pub(crate) fn is_loose(text: &str) -> bool {
    let text = text.trim();
    text.contains('T') && (text.contains('.') || text.parse::<Timestamp>().is_err()) && parse(text).is_some()
}

/// Writes a date as the vendor does: whole seconds, UTC.
pub(crate) fn to_wire(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The midnight (UTC) that began the day of `at`, as the vendor writes it.
pub(crate) fn day_of(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT00:00:00Z").to_string()
}
