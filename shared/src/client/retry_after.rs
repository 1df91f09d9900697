//! The `Retry-After` header.

use std::time::Duration;

use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};

/// A longer wait than this is a mistake of the server and is cut: each call reads the header again.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// Reads seconds or a date. A date is compared with the response's own `Date`, so that the clocks need not agree.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = header(headers, RETRY_AFTER)?;
    let wait = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => until(text, header(headers, DATE)?)?,
    };
    Some(wait.min(LONGEST))
}

fn until(text: &str, now: &str) -> Option<Duration> {
    let parser = DateTimeParser::new();
    let at = parser.parse_timestamp(text).ok()?;
    let now = parser.parse_timestamp(now).ok()?;
    Some(Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO))
}

fn header(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "Sun, 01 Nov 2026 08:49:37 GMT";

    fn read(text: &str) -> Option<u64> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, text.parse().unwrap());
        headers.insert(DATE, NOW.parse().unwrap());
        retry_after(&headers).map(|wait| wait.as_secs())
    }

    #[test]
    fn seconds_and_dates_are_read() {
        assert_eq!(read("30"), Some(30));
        assert_eq!(read("0"), Some(0));
        assert_eq!(read("Sun, 01 Nov 2026 08:50:07 GMT"), Some(30));
    }

    #[test]
    fn a_date_in_the_past_is_now_and_a_mistake_is_bounded() {
        assert_eq!(read("Sun, 01 Nov 2026 08:00:00 GMT"), Some(0));
        assert_eq!(read("18446744073709551615"), Some(24 * 3600));
    }

    #[test]
    fn other_texts_are_ignored() {
        for text in ["", "-1", "soon", "1.5", "99999999999999999999999"] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
