//! Tables as CSV: written so that no spreadsheet evaluates a cell, and read with errors that name their line.

use std::borrow::Cow;

use ::csv::{ReaderBuilder, StringRecord, WriterBuilder};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};

use super::catalogue::ProblemCode;
use super::language::Text;
use super::problem::{FieldError, Problem};

/// The header with the `pageFromKey` of the next page; absent on the last.
pub const NEXT_PAGE_KEY: &str = "x-next-page-key";
/// Further errors are dropped: such a file is a different one than intended.
const MAX_ERRORS: usize = 100;

/// A cell that a spreadsheet shows as text: a cell that could start a formula gets an apostrophe in front. A cell that
/// starts with an apostrophe and such a character gets another one, so that [`unguarded`] always restores the original.
#[must_use]
pub fn guarded(cell: &str) -> Cow<'_, str> {
    if is_risky(cell.trim_start_matches('\'')) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// The original of a [`guarded`] cell.
#[must_use]
pub fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if is_risky(rest.trim_start_matches('\'')) => rest,
        _ => cell,
    }
}

/// Spreadsheets evaluate cells that start with these characters, also after spaces, and some accept full-width forms.
fn is_risky(cell: &str) -> bool {
    // A plain negative number is not a formula, and spreadsheets can add it up.
    if is_number(cell) {
        return false;
    }
    let starts = |text: &str| {
        text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'])
    };
    starts(cell) || starts(cell.trim_start())
}

/// Digits with at most a minus sign in front and one decimal point.
fn is_number(cell: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let cell = cell.strip_prefix('-').unwrap_or(cell);
    match cell.split_once('.') {
        Some((whole, part)) => digits(whole) && digits(part),
        None => digits(cell),
    }
}

