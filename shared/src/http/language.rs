//! The language of a problem's title and advice.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;

pub use crate::domain::language::{Language, Text};

impl Language {
    /// The preferred language of `Accept-Language`: the highest weight, then the first named.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let accepted = headers.get_all(ACCEPT_LANGUAGE).into_iter().filter_map(|value| value.to_str().ok());
        let ranges = accepted.flat_map(|value| value.split(',')).filter_map(weighted);
        let mut best = (0, Self::default());
        for (weight, language) in ranges {
            if weight > best.0 {
                best = (weight, language);
            }
        }
        best.1
    }
}

/// A range such as `it-IT;q=0.8`, with its weight in thousandths; none for other languages than those of the product.
fn weighted(range: &str) -> Option<(u16, Language)> {
    let mut parts = range.split(';').map(str::trim);
    let tag = parts.next()?.to_ascii_lowercase();
    let language = match tag.split('-').next()? {
        "en" | "*" => Language::English,
        "it" => Language::Italian,
        _ => return None,
    };
    let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1000), thousandths)?;
    Some((weight, language))
}

fn thousandths(weight: &str) -> Option<u16> {
    let (whole, part) = weight.split_once('.').unwrap_or((weight, ""));
    let digits: String = part.chars().chain("000".chars()).take(3).collect();
    let value = whole.parse::<u16>().ok()?.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
    (value <= 1000).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preferred(header: &str) -> Language {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, header.parse().unwrap());
        Language::from_headers(&headers)
    }

    #[test]
    fn italian_is_used_if_preferred_and_english_otherwise() {
        assert_eq!(Language::from_headers(&HeaderMap::new()), Language::English);
        for header in ["it", "it-IT,it;q=0.9,en;q=0.8", "de,it;q=0.5", "en;q=0.4,it;q=0.41", "IT"] {
            assert_eq!(preferred(header), Language::Italian, "{header}");
        }
        for header in ["", "de", "en,it;q=0.9", "it;q=0", "it;q=0.2,*;q=0.3", "it;q=many", "it;q=7"] {
            assert_eq!(preferred(header), Language::English, "{header}");
        }
    }
}
