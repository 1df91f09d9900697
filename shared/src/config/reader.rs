//! Reads variables one by one and collects all faults, so that one error names them all.

use url::Url;

use super::{ConfigError, Fault};
use crate::domain::mail_address::MailAddress;
use crate::http::ApiOptions;

/// A reader of variables. A method returns `None` if and only if it recorded a fault.
pub(super) struct Reader<L> {
    lookup: L,
    faults: Vec<Fault>,
}

impl<L: Fn(&str) -> Option<String>> Reader<L> {
    pub(super) const fn new(lookup: L) -> Self {
        Self { lookup, faults: Vec::new() }
    }

    /// A required variable. An empty one counts as missing: a template writes an unknown value as an empty text.
    pub(super) fn required<T>(&mut self, name: &'static str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        match (self.lookup)(name).filter(|text| !text.is_empty()) {
            Some(text) => self.parsed(name, parse(&text)),
            None => self.parsed(name, Err("is not set".to_owned())),
        }
    }

    /// A variable with a default, which is parsed like a value.
    pub(super) fn optional<T>(
        &mut self,
        name: &'static str,
        default: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = (self.lookup)(name).filter(|text| !text.is_empty());
        self.parsed(name, parse(text.as_deref().unwrap_or(default)))
    }

    /// The settings of all HTTP functions.
    ///
    /// `PARTNER_CLAIM`: the claim of the token that holds the partner's id in Sophos; `custom:partner_id` by default,
    /// which is a Cognito user pool's name for a custom attribute. Nobody but the issuer of tokens may be able to set
    /// it.
    pub(super) fn api(&mut self) -> Option<ApiOptions> {
        let partner_claim = self.optional("PARTNER_CLAIM", "custom:partner_id", text)?;
        Some(ApiOptions { partner_claim })
    }

    /// The settings, or all the faults that prevented them.
    pub(super) fn finish<T>(self, settings: Option<T>) -> Result<T, ConfigError> {
        settings.ok_or(ConfigError { faults: self.faults })
    }

    fn parsed<T>(&mut self, name: &'static str, parsed: Result<T, String>) -> Option<T> {
        parsed.map_err(|what| self.faults.push(Fault { name, what })).ok()
    }
}

/// Any text without spaces around it.
pub(super) fn text(text: &str) -> Result<String, String> {
    if text == text.trim() { Ok(text.to_owned()) } else { Err(format!("has spaces around it: {text:?}")) }
}

/// The address of a service: http or https, with a host.
pub(super) fn address(text: &str) -> Result<Url, String> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url),
        Ok(_) | Err(_) => Err(format!("is no http or https address: {text:?}")),
    }
}

pub(super) fn sender(text: &str) -> Result<Option<MailAddress>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    MailAddress::parse(text).map(Some).map_err(|error| error.to_string())
}

/// `true` or `false` and nothing else: a switch that opens something must not depend on a guess.
pub(super) fn switch(text: &str) -> Result<bool, String> {
    text.parse().map_err(|_| format!("is neither true nor false: {text:?}"))
}

/// Hosts in lower case, separated by commas, with a port unless it is 443; the empty text is none.
pub(super) fn hosts(text: &str) -> Result<Vec<String>, String> {
    let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
    names.map(host).collect()
}

fn host(name: &str) -> Result<String, String> {
    let url = Url::parse(&format!("https://{name}")).ok();
    let host = url.as_ref().and_then(|url| match (url.domain(), url.port()) {
        (Some(domain), Some(port)) => Some(format!("{domain}:{port}")),
        (Some(domain), None) => Some(domain.to_owned()),
        (None, _) => None,
    });
    // The text must be the host and nothing else: a path or a user would be dropped here silently.
    let host = host.filter(|host| host.contains('.') && !host.contains('*') && name.eq_ignore_ascii_case(host));
    host.ok_or_else(|| {
        format!(
            "has {name:?}, which is no full host name such as psa.example.com or psa.example.com:8443 \
             (no scheme, path, wildcard or IP address)"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_single_names_without_wildcards_or_addresses() {
        let read = hosts(" PSA.Example.com ,psa2.example.com:8443,").unwrap();
        assert_eq!(read, ["psa.example.com", "psa2.example.com:8443"]);
        assert_eq!(hosts("").unwrap(), Vec::<String>::new());
        let wrong = "https://psa.example.com psa.example.com/ user@psa.example.com *.example.com 10.0.0.1 0x7f.1 [::1] localhost";
        for wrong in wrong.split(' ') {
            assert!(hosts(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_address_has_a_scheme_and_a_host() {
        assert!(address("https://sqs.eu-central-1.amazonaws.com/1/q").is_ok());
        for wrong in ["sqs.eu-central-1.amazonaws.com/1/q", "file:///q", "https://", "my-queue"] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_switch_is_true_or_false() {
        assert_eq!([switch("true"), switch("false")], [Ok(true), Ok(false)]);
        for wrong in ["1", "TRUE", "yes", " true"] {
            assert!(switch(wrong).is_err(), "{wrong}");
        }
    }
}
