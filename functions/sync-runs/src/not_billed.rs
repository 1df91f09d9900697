//! Usage that reaches no addition: by Sophos product and reason, as the newest run or preview of everything counted it.

use axum::extract::State;
use axum::response::Response;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use shared::domain::id::{PartnerId, ProductCode};
use shared::domain::mapping::{ProductMappings, ProductState};
use shared::domain::month::UsageMonth;
use shared::domain::outcome::{Bucket, SkipKind};
use shared::domain::run::{CustomerFilter, Run};
use shared::domain::tally::NotBilled;
use shared::http::{
    Caller, FieldError, IfNoneMatch, List, Paging, Problem, ProblemCode, PsaProductShown, Query, Read, represent,
};
use shared::store::Store;
use shared::table::Table;
use utoipa::{IntoParams, ToSchema};

use crate::change::CurrencyAmount;
use crate::names::Names;
use crate::view::is_complete;
use crate::{Naming, Sender, Time, World};

/// The most rows of a page.
const MAX_PAGE: u16 = 500;
/// How many of the newest runs are looked through for one of everything.
const RUNS_LOOKED_AT: u32 = 25;

/// Which usage that is not billed.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct NotBilledFilter {
    /// Of this usage month; that of the newest run or preview of everything by default.
    #[serde(default)]
    #[param(example = "2026-11")]
    month: Option<String>,
    /// Only what somebody has decided not to bill, or only what nobody has decided about.
    #[serde(default)]
    decided: Option<bool>,
    /// How many rows a page has at most, 1 to 500; 50 by default.
    #[serde(default)]
    #[param(minimum = 1, maximum = 500)]
    page_size: Option<u16>,
    /// The `nextKey` of the page before, with the same filter.
    #[serde(default)]
    page_from_key: Option<String>,
}

/// Usage of one Sophos product that is not billed for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotBilledRow {
    /// The run or preview that counted it.
    run_id: String,
    /// The usage month.
    month: String,
    /// The Sophos product's code; absent for usage without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<String>,
    /// What Sophos calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// Why, in one word for programs: the `reason` of the run's lines.
    reason: &'static str,
    /// Whether that is so by somebody's decision.
    decided: bool,
    /// Whether the product is mapped by now, or excluded: the next run or preview counts it anew.
    changed_since: bool,
    /// How many customers; 0 for usage that names none.
    customers: u64,
    /// Their units.
    units: u64,
    /// The ConnectWise product that it is mapped to now.
    #[serde(skip_serializing_if = "Option::is_none")]
    psa_product_id: Option<u32>,
    /// Its names and its price, as they were last seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    psa_product: Option<PsaProductShown>,
    /// What the units come to at the catalogue price, for an estimate: by the currency of the customers' agreements, the
    /// rest without one. Empty where no price is known.
    amounts: Vec<CurrencyAmount>,
    /// The place in the list.
    #[serde(skip)]
    place: String,
}

/// What a partner's usage of a month came to that is not billed.
pub(crate) struct Counted {
    /// The rows, by product and reason.
    pub(crate) rows: Vec<NotBilledRow>,
    /// Of those that nobody has decided: the Sophos products, their customers' units, those without a customer or product.
    pub(crate) open: OpenUsage,
}

/// Usage that nobody has decided not to bill.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OpenUsage {
    /// Sophos products.
    pub(crate) products: u64,
    /// Units of products or customers that are not mapped.
    pub(crate) unmapped_units: u64,
    /// Units without a customer or a product.
    pub(crate) unassigned_units: u64,
}

/// Whether a run counted all of a partner's usage. One in which Sophos reported nothing counted nothing.
pub(crate) fn counted_everything(run: &Run) -> bool {
    is_complete(run)
        && matches!(run.request.scope.customers, CustomerFilter::Everyone)
        && !run.request.scope.ignores_switches
}

/// What the run counted, by the mappings of now.
pub(crate) fn counted(run: &Run, mappings: &ProductMappings, names: &Names) -> Counted {
    let (mut rows, mut open) = (Vec::new(), OpenUsage::default());
    for (code, tally) in &run.tally.products {
        let mut is_open = false;
        for (kind, found) in tally.not_billed.iter().filter(|(kind, _)| kind.leaves_unbilled()) {
            if !kind.is_decided() {
                is_open = true;
                let units = if kind.bucket() == Bucket::Unassigned {
                    &mut open.unassigned_units
                } else {
                    &mut open.unmapped_units
                };
                *units = units.saturating_add(found.units);
            }
            rows.push(NotBilledRow::of(run, code, &tally.description, *kind, found, mappings, names));
        }
        open.products += u64::from(is_open);
    }
    Counted { rows, open }
}

