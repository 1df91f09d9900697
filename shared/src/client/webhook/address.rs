//! Where a partner receives its alerts: an address of the partner's choice that this program calls.
//!
//! The path and the query are a secret: anyone who knows the address of a chat's webhook can write into that chat.

use std::fmt;

use url::{Host, Url};

use crate::client::address::{AddressPolicy, host_and_port, is_loopback};
use crate::domain::host_name::is_host_name;
use crate::domain::language::Text;

/// The longest address, in characters, escapes included.
pub const MAX_ADDRESS_CHARS: usize = 500;

/// An address that alerts may be sent to.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookAddress(Url);

/// Why an address is refused. Never quotes the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookAddressError {
    /// The text is not an address.
    #[error("it is not an address such as https://hooks.example.com/alerts")]
    NotAnAddress,
    /// The address is longer than [`MAX_ADDRESS_CHARS`].
    #[error("it is longer than {MAX_ADDRESS_CHARS} characters")]
    TooLong,
    /// The scheme is not https.
    #[error("only https is allowed")]
    NotHttps,
    /// The address has a user or a password.
    #[error("a user or password before the host is not allowed")]
    UserOrPassword,
    #[error("what stands behind # is never sent; leave it out")]
    Fragment,
    /// The host is an IP address, in any spelling.
    #[error("an IP address is not allowed; use the server's name")]
    IpAddress,
    /// The host cannot be a public name, or is spelled differently than it is called.
    #[error("the host is not written as a name on the Internet such as hooks.example.com")]
    NotAPublicName,
    /// The address leads away from this machine, and the policy is [`AddressPolicy::Loopback`].
    #[error("only this machine may be called here")]
    NotThisMachine,
}

impl From<&WebhookAddressError> for Text {
    fn from(error: &WebhookAddressError) -> Self {
        let italian = match error {
            WebhookAddressError::NotAnAddress => "non è un indirizzo come https://hooks.example.com/alerts".to_owned(),
            WebhookAddressError::TooLong => format!("ha più di {MAX_ADDRESS_CHARS} caratteri"),
            WebhookAddressError::NotHttps => "è ammesso solo https".to_owned(),
            WebhookAddressError::UserOrPassword => "prima del server non sono ammessi utente o password".to_owned(),
            WebhookAddressError::Fragment => "ciò che segue # non viene mai inviato; va tralasciato".to_owned(),
            WebhookAddressError::IpAddress => "un indirizzo IP non è ammesso; usare il nome del server".to_owned(),
            WebhookAddressError::NotAPublicName => {
                "il server non è scritto come un nome di Internet, per esempio hooks.example.com".to_owned()
            }
            WebhookAddressError::NotThisMachine => "qui si può chiamare solo questo computer".to_owned(),
        };
        Self::new(error.to_string(), italian)
    }
}

impl WebhookAddress {
    /// Reads what a partner entered, or what [`WebhookAddress::expose`] returned.
    ///
    /// # Errors
    /// An address that the policy does not allow.
    pub fn parse(text: &str, policy: AddressPolicy) -> Result<Self, WebhookAddressError> {
        let text = text.trim();
        if text.len() > MAX_ADDRESS_CHARS {
            return Err(WebhookAddressError::TooLong);
        }
        // The URL standard drops tabs and line ends and reads a backslash as a slash: all of them are refused.
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
        // Escapes of characters that an address cannot have make it longer.
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
        // The URL standard reads decimal, octal, hexadecimal, short and escaped forms of an IPv4 address.
        let Some(Host::Domain(name)) = url.host() else {
            return Err(WebhookAddressError::IpAddress);
        };
        let typed_name = typed.split_once(':').map_or(typed, |(name, _)| name);
        if !typed_name.eq_ignore_ascii_case(name) || !is_host_name(name) {
            return Err(WebhookAddressError::NotAPublicName);
        }
        Ok(Self(url))
    }

    /// The host for messages, with its port unless that is the default.
    #[must_use]
    pub fn host(&self) -> String {
        host_and_port(&self.0)
    }

    /// The whole address in the clear, with path and query: only to be sealed.
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

/// The entered text between `://` and the path; none where it is empty.
fn typed_authority<'a>(text: &'a str, url: &Url) -> Option<&'a str> {
    let rest = text.get(url.scheme().len()..)?.strip_prefix("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    rest.get(..end).filter(|typed| !typed.is_empty())
}

#[cfg(test)]
mod tests;
