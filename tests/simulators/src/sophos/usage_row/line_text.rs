//! Writes one JSON object member by member, so that a member's value may be text that no JSON library would write.

use std::fmt::{Display, Write as _};

use uuid::Uuid;

/// A line being written. Members that a test bends are left to the end and written as given.
pub(super) struct LineText<'row> {
    text: String,
    bent: &'row [(String, Option<String>)],
}

impl<'row> LineText<'row> {
    pub(super) fn new(bent: &'row [(String, Option<String>)]) -> Self {
        Self { text: String::from("{"), bent }
    }

    pub(super) fn string(&mut self, name: &str, value: &str) {
        self.typed(name, serde_json::Value::from(value));
    }

    pub(super) fn number(&mut self, name: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.typed(name, value);
        }
    }

    pub(super) fn id(&mut self, name: &str, value: Option<Uuid>) {
        if let Some(value) = value {
            self.typed(name, format_args!("\"{value}\""));
        }
    }

    /// The whole object, its bent members at the end; of two that bend the same member the later one counts.
    pub(super) fn finish(mut self) -> String {
        for (place, (name, text)) in self.bent.iter().enumerate() {
            let bent_again = self.bent[place + 1..].iter().any(|(later, _)| later == name);
            if let (Some(text), false) = (text, bent_again) {
                self.member(name, text);
            }
        }
        self.text.push('}');
        self.text
    }

    fn typed(&mut self, name: &str, value: impl Display) {
        if !self.bent.iter().any(|(bent, _)| bent == name) {
            self.member(name, value);
        }
    }

    fn member(&mut self, name: &str, value: impl Display) {
        let comma = if self.text.len() > 1 { "," } else { "" };
        // Writing to a String cannot fail.
        self.text.write_fmt(format_args!("{comma}\"{name}\":{value}")).unwrap_or_default();
    }
}