impl NotBilledRow {
    fn of(
        run: &Run,
        code: &str,
        description: &str,
        kind: SkipKind,
        found: &NotBilled,
        mappings: &ProductMappings,
        names: &Names,
    ) -> Self {
        let product = ProductCode::parse(code).ok();
        let mapping = product.as_ref().and_then(|code| mappings.find(code));
        let psa = mapping.and_then(|mapping| mapping.product());
        let known = product.as_ref().and_then(|code| names.sophos(code)).map(str::to_owned);
        let description = known.or_else(|| Some(description.to_owned()).filter(|text| !text.is_empty()));
        let price = psa.and_then(|psa| names.psa_product(psa)).and_then(|known| known.product.price);
        let excluded = mapping.is_some_and(|mapping| matches!(mapping.state, ProductState::Excluded { .. }));
        let by_product = matches!(kind, SkipKind::ProductUnmapped | SkipKind::MappingRemoved);
        Self {
            run_id: run.id.to_string(),
            month: run.request.month.to_string(),
            description,
            reason: kind.word(),
            decided: kind.is_decided(),
            changed_since: by_product && (psa.is_some() || excluded),
            customers: found.customers,
            units: found.units,
            psa_product_id: psa.map(|psa| psa.get()),
            psa_product: psa.and_then(|psa| names.psa(psa)),
            amounts: price.map(|price| amounts(price, found)).unwrap_or_default(),
            place: format!("{code}#{}", kind.word()),
            product: product.map(|code| code.to_string()),
        }
    }
}

/// What units come to at a price. One price says nothing of a sum over two currencies: each has its own amount.
fn amounts(price: Decimal, found: &NotBilled) -> Vec<CurrencyAmount> {
    let with_currency: u64 = found.currencies.values().sum();
    let rest = (String::new(), found.units.saturating_sub(with_currency));
    let units = found.currencies.iter().map(|(currency, units)| (currency.clone(), *units)).chain([rest]);
    let amount = |(currency, units): (String, u64)| Some((currency, price.checked_mul(Decimal::from(units))?));
    let amounts = units.filter(|(_, units)| *units > 0).filter_map(amount);
    CurrencyAmount::all(&amounts.collect())
}

/// The newest run or preview of everything, of a month if one is named.
pub(crate) async fn newest(
    store: &Store<impl Table>,
    partner: PartnerId,
    month: Option<UsageMonth>,
) -> Result<Option<Run>, Problem> {
    let runs = store.list_runs_before(partner, None, RUNS_LOOKED_AT).await?;
    let fits = |run: &Run| counted_everything(run) && month.is_none_or(|month| run.request.month == month);
    // Ids say no more than the second in which a run was asked for.
    Ok(runs.into_iter().filter(fits).max_by_key(|run| run.opened_at))
}

/// List what is not billed.
///
/// Usage that reaches no addition, by Sophos product and reason, as the newest run or preview of everything counted it. The
/// customers behind a row are the run's lines of that product and reason. Neither ConnectWise nor Sophos is asked.
#[utoipa::path(
    get,
    path = "/v1/sync/not-billed",
    operation_id = "listNotBilled",
    tag = "runs",
    security(("token" = ["psa/read"])),
    params(NotBilledFilter, IfNoneMatch),
    responses((status = 200, description = "A page of usage that is not billed; empty before the first run or preview.",
        body = List<NotBilledRow>)),
)]
pub(crate) async fn list_not_billed<T: Table, Q: Sender, C: Time, I: Naming>(
    State(world): State<World<T, Q, C, I>>,
    caller: Caller<Read>,
    Query(filter): Query<NotBilledFilter>,
    if_none_match: IfNoneMatch,
) -> Result<Response, Problem> {
    let partner = caller.partner();
    let month = filter.month.as_deref().map(UsageMonth::parse).transpose().map_err(|error| {
        let error = FieldError::parameter("month", ProblemCode::Invalid, error);
        Problem::new(ProblemCode::InvalidRequest).errors([error])
    })?;
    let paging =
        Paging::read(partner, "listNotBilled", &filter, filter.page_size, filter.page_from_key.as_deref(), MAX_PAGE)?;
    paging.after_as(|text| is_place(text).then_some(()))?;
    let mut rows = Vec::new();
    if let Some(run) = newest(&world.store, partner, month).await? {
        let mappings = world.store.list_product_mappings(partner).await?;
        rows = counted(&run, &mappings, &Names::read(&world.store, partner).await?).rows;
    }
    rows.retain(|row| filter.decided.is_none_or(|decided| row.decided == decided));
    rows.sort_by(|one, other| one.place.cmp(&other.place));
    let list: List<NotBilledRow> = paging.cut(rows, |row| row.place.as_str());
    Ok(represent(&if_none_match, None, &list))
}

/// Whether a text has the form of a row's place. A code can be whatever Sophos has sent.
fn is_place(text: &str) -> bool {
    text.rsplit_once('#').is_some_and(|(_, kind)| serde_json::from_value::<SkipKind>(kind.into()).is_ok())
}
