//! Other quantities than the usage: which ones people decided, and ending one before its time.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::domain::id::{CustomerId, PsaProductId};
use shared::domain::month::UsageMonth;
use shared::domain::quantity_override::{OverrideKey, QuantityOverride};
use shared::error::StoreError;
use shared::http::{
    Caller, Done, FieldError, IdempotencyKey, IfNoneMatch, List, NoQuery, Once, Paging, Problem, ProblemBody,
    ProblemCode, PsaProductShown, Query, Read, Text, Write, answer, represent, version_of_content,
};
use shared::store::{Attempt, Author, Keep};
use shared::table::Table;
use utoipa::{IntoParams, ToSchema};

use crate::names::Display;
use crate::verdict::{MAX_WHY, QuantityNamed, ReasonName, too_long};
use crate::{Naming, Sender, Time, World};

/// The most overrides of a page.
const MAX_PAGE: u16 = 500;

/// Which page.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct OverridePage {
    /// How many a page has at most, 1 to 500; 50 by default.
    #[serde(default)]
    #[param(minimum = 1, maximum = 500)]
    page_size: Option<u16>,
    /// The `nextKey` of the page before.
    #[serde(default)]
    page_from_key: Option<String>,
}

/// Another quantity than the usage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OverrideRow {
    /// Sophos' id of the customer.
    customer_id: String,
    /// Its name.
    customer: String,
    /// The ConnectWise product.
    psa_product_id: u32,
    /// Its names and its price, as they were last seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    psa_product: Option<PsaProductShown>,
    /// The Sophos products that were billed as it.
    products: Vec<String>,
    /// What Sophos calls them, in the same order.
    descriptions: Vec<String>,
    /// How the billed quantity follows from the usage.
    quantity: QuantityNamed,
    /// The first usage month.
    #[schema(example = "2026-11")]
    from: String,
    /// The last usage month.
    #[schema(example = "2027-02")]
    until: String,
    /// Whether its last usage month is over.
    ended: bool,
    /// Why.
    reason: ReasonName,
    /// More about it.
    #[serde(skip_serializing_if = "String::is_empty")]
    why: String,
    /// Who decided.
    who: String,
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// The run that reported that it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    reported_in: Option<String>,
    /// Send it with its removal.
    version: String,
}

/// An override that is ended early.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RemoveOverride {
    /// Its customer.
    customer_id: String,
    /// Its ConnectWise product.
    psa_product_id: i64,
    /// Its first usage month, as it was listed.
    #[schema(example = "2026-11")]
    from: String,
    /// When it was decided, as it was listed.
    #[schema(format = DateTime)]
    at: String,
    /// Its `version`, as it was listed: what the person saw.
    version: String,
    /// Why, in your words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500)]
    why: Option<String>,
}

impl OverrideRow {
    fn of(one: &QuantityOverride, display: &Display) -> Result<Self, Problem> {
        let QuantityOverride { key, name, parts, rule, until, reason, note, who, reported } = one;
        Ok(Self {
            customer_id: key.customer.to_string(),
            customer: name.clone(),
            psa_product_id: key.product.get(),
            psa_product: display.names.psa(key.product),
            products: parts.iter().map(ToString::to_string).collect(),
            descriptions: display.names.all_sophos(parts),
            quantity: QuantityNamed::of(*rule),
            from: key.from.to_string(),
            until: until.to_string(),
            ended: *until < UsageMonth::containing(display.today),
            reason: ReasonName::of(*reason),
            why: note.clone(),
            who: who.clone(),
            at: key.at.to_string(),
            reported_in: reported.as_ref().map(ToString::to_string),
            version: version_of(one)?,
        })
    }
}

/// Stands for an override as it was seen.
fn version_of(one: &QuantityOverride) -> Result<String, Problem> {
    Ok(format!("{:016x}", version_of_content(one)?))
}

