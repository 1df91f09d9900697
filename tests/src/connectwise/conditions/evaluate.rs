//! Holds a condition against a record, the way a database does: nothing is equal to, or different from, an unset field.

use std::borrow::Cow;
use std::cmp::Ordering;

use rust_decimal::Decimal;
use serde_json::Value;

use super::pattern;
use super::{Condition, Literal, Operator, Path, Term};
use crate::connectwise::dates;

/// What a condition can be held against.
pub trait Names {
    /// The value of a field, `null` if it is unset; several if the path leads into a list.
    fn values(&self, path: &Path) -> Vec<Cow<'_, Value>>;
}

/// Whether `condition` holds for `record`.
pub fn holds(condition: &Condition, record: &impl Names) -> bool {
    match condition {
        Condition::All(terms) => terms.iter().all(|term| holds(term, record)),
        Condition::Any(terms) => terms.iter().any(|term| holds(term, record)),
        Condition::Term(term) => record.values(&term.path).iter().any(|value| term_holds(term, value)),
    }
}

fn term_holds(term: &Term, value: &Value) -> bool {
    let is = match (&term.literal, term.operator) {
        (Literal::Null, Operator::Equal) => Some(value.is_null()),
        (Literal::Null, Operator::NotEqual) => Some(!value.is_null()),
        _ if value.is_null() => None,
        (literal, operator) => compare(value, operator, literal),
    };
    is.is_some_and(|is| is != term.not)
}

/// `None` where the two cannot be compared: then neither the term nor its negation holds.
fn compare(value: &Value, operator: Operator, literal: &Literal) -> Option<bool> {
    match operator {
        Operator::Contains => match (value, literal) {
            (Value::String(text), Literal::Text(part)) => Some(text.to_lowercase().contains(&part.to_lowercase())),
            _ => None,
        },
        Operator::Like => match (value, literal) {
            (Value::String(text), Literal::Text(wanted)) => Some(pattern::fits(wanted, text)),
            _ => None,
        },
        Operator::In => {
            let Literal::List(literals) = literal else { return None };
            Some(literals.iter().any(|one| order(value, one) == Some(Ordering::Equal)))
        }
        Operator::Equal => order(value, literal).map(Ordering::is_eq),
        Operator::NotEqual => order(value, literal).map(Ordering::is_ne),
        Operator::Less => order(value, literal).map(Ordering::is_lt),
        Operator::LessOrEqual => order(value, literal).map(Ordering::is_le),
        Operator::Greater => order(value, literal).map(Ordering::is_gt),
        Operator::GreaterOrEqual => order(value, literal).map(Ordering::is_ge),
    }
}

fn order(value: &Value, literal: &Literal) -> Option<Ordering> {
    match (value, literal) {
        (Value::String(text), Literal::Text(other)) => Some(text.to_lowercase().cmp(&other.to_lowercase())),
        (Value::String(text), Literal::Date(date)) => Some(dates::parse(text)?.cmp(date)),
        (Value::Number(number), Literal::Number(other)) => Some(to_decimal(number)?.cmp(other)),
        (Value::Number(number), Literal::Text(text)) => Some(to_decimal(number)?.cmp(&text.trim().parse().ok()?)),
        (Value::Bool(flag), Literal::Flag(other)) => Some(flag.cmp(other)),
        (Value::Bool(flag), Literal::Text(text)) => Some(flag.cmp(&text.to_lowercase().parse().ok()?)),
        _ => None,
    }
}

/// A JSON number as a decimal; `None` beyond what a decimal can hold.
pub(in crate::connectwise) fn to_decimal(number: &serde_json::Number) -> Option<Decimal> {
    let text = number.to_string();
    text.parse().or_else(|_| Decimal::from_scientific(&text)).ok()
}
