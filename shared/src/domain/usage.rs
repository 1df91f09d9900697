//! Usage as Sophos reports it, one line at a time, with what could not be read kept in sight.
//!
//! A line is never dropped: one without a customer, without a product or with a quantity that makes no sense is a line
//! all the same, and ends in an outcome.

mod evidence;
mod period;
mod reading;

use std::collections::BTreeMap;
use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use self::evidence::Lines;
use super::id::{CustomerId, ProductCode};

pub use self::evidence::{Doubt, Evidence};
pub use self::period::Period;
pub use self::reading::{DoubtKind, Periods, Reading, Readings, Repeats};

/// A quantity above this is taken for a mistake: ten million units of one product on one line.
pub const MAX_UNITS: u64 = 10_000_000;

/// Who a usage line is about: (Sophos customer, Sophos product). Either may be missing on the line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Pair {
    /// The customer; none for unassigned usage.
    pub customer: Option<CustomerId>,
    /// The product; none when the line names none that can be read.
    pub product: Option<ProductCode>,
}

/// The quantity of a line: a count of units, or the text that could not be read as one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LineQuantity {
    /// From 0 to [`MAX_UNITS`].
    Units(u64),
    /// No count.
    Unreadable(Unreadable),
}

/// Why a line's quantity is no count of units.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Unreadable {
    /// The line has none.
    Missing,
    /// Not a number, with the text that stood there.
    NotANumber(String),
    /// Below zero.
    Negative(String),
    /// Not a whole number.
    Fractional(String),
    /// Above [`MAX_UNITS`].
    TooLarge(String),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("no quantity"),
            Self::NotANumber(text) => write!(f, "{text}, which is not a number"),
            Self::Negative(text) => write!(f, "{text}, which is below zero"),
            Self::Fractional(text) => write!(f, "{text}, which is not a whole number"),
            Self::TooLarge(text) => write!(f, "{text}, which is more than any line can have"),
        }
    }
}

impl LineQuantity {
    /// Reads the JSON text of `billableQuantity`, however odd; `None` when the line has none.
    #[must_use]
    pub fn from_json_text(text: Option<&str>) -> Self {
        match text.map(str::trim) {
            None | Some("" | "null") => Self::Unreadable(Unreadable::Missing),
            Some(text) => Self::from_text(text),
        }
    }

    fn from_text(text: &str) -> Self {
        let shown = || text.chars().take(40).collect::<String>();
        let looks_numeric = text.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        if !looks_numeric {
            return Self::Unreadable(Unreadable::NotANumber(shown()));
        }
        // Never rounded: what has more digits than a Decimal takes is a whole number only if they are zeros.
        let Ok(number) = Decimal::from_str_exact(without_zeros(text)).or_else(|_| Decimal::from_scientific(text))
        else {
            // A number too long for 28 digits: either far below zero, tiny, or huge. None of them is a count.
            let numeric = text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
            let fits_rounded = text.parse::<Decimal>().is_ok();
            return Self::Unreadable(match (numeric, text.starts_with('-')) {
                (false, _) => Unreadable::NotANumber(shown()),
                (true, true) => Unreadable::Negative(shown()),
                (true, false) if fits_rounded => Unreadable::Fractional(shown()),
                (true, false) => Unreadable::TooLarge(shown()),
            });
        };
        if number < Decimal::ZERO {
            return Self::Unreadable(Unreadable::Negative(shown()));
        }
        if number > Decimal::from(MAX_UNITS) {
            return Self::Unreadable(Unreadable::TooLarge(shown()));
        }
        if !number.fract().is_zero() {
            return Self::Unreadable(Unreadable::Fractional(shown()));
        }
        u64::try_from(number).map_or_else(|_| Self::Unreadable(Unreadable::TooLarge(shown())), Self::Units)
    }
}

/// The number without the zeros at the end of its fraction.
fn without_zeros(number: &str) -> &str {
    let plain_fraction = number.contains('.') && !number.contains(['e', 'E']);
    if plain_fraction { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

/// One line of Sophos' usage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UsageLine {
    /// Who it is about.
    pub pair: Pair,
    /// Its billable quantity.
    pub quantity: LineQuantity,
    /// What Sophos calls the product.
    pub description: String,
    /// `productGroup`: User, Server or Device.
    pub group: String,
    /// `orderNumber`.
    pub order: String,
    /// `orderLineItemNumber`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub order_line: String,
    /// `accountNumberOrSerialNumber`.
    pub serial: String,
    /// `sku`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sku: String,
    /// `externalId`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub external_id: String,
    /// `billingStartDate` as it was sent, possible or not.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub billing_start: String,
    /// `billingEndDate` as it was sent.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub billing_end: String,
    /// `actualQuantity` as it was sent.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub actual: String,
    /// `orderedQuantity` as it was sent: the whole order line's, shared by its customers.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub ordered: String,
    /// Of a line without order number and external id, a hash of all its members: what else tells it from another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole: Option<u64>,
    /// Values that should have been a customer or product id and could not be read, for the person who looks into it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub oddities: Vec<String>,
}

impl UsageLine {
    /// A line that says no more than whose it is and how much.
    #[must_use]
    pub const fn new(pair: Pair, quantity: LineQuantity) -> Self {
        Self {
            pair,
            quantity,
            description: String::new(),
            group: String::new(),
            order: String::new(),
            order_line: String::new(),
            serial: String::new(),
            sku: String::new(),
            external_id: String::new(),
            billing_start: String::new(),
            billing_end: String::new(),
            actual: String::new(),
            ordered: String::new(),
            whole: None,
            oddities: Vec::new(),
        }
    }
}

/// The usage of one pair: the sum of its lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PairUsage {
    /// The units of the lines that could be read.
    pub units: u64,
    pub lines: u32,
    /// What is on the lines whose quantity could not be read, in an order that is not that of the lines.
    pub unreadable: Vec<Unreadable>,
    /// What those that could be read say of themselves.
    pub evidence: Evidence,
}

