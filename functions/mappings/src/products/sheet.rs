//! Product mappings as a sheet: its columns, and cells that a spreadsheet does not run.

use std::collections::BTreeMap;

use shared::domain::id::{ProductCode, PsaProductId};
use shared::domain::mapping::change::{ProductChange, WantedState};
use shared::domain::mapping::{Combine, ProductMapping, ProductState};
use shared::http::{ProblemCode, Text, is_blank, separator_of, with_plain_lines};

use super::judge::{Fault, Wanted};
use super::known::Known;
use super::row::ProductRow;
use super::save::MAX_TEXT;

/// The columns, in the order in which they are written. They are read in any order, and others are passed over; only
/// `code` must be there, and what only a run writes is not read at all.
pub(super) const COLUMNS: [&str; 13] = [
    "code",
    "description",
    "state",
    "psaProductId",
    "psaIdentifier",
    "psaDescription",
    "sync",
    "combine",
    "firewall",
    "reason",
    "version",
    "lastMonth",
    "lastUnits",
];
/// What a spreadsheet takes for the beginning of a formula, or skips before one.
const STARTS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];
/// The most rows of a sheet.
pub(super) const MAX_LINES: usize = 5_000;

/// A cell that no spreadsheet runs: with an apostrophe before it where it might.
fn defused(cell: &str) -> String {
    if cell.starts_with(STARTS) || cell.starts_with('\'') { format!("'{cell}") } else { cell.to_owned() }
}

/// A cell as it was before [`defused`].
fn bare(cell: &str) -> &str {
    let cell = cell.trim();
    cell.strip_prefix('\'').filter(|rest| rest.starts_with(STARTS) || rest.starts_with('\'')).unwrap_or(cell)
}

/// The cells of a row.
pub(super) fn cells(row: &ProductRow) -> [String; 13] {
    let (seen, psa) = (row.last_seen.as_ref(), row.psa_product.as_ref());
    [
        defused(row.code.as_str()),
        defused(row.description.as_deref().unwrap_or_default()),
        row.state.as_str().to_owned(),
        row.psa_product_id.map(|id| id.to_string()).unwrap_or_default(),
        defused(psa.map(|psa| psa.identifier.as_str()).unwrap_or_default()),
        defused(psa.map(|psa| psa.description.as_str()).unwrap_or_default()),
        if row.sync { "on" } else { "off" }.to_owned(),
        row.combine.map(|rule| rule.as_str().to_owned()).unwrap_or_default(),
        if row.firewall { "yes" } else { "no" }.to_owned(),
        defused(row.reason.as_deref().unwrap_or_default()),
        row.version.to_string(),
        seen.map(|seen| seen.month.clone()).unwrap_or_default(),
        seen.map(|seen| seen.units.to_string()).unwrap_or_default(),
    ]
}

/// The rows of a sheet as changes of what is known, with the number of their lines; the first line is the header.
///
/// # Errors
/// Everything that is wrong, by line and column.
pub(super) fn read(text: &str, known: &Known) -> Result<Vec<(u64, Wanted)>, Vec<Fault>> {
    let text = with_plain_lines(text);
    let separator = separator_of(&text);
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).flexible(true).from_reader(text.as_bytes());
    let fault = |line: u64, column: &str, why: Text| {
        Fault::new(format!("/lines/{line}/{column}"), ProblemCode::Invalid, why.in_line(line))
    };
    let unreadable = || Text::new("It cannot be read as CSV.", "Non è leggibile come CSV.");
    let header = reader.headers().map_err(|_| vec![fault(1, "", unreadable())])?.clone();
    let columns: BTreeMap<String, usize> =
        header.iter().enumerate().map(|(place, name)| (name.trim().to_owned(), place)).collect();
    let mut faults = Vec::new();
    if !columns.contains_key("code") {
        let columns = COLUMNS.join(", ");
        let detail = Text::new(
            format!("The column code is missing; the columns are {columns}."),
            format!("Manca la colonna code; le colonne sono {columns}."),
        );
        faults.push(fault(1, "code", detail));
    }
    let mut rows = Vec::new();
    for record in reader.records().take(MAX_LINES + 1) {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(1, csv::Position::line);
                faults.push(fault(line, "", unreadable()));
                break;
            }
        };
        let line = record.position().map_or(1, csv::Position::line);
        if is_blank(&record) {
            continue;
        }
        if rows.len() == MAX_LINES {
            let detail = Text::new(
                format!("A sheet has at most {MAX_LINES} rows."),
                format!("Un foglio ha al massimo {MAX_LINES} righe."),
            );
            faults.push(fault(line, "", detail));
            break;
        }
        let cell = |name: &str| columns.get(name).and_then(|place| record.get(*place)).map_or("", bare);
        match change(&cell, known) {
            Ok((change, version)) => {
                rows.push((line, Wanted { change, version, in_sheet: true, at: format!("/lines/{line}") }))
            }
            Err(wrong) => faults.extend(wrong.into_iter().map(|(column, why)| fault(line, column, why))),
        }
    }
    if faults.is_empty() { Ok(rows) } else { Err(faults) }
}

