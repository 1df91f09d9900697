//! The port to the mail service.

use std::future::Future;

use crate::domain::mail_address::MailAddress;
use crate::error::MailError;

/// A mail in plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The recipient.
    pub to: MailAddress,
    /// The subject; sent as [`Mail::subject_line`].
    pub subject: String,
    /// The body, plain text.
    pub text: String,
}

impl Mail {
    /// The subject for the header. Control characters, which could end the header and begin another, become spaces.
    #[must_use]
    pub fn subject_line(&self) -> String {
        // The line and paragraph separators are not control characters but are displayed as line breaks.
        let breaks = |sign: char| sign.is_control() || matches!(sign, '\u{2028}' | '\u{2029}');
        self.subject.replace(breaks, " ")
    }
}

/// Sends mails. The implementation knows the sender's address.
pub trait Mailer: Send + Sync {
    /// Hands a mail over for delivery. It may be repeated after a lost response, so a mail may arrive twice.
    fn send(&self, mail: &Mail) -> impl Future<Output = Result<(), MailError>> + Send;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_cannot_begin_another_header() {
        for (subject, line) in [
            ("Sync: 3 lines wait", "Sync: 3 lines wait"),
            ("Müller & Söhne: 日本", "Müller & Söhne: 日本"),
            ("Sync\r\nBcc: evil@example.com", "Sync  Bcc: evil@example.com"),
            ("a\nb\rc\0d\te\u{85}f\u{7f}g\u{2028}h\u{2029}i", "a b c d e f g h i"),
        ] {
            let to = MailAddress::parse("billing@example.com").unwrap();
            let mail = Mail { to, subject: subject.to_owned(), text: String::new() };
            assert_eq!(mail.subject_line(), line);
        }
    }
}
