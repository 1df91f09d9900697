//! The table of routes in `infra/routes.md`, made from the document, so that it cannot be older than the API.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::operation::operations;

const BEGINS: &str = "<!-- the table of routes: cargo openapi writes it -->\n";
const ENDS: &str = "<!-- the table ends -->\n";

/// Whether the file has the table of `document`.
pub(super) fn is_of(document: &Value) -> io::Result<bool> {
    let text = fs::read_to_string(path())?;
    Ok(with_table(&text, document)? == text)
}

/// Writes the table of `document` into the file.
pub(super) fn write(document: &Value) -> io::Result<()> {
    let text = fs::read_to_string(path())?;
    fs::write(path(), with_table(&text, document)?)
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/routes.md")
}

fn with_table(text: &str, document: &Value) -> io::Result<String> {
    let no_place = || io::Error::other("infra/routes.md has no place for the table of routes");
    let (before, rest) = text.split_once(BEGINS).ok_or_else(no_place)?;
    let (_, after) = rest.split_once(ENDS).ok_or_else(no_place)?;
    Ok(format!("{before}{BEGINS}{}{ENDS}{after}", table(document)))
}

fn table(document: &Value) -> String {
    let mut table = String::from("| route | does | scope |\n|---|---|---|\n");
    for operation in operations(document) {
        let summary = operation.summary.trim_end_matches('.');
        table.push_str(&format!("| `{}` | {summary} | `{}` |\n", operation.key(), operation.scope));
    }
    table
}
