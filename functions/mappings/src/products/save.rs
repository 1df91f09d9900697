//! *Save*: all changed rows of the page, or none.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use shared::domain::id::{PartnerId, ProductCode, PsaProductId};
use shared::domain::mapping::ProductMapping;
use shared::domain::mapping::change::{Changed, ProductChange, WantedState};
use shared::http::{
    Caller, Done, IdempotencyKey, Language, LineReadings, NoQuery, Once, Problem, ProblemCode, PsaProblems, Text,
    Write, answer,
};
use shared::ports::{Clock, Ids};
use shared::store::{Author, Keep, Store};
use shared::table::Table;
use utoipa::ToSchema;

use super::effects::{ProductEffect, effects};
use super::judge::{Fault, Judged, Wanted, changed_meanwhile, judge, problem_of};
use super::known::Known;
use super::named::{MOST_NAMES, MapTo, Resolved, resolve};
use super::row::{CombineRule, ProductRow};
use crate::{Link, World};

/// The most rows of a save.
pub(super) const MAX_ROWS: usize = 90;
/// The most characters of a reason or note.
pub(super) const MAX_TEXT: usize = 500;

/// A row of a save: what it does not name stays as it is.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ProductSaveRow {
    /// The Sophos product's code.
    #[schema(example = "CIXA-MSP")]
    code: String,
    /// The version of the row as it was read; 0 for one that was never saved.
    version: u64,
    /// Map it to this ConnectWise product, by its id or by its whole identifier or description. It must be active and not of
    /// class Bundle. That switches its sync on, unless `sync` says otherwise.
    map_to: Option<MapTo>,
    /// Remove its mapping; that switches its sync off.
    #[serde(default)]
    unmap: bool,
    /// Do not bill it, for this reason, 1 to 500 characters; a mapping is removed.
    #[schema(max_length = 500)]
    exclude: Option<String>,
    /// Switch its sync on or off; on is refused while nothing is mapped.
    sync: Option<bool>,
    /// The rule of the combined product that it is or becomes a part of; there is no default.
    #[schema(inline)]
    combine: Option<CombineRule>,
    /// Whether it is a Sophos Firewall product.
    firewall: Option<bool>,
    /// How its usage lines are read that say more than one thing, all three of them; what is left out is asked.
    readings: Option<LineReadings>,
}

/// All changed rows.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ProductSave {
    /// The rows, each product once.
    #[schema(min_items = 1, max_items = 90)]
    rows: Vec<ProductSaveRow>,
    /// Store nothing: only say what would change, and what that does.
    #[serde(default)]
    validate_only: bool,
    /// Why, for the audit; at most 500 characters.
    #[schema(max_length = 500)]
    note: Option<String>,
}

/// A mapping that a save changes.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProductDifference {
    /// As it was.
    before: ProductRow,
    /// As it is, or would be.
    after: ProductRow,
}

/// What a save came to.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProductsSaved {
    /// Whether it is stored.
    applied: bool,
    /// What changed, or would change: also parts of a combined product that take over its rule.
    changes: Vec<ProductDifference>,
    /// What it would do to what ConnectWise bills; empty once it is stored.
    effects: Vec<ProductEffect>,
    /// What to know of what is stored.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<ProductWarning>,
}

/// Something to know of a row.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProductWarning {
    /// The Sophos product's code.
    #[schema(value_type = String)]
    code: ProductCode,
    /// What it is about.
    about: ProductWarningCode,
    /// The same in words.
    text: String,
}

/// What a warning is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ProductWarningCode {
    /// Nothing has ever named this code: no usage, and no earlier save.
    NeverNamed,
}

