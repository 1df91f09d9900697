//! Whether a condition compares each field with what its type has; what does not fit is refused before any row is read.

use crate::connectwise::conditions::{Literal, Operator, Term};
use crate::connectwise::dates;
use crate::connectwise::records::field::Kind;
use crate::connectwise::refusal::Refusal;
use crate::connectwise::settings::wire::{Doubtful, WireReadings};
use crate::connectwise::view::Place;

/// What a condition sees of a field's type.
enum Sort {
    Text,
    Number,
    Flag,
    Date,
    Choice(&'static [&'static str]),
    /// A reference as a whole.
    Record,
    List,
}

/// Refuses a term of `conditions` on the field at `place`.
pub(super) fn check(term: &Term, place: &Place, wire: &WireReadings) -> Result<(), Refusal> {
    match sort(place) {
        Sort::List => Err(Refusal::unknown_name(&term.path.0)),
        Sort::Choice(words) => choice(term, words, wire),
        // As a public client quotes the refusal of a reference compared with null.
        Sort::Record if wire.whole_references == Doubtful::Refused => Err(Refusal::value("Enum")),
        Sort::Text | Sort::Number | Sort::Flag | Sort::Date | Sort::Record if wire.mismatches == Doubtful::Taken => {
            Ok(())
        }
        Sort::Record if is_null_test(term) => Ok(()),
        Sort::Record => Err(Refusal::value("Reference")),
        Sort::Text => typed(term, "String", true, |literal| matches!(literal, Literal::Text(_))),
        Sort::Number => typed(term, "Number", true, is_number),
        Sort::Flag => typed(term, "Boolean", false, is_flag),
        Sort::Date => typed(term, "DateTime", true, is_date),
    }
}

/// Whether a term of `childConditions` or a name of another parameter reaches into a list.
pub(super) fn in_list(place: &Place) -> bool {
    matches!(sort(place), Sort::List)
}

fn sort(place: &Place) -> Sort {
    let (field, inner) = match place {
        Place::Id => return Sort::Number,
        Place::Stamp(stamp) if stamp == "lastUpdated" || stamp == "dateEntered" => return Sort::Date,
        Place::Stamp(_) => return Sort::Text,
        Place::Whole(field) => (field, None),
        Place::Within(field, inner) => (field, Some(inner.as_str())),
    };
    match (&field.kind, inner) {
        (Kind::List, _) => Sort::List,
        (Kind::Reference(_) | Kind::Elsewhere, None) => Sort::Record,
        (Kind::Reference(_) | Kind::Elsewhere, Some("id")) => Sort::Number,
        (Kind::Reference(_) | Kind::Elsewhere, Some(_)) | (Kind::Text(_), _) => Sort::Text,
        (Kind::Number | Kind::Whole, _) => Sort::Number,
        (Kind::Flag, _) => Sort::Flag,
        (Kind::Date, _) => Sort::Date,
        (Kind::Choice(words), _) => Sort::Choice(words),
    }
}

/// An enumeration knows its own words, and `null` is none of them.
fn choice(term: &Term, words: &[&str], wire: &WireReadings) -> Result<(), Refusal> {
    let plain = matches!(term.operator, Operator::Equal | Operator::NotEqual | Operator::In);
    let is_word = |literal: &Literal| match literal {
        Literal::Text(text) => words.iter().any(|word| word.eq_ignore_ascii_case(text)),
        Literal::Number(_) | Literal::Flag(_) | Literal::Date(_) | Literal::Null | Literal::List(_) => false,
    };
    let taken = plain || wire.enumeration_operators == Doubtful::Taken;
    if taken && literals(term).all(is_word) { Ok(()) } else { Err(Refusal::value("Enum")) }
}

fn typed(term: &Term, kind: &str, ordered: bool, fits: impl Fn(&Literal) -> bool) -> Result<(), Refusal> {
    let operator = match term.operator {
        Operator::Equal | Operator::NotEqual | Operator::In => true,
        Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => ordered,
        Operator::Contains | Operator::Like => kind == "String",
    };
    let fits = is_null_test(term) || (operator && literals(term).all(fits));
    if fits { Ok(()) } else { Err(Refusal::value(kind)) }
}

fn is_null_test(term: &Term) -> bool {
    term.literal == Literal::Null && matches!(term.operator, Operator::Equal | Operator::NotEqual)
}

fn literals(term: &Term) -> impl Iterator<Item = &Literal> {
    let list = if let Literal::List(literals) = &term.literal { literals } else { std::slice::from_ref(&term.literal) };
    list.iter()
}

/// A number in quotes passes, as public clients write ids.
fn is_number(literal: &Literal) -> bool {
    match literal {
        Literal::Number(_) => true,
        Literal::Text(text) => text.trim().parse::<rust_decimal::Decimal>().is_ok(),
        Literal::Flag(_) | Literal::Date(_) | Literal::Null | Literal::List(_) => false,
    }
}

fn is_flag(literal: &Literal) -> bool {
    match literal {
        Literal::Flag(_) => true,
        Literal::Text(text) => text.to_lowercase().parse::<bool>().is_ok(),
        Literal::Number(_) | Literal::Date(_) | Literal::Null | Literal::List(_) => false,
    }
}

/// The guide has dates in square brackets; in quotes they pass as well.
fn is_date(literal: &Literal) -> bool {
    match literal {
        Literal::Date(_) => true,
        Literal::Text(text) => dates::parse(text).is_some(),
        Literal::Number(_) | Literal::Flag(_) | Literal::Null | Literal::List(_) => false,
    }
}