/// A page of a table. Only the first page has a `header`, so that the pages appended to each other are one file.
///
/// # Errors
/// `internal`: a row has another number of cells than the row before.
pub fn csv_page(
    header: Option<&[&str]>,
    rows: impl IntoIterator<Item = Vec<String>>,
    next_key: Option<&str>,
) -> Result<Response, Problem> {
    let mut writer = WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(Vec::new());
    if let Some(names) = header {
        writer.write_record(names).map_err(|error| unwritable(&error))?;
    }
    for row in rows {
        writer.write_record(row.iter().map(|cell| guarded(cell).into_owned())).map_err(|error| unwritable(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| unwritable(&error))?;
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    // A key is base64url, which is always valid in a header.
    if let Some(key) = next_key.and_then(|key| HeaderValue::try_from(key).ok()) {
        headers.insert(HeaderName::from_static(NEXT_PAGE_KEY), key);
    }
    Ok(response)
}

fn unwritable(error: &dyn std::error::Error) -> Problem {
    tracing::error!(%error, "a table cannot be written as CSV");
    Problem::new(ProblemCode::Internal)
}

/// A row of a parsed table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvRow<const N: usize> {
    /// The line of the file where the row starts; the header is line 1.
    pub line: u64,
    /// The cells in the order of the requested columns, trimmed.
    pub cells: [String; N],
}

/// Reads the requested columns of a table and ignores the others. The separator is that of [`separator_of`]. Blank
/// lines are skipped.
///
/// # Errors
/// `invalidRequest` with every column that is missing or duplicate, or every row with a wrong number of cells, at the
/// JSON pointer `pointer`; at most 100 errors.
pub fn read_csv<const N: usize>(text: &str, columns: [&str; N], pointer: &str) -> Result<Vec<CsvRow<N>>, Problem> {
    let text = &with_plain_lines(text);
    let delimiter = separator_of(text);
    let mut reader =
        ReaderBuilder::new().delimiter(delimiter).flexible(true).has_headers(false).from_reader(text.as_bytes());
    let mut records = reader.records();
    let header = match records.next() {
        Some(Ok(header)) => header,
        Some(Err(_)) | None => StringRecord::new(),
    };
    let indexes = indexes(&header, columns, pointer)?;
    let (mut rows, mut errors) = (Vec::new(), Vec::new());
    for record in records {
        let unreadable = |error: ::csv::Error| {
            let line = error.position().map_or(1, ::csv::Position::line);
            let detail = Text::new("It cannot be read as CSV.", "Non è leggibile come CSV.");
            refused([line_error(pointer, line, "", ProblemCode::Invalid, &detail)])
        };
        let record = record.map_err(unreadable)?;
        let line = record.position().map_or(0, ::csv::Position::line);
        if is_blank(&record) {
            continue;
        }
        if record.len() == header.len() {
            let cell = |at: usize| unguarded(record.get(at).unwrap_or_default().trim()).trim().to_owned();
            rows.push(CsvRow { line, cells: indexes.map(cell) });
        } else if errors.len() < MAX_ERRORS {
            let (found, expected) = (record.len(), header.len());
            let message = Text::new(
                format!("It has {found} cells and the header has {expected}."),
                format!("Ha {found} celle e l'intestazione ne ha {expected}."),
            );
            errors.push(line_error(pointer, line, "", ProblemCode::Invalid, &message));
        }
    }
    if errors.is_empty() { Ok(rows) } else { Err(refused(errors)) }
}

/// The separator of a sheet: a comma, a semicolon or a tab, whichever occurs most often in the header. Spreadsheets of
/// some countries write semicolons, and cells that are copied out of a spreadsheet have tabs.
#[must_use]
pub fn separator_of(text: &str) -> u8 {
    let header = text.lines().next().unwrap_or_default().as_bytes();
    let count = |separator: u8| header.iter().filter(|byte| **byte == separator).count();
    // `max_by_key` returns the last of equal ones: a header with one column gets a comma.
    [b'\t', b';', b','].into_iter().max_by_key(|separator| count(*separator)).unwrap_or(b',')
}

/// Whether all cells of a line are empty.
#[must_use]
pub fn is_blank(record: &StringRecord) -> bool {
    record.iter().all(|cell| cell.trim().is_empty())
}

/// The text of a sheet without a byte order mark and with `\n` as line end: with `\r\n` the reader would count one line
/// too few.
#[must_use]
pub fn with_plain_lines(text: &str) -> String {
    text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n")
}

/// An error in a line of a table, for the field at `pointer`; `column` is empty if the whole line is wrong.
#[must_use]
pub fn line_error(pointer: &str, line: u64, column: &str, code: ProblemCode, what: &Text) -> FieldError {
    FieldError::body(pointer, code, if column.is_empty() { what.in_line(line) } else { what.in_cell(line, column) })
}

/// The index of each requested column.
fn indexes<const N: usize>(header: &StringRecord, columns: [&str; N], pointer: &str) -> Result<[usize; N], Problem> {
    let found = columns.map(|column| {
        let mut indexes = header.iter().enumerate().filter(|(_, name)| name.trim().eq_ignore_ascii_case(column));
        (column, indexes.next().map(|(at, _)| at), indexes.next().is_some())
    });
    let errors: Vec<FieldError> = (found.iter())
        .filter_map(|(column, at, twice)| match (at, twice) {
            (None, _) => Some((
                ProblemCode::Missing,
                Text::new(format!("The column {column} is missing."), format!("Manca la colonna {column}.")),
            )),
            (Some(_), true) => Some((
                ProblemCode::Invalid,
                Text::new(
                    format!("The column {column} is there twice."),
                    format!("La colonna {column} c'è due volte."),
                ),
            )),
            (Some(_), false) => None,
        })
        .map(|(code, message)| line_error(pointer, 1, "", code, &message))
        .collect();
    if !errors.is_empty() {
        return Err(refused(errors));
    }
    Ok(found.map(|(_, at, _)| at.unwrap_or_default()))
}

fn refused(errors: impl IntoIterator<Item = FieldError>) -> Problem {
    Problem::new(ProblemCode::InvalidRequest).errors(errors)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Language;

    #[test]
    fn cells_that_a_spreadsheet_would_evaluate_are_guarded_and_restored() {
        for risky in
            ["=1+1", "+1", "-1+1", "-1.", "--1", "-", "@SUM(A1)", "\tx", "\r=x", " =1", "\u{ff1d}1", "'=1", "''+2"]
        {
            let cell = guarded(risky);
            assert!(cell.starts_with('\'') && cell.len() == risky.len() + 1, "{risky:?} is {cell:?}");
            assert_eq!(unguarded(&cell), risky);
        }
        for harmless in ["", "ACME", "O'Neill", "'t Hof", "'", "12", "a=b", "-3", "-0.25"] {
            assert_eq!((&*guarded(harmless), unguarded(harmless)), (harmless, harmless));
        }
    }

    #[test]
    fn columns_are_found_by_name_in_any_order_with_commas_or_semicolons() {
        let expected = vec![CsvRow { line: 2, cells: ["1".to_owned(), "x, \"y\"".to_owned()] }];
        for text in [
            "\u{feff}B,other,a\r\n\"x, \"\"y\"\"\", z ,1\r\n\r\n",
            "a;B\n1;\"x, \"\"y\"\"\"\n;\n",
            "a\tB\tc\n1\t\"x, \"\"y\"\"\"\t\n\t\t\n",
        ] {
            assert_eq!(read_csv(text, ["a", "b"], "/csv").unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn every_bad_line_is_reported_with_its_number() {
        let message = |text: &str| {
            let problem = read_csv(text, ["a", "b"], "/csv").unwrap_err();
            let body = serde_json::to_value(problem.body(Language::English, None)).unwrap();
            let errors = body["errors"].as_array().unwrap().clone();
            let detail = |error: &serde_json::Value| error["detail"].as_str().unwrap().to_owned();
            errors.iter().map(detail).collect::<Vec<_>>()
        };
        let cells = |line| format!("Line {line}: It has {} cells and the header has 2.", line - 1);
        assert_eq!(message("a,b\n1\n\"1\n\",2\n1,2,3,4\n"), [cells(2), cells(5)]);
        assert_eq!(message("b,b\n"), ["Line 1: The column a is missing.", "Line 1: The column b is there twice."]);
        assert_eq!(message("").len(), 2);
    }
}