/// Save product mappings.
///
/// All rows or none. Rows that somebody else changed meanwhile are a 412 whose `present.rows` is what they are now. With
/// `validateOnly` the answer names the difference and its effects, and nothing is stored.
#[utoipa::path(
    post,
    path = "/v1/product-mappings/save",
    operation_id = "saveProductMappings",
    tag = "product mappings",
    security(("token" = ["psa/write"])),
    params(IdempotencyKey),
    request_body(content = ProductSave, description = "The changed rows, at most 90."),
    responses(
        (status = 200, description = "What changed, or would change.", body = ProductsSaved),
        (status = 412, description = "Rows were changed meanwhile; present is what they are now. Nothing is stored.",
            body = shared::http::ProblemBody, content_type = "application/problem+json"),
        PsaProblems,
    ),
)]
pub(crate) async fn save_product_mappings<T: Table, N: Link, C: Clock + Clone + 'static, I: Ids + Clone + 'static>(
    State(world): State<World<T, N, C, I>>,
    caller: Caller<Write>,
    _: NoQuery,
    once: Once<ProductSave>,
) -> Result<Response, Problem> {
    let (partner, who, language) = (caller.partner(), caller.name().to_owned(), caller.language());
    let world = &world;
    let act = |save: ProductSave, attempt| async move {
        // Errors of the request itself are reported without a call to ConnectWise.
        wanted(&save, None)?;
        let names = save.rows.iter().filter_map(|row| match &row.map_to {
            Some(MapTo::Name(name)) => Some(name.trim().to_owned()),
            Some(MapTo::Id(_)) | None => None,
        });
        let resolved = resolve(&world.connections, partner, names.collect()).await?;
        let wanted = wanted(&save, Some(&resolved))?;
        let judged = judge(world, partner, &wanted).await?;
        if save.validate_only {
            let effects = effects(&world.store, partner, &judged.known.mappings, &judged.changed, language).await?;
            let (changes, warnings) = (differences(&judged, None), warnings(&judged, language));
            let shown = ProductsSaved { applied: false, changes, effects, warnings };
            return Ok(Done::Unkept(answer(StatusCode::OK, &shown)?));
        }
        let author = Author { who, at: world.clock.now(), note: save.note };
        let response = |stored: &[ProductMapping]| {
            let changes = differences(&judged, Some(stored));
            let warnings = warnings(&judged, language);
            answer(StatusCode::OK, &ProductsSaved { applied: true, changes, effects: Vec::new(), warnings })
        };
        let keep = Keep { attempt: &attempt, answer: &response };
        store(&world.store, partner, &author, &judged, &keep).await
    };
    once.run(&world.store, &world.clock, &world.ids, partner, act).await
}

/// Stores what was judged, and with it the answer that tells what is stored.
///
/// # Errors
/// `versionMismatch` with what rows are now that were changed since they were judged.
pub(super) async fn store(
    store: &Store<impl Table>,
    partner: PartnerId,
    author: &Author,
    judged: &Judged,
    keep: &Keep<'_, [ProductMapping]>,
) -> Result<Done, Problem> {
    let rows: Vec<_> = judged.changed.iter().map(|changed| changed.after.clone()).collect();
    if rows.len() > MAX_ROWS {
        let changed = rows.len();
        return Err(Problem::new(ProblemCode::InvalidRequest).detail(Text::new(
            format!(
                "With the parts of combined products that take over the rule, {changed} rows change; at most {MAX_ROWS} \
                 can. Save fewer rows."
            ),
            format!(
                "Con le parti dei prodotti combinati che riprendono la regola cambiano {changed} righe; il massimo è \
                 {MAX_ROWS}. Salvarne di meno."
            ),
        )));
    }
    match store.save_product_mappings(partner, author, &rows, Some(keep)).await? {
        Ok(stored) => {
            // For display: a save is one without them, and the next run sees them too.
            if let Err(error) = store.put_psa_products(partner, &judged.targets).await {
                tracing::warn!(%partner, %error, "names of ConnectWise products could not be kept");
            }
            Ok(Done::Kept((keep.answer)(&stored)?))
        }
        Err(conflicts) => {
            let known = Known::read(store, partner).await?;
            Err(changed_meanwhile(&known, conflicts.into_iter().map(|conflict| conflict.code)))
        }
    }
}

/// What changed, each with its row after: as it is stored, or as it would be.
pub(super) fn differences(judged: &Judged, stored: Option<&[ProductMapping]>) -> Vec<ProductDifference> {
    let difference = |Changed { before, after }: &Changed| {
        let stored = stored.and_then(|stored| stored.iter().find(|mapping| mapping.code == after.code));
        let after = stored.unwrap_or(after);
        ProductDifference { before: judged.known.row(before), after: judged.known.row(after) }
    };
    judged.changed.iter().map(difference).collect()
}

/// The warnings of rows whose code nothing has ever named.
fn warnings(judged: &Judged, language: Language) -> Vec<ProductWarning> {
    let unknown =
        |changed: &&Changed| changed.before.version == 0 && !judged.known.seen.contains_key(&changed.after.code);
    let warning = |changed: &Changed| {
        let code = changed.after.code.clone();
        let text = match language {
            Language::English => {
                format!(
                    "Nothing has ever named {code}: no usage of Sophos has it. It is stored; check how it is written."
                )
            }
            Language::Italian => {
                format!("Nessun utilizzo di Sophos ha mai indicato {code}. Viene salvato; verificare come è scritto.")
            }
        };
        ProductWarning { code, about: ProductWarningCode::NeverNamed, text }
    };
    judged.changed.iter().filter(unknown).map(warning).collect()
}

