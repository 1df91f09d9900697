//! Mail to a partner's people.

use std::future::Future;

use crate::domain::mail_address::MailAddress;
use crate::error::MailError;

/// A mail of plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// To whom.
    pub to: MailAddress,
    /// What it is about; sent as [`Mail::subject_line`].
    pub subject: String,
    /// Its text.
    pub text: String,
}

impl Mail {
    /// The subject as it may stand in a header: a control character, which could end the header and begin another, is
    /// a space.
    #[must_use]
    pub fn subject_line(&self) -> String {
        // The separators of lines and paragraphs are no control characters, and are shown as ends of lines all the same.
        let breaks = |sign: char| sign.is_control() || matches!(sign, '\u{2028}' | '\u{2029}');
        self.subject.replace(breaks, " ")
    }
}

/// Sends mails. The sender is the adapter's own.
pub trait Mailer: Send + Sync {
    /// Hands a mail over to be delivered. After an answer that was lost it may be handed over again: a mail may arrive
    /// twice.
    ///
    /// # Errors
    /// [`MailError`].
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
