//! The catalogue of errors over HTTP: each code with its meaning, and advice that a billing clerk can follow.
//!
//! A code is a promise, because programs branch on it. Codes may be added; none is renamed, and none changes its
//! status. Every text is in English and in Italian; the compiler requires both.

mod codes;

pub use self::codes::ProblemCode;
use super::language::Language;
use axum::http::StatusCode;

/// A text in the languages of the product.
struct Text {
    en: &'static str,
    it: &'static str,
}

/// The catalogue's entry for a code.
struct Entry {
    code: &'static str,
    status: u16,
    retryable: bool,
    title: Text,
    advice: Text,
}

/// `once`: the same request fails until somebody changes something. `again`: it may succeed by itself.
macro_rules! retryable {
    (once) => {
        false
    };
    (again) => {
        true
    };
}

macro_rules! catalogue {
    ($($(#[$doc:meta])* $name:ident $code:literal $status:literal $when:ident {
        $title_en:literal, $advice_en:literal, $title_it:literal, $advice_it:literal $(,)?
    })+) => {
        /// What went wrong, as programs read it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "camelCase")]
        pub enum ProblemCode {
            $($(#[$doc])* $name,)+
        }

        impl ProblemCode {
            /// All codes, in the order of the catalogue.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            pub(super) const fn entry(self) -> Entry {
                match self {
                    $(Self::$name => Entry {
                        code: $code,
                        status: $status,
                        retryable: retryable!($when),
                        title: Text { en: $title_en, it: $title_it },
                        advice: Text { en: $advice_en, it: $advice_it },
                    },)+
                }
            }
        }
    };
}
use {catalogue, retryable};

impl ProblemCode {
    /// The code as it appears in responses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.entry().code
    }

    /// The HTTP status of the code; 4xx or 5xx.
    #[must_use]
    pub fn status(self) -> StatusCode {
        StatusCode::from_u16(self.entry().status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Whether the same request may succeed later without any change.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        self.entry().retryable
    }

    /// What happened, in one line.
    #[must_use]
    pub const fn title(self, language: Language) -> &'static str {
        language.of(&self.entry().title)
    }

    /// What to do next.
    #[must_use]
    pub const fn advice(self, language: Language) -> &'static str {
        language.of(&self.entry().advice)
    }
}

impl Language {
    const fn of(self, text: &Text) -> &'static str {
        match self {
            Self::English => text.en,
            Self::Italian => text.it,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_has_a_title_and_advice_in_both_languages() {
        for code in ProblemCode::ALL {
            let texts = [Language::English, Language::Italian].map(|l| [code.title(l), code.advice(l)]);
            for text in texts.iter().flatten() {
                assert!(text.len() > 8 && text.trim() == *text, "{code:?}: {text:?}");
            }
            for (english, italian) in texts[0].iter().zip(texts[1]) {
                assert_ne!(*english, italian, "{code:?} is not translated");
            }
            for advice in [texts[0][1], texts[1][1]] {
                assert!(advice.ends_with('.'), "{code:?}: advice is a sentence: {advice:?}");
            }
        }
    }

    #[test]
    fn a_code_appears_in_responses_as_in_the_catalogue_and_is_unique() {
        let mut seen = BTreeSet::new();
        for code in ProblemCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
            assert!(seen.insert(code.as_str()), "{code:?} has the code of another");
        }
    }

    #[test]
    fn every_code_has_an_error_status_and_no_gateway_or_overload_error_is_final() {
        for code in ProblemCode::ALL {
            let status = code.status();
            assert!(status.is_client_error() || status.is_server_error(), "{code:?}");
            assert_eq!(status.as_u16(), code.entry().status);
            if matches!(status.as_u16(), 429 | 502 | 503) {
                assert!(code.is_retryable(), "{code:?}");
            }
        }
    }
}
