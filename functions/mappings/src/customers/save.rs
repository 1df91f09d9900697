//! Saves customers: up to 30 rows, all or nothing.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use shared::domain::id::{AgreementId, CompanyId, CustomerId, PartnerId};
use shared::domain::mapping::CustomerMapping;
use shared::error::StoreError;
use shared::http::{
    Caller, Done, FieldError, IdempotencyKey, Language, NoQuery, Once, Problem, ProblemBody, ProblemCode, PsaProblems,
    Text, Write, answer,
};
use shared::ports::{Clock, Ids};
use shared::store::{Answer, Attempt, Author, Keep};
use shared::table::Table;
use utoipa::ToSchema;

use super::judge::{Wanted, WantedRows, Wish, judge};
use super::report::{CustomerChange, CustomerNote, Faults, Origin};
use super::today;
use crate::{Link, World};

/// The most rows of a save: what one transaction of the table takes.
pub(super) const MAX_ROWS: usize = 30;
/// The most characters of a note.
const MAX_NOTE: usize = 500;

/// What is to be saved.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CustomerSave {
    /// The customers that change, each once.
    #[schema(min_items = 1, max_items = 30)]
    rows: Vec<CustomerSaveRow>,
    /// Says what would change, and saves nothing.
    #[serde(default)]
    validate_only: bool,
    /// Why, for the audit.
    #[serde(default)]
    #[schema(max_length = 500)]
    note: Option<String>,
}

/// What is to become of a customer: `mapTo`, `sync` or both, or `unmap`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CustomerSaveRow {
    /// Sophos' id of the customer.
    #[schema(value_type = String, format = "uuid")]
    customer_id: CustomerId,
    /// The version that the row was read at; 0 where the customer was not mapped.
    version: u64,
    /// Where its usage is to be billed.
    #[serde(default)]
    map_to: Option<CustomerPlace>,
    /// Whether its usage is to be carried over. A new mapping is on by itself where usage sync is available.
    #[serde(default)]
    sync: Option<bool>,
    /// Removes the mapping, and its sync with it.
    #[serde(default)]
    unmap: bool,
}

/// A company and one of its agreements.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CustomerPlace {
    /// The ConnectWise company; no other customer may have it.
    #[schema(value_type = u32, minimum = 1)]
    company_id: CompanyId,
    /// An active agreement of that company.
    #[schema(value_type = u32, minimum = 1)]
    agreement_id: AgreementId,
    /// Confirms that only the quantity on the day of the next ConnectWise invoice counts. A new mapping to an agreement that
    /// does not bill monthly is refused without it (`cycleNotConfirmed`).
    #[serde(default)]
    confirm_cycle: bool,
}

/// What was saved, or what would be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CustomersSaved {
    /// Whether it was saved; false with `validateOnly`.
    pub(super) saved: bool,
    /// The customers that change. One that is already as it is wanted is left out.
    pub(super) changes: Vec<CustomerChange>,
    /// What to know of them.
    pub(super) notes: Vec<CustomerNote>,
}

/// Save customer mappings.
///
/// All rows or none. The agreement must belong to the company and be active, which ConnectWise is asked at this moment; a
/// company has one customer. Customers may exchange companies in one save. All errors of all rows are reported at once,
/// under the code that all of it has, or `invalidRequest`.
#[utoipa::path(
    post,
    path = "/v1/customer-mappings/save",
    operation_id = "saveCustomerMappings",
    tag = "customer mappings",
    security(("token" = ["psa/write"])),
    params(IdempotencyKey),
    request_body(content = CustomerSave, description = "The rows that change."),
    responses(
        (status = 200, description = "What was saved, or what would be.", body = CustomersSaved),
        (
            status = 412,
            description = "Somebody changed a row meanwhile; `present` has what it is now.",
            content_type = "application/problem+json",
            body = ProblemBody,
        ),
        PsaProblems,
    ),
)]
pub(crate) async fn save_customer_mappings<T: Table, N: Link, C: Clock + Clone + 'static, I: Ids + Clone + 'static>(
    State(world): State<World<T, N, C, I>>,
    caller: Caller<Write>,
    _: NoQuery,
    once: Once<CustomerSave>,
) -> Result<Response, Problem> {
    let partner = caller.partner();
    once.run(&world.store, &world.clock, &world.ids, partner, async |save, attempt| {
        let wanted = read_rows(&save.rows)?;
        let author = author(&caller, &world.clock, save.note)?;
        let rows = WantedRows { origin: Origin::Rows, rows: wanted };
        let save = CustomersToSave { partner, language: caller.language(), author, validate_only: save.validate_only };
        save.rows(&world, rows, &attempt, &|saved| answer(StatusCode::OK, &saved)).await
    })
    .await
}