/// Usage summed by pair. Several lines of a pair are normal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsageTotals {
    pairs: BTreeMap<Pair, PairUsage>,
    lines: Lines,
}

impl UsageTotals {
    /// Adds one line to its pair.
    pub fn add(&mut self, line: &UsageLine) {
        let usage = self.pairs.entry(line.pair.clone()).or_default();
        usage.lines = usage.lines.saturating_add(1);
        match &line.quantity {
            LineQuantity::Units(0) => {}
            LineQuantity::Units(units) => {
                usage.units = usage.units.saturating_add(*units);
                self.lines.note(line, *units, &mut usage.evidence);
            }
            LineQuantity::Unreadable(why) => {
                let place = usage.unreadable.partition_point(|known| known < why);
                usage.unreadable.insert(place, why.clone());
            }
        }
    }

    /// The pairs and their usage, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Pair, &PairUsage)> {
        self.pairs.iter()
    }

    /// One customer's usage by product; the lines without a customer for `None`.
    #[must_use]
    pub fn of(&self, customer: Option<CustomerId>) -> CustomerUsage {
        let start = Pair { customer, product: None };
        let mine = self.pairs.range(start..).take_while(|(pair, _)| pair.customer == customer);
        CustomerUsage(mine.map(|(pair, usage)| (pair.product.clone(), usage.clone())).collect())
    }

    /// The customers with usage, each once, in order; without the unassigned.
    #[must_use]
    pub fn customers(&self) -> Vec<CustomerId> {
        let mut customers: Vec<CustomerId> = self.pairs.keys().filter_map(|pair| pair.customer).collect();
        customers.dedup();
        customers
    }
}

impl<'a> FromIterator<&'a UsageLine> for UsageTotals {
    fn from_iter<I: IntoIterator<Item = &'a UsageLine>>(lines: I) -> Self {
        let mut totals = Self::default();
        for line in lines {
            totals.add(line);
        }
        totals
    }
}

/// One customer's usage by product.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerUsage(pub BTreeMap<Option<ProductCode>, PairUsage>);

impl CustomerUsage {
    /// The usage of a product, if it is in the month's usage.
    #[must_use]
    pub fn find(&self, code: &ProductCode) -> Option<&PairUsage> {
        self.0.get(&Some(code.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> LineQuantity {
        LineQuantity::from_json_text(Some(text))
    }

    #[test]
    fn a_whole_number_however_written_is_a_count() {
        for (text, units) in [("20", 20), ("0", 0), ("20.0", 20), ("2e1", 20), ("10000000", 10_000_000)] {
            assert_eq!(read(text), LineQuantity::Units(units), "{text}");
        }
    }

    #[test]
    fn a_fraction_of_more_digits_than_a_decimal_takes_is_not_rounded_to_a_count() {
        for text in ["2.99999999999999999999999999999999999999", "3.00000000000000000000000000000000000001"] {
            assert_eq!(read(text), LineQuantity::Unreadable(Unreadable::Fractional(text.chars().take(40).collect())));
        }
        assert!(matches!(read("0.00000000000000000000000000000000001"), LineQuantity::Unreadable(_)));
        assert_eq!(read("9.00000000000000000000000000000000000000"), LineQuantity::Units(9));
        assert_eq!(read("1000000.0"), LineQuantity::Units(1_000_000));
    }

    #[test]
    fn what_is_no_count_says_why() {
        let why = |text| match read(text) {
            LineQuantity::Unreadable(why) => why.to_string(),
            LineQuantity::Units(units) => format!("read as {units}"),
        };
        assert_eq!(why("-3"), "-3, which is below zero");
        assert_eq!(why("2.5"), "2.5, which is not a whole number");
        assert_eq!(why("NaN"), "NaN, which is not a number");
        assert_eq!(why("\"20\""), "\"20\", which is not a number");
        assert_eq!(why("1e400"), "1e400, which is more than any line can have");
        assert_eq!(why("10000001"), "10000001, which is more than any line can have");
        assert_eq!(why("-1e400"), "-1e400, which is below zero");
        assert_eq!(why("null"), "no quantity");
        assert_eq!(LineQuantity::from_json_text(None), LineQuantity::Unreadable(Unreadable::Missing));
        assert_eq!(why("{}"), "{}, which is not a number");
    }
}
