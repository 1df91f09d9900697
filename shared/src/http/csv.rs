//! Tables as CSV: written so that no sheet runs a cell, and read back with every error told by its line.

use std::borrow::Cow;

use ::csv::{ReaderBuilder, StringRecord, WriterBuilder};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};

use super::catalogue::ProblemCode;
use super::problem::{FieldError, Problem};

/// The header with the `pageFromKey` of the next page; absent on the last.
pub const NEXT_PAGE_KEY: &str = "x-next-page-key";
/// More errors than these help nobody: the file as a whole is another one than was meant.
const MAX_ERRORS: usize = 100;

/// A cell that a sheet shows as text: what a formula could begin with gets an apostrophe in front. A cell that begins with
/// an apostrophe and such a sign gets one more, so that [`unguarded`] always gives back what was there.
#[must_use]
pub fn guarded(cell: &str) -> Cow<'_, str> {
    if is_risky(cell.trim_start_matches('\'')) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// The cell as it was before [`guarded`].
#[must_use]
pub fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if is_risky(rest.trim_start_matches('\'')) => rest,
        _ => cell,
    }
}

/// Sheets run what begins with one of these, also behind spaces; some read full-width signs like their narrow ones.
fn is_risky(cell: &str) -> bool {
    // A plain number below zero is no formula, and sheets add it up.
    if is_number(cell) {
        return false;
    }
    let starts = |text: &str| {
        text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'])
    };
    starts(cell) || starts(cell.trim_start())
}

/// Digits with a sign in front and a point between at the most.
fn is_number(cell: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let cell = cell.strip_prefix('-').unwrap_or(cell);
    match cell.split_once('.') {
        Some((whole, part)) => digits(whole) && digits(part),
        None => digits(cell),
    }
}

/// A page of a table. Only the first page (`header` there) names its columns, so that all pages behind one another are one
/// file.
///
/// # Errors
/// `internal`: a row has another number of cells than the one before.
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
    // A key is base64url: always a header's text.
    if let Some(key) = next_key.and_then(|key| HeaderValue::try_from(key).ok()) {
        headers.insert(HeaderName::from_static(NEXT_PAGE_KEY), key);
    }
    Ok(response)
}

fn unwritable(error: &dyn std::error::Error) -> Problem {
    tracing::error!(%error, "a table cannot be written as CSV");
    Problem::new(ProblemCode::Internal)
}

/// A row of a table that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvRow<const N: usize> {
    /// The line of the file in which it begins; the header is in line 1.
    pub line: u64,
    /// Its cells in the order of the columns that were asked for, without spaces around them.
    pub cells: [String; N],
}

/// Reads the named columns of a table; others are left out. Cells are parted as [`separator_of`] says. Lines without a
/// cell are passed over.
///
/// # Errors
/// `invalidRequest` with every column that is missing or there twice, or every row that has too few or too many cells, at
/// the JSON pointer `pointer`; at most 100.
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
    let places = places(&header, columns, pointer)?;
    let (mut rows, mut errors) = (Vec::new(), Vec::new());
    for record in records {
        let record =
            record.map_err(|error| refused([line_error(pointer, 1, "", ProblemCode::Invalid, &error.to_string())]))?;
        let line = record.position().map_or(0, ::csv::Position::line);
        if is_blank(&record) {
            continue;
        }
        if record.len() == header.len() {
            let cell = |at: usize| unguarded(record.get(at).unwrap_or_default().trim()).trim().to_owned();
            rows.push(CsvRow { line, cells: places.map(cell) });
        } else if errors.len() < MAX_ERRORS {
            let told = format!("It has {} cells and the header has {}.", record.len(), header.len());
            errors.push(line_error(pointer, line, "", ProblemCode::Invalid, &told));
        }
    }
    if errors.is_empty() { Ok(rows) } else { Err(refused(errors)) }
}

/// What parts the cells of a sheet: a comma, a semicolon or a tab, whichever its header has most of. Sheets of some
/// countries write semicolons, and what is copied out of a sheet has tabs.
#[must_use]
pub fn separator_of(text: &str) -> u8 {
    let header = text.lines().next().unwrap_or_default().as_bytes();
    let count = |separator: u8| header.iter().filter(|byte| **byte == separator).count();
    // Of equals the last one is taken: a header of one column is a comma's.
    [b'\t', b';', b','].into_iter().max_by_key(|separator| count(*separator)).unwrap_or(b',')
}

/// Whether a line has no cell with anything in it.
#[must_use]
pub fn is_blank(record: &StringRecord) -> bool {
    record.iter().all(|cell| cell.trim().is_empty())
}

/// The text of a sheet without a byte order mark, and with one sign at the end of each line: the reader counts a line too
/// few where there are two.
#[must_use]
pub fn with_plain_lines(text: &str) -> String {
    text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n")
}

/// What is wrong in a line of a table, for the body's field at `pointer`; `column` is empty where it is the whole line.
#[must_use]
pub fn line_error(pointer: &str, line: u64, column: &str, code: ProblemCode, what: &str) -> FieldError {
    let place = if column.is_empty() { format!("Line {line}") } else { format!("Line {line}, {column}") };
    FieldError::body(pointer, code, format!("{place}: {what}"))
}

/// Where each column is.
fn places<const N: usize>(header: &StringRecord, columns: [&str; N], pointer: &str) -> Result<[usize; N], Problem> {
    let found = columns.map(|column| {
        let mut places = header.iter().enumerate().filter(|(_, name)| name.trim().eq_ignore_ascii_case(column));
        (column, places.next().map(|(at, _)| at), places.next().is_some())
    });
    let errors: Vec<FieldError> = (found.iter())
        .filter_map(|(column, at, twice)| match (at, twice) {
            (None, _) => Some((ProblemCode::Missing, format!("The column {column} is missing."))),
            (Some(_), true) => Some((ProblemCode::Invalid, format!("The column {column} is there twice."))),
            (Some(_), false) => None,
        })
        .map(|(code, told)| line_error(pointer, 1, "", code, &told))
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
    fn what_a_sheet_would_run_is_text_and_comes_back_as_it_was() {
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
    fn every_bad_line_is_told_by_its_number() {
        let told = |text: &str| {
            let problem = read_csv(text, ["a", "b"], "/csv").unwrap_err();
            let body = serde_json::to_value(problem.body(Language::English, None)).unwrap();
            let errors = body["errors"].as_array().unwrap().clone();
            let detail = |error: &serde_json::Value| error["detail"].as_str().unwrap().to_owned();
            errors.iter().map(detail).collect::<Vec<_>>()
        };
        let cells = |line| format!("Line {line}: It has {} cells and the header has 2.", line - 1);
        assert_eq!(told("a,b\n1\n\"1\n\",2\n1,2,3,4\n"), [cells(2), cells(5)]);
        assert_eq!(told("b,b\n"), ["Line 1: The column a is missing.", "Line 1: The column b is there twice."]);
        assert_eq!(told("").len(), 2);
    }
}