/// The rows as they are asked for; without `resolved`, names stand for nothing yet.
fn wanted(save: &ProductSave, resolved: Option<&Resolved>) -> Result<Vec<Wanted>, Problem> {
    let mut faults = Vec::new();
    if save.rows.is_empty() || save.rows.len() > MAX_ROWS {
        let found = save.rows.len();
        let detail = Text::new(
            format!("Expected 1 to {MAX_ROWS} rows, found {found}."),
            format!("Inviare da 1 a {MAX_ROWS} righe; ce ne sono {found}."),
        );
        faults.push(Fault::new("/rows".to_owned(), ProblemCode::Invalid, detail));
    }
    if save.note.as_ref().is_some_and(|note| note.chars().count() > MAX_TEXT) {
        let detail = Text::new(format!("At most {MAX_TEXT} characters."), format!("Al massimo {MAX_TEXT} caratteri."));
        faults.push(Fault::new("/note".to_owned(), ProblemCode::Invalid, detail));
    }
    let names = save.rows.iter().filter(|row| matches!(row.map_to, Some(MapTo::Name(_)))).count();
    if names > MOST_NAMES {
        let detail = Text::new(
            format!("At most {MOST_NAMES} rows may name a product by a text; the others by its id."),
            format!("Al massimo {MOST_NAMES} righe possono indicare un prodotto con un testo; le altre con l'ID."),
        );
        faults.push(Fault::new("/rows".to_owned(), ProblemCode::Invalid, detail));
    }
    let mut wanted = Vec::new();
    for (number, row) in save.rows.iter().take(MAX_ROWS).enumerate() {
        let at = format!("/rows/{number}");
        match change(row, &at, resolved) {
            Ok(change) => wanted.push(Wanted { change, version: Some(row.version), in_sheet: false, at }),
            Err(wrong) => faults.extend(wrong),
        }
    }
    if faults.is_empty() { Ok(wanted) } else { Err(problem_of(faults)) }
}

fn change(row: &ProductSaveRow, at: &str, resolved: Option<&Resolved>) -> Result<ProductChange, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut wrong = |field: &str, detail: Text| {
        faults.push(Fault::new(format!("{at}/{field}"), ProblemCode::Invalid, detail));
    };
    let code = ProductCode::parse(&row.code).map_err(|error| wrong("code", error.into())).ok();
    let (mut unmatched, mut product) = (None, None);
    match &row.map_to {
        Some(MapTo::Id(id)) => product = PsaProductId::try_from(*id).map_err(|error| wrong("mapTo", error.into())).ok(),
        Some(MapTo::Name(name)) => match resolved.and_then(|resolved| resolved.get(name.trim())) {
            Some(Ok(found)) => product = Some(*found),
            Some(Err(why)) => unmatched = Some(why.clone()),
            None => {}
        },
        None => {}
    }
    let reason = row.exclude.as_deref().map(str::trim);
    if reason.is_some_and(|reason| reason.is_empty() || reason.chars().count() > MAX_TEXT) {
        let detail = Text::new(
            format!("Say why, in 1 to {MAX_TEXT} characters."),
            format!("Indicare il motivo, da 1 a {MAX_TEXT} caratteri."),
        );
        wrong("exclude", detail);
    }
    if usize::from(row.map_to.is_some()) + usize::from(row.unmap) + usize::from(row.exclude.is_some()) > 1 {
        let detail =
            Text::new("Send one of mapTo, unmap and exclude.", "Inviare uno solo fra mapTo, unmap ed exclude.");
        wrong("mapTo", detail);
    }
    if let Some(why) = unmatched {
        faults.push(Fault::new(format!("{at}/mapTo"), ProblemCode::ProductUnavailable, why));
    }
    let mapped = product.map(WantedState::MapTo);
    let unmapped = row.unmap.then_some(WantedState::Unmap);
    let state = mapped.or(unmapped).or_else(|| reason.map(|reason| WantedState::Exclude(reason.to_owned())));
    match code {
        Some(code) if faults.is_empty() => Ok(ProductChange {
            code,
            state,
            sync: row.sync,
            combine: row.combine.map(Into::into),
            firewall: row.firewall,
            readings: row.readings.map(Into::into),
        }),
        _ => Err(faults),
    }
}
