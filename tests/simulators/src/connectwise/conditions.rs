//! The language of the `conditions` parameter: what it can say, and how it is written.
//!
//! `name like "Sophos*" AND (price >= 1.5 OR category/id in (1, 2)) AND inactiveFlag = False`. The grammar is read by
//! [`parse`], held against a record by [`holds`], and printed by `Display`, which `parse` reads back to the same value.

mod evaluate;
mod lexer;
mod parser;
mod pattern;

use std::fmt;

use jiff::Timestamp;
use rust_decimal::Decimal;

pub(super) use evaluate::to_decimal;
pub use evaluate::{Names, holds};
pub use parser::{ConditionError, parse, parse_as};

/// A condition on the fields of a record.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Terms joined by `AND`; two or more. Binds tighter than `OR`.
    All(Vec<Condition>),
    /// Terms joined by `OR`; two or more.
    Any(Vec<Condition>),
    /// One comparison.
    Term(Term),
}

/// `field [NOT] operator value`.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// The field compared.
    pub path: Path,
    /// Whether `NOT` stands before the operator.
    pub not: bool,
    pub operator: Operator,
    /// What the field is compared with.
    pub literal: Literal,
}

/// A field name, or several joined by `/` to reach into a reference: `company/id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path(pub String);

/// How a field is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `contains`: the text appears somewhere, wildcards are letters.
    Contains,
    /// `like`: the whole text fits a pattern; `%` and `*` stand for any text, `[ab]` for one of these letters.
    Like,
    /// `in`: equal to one of a list.
    In,
}

/// A value as written in a condition.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `"text"` or `'text'`.
    Text(String),
    /// `12` or `-1.50`.
    Number(Decimal),
    /// `True` or `False`.
    Flag(bool),
    /// `[2016-08-20T18:04:26Z]` or `[2016-08-20]`, which is its midnight.
    Date(Timestamp),
    /// `null`: the field is unset.
    Null,
    /// `("a", "b")`, after `in` only.
    List(Vec<Literal>),
}

impl Condition {
    /// All terms of the condition, in order.
    pub fn terms(&self) -> Vec<&Term> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::terms).collect(),
            Self::Term(term) => vec![term],
        }
    }

    pub(super) fn rename(&mut self, rename: &impl Fn(&mut Path)) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter_mut().for_each(|part| part.rename(rename)),
            Self::Term(term) => rename(&mut term.path),
        }
    }

    fn write_inner(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Term(_) => write!(f, "{self}"),
            Self::All(_) | Self::Any(_) => write!(f, "({self})"),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (terms, word) = match self {
            Self::Term(term) => return write!(f, "{term}"),
            Self::All(terms) => (terms, "AND"),
            Self::Any(terms) => (terms, "OR"),
        };
        for (index, term) in terms.iter().enumerate() {
            if index > 0 {
                write!(f, " {word} ")?;
            }
            term.write_inner(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let not = if self.not { "NOT " } else { "" };
        write!(f, "{} {not}{} {}", self.path.0, self.operator.word(), self.literal)
    }
}

impl Operator {
    fn word(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Contains => "contains",
            Self::Like => "like",
            Self::In => "in",
        }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
            Self::Number(number) => write!(f, "{number}"),
            Self::Flag(flag) => f.write_str(if *flag { "True" } else { "False" }),
            Self::Date(date) => write!(f, "[{date}]"),
            Self::Null => f.write_str("null"),
            Self::List(literals) => {
                let words: Vec<String> = literals.iter().map(Self::to_string).collect();
                write!(f, "({})", words.join(", "))
            }
        }
    }
}
