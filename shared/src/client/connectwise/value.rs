//! Single values of ConnectWise's records. The reader is lenient where the vendor is.
//!
//! Numbers are parsed from their text: a quantity never passes through a float.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::value::RawValue;

use crate::domain::id::IdError;

pub(super) fn to_id<Id: TryFrom<i64, Error = IdError>>(raw: Option<&RawValue>) -> Result<Id, String> {
    Id::try_from(whole(raw)?).map_err(|error| error.to_string())
}

/// A required whole number, in any notation.
pub(super) fn whole(raw: Option<&RawValue>) -> Result<i64, String> {
    let number = number("id", raw)?.ok_or("it has no id")?;
    if number.fract().is_zero() {
        i64::try_from(number).map_err(|error| error.to_string())
    } else {
        Err(format!("its id is {number}"))
    }
}

/// An exact number; servers write 12, 12.0, 1.2E1 and sometimes "12".
pub(super) fn number(field: &str, raw: Option<&RawValue>) -> Result<Option<Decimal>, String> {
    let text = match raw.map(RawValue::get) {
        None | Some("null" | "\"\"") => return Ok(None),
        Some(text) => text.trim_matches('"'),
    };
    let exact = Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text));
    exact.map(|number| Some(number.normalize())).map_err(|_| {
        let shown: String = text.chars().take(40).collect();
        format!("its {field} is {shown:?}")
    })
}

/// The day of `yyyy-MM-ddTHH:mm:ssZ`; none for the empty text and for the year 1, which is .NET's unset date.
pub(super) fn date(field: &str, text: Option<&str>) -> Result<Option<Date>, String> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let (day, rest) = text.split_at_checked(10).unwrap_or((text, ""));
    let day: Option<Date> = day.parse().ok().filter(|_| rest.is_empty() || rest.starts_with(['T', ' ']));
    match day {
        Some(day) => Ok(Some(day).filter(|day| day.year() > 1)),
        None => Err(format!("its {field} is {:?}", text.chars().take(40).collect::<String>())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<String>, String> {
        let raw = RawValue::from_string(text.to_owned()).unwrap();
        number("quantity", Some(&raw)).map(|number| number.map(|number| number.to_string()))
    }

    #[test]
    fn a_number_equals_its_text_exactly() {
        for (text, number) in [
            ("12", "12"),
            ("12.0", "12"),
            ("1.2E1", "12"),
            ("\"12\"", "12"),
            ("0.1", "0.1"),
            ("0.30000000000000004", "0.30000000000000004"),
            ("9007199254740993", "9007199254740993"),
            ("-2.50", "-2.5"),
        ] {
            assert_eq!(read(text), Ok(Some(number.to_owned())), "{text}");
        }
        assert_eq!(read("null"), Ok(None));
        assert_eq!(read("\"\""), Ok(None));
        for text in ["\"a dozen\"", "true", "{}", "1e400"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_day_is_read_from_its_midnight_and_an_unset_one_is_none() {
        let read = |text| date("endDate", Some(text)).map(|day| day.map(|day| day.to_string()));
        assert_eq!(read("2026-11-01T00:00:00Z"), Ok(Some("2026-11-01".to_owned())));
        assert_eq!(read("2026-11-01"), Ok(Some("2026-11-01".to_owned())));
        assert_eq!(read(""), Ok(None));
        assert_eq!(read("0001-01-01T00:00:00Z"), Ok(None));
        assert_eq!(read("2021-04-31T00:00:00Z"), Err("its endDate is \"2021-04-31T00:00:00Z\"".to_owned()));
        for text in ["soon", "2026-11-1", "2026-11-01x", "é026-11-01é"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
