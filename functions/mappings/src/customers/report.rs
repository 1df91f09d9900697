//! What a save of customers answers: the difference, what to know of it, and what is wrong, row by row.

use serde::Serialize;
use shared::domain::id::CustomerId;
use shared::http::{FieldError, Problem, ProblemCode, Text, line_error};
use utoipa::ToSchema;

use super::row::CustomerTarget;

/// What a save changes of one customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CustomerChange {
    /// The customer.
    #[schema(value_type = String, format = "uuid")]
    pub(super) customer_id: CustomerId,
    /// Its name, or its id where Sophos does not list it.
    pub(super) name: String,
    /// Where its usage was billed; absent where it was not mapped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<CustomerTarget>,
    /// Where it is billed now; absent where it is no longer mapped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) after: Option<CustomerTarget>,
    /// The version after the save; with `validateOnly`, the present one.
    pub(super) version: u64,
}

/// What to know of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CustomerNote {
    /// Which customer.
    #[schema(value_type = String, format = "uuid")]
    pub(super) customer_id: CustomerId,
    /// What it is about.
    pub(super) code: NoteCode,
    /// What to know.
    pub(super) text: String,
}

/// What a note is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum NoteCode {
    /// The agreement bills other than monthly: only the quantity on the day of its next ConnectWise invoice counts.
    NotMonthly,
    /// The agreement is the child of another, whose invoices bill it.
    ChildAgreement,
    /// The agreement ends soon.
    EndsSoon,
    /// The next run holds what it would write until a person applies a preview.
    PreviewFirst,
    /// ConnectWise goes on billing what was written so far.
    StillBilled,
    /// It is mapped with its sync off, because usage sync is not available for the customer.
    SyncLeftOff,
    /// The company has other active agreements, which may bill the same products already.
    OtherAgreements,
}

/// Where the rows of a save came from.
pub(super) enum Origin {
    /// The body's `rows`.
    Rows,
    /// The lines of the body's `csv`.
    Lines(Vec<u64>),
}

impl Origin {
    /// Whether it is a file, which may be imported again after an interruption.
    pub(super) fn is_file(&self) -> bool {
        matches!(self, Self::Lines(_))
    }

    /// What is wrong with a field of a row: `column` names it, in the file as in the body.
    pub(super) fn error(&self, row: usize, column: &str, code: ProblemCode, what: Text) -> FieldError {
        match self {
            Self::Rows => {
                let field = match column {
                    "" => String::new(),
                    "companyId" | "agreementId" | "confirmCycle" => format!("/mapTo/{column}"),
                    other => format!("/{other}"),
                };
                FieldError::body(format!("/rows/{row}{field}"), code, what)
            }
            Self::Lines(lines) => line_error("/csv", lines.get(row).copied().unwrap_or_default(), column, code, &what),
        }
    }
}

/// All that is wrong with a save, and what is stored of the rows that somebody changed meanwhile.
pub(super) struct Faults<'o> {
    origin: &'o Origin,
    found: Vec<(usize, ProblemCode, FieldError)>,
}

impl<'o> Faults<'o> {
    /// None yet, of rows that come from `origin`.
    pub(super) const fn of(origin: &'o Origin) -> Self {
        Self { origin, found: Vec::new() }
    }

    pub(super) fn add(&mut self, row: usize, column: &str, code: ProblemCode, what: Text) {
        self.found.push((row, code, self.origin.error(row, column, code, what)));
    }

    /// Whether something is wrong with a row.
    pub(super) fn has(&self, row: usize) -> bool {
        self.found.iter().any(|(known, ..)| *known == row)
    }

    /// Whether nothing is wrong.
    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The rows that somebody changed meanwhile.
    pub(super) fn changed(&self) -> impl Iterator<Item = usize> {
        self.found.iter().filter(|(_, code, _)| *code == ProblemCode::VersionMismatch).map(|(row, ..)| *row)
    }

    /// The one problem that tells all: of the code that all have, else `invalidRequest`.
    pub(super) fn into_problem(mut self) -> Problem {
        self.found.sort_by_key(|(row, ..)| *row);
        let first = self.found.first().map(|(_, code, _)| *code);
        let common = first.filter(|first| self.found.iter().all(|(_, code, _)| code == first));
        let code = match common {
            Some(ProblemCode::Invalid | ProblemCode::Missing | ProblemCode::Unknown) | None => {
                ProblemCode::InvalidRequest
            }
            Some(code) => code,
        };
        let detail = match self.found.len() {
            1 => Text::new("Nothing was saved: one thing is wrong.", "Non è stato salvato nulla: c'è un errore."),
            faults => Text::new(
                format!("Nothing was saved: {faults} things are wrong."),
                format!("Non è stato salvato nulla: ci sono {faults} errori."),
            ),
        };
        Problem::new(code).detail(detail).errors(self.found.into_iter().map(|(.., error)| error))
    }
}
