//! Holds a condition against a record, the way a database does: nothing is equal to, or different from, an unset field.

use std::borrow::Cow;
use std::cmp::Ordering;

use rust_decimal::Decimal;
use serde_json::Value;

use super::pattern::{self, Signs};
use super::{Condition, Literal, Operator, Path, Term};
use crate::connectwise::dates;
use crate::connectwise::settings::wire::{Capitals, Star, Underscore, WireReadings};

/// What a condition can be held against.
pub trait Names {
    /// The value of a field, `null` if it is unset; several if the path leads into a list.
    fn values(&self, path: &Path) -> Vec<Cow<'_, Value>>;
}

/// Whether `condition` holds for `record` on a server of these readings.
pub fn holds(condition: &Condition, record: &impl Names, wire: &WireReadings) -> bool {
    match condition {
        Condition::All(terms) => terms.iter().all(|term| holds(term, record, wire)),
        Condition::Any(terms) => terms.iter().any(|term| holds(term, record, wire)),
        Condition::Term(term) => record.values(&term.path).iter().any(|value| term_holds(term, value, wire)),
    }
}

fn term_holds(term: &Term, value: &Value, wire: &WireReadings) -> bool {
    let is = match (&term.literal, term.operator) {
        (Literal::Null, Operator::Equal) => Some(value.is_null()),
        (Literal::Null, Operator::NotEqual) => Some(!value.is_null()),
        _ if value.is_null() => None,
        (literal, operator) => compare(value, operator, literal, wire),
    };
    is.is_some_and(|is| is != term.not)
}

/// `None` where the two cannot be compared: then neither the term nor its negation holds.
fn compare(value: &Value, operator: Operator, literal: &Literal, wire: &WireReadings) -> Option<bool> {
    let order = || order(value, literal, wire);
    match operator {
        Operator::Contains => match (value, literal) {
            (Value::String(text), Literal::Text(part)) => {
                Some(folded(text, wire).contains(folded(part, wire).as_ref()))
            }
            _ => None,
        },
        Operator::Like => match (value, literal) {
            (Value::String(text), Literal::Text(wanted)) => {
                let underscore = wire.underscore == Underscore::OneCharacter;
                let signs = Signs { percent: true, underscore, brackets: true };
                Some(pattern::fits(&folded(wanted, wire), &folded(text, wire), signs))
            }
            _ => None,
        },
        Operator::In => {
            let Literal::List(literals) = literal else { return None };
            Some(literals.iter().any(|one| equal(value, one, wire) == Some(true)))
        }
        Operator::Equal => equal(value, literal, wire),
        Operator::NotEqual => equal(value, literal, wire).map(|is| !is),
        Operator::Less => order().map(Ordering::is_lt),
        Operator::LessOrEqual => order().map(Ordering::is_le),
        Operator::Greater => order().map(Ordering::is_gt),
        Operator::GreaterOrEqual => order().map(Ordering::is_ge),
    }
}

fn equal(value: &Value, literal: &Literal, wire: &WireReadings) -> Option<bool> {
    match (value, literal) {
        (Value::String(text), Literal::Text(other)) if wire.equal_star == Star::AnyText && other.contains('*') => {
            let signs = Signs { percent: false, underscore: false, brackets: false };
            Some(pattern::fits(&folded(other, wire), &folded(text, wire), signs))
        }
        _ => order(value, literal, wire).map(Ordering::is_eq),
    }
}

fn order(value: &Value, literal: &Literal, wire: &WireReadings) -> Option<Ordering> {
    match (value, literal) {
        (Value::String(text), Literal::Text(other)) => Some(folded(text, wire).cmp(&folded(other, wire))),
        (Value::String(text), Literal::Date(date)) => Some(dates::parse(text)?.cmp(date)),
        (Value::Number(number), Literal::Number(other)) => Some(to_decimal(number)?.cmp(other)),
        (Value::Number(number), Literal::Text(text)) => Some(to_decimal(number)?.cmp(&text.trim().parse().ok()?)),
        (Value::Bool(flag), Literal::Flag(other)) => Some(flag.cmp(other)),
        (Value::Bool(flag), Literal::Text(text)) => Some(flag.cmp(&text.to_lowercase().parse().ok()?)),
        _ => None,
    }
}

fn folded<'a>(text: &'a str, wire: &WireReadings) -> Cow<'a, str> {
    match wire.capitals {
        Capitals::Count => Cow::Borrowed(text),
        Capitals::DoNotCount => Cow::Owned(text.to_lowercase()),
    }
}

/// A JSON number as a decimal; `None` beyond what a decimal can hold.
pub(in crate::connectwise) fn to_decimal(number: &serde_json::Number) -> Option<Decimal> {
    let text = number.to_string();
    text.parse().or_else(|_| Decimal::from_scientific(&text)).ok()
}
