//! What a person types to find a ConnectWise record, and in which order what was found is shown. Pure and deterministic.
//!
//! ConnectWise itself decides which records contain the text. Here they are ranked, without regard to capitals and
//! diacritics, and what does not contain the text as it was typed is left out: a sign that ConnectWise may take for a
//! wildcard stays a sign.

mod fold;

use std::fmt;

use super::language::Text;

pub use fold::fold;

/// The longest text that is searched for, in characters: the longest identifier of a ConnectWise product.
pub const MAX_CHARS: usize = 75;
/// The longest text in bytes of UTF-8. The text stands twice in a URL, where a byte may take three, and ConnectWise asks
/// for URLs below 2,000 characters.
pub const MAX_BYTES: usize = 200;

/// A text that may be searched for: without the spaces around it, 2 to 75 characters, and such that ConnectWise's
/// language of conditions can say it without a doubt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchText(String);

/// Why a text is not searched for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SearchTextError {
    /// It has fewer than two characters. Accents typed apart, and signs that cannot be seen, do not count.
    #[error("type at least two characters")]
    TooShort,
    /// It is longer than any name in ConnectWise.
    #[error("the text is too long: ConnectWise has no name of more than {MAX_CHARS} characters")]
    TooLong,
    /// It cannot be written as one text of a condition.
    #[error("{0}")]
    Unquotable(#[from] Unquotable),
}

impl From<SearchTextError> for Text {
    fn from(error: SearchTextError) -> Self {
        let italian = match error {
            SearchTextError::TooShort => "Scrivere almeno due caratteri.".to_owned(),
            SearchTextError::TooLong => {
                format!("Il testo è troppo lungo: in ConnectWise nessun nome supera {MAX_CHARS} caratteri.")
            }
            SearchTextError::Unquotable(Unquotable::Backslash) => {
                "Un testo con una barra rovesciata non si può cercare in ConnectWise.".to_owned()
            }
            SearchTextError::Unquotable(Unquotable::BothQuotes) => {
                "Un testo con sia \" sia ' non si può cercare in ConnectWise.".to_owned()
            }
            SearchTextError::Unquotable(Unquotable::Control) => {
                "Un testo con caratteri di controllo non si può cercare in ConnectWise.".to_owned()
            }
        };
        Self::new(error.to_string(), italian)
    }
}

/// Why a text cannot stand in a condition of ConnectWise, whose way of escaping is not documented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unquotable {
    /// It has a backslash, which may or may not escape what follows.
    #[error("a text with a backslash cannot be looked up in ConnectWise")]
    Backslash,
    /// It has both kinds of quotes, so that neither can stand around it.
    #[error("a text with both \" and ' cannot be looked up in ConnectWise")]
    BothQuotes,
    /// It has a control character, a line end for example, or one that turns the direction of writing.
    #[error("a text with control characters cannot be looked up in ConnectWise")]
    Control,
}

/// The quote that can stand around a text in a condition: the one that the text lacks.
///
/// # Errors
/// There is none, or the text has a character that makes its end doubtful.
pub fn quote_for(text: &str) -> Result<char, Unquotable> {
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}');
    if text.contains('\\') {
        return Err(Unquotable::Backslash);
    }
    if text.chars().any(|c| c.is_control() || turns(c)) {
        return Err(Unquotable::Control);
    }
    match (text.contains('"'), text.contains('\'')) {
        (false, _) => Ok('"'),
        (true, false) => Ok('\''),
        (true, true) => Err(Unquotable::BothQuotes),
    }
}

