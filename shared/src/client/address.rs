//! The addresses that a partner may enter for its PSA. A partner chooses the address, and this program calls it.
//!
//! The text is checked here, and the resolver checks again at each connection. Redirects are never followed.

use std::net::IpAddr;

use url::{Host, Url};

use crate::domain::language::Text;

/// The vendor's cloud: each host without and with the API's prefix.
const CLOUD_HOSTS: [(&str, &str); 5] = [
    ("na.myconnectwise.net", "api-na.myconnectwise.net"),
    ("eu.myconnectwise.net", "api-eu.myconnectwise.net"),
    ("au.myconnectwise.net", "api-au.myconnectwise.net"),
    ("za.myconnectwise.net", "api-za.myconnectwise.net"),
    ("staging.connectwisedev.com", "api-staging.connectwisedev.com"),
];

/// Where calls may go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AddressPolicy {
    /// To public addresses over https only.
    #[default]
    Vendor,
    /// Also to this machine and over http, for simulators. The deployment template never sets it.
    VendorAndLoopback,
    /// Only to this machine: the calls of tests and the local stack never leave it.
    Loopback,
}

/// The hosts that a partner may enter.
#[derive(Clone, Debug, Default)]
pub struct AddressRules {
    /// Where calls may go.
    pub policy: AddressPolicy,
    /// Hosts besides the vendor's cloud, as `psa.example.com` or `psa.example.com:8443`: on-premise servers that the
    /// operator of this service has approved.
    pub allowed_hosts: Vec<String>,
}

/// Why an address is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// The text is not an address.
    #[error("it is not an address such as na.myconnectwise.net")]
    NotAnAddress,
    /// The address has a user, a path, a query or a fragment.
    #[error("only a host is expected, without a user, path or query")]
    MoreThanAHost,
    /// The scheme is not https.
    #[error("only https is allowed")]
    NotHttps,
    /// The host is an IP address.
    #[error("an IP address is not allowed; use the server's name")]
    IpAddress,
    /// The host is neither the vendor's nor allowed by the operator.
    #[error("{host} is neither a ConnectWise cloud host nor one that this service allows")]
    NotAllowed {
        /// The host, with its port if the address has one.
        host: String,
    },
}

impl From<&AddressError> for Text {
    fn from(error: &AddressError) -> Self {
        let italian = match error {
            AddressError::NotAnAddress => "non è un indirizzo come na.myconnectwise.net".to_owned(),
            AddressError::MoreThanAHost => "occorre solo il nome del server, senza utente, percorso o query".to_owned(),
            AddressError::NotHttps => "è ammesso solo https".to_owned(),
            AddressError::IpAddress => "un indirizzo IP non è ammesso; usare il nome del server".to_owned(),
            AddressError::NotAllowed { host } => {
                format!("{host} non è un server cloud di ConnectWise né uno ammesso da questo servizio")
            }
        };
        Self::new(error.to_string(), italian)
    }
}

/// The address of a PSA that may be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PsaAddress(Url);

impl PsaAddress {
    /// Reads what a partner entered: a host or its https address. A cloud host may have the prefix `api-` or not.
    ///
    /// # Errors
    /// An address that [`AddressRules`] do not allow.
    pub fn parse(site: &str, rules: &AddressRules) -> Result<Self, AddressError> {
        let site = site.trim();
        // The URL standard drops tabs and line ends and reads a backslash as a slash: all of them are refused.
        if site.is_empty() || !site.bytes().all(|b| b.is_ascii_graphic() && b != b'\\') {
            return Err(AddressError::NotAnAddress);
        }
        let address = if site.contains("://") { Url::parse(site) } else { Url::parse(&format!("https://{site}")) };
        let url = address.map_err(|_| AddressError::NotAnAddress)?;
        let bare = url.username().is_empty() && url.password().is_none() && url.path() == "/";
        if !bare || url.query().is_some() || url.fragment().is_some() {
            return Err(AddressError::MoreThanAHost);
        }
        Self::check(url, rules)
    }

    fn check(url: Url, rules: &AddressRules) -> Result<Self, AddressError> {
        if rules.policy != AddressPolicy::Vendor && is_loopback(&url) {
            return Ok(Self(url));
        }
        if rules.policy == AddressPolicy::Loopback {
            return Err(AddressError::NotAllowed { host: url.host_str().unwrap_or_default().to_owned() });
        }
        if url.scheme() != "https" {
            return Err(AddressError::NotHttps);
        }
        let Some(Host::Domain(name)) = url.host() else {
            return Err(AddressError::IpAddress);
        };
        let host = match url.port() {
            Some(port) => format!("{name}:{port}"),
            None => name.to_owned(),
        };
        if rules.allowed_hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(&host)) {
            return Ok(Self(url));
        }
        let Some((_, api)) = CLOUD_HOSTS.iter().find(|(plain, api)| host == *plain || host == *api) else {
            return Err(AddressError::NotAllowed { host });
        };
        Url::parse(&format!("https://{api}/")).map(Self).map_err(|_| AddressError::NotAnAddress)
    }

    /// The URL of a path on the host; `segments` are escaped, `rest` is not.
    pub(super) fn join(&self, segments: &[&str], rest: &str) -> Option<Url> {
        let mut url = self.0.clone();
        url.path_segments_mut().ok()?.clear().extend(segments);
        let path = format!("{}{rest}", url.path());
        url.set_path(&path);
        Some(url)
    }

    /// The host for messages, with its port unless that is the default.
    #[must_use]
    pub fn host(&self) -> String {
        host_and_port(&self.0)
    }
}

pub(super) fn host_and_port(url: &Url) -> String {
    let name = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{name}:{port}"),
        None => name.to_owned(),
    }
}

/// Whether a URL names this machine, over http or https.
pub(super) fn is_loopback(url: &Url) -> bool {
    let here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        None => false,
    };
    here && matches!(url.scheme(), "http" | "https")
}

#[cfg(test)]
pub(super) mod hostile;
#[cfg(test)]
mod tests;
