//! A client's own secrets, struck out of the words of the service: a server that repeats the headers of a request in its
//! refusal must not bring a key to a screen or into a log.

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

/// What stands in the place of a secret.
const STRUCK: &str = "[…]";
/// Shorter texts are no keys, and striking them would garble sentences.
const SHORTEST: usize = 6;
/// A word after one of these is a credential, whichever it is.
const SCHEMES: [&str; 2] = ["bearer", "basic"];

/// The secrets that one client sends.
#[derive(Clone, Default)]
pub(super) struct Secrets(Arc<[SecretString]>);

impl Secrets {
    pub(super) fn new(secrets: impl IntoIterator<Item = SecretString>) -> Self {
        let mut secrets: Vec<SecretString> =
            secrets.into_iter().filter(|secret| secret.expose_secret().len() >= SHORTEST).collect();
        // A secret that contains another one goes first, so that nothing of it stays.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.expose_secret().len()));
        Self(secrets.into())
    }

    /// The text without the secrets.
    pub(super) fn strike(&self, text: &str) -> String {
        let struck = self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret.expose_secret(), STRUCK));
        let mut after_scheme = false;
        let words = struck.split(' ').map(|word| {
            let shown = if after_scheme && word.len() >= SHORTEST && !word.contains(STRUCK) { STRUCK } else { word };
            after_scheme = SCHEMES.iter().any(|scheme| word.to_ascii_lowercase().ends_with(scheme));
            shown
        });
        words.collect::<Vec<_>>().join(" ")
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_stays_in_a_text_that_repeats_it() {
        let secrets = Secrets::new(["canary-a", "acme+canary-a:canary-b", "", "key"].map(SecretString::from));
        for (text, struck) in [
            ("no canary-a, canary-a!", "no […], […]!"),
            ("keys acme+canary-a:canary-b are wrong", "keys […] are wrong"),
            ("a key is wrong", "a key is wrong"),
            ("Authorization: Bearer eyJ.abc.def expired", "Authorization: Bearer […] expired"),
            ("a bearer is needed", "a bearer is needed"),
            ("", ""),
        ] {
            assert_eq!(secrets.strike(text), struck);
        }
        assert!(!format!("{secrets:?}").contains("canary"));
    }
}
