//! Cuts a condition into its words, texts, numbers, dates and signs.

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::{ConditionError, Operator};
use crate::connectwise::dates;
use crate::connectwise::settings::wire::Quotes;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A field, a keyword, `True`, `null`.
    Word(String),
    Text(String),
    Number(Decimal),
    Date(Timestamp),
    Sign(Operator),
    Open,
    Close,
    Comma,
}

pub(super) fn tokens(source: &str, quotes: Quotes) -> Result<Vec<Token>, ConditionError> {
    let mut rest = source.trim_start();
    let mut tokens = Vec::new();
    while let Some(first) = rest.chars().next() {
        let (token, after) = match first {
            '"' | '\'' => text(rest, first, quotes)?,
            '[' => date(rest)?,
            '0'..='9' | '-' => number(rest)?,
            _ if first == '_' || first.is_alphabetic() => word(rest),
            _ => sign(rest)?,
        };
        tokens.push(token);
        rest = after.trim_start();
    }
    Ok(tokens)
}

/// Reads a quoted text. A backslash before a quote or a backslash, and a doubled quote, stand for the sign itself where
/// the server reads them so.
fn text(source: &str, quote: char, quotes: Quotes) -> Result<(Token, &str), ConditionError> {
    let (backslash, doubled) = (quotes != Quotes::Doubled, quotes != Quotes::Backslash);
    let mut text = String::new();
    let mut letters = source.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        let next = letters.peek().map(|&(_, next)| next);
        match (letter, next) {
            ('\\', Some(escaped @ ('"' | '\'' | '\\'))) if backslash => {
                text.push(escaped);
                letters.next();
            }
            (letter, Some(next)) if doubled && letter == quote && next == quote => {
                text.push(quote);
                letters.next();
            }
            (letter, _) if letter == quote => return Ok((Token::Text(text), &source[at + quote.len_utf8()..])),
            (letter, _) => text.push(letter),
        }
    }
    Err(ConditionError::new(format!("the text {source} does not end")))
}

fn date(source: &str) -> Result<(Token, &str), ConditionError> {
    let (inner, after) =
        source[1..].split_once(']').ok_or_else(|| ConditionError::new(format!("the date {source} does not end")))?;
    let date = dates::parse(inner).ok_or_else(|| ConditionError::new(format!("[{inner}] is not a date")))?;
    Ok((Token::Date(date), after))
}

fn number(source: &str) -> Result<(Token, &str), ConditionError> {
    let digits = |letter: char| letter.is_ascii_digit() || letter == '.';
    let end = source[1..].find(|letter| !digits(letter)).map_or(source.len(), |at| at + 1);
    let (number, after) = source.split_at(end);
    let number = number.parse().map_err(|_| ConditionError::new(format!("{number} is not a number")))?;
    Ok((Token::Number(number), after))
}

fn word(source: &str) -> (Token, &str) {
    let inner = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '/';
    let (word, after) = source.split_at(source.find(|letter| !inner(letter)).unwrap_or(source.len()));
    (Token::Word(word.to_owned()), after)
}

fn sign(source: &str) -> Result<(Token, &str), ConditionError> {
    // Longest first: `<=` is not `<` and `=`.
    let signs = [
        ("!=", Token::Sign(Operator::NotEqual)),
        ("<=", Token::Sign(Operator::LessOrEqual)),
        (">=", Token::Sign(Operator::GreaterOrEqual)),
        ("=", Token::Sign(Operator::Equal)),
        ("<", Token::Sign(Operator::Less)),
        (">", Token::Sign(Operator::Greater)),
        ("(", Token::Open),
        (")", Token::Close),
        (",", Token::Comma),
    ];
    let found = signs.into_iter().find_map(|(sign, token)| source.strip_prefix(sign).map(|after| (token, after)));
    found.ok_or_else(|| ConditionError::new(format!("{source} cannot stand in a condition")))
}