impl SearchText {
    /// Reads what a person typed.
    ///
    /// # Errors
    /// [`SearchTextError`].
    pub fn parse(typed: &str) -> Result<Self, SearchTextError> {
        let text = typed.trim();
        // First of all, so that nothing below walks through a text without end.
        if text.len() > MAX_BYTES || text.chars().count() > MAX_CHARS {
            return Err(SearchTextError::TooLong);
        }
        quote_for(text)?;
        // A ligature is one letter, though it is looked for as two; an accent of its own is none.
        if text.chars().count().min(fold(text).chars().count()) < 2 {
            return Err(SearchTextError::TooShort);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text as it was typed, without the spaces around it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SearchText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A record that a person looks for by its names.
pub trait Named {
    /// Its names, the most telling first.
    fn names(&self) -> [&str; 2];

    /// Its number: what decides between records that are alike in all else.
    fn number(&self) -> u32;
}

/// How well a record fits, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// One of its names is the text.
    Exact,
    /// One of its names starts with the text.
    Prefix,
    /// A word of one of its names starts with the text; an underscore parts words too.
    Word,
    /// One of its names contains the text.
    Substring,
}

/// How well a name fits a text, if it contains it.
#[must_use]
pub fn rank(text: &SearchText, name: &str) -> Option<Rank> {
    rank_folded(&fold(text.as_str()), &fold(name))
}

fn rank_folded(text: &str, name: &str) -> Option<Rank> {
    let starts_word = |at: usize| name[..at].chars().next_back().is_none_or(|before| !before.is_alphanumeric());
    let mut places = name.match_indices(text).map(|(at, _)| at);
    match places.next()? {
        0 if name.len() == text.len() => Some(Rank::Exact),
        0 => Some(Rank::Prefix),
        first if starts_word(first) || places.any(starts_word) => Some(Rank::Word),
        _ => Some(Rank::Substring),
    }
}

/// A record that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit<T> {
    /// How well it fits.
    pub rank: Rank,
    /// The record.
    pub row: T,
}

/// What was found for a text, the best first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<T> {
    pub text: SearchText,
    /// The records: by rank, then by the name that comes first in the alphabet, then by number.
    pub hits: Vec<Hit<T>>,
    /// Whether these are all. Otherwise the person should go on typing.
    pub complete: bool,
}

impl<T: Named> Found<T> {
    /// Ranks rows and keeps the best `limit` of them. `complete` says whether the rows are all that ConnectWise has.
    #[must_use]
    pub fn of(text: SearchText, rows: impl IntoIterator<Item = T>, complete: bool, limit: usize) -> Self {
        let wanted = fold(text.as_str());
        let ranked = |row: T| {
            let names = row.names().map(fold);
            let (best, name) = names.iter().filter_map(|name| Some((rank_folded(&wanted, name)?, name))).min()?;
            let key = (best, name.clone(), row.number());
            Some((key, Hit { rank: best, row }))
        };
        let mut hits: Vec<_> = rows.into_iter().filter_map(ranked).collect();
        hits.sort_by(|(left, _), (right, _)| left.cmp(right));
        hits.dedup_by_key(|((_, _, number), _)| *number);
        Self { text, hits: hits.into_iter().map(|(_, hit)| hit).collect(), complete }.cut(limit)
    }

    /// The best `limit` of what was found.
    #[must_use]
    pub fn cut(mut self, limit: usize) -> Self {
        self.complete &= self.hits.len() <= limit;
        self.hits.truncate(limit);
        self
    }

    /// What was found for a text that goes on where this one ended, without asking again; none where this does not say.
    #[must_use]
    pub fn narrowed(&self, text: &SearchText, limit: usize) -> Option<Self>
    where
        T: Clone,
    {
        // Only capitals are the same to ConnectWise for certain: what contains "café" was found for "caf", not for "cafe".
        let goes_on = text.as_str().to_lowercase().contains(&self.text.as_str().to_lowercase());
        let rows = self.hits.iter().map(|hit| hit.row.clone());
        (self.complete && goes_on).then(|| Self::of(text.clone(), rows, true, limit))
    }

    /// The one record whose whole name is the text; none where there are several.
    #[must_use]
    pub fn only_exact(&self) -> Option<&T> {
        let mut exact = self.hits.iter().filter(|hit| hit.rank == Rank::Exact);
        let first = exact.next()?;
        exact.next().is_none().then_some(&first.row)
    }
}

#[cfg(test)]
mod tests;