/// List other quantities than the usage.
///
/// Decided with *decideHolds* (`useQuantity`), by customer and ConnectWise product. Where several are about one usage month,
/// the one with the latest `from` counts, and of those the one that was decided last. Those that have ended are listed for
/// 400 days.
#[utoipa::path(
    get,
    path = "/v1/sync/overrides",
    operation_id = "listOverrides",
    tag = "holds",
    security(("token" = ["psa/read"])),
    params(OverridePage, IfNoneMatch),
    responses((status = 200, description = "A page of overrides.", body = List<OverrideRow>)),
)]
pub(crate) async fn list_overrides<T: Table, Q: Sender, C: Time, I: Naming>(
    State(world): State<World<T, Q, C, I>>,
    caller: Caller<Read>,
    Query(asked): Query<OverridePage>,
    if_none_match: IfNoneMatch,
) -> Result<Response, Problem> {
    let partner = caller.partner();
    let paging =
        Paging::read(partner, "listOverrides", &asked, asked.page_size, asked.page_from_key.as_deref(), MAX_PAGE)?;
    let display = Display::read(&world, partner, caller.language()).await?;
    let after = paging.after_as(|text| shared::store::OverridePage::can_start_after(text).then_some(text))?;
    let page = world.store.page_of_overrides(partner, after, usize::from(paging.size())).await?;
    let rows: Vec<OverrideRow> =
        page.overrides.iter().map(|one| OverrideRow::of(one, &display)).collect::<Result<_, _>>()?;
    Ok(represent(&if_none_match, None, &paging.list(rows, page.next.as_deref())))
}

/// End another quantity than the usage.
///
/// From the next run on the usage is billed again, with all guards. What ConnectWise has stays until then.
#[utoipa::path(
    post,
    path = "/v1/sync/overrides/remove",
    operation_id = "removeOverride",
    tag = "holds",
    security(("token" = ["psa/write"])),
    params(IdempotencyKey),
    request_body(content = RemoveOverride, description = "Which, as it was listed."),
    responses(
        (status = 200, description = "It has ended; as it was.", body = OverrideRow),
        (status = 412, description = "It is no longer what was seen; present has it as it is now.",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn remove_override<T: Table, Q: Sender, C: Time, I: Naming>(
    State(world): State<World<T, Q, C, I>>,
    caller: Caller<Write>,
    _: NoQuery,
    once: Once<RemoveOverride>,
) -> Result<Response, Problem> {
    let (world, partner) = (&world, caller.partner());
    let (who, language) = (caller.name().to_owned(), caller.language());
    let act = |wanted: RemoveOverride, attempt: Attempt| async move {
        let key = key_of(&wanted)?;
        let display = Display::read(world, partner, language).await?;
        let found = world.store.find_override(partner, key).await?.ok_or(Problem::new(ProblemCode::NotFound))?;
        let row = OverrideRow::of(&found, &display)?;
        let moved = |row: &OverrideRow| Problem::new(ProblemCode::VersionMismatch).present(row);
        if row.version != wanted.version {
            return Err(moved(&row));
        }
        let note = wanted.why.as_deref().map(str::trim).filter(|why| !why.is_empty()).map(str::to_owned);
        match world.store.remove_override(partner, &found, &Author { who, at: world.clock.now(), note }).await {
            Ok(()) => {}
            Err(StoreError::Conflict { .. }) => return Err(moved(&row)),
            Err(error) => return Err(error.into()),
        }
        let response = answer(StatusCode::OK, &row)?;
        let same = |(): &()| Ok(response.clone());
        world.store.add_edits(partner, &[], Some(&Keep { attempt: &attempt, answer: &same })).await?;
        Ok(Done::Kept(response))
    };
    once.run(&world.store, &world.clock, &world.ids, partner, act).await
}

/// Which override; everything that is wrong with the request at once.
fn key_of(wanted: &RemoveOverride) -> Result<OverrideKey, Problem> {
    let mut errors = Vec::new();
    let mut wrong =
        |field: &str, detail: Text| errors.push(FieldError::body(format!("/{field}"), ProblemCode::Invalid, detail));
    let customer = CustomerId::parse(&wanted.customer_id).map_err(|error| wrong("customerId", error.into()));
    let product = PsaProductId::try_from(wanted.psa_product_id).map_err(|error| wrong("psaProductId", error.into()));
    let from = UsageMonth::parse(&wanted.from).map_err(|error| wrong("from", error.into()));
    let at = wanted.at.parse::<Timestamp>().map_err(|_| {
        wrong("at", Text::new("Expected a time as it was listed.", "Indicare l'ora come nell'elenco."));
    });
    if wanted.why.as_deref().is_some_and(|why| why.trim().chars().count() > MAX_WHY) {
        wrong("why", too_long());
    }
    match (customer, product, from, at) {
        (Ok(customer), Ok(product), Ok(from), Ok(at)) if errors.is_empty() => {
            Ok(OverrideKey { customer, product, from, at })
        }
        _ => Err(Problem::new(ProblemCode::InvalidRequest).errors(errors)),
    }
}
