//! Reads the settings of `console`: how a person signs in, and which sites may frame the page.

use url::Url;

use super::reader::{Reader, address, text};
use super::{ConfigError, environment};
use crate::telemetry::LogFilter;

/// The settings of `console`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Console {
    /// `JWT_ISSUER`: the issuer of the tokens; its OpenID configuration is at `/.well-known/openid-configuration`.
    pub issuer: Url,
    /// `CONSOLE_CLIENT_ID`: the public client of the issuer that people sign in with.
    pub client_id: String,
    /// `CONSOLE_SIGN_IN_ORIGIN`: the origin that hands out tokens, if it is not the issuer's; none by default.
    pub sign_in_origin: Option<Url>,
    /// `CONSOLE_FRAME_ANCESTORS`: which sites may show the page in a frame, as Content-Security-Policy lists them; `'none'`
    /// by default.
    pub frame_ancestors: String,
    /// `RUST_LOG`: what is logged, such as `info` or `info,shared=debug`; `info` by default.
    pub log_filter: LogFilter,
}

impl Console {
    /// Reads them from the environment.
    ///
    /// # Errors
    /// Every variable that is missing or wrong, in one error.
    pub fn from_environment() -> Result<Self, ConfigError> {
        Self::from_lookup(environment)
    }

    /// Reads them through `lookup`, which finds a variable by its name.
    ///
    /// # Errors
    /// As [`Self::from_environment`].
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(lookup);
        let issuer = reader.required("JWT_ISSUER", address);
        let client_id = reader.required("CONSOLE_CLIENT_ID", text);
        let sign_in_origin = reader.optional("CONSOLE_SIGN_IN_ORIGIN", "", optional_address);
        let frame_ancestors = reader.optional("CONSOLE_FRAME_ANCESTORS", "'none'", ancestors);
        let log_filter = reader.optional("RUST_LOG", "info", LogFilter::parse);
        let whole = || {
            Some(Self {
                issuer: issuer?,
                client_id: client_id?,
                sign_in_origin: sign_in_origin?,
                frame_ancestors: frame_ancestors?,
                log_filter: log_filter?,
            })
        };
        reader.finish(whole())
    }
}

fn optional_address(text: &str) -> Result<Option<Url>, String> {
    if text.is_empty() { Ok(None) } else { address(text).map(Some) }
}

/// `'none'`, `'self'` or https origins separated by spaces: nothing that could end the directive and start another.
fn ancestors(text: &str) -> Result<String, String> {
    // The URL parser accepts a semicolon in a host name.
    let is_plain = |source: &str| source.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":/.-[]".contains(&byte));
    let is_origin = |source: &str| {
        let url = Url::parse(source).ok().filter(|_| is_plain(source));
        url.is_some_and(|url| url.scheme() == "https" && url.origin().ascii_serialization() == source)
    };
    if text.split(' ').all(|source| matches!(source, "'none'" | "'self'") || is_origin(source)) {
        Ok(text.to_owned())
    } else {
        Err(format!("is neither 'none' nor 'self' nor a list of https origins with a space between them: {text:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_ancestor_is_a_whole_origin_and_cannot_add_a_directive() {
        for good in ["'none'", "'self'", "https://psa.example.com", "'self' https://a.example https://b.example:8443"] {
            assert_eq!(ancestors(good), Ok(good.to_owned()));
        }
        for wrong in
            ["", "*", "http://psa.example.com", "https://a.example/", "'self'; script-src *", "https://a.example;"]
        {
            assert!(ancestors(wrong).is_err(), "{wrong}");
        }
    }
}
