//! Product mappings from CSV: looked at as a whole first, applied in chunks that each are stored or not.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use shared::domain::id::PartnerId;
use shared::domain::mapping::ProductMapping;
use shared::http::{
    Caller, CsvText, Done, FieldError, IdempotencyKey, Language, Once, Problem, ProblemCode, PsaProblems, Query, Text,
    Write, answer, count,
};
use shared::ports::{Clock, Ids};
use shared::store::{Attempt, Author, Keep, Limited};
use shared::table::Table;
use utoipa::{IntoParams, ToSchema};

use super::effects::{ProductEffect, effects};
use super::judge::{Wanted, judge, problem_of};
use super::known::Known;
use super::save::{MAX_ROWS, ProductDifference, differences, store};
use super::sheet;
use crate::{Link, World};

/// How many differences are shown.
const SHOWN: usize = 200;

/// How a sheet is imported.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct ImportHow {
    /// Store nothing: only say what would change, and what that does.
    #[serde(default)]
    validate_only: bool,
    /// The line to go on at: the `nextLine` of the answer before; the whole sheet is sent each time. 2 by default, the first
    /// line behind the header.
    #[serde(default)]
    #[param(minimum = 2)]
    from_line: Option<u64>,
}

/// What an import came to.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProductsImported {
    /// Whether the chunk is stored.
    applied: bool,
    /// How many rows the sheet has.
    rows: usize,
    /// How many mappings changed, or would change.
    changed: usize,
    /// The first 200 of them.
    changes: Vec<ProductDifference>,
    /// What it would do to what ConnectWise bills; empty once it is stored.
    effects: Vec<ProductEffect>,
    /// The `fromLine` of the next chunk; absent when all is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_line: Option<u64>,
}

/// Import product mappings.
///
/// A sheet as the export writes it. With `validateOnly` all of it is judged and nothing is stored. Otherwise one chunk is
/// stored, from `fromLine` on, all its rows or none; repeat with `nextLine` until there is none. An empty cell leaves things as
/// they are; a row with a `version` is refused where somebody else changed it since, unless it is as the sheet wants it: a
/// sheet may be imported again from its start.
#[utoipa::path(
    post,
    path = "/v1/product-mappings/import",
    operation_id = "importProductMappings",
    tag = "product mappings",
    security(("token" = ["psa/write"])),
    params(ImportHow, IdempotencyKey),
    request_body(content = String, content_type = "text/csv", description = "The sheet, UTF-8, at most 5,000 rows and 1 MB."),
    responses(
        (status = 200, description = "What changed, or would change.", body = ProductsImported),
        (status = 412, description = "Rows were changed meanwhile; present is what they are now. Nothing of the chunk is stored.",
            body = shared::http::ProblemBody, content_type = "application/problem+json"),
        PsaProblems,
    ),
)]
pub(crate) async fn import_product_mappings<T: Table, N: Link, C: Clock + Clone + 'static, I: Ids + Clone + 'static>(
    State(world): State<World<T, N, C, I>>,
    caller: Caller<Write>,
    Query(how): Query<ImportHow>,
    once: Once<CsvText>,
) -> Result<Response, Problem> {
    let (partner, who, language) = (caller.partner(), caller.name().to_owned(), caller.language());
    let (world, at) = (&world, world.clock.now());
    let act = |CsvText(text): CsvText, attempt| async move {
        // The later parts of a long file belong to the import that its first part has begun.
        if how.from_line.is_none_or(|line| line <= 2) {
            count(&world.store, partner, Limited::Imports, at).await?;
        }
        let author = Author { who, at, note: Some("CSV import".to_owned()) };
        import(world, partner, language, &author, &attempt, &text, how).await
    };
    once.run(&world.store, &world.clock, &world.ids, partner, act).await
}

async fn import<T: Table, N: Link, C: Clock, I: Ids>(
    world: &World<T, N, C, I>,
    partner: PartnerId,
    language: Language,
    author: &Author,
    attempt: &Attempt,
    text: &str,
    how: ImportHow,
) -> Result<Done, Problem> {
    let known = Known::read(&world.store, partner).await?;
    let lines = sheet::read(text, &known).map_err(problem_of)?;
    let rows = lines.len();
    let from = how.from_line.unwrap_or(2);
    if from < 2 {
        let error = FieldError::parameter(
            "fromLine",
            ProblemCode::Invalid,
            Text::new("The first row is in line 2.", "La prima riga di dati è la riga 2."),
        );
        return Err(Problem::new(ProblemCode::InvalidRequest).errors([error]));
    }
    let mut left = lines.into_iter().filter(|(line, _)| *line >= from).peekable();
    if how.validate_only {
        let wanted: Vec<Wanted> = left.map(|(_, wanted)| wanted).collect();
        let judged = judge(world, partner, &wanted).await?;
        let effects = effects(&world.store, partner, &judged.known.mappings, &judged.changed, language).await?;
        let mut changes = differences(&judged, None);
        changes.truncate(SHOWN);
        let changed = judged.changed.len();
        let shown = ProductsImported { applied: false, rows, changed, changes, effects, next_line: None };
        return Ok(Done::Unkept(answer(StatusCode::OK, &shown)?));
    }
    // Half of what one save takes: parts that take over the rule of a combined product come on top.
    let chunk: Vec<Wanted> = left.by_ref().take(MAX_ROWS / 2).map(|(_, wanted)| wanted).collect();
    let next_line = left.next().map(|(line, _)| line);
    let judged = judge(world, partner, &chunk).await?;
    let response = |stored: &[ProductMapping]| {
        let (changed, changes) = (stored.len(), differences(&judged, Some(stored)));
        let imported = ProductsImported { applied: true, rows, changed, changes, effects: Vec::new(), next_line };
        answer(StatusCode::OK, &imported)
    };
    store(&world.store, partner, author, &judged, &Keep { attempt, answer: &response }).await
}
