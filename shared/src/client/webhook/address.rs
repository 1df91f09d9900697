//! Where a partner wants its alerts: an address of the partner's choice that this program calls.
//!
//! Its path and query are a secret: whoever knows the address of a chat's webhook can write into that chat.

use std::fmt;

use url::{Host, Url};

use crate::client::address::{AddressPolicy, host_and_port, is_loopback};
use crate::domain::host_name::is_host_name;

/// The longest address, in characters, as it is called.
pub const MAX_ADDRESS_CHARS: usize = 500;

/// An address that alerts may be sent to.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookAddress(Url);

/// Why an address is refused. Does not say what stood there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookAddressError {
    /// It cannot be read as one.
    #[error("it is not an address such as https://hooks.example.com/alerts")]
    NotAnAddress,
    /// It is longer than [`MAX_ADDRESS_CHARS`].
    #[error("it is longer than {MAX_ADDRESS_CHARS} characters")]
    TooLong,
    /// It is not https.
    #[error("only https is allowed")]
    NotHttps,
    /// It has a user or a password.
    #[error("a user or password before the host is not allowed")]
    UserOrPassword,
    /// It has a fragment.
    #[error("what stands behind # is never sent; leave it out")]
    Fragment,
    /// It is an IP address, in whatever spelling.
    #[error("an IP address is not allowed; use the server's name")]
    IpAddress,
    /// The host cannot be a name on the Internet, or is not written as it is called.
    #[error("the host is not written as a name on the Internet such as hooks.example.com")]
    NotAPublicName,
    /// It leads away from this machine, and nothing may.
    #[error("only this machine may be called here")]
    NotThisMachine,
}

impl WebhookAddress {
    /// Reads what a partner typed, or what [`WebhookAddress::expose`] gave.
    ///
    /// # Errors
    /// [`WebhookAddressError`].
    pub fn parse(text: &str, policy: AddressPolicy) -> Result<Self, WebhookAddressError> {
        let text = text.trim();
        if text.len() > MAX_ADDRESS_CHARS {
            return Err(WebhookAddressError::TooLong);
        }
        // The URL standard drops tabs and line ends and takes a backslash for a slash: none of them is let through.
        if !text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\') {
            return Err(WebhookAddressError::NotAnAddress);
        }
        let url = Url::parse(text).map_err(|_| WebhookAddressError::NotAnAddress)?;
        let typed = typed_authority(text, &url).ok_or(WebhookAddressError::NotAnAddress)?;
        if typed.contains('@') {
            return Err(WebhookAddressError::UserOrPassword);
        }
        if url.fragment().is_some() {
            return Err(WebhookAddressError::Fragment);
        }
        // Signs that an address cannot have are escaped, which makes it longer.
        if url.as_str().len() > MAX_ADDRESS_CHARS {
            return Err(WebhookAddressError::TooLong);
        }
        if policy != AddressPolicy::Vendor && is_loopback(&url) {
            return Ok(Self(url));
        }
        if policy == AddressPolicy::Loopback {
            return Err(WebhookAddressError::NotThisMachine);
        }
        Self::check(url, typed)
    }

    fn check(url: Url, typed: &str) -> Result<Self, WebhookAddressError> {
        if url.scheme() != "https" {
            return Err(WebhookAddressError::NotHttps);
        }
        // The URL standard reads decimal, octal, hexadecimal, shortened and escaped addresses of version 4 as such.
        let Some(Host::Domain(name)) = url.host() else {
            return Err(WebhookAddressError::IpAddress);
        };
        let typed_name = typed.split_once(':').map_or(typed, |(name, _)| name);
        if !typed_name.eq_ignore_ascii_case(name) || !is_host_name(name) {
            return Err(WebhookAddressError::NotAPublicName);
        }
        Ok(Self(url))
    }

    /// The host, with its port where it is not the usual one; for sentences.
    #[must_use]
    pub fn host(&self) -> String {
        host_and_port(&self.0)
    }

    /// The whole address in the clear, path and query included: to be sealed, and for nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.as_str()
    }

    pub(super) const fn url(&self) -> &Url {
        &self.0
    }
}

impl fmt::Debug for WebhookAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookAddress({}://{}/…)", self.0.scheme(), self.host())
    }
}

/// What stands between `://` and the path, as it was typed; none where nothing does.
fn typed_authority<'a>(text: &'a str, url: &Url) -> Option<&'a str> {
    let rest = text.get(url.scheme().len()..)?.strip_prefix("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    rest.get(..end).filter(|typed| !typed.is_empty())
}

#[cfg(test)]
mod tests;
