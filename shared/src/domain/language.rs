//! The languages of the texts that people read.

use serde::{Deserialize, Serialize};

/// A language that the product speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Language {
    /// The default.
    #[default]
    #[serde(rename = "en")]
    English,
    /// As Italian partners read it.
    #[serde(rename = "it")]
    Italian,
}

impl Language {
    /// The tag of the language for `Content-Language`.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Italian => "it",
        }
    }
}

/// A sentence in every language of the product. Which one is shown is chosen where it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    english: String,
    italian: String,
}

impl Text {
    /// A sentence in both languages.
    pub fn new(english: impl Into<String>, italian: impl Into<String>) -> Self {
        Self { english: english.into(), italian: italian.into() }
    }

    /// A sentence that is composed for each language.
    pub fn in_each(compose: impl Fn(Language) -> String) -> Self {
        Self { english: compose(Language::English), italian: compose(Language::Italian) }
    }

    /// What is the same in every language: a name, or the words of another service.
    pub fn same(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { italian: text.clone(), english: text }
    }

    /// The sentence about a line of a sheet, with the line's number in front.
    #[must_use]
    pub fn in_line(&self, line: u64) -> Self {
        Self { english: format!("Line {line}: {}", self.english), italian: format!("Riga {line}: {}", self.italian) }
    }

    /// The sentence about a cell of a sheet, with the line's number and the column's name in front.
    #[must_use]
    pub fn in_cell(&self, line: u64, column: &str) -> Self {
        Self {
            english: format!("Line {line}, {column}: {}", self.english),
            italian: format!("Riga {line}, {column}: {}", self.italian),
        }
    }

    /// The sentence in a language.
    #[must_use]
    pub fn in_language(&self, language: Language) -> &str {
        match language {
            Language::English => &self.english,
            Language::Italian => &self.italian,
        }
    }
}