/// Who saves, and why.
pub(super) fn author(caller: &Caller<Write>, clock: &impl Clock, note: Option<String>) -> Result<Author, Problem> {
    let note = note.map(|note| note.trim().to_owned()).filter(|note| !note.is_empty());
    if note.as_ref().is_some_and(|note| note.chars().count() > MAX_NOTE) {
        let detail = Text::new(format!("At most {MAX_NOTE} characters."), format!("Al massimo {MAX_NOTE} caratteri."));
        let error = FieldError::body("/note", ProblemCode::Invalid, detail);
        return Err(Problem::new(ProblemCode::InvalidRequest).errors([error]));
    }
    Ok(Author { who: caller.name().to_owned(), at: clock.now(), note })
}

/// A save of customers, without its rows.
pub(super) struct CustomersToSave {
    pub(super) partner: PartnerId,
    pub(super) language: Language,
    pub(super) author: Author,
    /// Whether the rows are only judged.
    pub(super) validate_only: bool,
}

impl CustomersToSave {
    /// Judges rows and saves them, unless they are only to be looked at; `response` makes the answer, which is stored with
    /// them.
    pub(super) async fn rows<T: Table, N: Link, C: Clock, I>(
        &self,
        world: &World<T, N, C, I>,
        rows: WantedRows,
        attempt: &Attempt,
        response: &(impl Fn(CustomersSaved) -> Result<Answer, StoreError> + Sync),
    ) -> Result<Done, Problem> {
        let Self { partner, language, ref author, validate_only } = *self;
        let today = today(&world.store, &world.clock, partner).await?;
        let judged = judge(&world.store, &world.connections, partner, language, today, &rows).await?;
        if validate_only {
            let shown = CustomersSaved { saved: false, changes: judged.changes, notes: judged.notes };
            return Ok(Done::Unkept(response(shown)?));
        }
        let response = |saved: &[CustomerMapping]| {
            response(CustomersSaved { saved: true, changes: judged.saved(saved), notes: judged.notes.clone() })
        };
        let keep = Keep { attempt, answer: &response };
        match world.store.save_customer_mappings(partner, author, &judged.edits, Some(&keep)).await? {
            Ok(saved) => {
                for (customer, agreement, names) in &judged.seen {
                    // For display: a save is one without them, and the next run sees them too.
                    if let Err(error) = world.store.touch_customer(partner, *customer, *agreement, names, false).await {
                        tracing::warn!(%partner, %customer, %error, "a customer's names could not be kept");
                    }
                }
                Ok(Done::Kept(response(&saved)?))
            }
            Err(conflicts) => Err(judged.refused(&rows.origin, &conflicts)),
        }
    }
}

fn read_rows(rows: &[CustomerSaveRow]) -> Result<Vec<Wanted>, Problem> {
    if rows.is_empty() || rows.len() > MAX_ROWS {
        let found = rows.len();
        let detail = Text::new(
            format!("Expected 1 to {MAX_ROWS} rows; there are {found}."),
            format!("Inviare da 1 a {MAX_ROWS} righe; ce ne sono {found}."),
        );
        let error = FieldError::body("/rows", ProblemCode::Invalid, detail);
        return Err(Problem::new(ProblemCode::InvalidRequest).errors([error]));
    }
    let mut faults = Faults::of(&Origin::Rows);
    let mut wanted = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let wish = match (row.map_to, row.sync, row.unmap) {
            (Some(CustomerPlace { company_id: company, agreement_id: agreement, confirm_cycle }), sync, false) => {
                Wish::Map { company, agreement, sync, confirms: confirm_cycle }
            }
            (None, Some(sync), false) => Wish::Switch(sync),
            (None, None, true) => Wish::Unmap,
            (None, None, false) | (Some(_), _, true) | (None, Some(_), true) => {
                let detail = Text::new(
                    "Expected mapTo, sync or both, or unmap alone.",
                    "Inviare mapTo, sync o entrambi, oppure solo unmap.",
                );
                faults.add(at, "", ProblemCode::Invalid, detail);
                continue;
            }
        };
        wanted.push(Wanted { customer: row.customer_id, version: Some(row.version), wish });
    }
    if faults.is_empty() { Ok(wanted) } else { Err(faults.into_problem()) }
}
