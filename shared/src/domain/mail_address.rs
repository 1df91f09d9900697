//! A mail address that can be nothing else: neither two of them, nor a header, nor a name with an address behind it.
//!
//! Stricter than the mail standards: what they allow and hardly any mailbox has (quotes, comments, IP addresses, letters
//! beyond ASCII) is refused.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::host_name::is_host_name;
use super::language::Text;

/// The longest address, in bytes: what a mail server takes.
pub const MAX_MAIL_ADDRESS_BYTES: usize = 254;
const MAX_MAILBOX_BYTES: usize = 64;

/// A mail address, its domain in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MailAddress(String);

/// A text that is no mail address; says the text that was given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a mail address: expected one such as billing@example.com, of at most 254 characters")]
pub struct MailAddressError {
    text: String,
}

impl From<MailAddressError> for Text {
    fn from(error: MailAddressError) -> Self {
        let italian = format!(
            "«{}» non è un indirizzo e-mail: occorre un indirizzo come billing@example.com, di al massimo 254 caratteri",
            error.text
        );
        Self::new(error.to_string(), italian)
    }
}

impl MailAddress {
    /// Reads an address, spaces around it removed. Mailboxes are kept as written: only their server knows whether
    /// capitals matter.
    ///
    /// # Errors
    /// Anything but a mailbox of letters, digits, single dots and the signs ``!#$%&'*+-/=?^_`{|}~``, an `@`, and a domain
    /// name with a dot.
    pub fn parse(text: &str) -> Result<Self, MailAddressError> {
        let address = text.trim();
        let parts = address.split_once('@').filter(|_| address.len() <= MAX_MAIL_ADDRESS_BYTES);
        match parts {
            Some((mailbox, domain)) if is_mailbox(mailbox) && is_host_name(domain) => {
                Ok(Self(format!("{mailbox}@{}", domain.to_ascii_lowercase())))
            }
            _ => Err(MailAddressError { text: text.chars().take(80).collect() }),
        }
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_mailbox(text: &str) -> bool {
    let of_signs = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
    };
    text.len() <= MAX_MAILBOX_BYTES && text.split('.').all(of_signs)
}

impl TryFrom<String> for MailAddress {
    type Error = MailAddressError;

    fn try_from(text: String) -> Result<Self, MailAddressError> {
        Self::parse(&text)
    }
}

impl From<MailAddress> for String {
    fn from(address: MailAddress) -> String {
        address.0
    }
}

impl fmt::Display for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_as_written_but_for_the_capitals_of_its_domain() {
        for (text, kept) in [
            (" Billing.Team+psa@Example.COM ", "Billing.Team+psa@example.com"),
            ("o'neil_#1@mail.xn--bcher-kva.example", "o'neil_#1@mail.xn--bcher-kva.example"),
            ("a@4.3com.example", "a@4.3com.example"),
        ] {
            assert_eq!(MailAddress::parse(text).unwrap().as_str(), kept);
        }
    }

    #[test]
    fn whatever_could_be_two_addresses_a_header_or_no_address_is_refused() {
        for text in [
            "",
            "@",
            "billing",
            "billing@",
            "@example.com",
            "billing@example",
            "billing@example.",
            "billing@.example",
            "billing@example..com",
            "billing@-a.example",
            "billing@a-.example",
            "billing@a_b.example",
            "billing@127.0.0.1",
            "billing@[127.0.0.1]",
            "billing@@example.com",
            "a@b@example.com",
            "a@example.com@b.example",
            ".a@example.com",
            "a.@example.com",
            "a..b@example.com",
            "a@example.com,b@example.com",
            "a@example.com;b@example.com",
            "a,b@example.com",
            "a b@example.com",
            "a@exam ple.com",
            "a@example.com b@example.com",
            "Billing <a@example.com>",
            "<a@example.com>",
            "\"a b\"@example.com",
            "a(b)@example.com",
            "a:b@example.com",
            "a\\b@example.com",
            "a@example.com\r\nBcc: b@example.com",
            "a\r\n@example.com",
            "a\t@example.com",
            "a\0@example.com",
            "a\u{7f}@example.com",
            "ä@example.com",
            "a@exämple.com",
            "a@example.com\u{200b}",
            "a\u{ff20}example.com",
        ] {
            assert!(MailAddress::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_address_is_at_most_254_bytes_long_its_mailbox_64_and_a_label_63() {
        let of = |mailbox: usize, domain: usize| {
            let labels = format!("{}.", "d".repeat(63)).repeat(2);
            format!("{}@{labels}{}.example", "m".repeat(mailbox), "e".repeat(domain))
        };
        assert_eq!(of(64, 53).len(), 254);
        assert!(MailAddress::parse(&of(64, 53)).is_ok());
        assert!(MailAddress::parse(&of(64, 54)).is_err());
        assert!(MailAddress::parse(&of(65, 1)).is_err());
        assert!(MailAddress::parse(&of(1, 63)).is_ok());
        assert!(MailAddress::parse(&of(1, 64)).is_err());
    }

    #[test]
    fn a_stored_address_is_checked_again_when_it_is_read() {
        let address = MailAddress::parse("a@example.com").unwrap();
        assert_eq!(serde_json::to_string(&address).unwrap(), r#""a@example.com""#);
        assert_eq!(serde_json::from_str::<MailAddress>(r#""a@example.com""#).unwrap(), address);
        assert!(serde_json::from_str::<MailAddress>(r#""a@example.com,b@example.com""#).is_err());
    }
}
