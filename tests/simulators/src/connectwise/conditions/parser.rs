//! Builds a condition from its tokens, by recursive descent.

use std::iter::Peekable;
use std::vec::IntoIter;

use super::lexer::{Token, tokens};
use super::{Condition, Literal, Operator, Path, Term};
use crate::connectwise::settings::wire::Quotes;

/// Parentheses deeper than this are refused rather than followed: the parser must outlive whatever it is sent.
const DEEPEST: usize = 64;

/// Why a text is not a condition, in words for whoever wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConditionError {
    message: String,
}

impl ConditionError {
    pub(super) fn new(message: String) -> Self {
        Self { message }
    }
}

/// Reads a condition in which a quote stands after a backslash or doubled.
pub fn parse(source: &str) -> Result<Condition, ConditionError> {
    parse_as(source, Quotes::BackslashOrDoubled)
}

/// Reads a condition; `quotes` says how a quote is written inside a text.
pub fn parse_as(source: &str, quotes: Quotes) -> Result<Condition, ConditionError> {
    let mut parser = Parser { tokens: tokens(source, quotes)?.into_iter().peekable(), depth: 0 };
    let condition = parser.any()?;
    match parser.tokens.next() {
        None => Ok(condition),
        Some(token) => Err(unexpected("AND, OR or the end", Some(token))),
    }
}

struct Parser {
    tokens: Peekable<IntoIter<Token>>,
    depth: usize,
}

impl Parser {
    fn any(&mut self) -> Result<Condition, ConditionError> {
        self.joined("or", Self::all, Condition::Any)
    }

    fn all(&mut self) -> Result<Condition, ConditionError> {
        self.joined("and", Self::group, Condition::All)
    }

    fn joined(
        &mut self,
        word: &str,
        part: impl Fn(&mut Self) -> Result<Condition, ConditionError>,
        join: impl FnOnce(Vec<Condition>) -> Condition,
    ) -> Result<Condition, ConditionError> {
        let first = part(self)?;
        let mut parts = vec![first];
        while self.keyword(word) {
            parts.push(part(self)?);
        }
        Ok(if parts.len() > 1 { join(parts) } else { parts.remove(0) })
    }

    fn group(&mut self) -> Result<Condition, ConditionError> {
        if self.tokens.next_if_eq(&Token::Open).is_none() {
            return self.term().map(Condition::Term);
        }
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(ConditionError::new(format!("parentheses are nested deeper than {DEEPEST}")));
        }
        let inner = self.any()?;
        self.depth -= 1;
        self.expect(Token::Close, "a closing parenthesis")?;
        Ok(inner)
    }

    fn term(&mut self) -> Result<Term, ConditionError> {
        let path = match self.tokens.next() {
            Some(Token::Word(word)) => Path(word),
            token => return Err(unexpected("a field", token)),
        };
        let not = self.keyword("not");
        let operator = self.operator()?;
        let literal = if operator == Operator::In { self.list()? } else { self.literal()? };
        Ok(Term { path, not, operator, literal })
    }

    fn operator(&mut self) -> Result<Operator, ConditionError> {
        match self.tokens.next() {
            Some(Token::Sign(operator)) => Ok(operator),
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("contains") => Ok(Operator::Contains),
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("like") => Ok(Operator::Like),
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("in") => Ok(Operator::In),
            token => Err(unexpected("an operator", token)),
        }
    }

    fn list(&mut self) -> Result<Literal, ConditionError> {
        self.expect(Token::Open, "an opening parenthesis after in")?;
        let mut literals = vec![self.literal()?];
        while self.tokens.next_if_eq(&Token::Comma).is_some() {
            literals.push(self.literal()?);
        }
        self.expect(Token::Close, "a closing parenthesis")?;
        Ok(Literal::List(literals))
    }

    fn literal(&mut self) -> Result<Literal, ConditionError> {
        match self.tokens.next() {
            Some(Token::Text(text)) => Ok(Literal::Text(text)),
            Some(Token::Number(number)) => Ok(Literal::Number(number)),
            Some(Token::Date(date)) => Ok(Literal::Date(date)),
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("true") => Ok(Literal::Flag(true)),
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("false") => Ok(Literal::Flag(false)),
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("null") => Ok(Literal::Null),
            token => Err(unexpected("a value", token)),
        }
    }

    fn keyword(&mut self, word: &str) -> bool {
        let fits = |token: &Token| matches!(token, Token::Word(found) if found.eq_ignore_ascii_case(word));
        self.tokens.next_if(fits).is_some()
    }

    fn expect(&mut self, token: Token, name: &str) -> Result<(), ConditionError> {
        match self.tokens.next() {
            Some(found) if found == token => Ok(()),
            found => Err(unexpected(name, found)),
        }
    }
}

fn unexpected(wanted: &str, found: Option<Token>) -> ConditionError {
    let found = match found {
        None => "the end".to_owned(),
        Some(Token::Word(word) | Token::Text(word)) => word,
        Some(Token::Number(number)) => number.to_string(),
        Some(Token::Date(date)) => date.to_string(),
        Some(Token::Sign(operator)) => operator.word().to_owned(),
        Some(Token::Open) => "(".to_owned(),
        Some(Token::Close) => ")".to_owned(),
        Some(Token::Comma) => ",".to_owned(),
    };
    ConditionError::new(format!("expected {wanted}, found {found}"))
}
