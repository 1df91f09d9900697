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