/// A column and what is wrong in it.
type WrongCell = (&'static str, Text);

/// What a row asks for; the cells that are empty leave things as they are.
fn change<'a>(cell: &impl Fn(&str) -> &'a str, known: &Known) -> Result<(ProductChange, Option<u64>), Vec<WrongCell>> {
    let mut wrong: Vec<WrongCell> = Vec::new();
    let mut word = |column: &'static str, words: [(&str, bool); 2]| match cell(column) {
        "" => None,
        text => {
            let found = words.iter().find(|(word, _)| text.eq_ignore_ascii_case(word)).map(|(_, meaning)| *meaning);
            if found.is_none() {
                let [(one, _), (other, _)] = words;
                let detail = Text::new(
                    format!("{text} is neither {one} nor {other}."),
                    format!("«{text}» non è né {one} né {other}."),
                );
                wrong.push((column, detail));
            }
            found
        }
    };
    let sync = word("sync", [("on", true), ("off", false)]);
    let firewall = word("firewall", [("yes", true), ("no", false)]);
    let combine = word("combine", [("addUp", true), ("takeLargest", false)]);
    let combine = combine.map(|adds| if adds { Combine::AddUp } else { Combine::TakeLargest });
    let code = ProductCode::parse(cell("code")).map_err(|error| wrong.push(("code", error.into()))).ok();
    let version = match cell("version") {
        "" => None,
        text => {
            let detail = || {
                Text::new(
                    format!("{text} is not a version: a whole number."),
                    format!("«{text}» non è una versione: un numero intero."),
                )
            };
            text.parse::<u64>().map_err(|_| wrong.push(("version", detail()))).ok()
        }
    };
    let product = match cell("psaProductId") {
        "" => None,
        text => {
            let id = text.parse::<i64>().unwrap_or(0);
            PsaProductId::try_from(id).map_err(|error| wrong.push(("psaProductId", error.into()))).ok()
        }
    };
    let before = code.as_ref().and_then(|code| known.mappings.find(code));
    let state = match state(cell("state"), product, cell("reason"), before) {
        Ok(state) => state,
        Err((column, why)) => {
            wrong.push((column, why));
            None
        }
    };
    match code {
        Some(code) if wrong.is_empty() => {
            // Off is what every row shows that is not mapped: there it asks for nothing.
            let stays_mapped = state.is_none() && before.is_some_and(|before| before.product().is_some());
            let sync = sync.filter(|on| *on || stays_mapped || matches!(state, Some(WantedState::MapTo(_))));
            Ok((ProductChange { code, state, sync, combine, firewall, readings: None }, version))
        }
        _ => Err(wrong),
    }
}

/// What a row makes of its product; none leaves it as it is.
fn state(
    name: &str,
    product: Option<PsaProductId>,
    reason: &str,
    before: Option<&ProductMapping>,
) -> Result<Option<WantedState>, WrongCell> {
    let now = before.map(|before| &before.state);
    let mapped = |to: PsaProductId| {
        Some(WantedState::MapTo(to)).filter(|_| before.and_then(ProductMapping::product) != Some(to))
    };
    match name {
        "" if product.is_none() => Ok(None),
        "" | "mapped" => {
            let detail = || {
                Text::new(
                    "A mapped product needs the id of its ConnectWise product.",
                    "Per un prodotto mappato serve l'ID del prodotto ConnectWise.",
                )
            };
            product.map(mapped).ok_or_else(|| ("psaProductId", detail()))
        }
        _ if product.is_some() => {
            let detail = Text::new(
                "Only a mapped product has a ConnectWise product.",
                "Solo un prodotto mappato ha un prodotto ConnectWise.",
            );
            Err(("psaProductId", detail))
        }
        "unmapped" | "removed" => {
            let is_so = !matches!(now, Some(ProductState::Mapped { .. } | ProductState::Excluded { .. }));
            Ok((!is_so).then_some(WantedState::Unmap))
        }
        "excluded" if reason.is_empty() => {
            let detail = Text::new("An excluded product needs a reason.", "Per un prodotto escluso serve il motivo.");
            Err(("reason", detail))
        }
        "excluded" if reason.chars().count() > MAX_TEXT => {
            let detail = Text::new(
                format!("A reason has at most {MAX_TEXT} characters."),
                format!("Un motivo ha al massimo {MAX_TEXT} caratteri."),
            );
            Err(("reason", detail))
        }
        "excluded" => {
            let is_so = matches!(now, Some(ProductState::Excluded { reason: known }) if known == reason);
            Ok((!is_so).then(|| WantedState::Exclude(reason.to_owned())))
        }
        _ => {
            let detail = Text::new(
                "Expected mapped, unmapped, excluded or removed.",
                "Indicare mapped, unmapped, excluded o removed.",
            );
            Err(("state", detail))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::row::StateName;
    use super::*;

    #[test]
    fn a_cell_that_a_spreadsheet_would_run_is_defused_and_comes_back_as_it_was() {
        for cell in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''"] {
            let written = defused(cell);
            assert!(written.starts_with('\'') && !written.starts_with(STARTS), "{written}");
            assert_eq!(bare(&written), cell.trim_end(), "{cell:?}");
        }
        assert_eq!((defused("a=1"), bare("it's")), ("a=1".to_owned(), "it's"));
    }

    #[test]
    fn the_words_of_a_sheet_are_those_of_the_list() {
        for state in [StateName::Mapped, StateName::Unmapped, StateName::Excluded, StateName::Removed] {
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
    }
}
