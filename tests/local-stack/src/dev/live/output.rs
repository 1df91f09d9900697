//! What came of a step: tables for a person, one JSON document for a program; progress and questions elsewhere.

use std::io::{self, ErrorKind, Write};

use comfy_table::Table;
use serde_json::Value;

use super::LiveError;
use crate::dev::report;

/// What a step came to.
pub(super) struct Shown {
    /// For programs.
    pub(super) document: Value,
    /// For people.
    pub(super) text: String,
    /// Whether something failed or needs a decision.
    pub(super) attention: bool,
}

impl Shown {
    /// A step that went well.
    pub(super) fn new(document: Value, text: impl Into<String>) -> Self {
        Self { document, text: text.into(), attention: false }
    }
}

/// Where it is shown.
#[derive(Clone, Copy)]
pub(super) struct Output {
    json: bool,
}

impl Output {
    pub(super) const fn new(json: bool) -> Self {
        Self { json }
    }

    /// Prints progress to standard error.
    pub(super) fn tell(self, text: &str) -> Result<(), LiveError> {
        let text = format!("{}\n", clean(text));
        let told = if self.json { write(io::stderr().lock(), &text) } else { write(io::stdout().lock(), &text) };
        told.map_err(LiveError::Terminal)
    }

    /// Shows what the whole came to.
    pub(super) fn end(self, shown: &Shown) -> io::Result<()> {
        let text = if self.json { shown.document.to_string() } else { clean(&shown.text) };
        if text.is_empty() { Ok(()) } else { write(io::stdout().lock(), &format!("{text}\n")) }
    }

    /// Shows why it could not be done.
    pub(super) fn fail(self, error: &LiveError) -> io::Result<()> {
        write(io::stderr().lock(), &format!("{}\n", clean(&error.to_string())))?;
        if self.json { write(io::stdout().lock(), &format!("{}\n", error.document())) } else { Ok(()) }
    }
}

/// Writes all of it; a reader that has seen enough and gone is no error.
fn write(mut to: impl Write, text: &str) -> io::Result<()> {
    match to.write_all(text.as_bytes()).and_then(|()| to.flush()) {
        Err(gone) if gone.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// The text without control characters: a name that somebody typed elsewhere must not steer this terminal.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

/// A table with these headings.
pub(super) fn table<const N: usize>(headings: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> Table {
    let mut table = report::table(headings);
    for row in rows {
        table.add_row(row);
    }
    table
}

/// A field of an answer as a text; empty where it is absent.
pub(super) fn text(field: &Value) -> String {
    match field.as_str() {
        Some(text) => text.to_owned(),
        None if field.is_null() => String::new(),
        None => field.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_steer_the_terminal() {
        assert_eq!(clean("ACME\u{1b}[2J\u{9b}0m\r\nnext"), "ACME\u{fffd}[2J\u{fffd}0m\u{fffd}\nnext");
    }
}
