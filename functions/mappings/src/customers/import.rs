//! Imports customers from CSV, 30 lines at a time.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use shared::domain::id::{AgreementId, CompanyId, CustomerId};
use shared::http::{
    Caller, CsvRow, IdempotencyKey, NoQuery, Once, PathId, Problem, ProblemBody, ProblemCode, PsaProblems, Text, Write,
    answer, count, read_csv,
};
use shared::ports::{Clock, Ids};
use shared::store::Limited;
use shared::table::Table;
use utoipa::ToSchema;

use super::judge::{Wanted, WantedRows, Wish};
use super::report::{CustomerChange, CustomerNote, Faults, Origin};
use super::save::{CustomersSaved, CustomersToSave, MAX_ROWS, author};
use crate::{Link, World};

/// The columns that are read; others may be there.
pub(super) const COLUMNS: [&str; 5] = ["customerId", "companyId", "agreementId", "sync", "version"];

/// A file is read from here; the later parts of a long one belong to the import that its first part has begun.
const FIRST_LINE: u64 = 2;

/// A table of customers, as it was exported and then changed.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CustomerImport {
    /// The file's text, with a line of column names: `customerId`, `companyId`, `agreementId`, `sync` (`on`, `off` or
    /// empty), `version` (empty: whatever there is). Without company and agreement the customer is unmapped.
    csv: String,
    /// The line to go on from: the `nextLine` of the answer before. The file's start by default.
    #[serde(default)]
    #[schema(minimum = 1)]
    from_line: Option<u64>,
    /// Confirms, for all lines, that only the quantity on the day of the next ConnectWise invoice counts where an agreement does
    /// not bill monthly.
    #[serde(default)]
    confirm_cycles: bool,
    /// Says what would change, and saves nothing.
    #[serde(default)]
    validate_only: bool,
    /// Why, for the audit.
    #[serde(default)]
    #[schema(max_length = 500)]
    note: Option<String>,
}

/// What became of some lines of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CustomersImported {
    /// Whether it was saved; false with `validateOnly`.
    saved: bool,
    /// How many customers the lines name that were looked at.
    looked_at: usize,
    /// The customers that change. One that is already as the file says is left out.
    changes: Vec<CustomerChange>,
    /// What to know of them.
    notes: Vec<CustomerNote>,
    /// The `fromLine` of the next request; absent when the file is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_line: Option<u64>,
}

/// Import customer mappings from CSV.
///
/// Reads the whole file, and saves 30 customers from `fromLine` on, all or none; the answer says where to go on, with a new
/// idempotency key. What is already as the file says is passed over: a file may be imported again from its start. Ask with
/// `validateOnly` first. Customers that exchange companies must be among the same 30.
#[utoipa::path(
    post,
    path = "/v1/customer-mappings/import",
    operation_id = "importCustomerMappings",
    tag = "customer mappings",
    security(("token" = ["psa/write"])),
    params(IdempotencyKey),
    request_body(content = CustomerImport, description = "The file."),
    responses(
        (status = 200, description = "What became of the lines.", body = CustomersImported),
        (
            status = 412,
            description = "Somebody changed a customer since the file was exported; `present` has what it is now.",
            content_type = "application/problem+json",
            body = ProblemBody,
        ),
        PsaProblems,
    ),
)]
pub(crate) async fn import_customer_mappings<
    T: Table,
    N: Link,
    C: Clock + Clone + 'static,
    I: Ids + Clone + 'static,
>(
    State(world): State<World<T, N, C, I>>,
    caller: Caller<Write>,
    _: NoQuery,
    once: Once<CustomerImport>,
) -> Result<Response, Problem> {
    let partner = caller.partner();
    once.run(&world.store, &world.clock, &world.ids, partner, async |import, attempt| {
        let rows = read_file(&import.csv, import.confirm_cycles)?;
        let author = author(&caller, &world.clock, import.note)?;
        let from = import.from_line.unwrap_or_default();
        if from <= FIRST_LINE {
            count(&world.store, caller.partner(), Limited::Imports, world.clock.now()).await?;
        }
        let mut rest = rows.into_iter().filter(|(line, _)| *line >= from);
        let chunk: Vec<(u64, Wanted)> = rest.by_ref().take(MAX_ROWS).collect();
        let next_line = rest.next().map(|(line, _)| line);
        let looked_at = chunk.len();
        let (lines, wanted) = chunk.into_iter().unzip();
        let response = |CustomersSaved { saved, changes, notes }| {
            answer(StatusCode::OK, &CustomersImported { saved, looked_at, changes, notes, next_line })
        };
        let rows = WantedRows { origin: Origin::Lines(lines), rows: wanted };
        let save =
            CustomersToSave { partner, language: caller.language(), author, validate_only: import.validate_only };
        save.rows(&world, rows, &attempt, &response).await
    })
    .await
}

/// All rows of a file by their line; all lines that cannot be read are reported at once.
fn read_file(csv: &str, confirms: bool) -> Result<Vec<(u64, Wanted)>, Problem> {
    let rows = read_csv(csv, COLUMNS, "/csv")?;
    let origin = Origin::Lines(rows.iter().map(|row| row.line).collect());
    let mut faults = Faults::of(&origin);
    let mut seen = std::collections::BTreeMap::new();
    let mut read = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let Some(wanted) = read_row(at, row, confirms, &mut faults) else { continue };
        if let Some(before) = seen.insert(wanted.customer, row.line) {
            let detail = Text::new(
                format!("The customer is already in line {before}."),
                format!("Il cliente è già nella riga {before}."),
            );
            faults.add(at, "customerId", ProblemCode::Invalid, detail);
        }
        read.push((row.line, wanted));
    }
    if faults.is_empty() { Ok(read) } else { Err(faults.into_problem()) }
}

fn read_row(at: usize, row: &CsvRow<5>, confirms: bool, faults: &mut Faults<'_>) -> Option<Wanted> {
    let [customer, company, agreement, sync, version] = &row.cells;
    let mut fault = |column: &str, what: Text| faults.add(at, column, ProblemCode::Invalid, what);
    let customer = CustomerId::from_path(customer).map_err(|error| fault("customerId", error.into())).ok();
    let version = match version.as_str() {
        "" => Some(None),
        digits => match digits.parse() {
            Ok(version) => Some(Some(version)),
            Err(_) => {
                fault("version", Text::new("Expected a number, or nothing.", "Indicare un numero, o nulla."));
                None
            }
        },
    };
    let sync = match sync.to_lowercase().as_str() {
        "" => Some(None),
        "on" => Some(Some(true)),
        "off" => Some(Some(false)),
        _ => {
            fault("sync", Text::new("Expected on, off, or nothing.", "Indicare on, off, o nulla."));
            None
        }
    };
    let wish = if company.is_empty() && agreement.is_empty() {
        if sync == Some(Some(true)) {
            let detail = Text::new(
                "Expected off or nothing: without company and agreement the customer is unmapped.",
                "Indicare off o nulla: senza azienda e Agreement il cliente resta senza mapping.",
            );
            fault("sync", detail);
            return None;
        }
        Some(Wish::Unmap)
    } else {
        let company = CompanyId::from_path(company).map_err(|error| fault("companyId", error.into())).ok();
        let agreement = AgreementId::from_path(agreement).map_err(|error| fault("agreementId", error.into())).ok();
        company.zip(agreement).map(|(company, agreement)| Wish::Map {
            company,
            agreement,
            sync: sync.flatten(),
            confirms,
        })
    };
    sync?;
    Some(Wanted { customer: customer?, version: version?, wish: wish? })
}
