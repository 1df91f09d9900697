//! The list of product mappings, and one of them.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use shared::domain::id::ProductCode;
use shared::http::{
    Caller, FieldError, IfNoneMatch, List, NoQuery, Paging, Path, Problem, ProblemCode, Query, Read, Text, represent,
};
use shared::ports::{Clock, Ids};
use shared::table::Table;
use utoipa::IntoParams;

use super::known::Known;
use super::row::{ProductRow, StateName, Switch};
use crate::{Link, World};

/// The most rows of a page: a row has some 300 bytes.
pub(super) const MAX_PAGE: u16 = 500;
/// The most characters of a text to look for.
const MAX_TEXT: usize = 100;

/// Which product mappings are listed; all of them where nothing is asked for.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct ProductFilter {
    /// Only those in this state.
    #[serde(default)]
    #[param(inline)]
    state: Option<StateName>,
    /// Only those whose usage sync is on, or off.
    #[serde(default)]
    #[param(inline)]
    sync: Option<Switch>,
    /// Only those whose code, description or ConnectWise product contains this text, in either case.
    #[serde(default)]
    #[param(max_length = 100)]
    text: Option<String>,
    /// How many rows a page has, 1 to 500; 50 by default, 500 in a sheet.
    #[serde(default)]
    #[param(minimum = 1, maximum = 500)]
    pub(super) page_size: Option<u16>,
    /// The `nextKey` of the page before, with the same filter.
    #[serde(default)]
    pub(super) page_from_key: Option<String>,
}

impl ProductFilter {
    /// The rows that fit, by code.
    pub(super) fn rows(&self, known: &Known) -> Result<Vec<ProductRow>, Problem> {
        let text = self.text.as_deref().unwrap_or_default().trim().to_lowercase();
        if text.chars().count() > MAX_TEXT {
            return Err(too_long());
        }
        let rows = known.mappings.iter().map(|mapping| known.row(mapping));
        Ok(rows.filter(|row| self.fits(row, &text)).collect())
    }

    fn fits(&self, row: &ProductRow, text: &str) -> bool {
        let contains = |field: &str| field.to_lowercase().contains(text);
        let psa = row.psa_product.iter().flat_map(|psa| [&psa.identifier, &psa.description]);
        let mut names = row.description.iter().chain(psa);
        self.state.is_none_or(|state| row.state == state)
            && self.sync.is_none_or(|sync| row.sync == (sync == Switch::On))
            && (contains(row.code.as_str()) || names.any(|name| contains(name)))
    }
}

/// List product mappings.
///
/// Every Sophos product that usage has named or that was ever saved, by its code. New usage maps nothing by itself: an
/// unknown product shows up as unmapped and waits.
#[utoipa::path(
    get,
    path = "/v1/product-mappings",
    operation_id = "listProductMappings",
    tag = "product mappings",
    security(("token" = ["psa/read"])),
    params(ProductFilter, IfNoneMatch),
    responses((status = 200, description = "A page of product mappings.", body = List<ProductRow>)),
)]
pub(crate) async fn list_product_mappings<T: Table, N: Link, C: Clock + Clone + 'static, I: Ids + Clone + 'static>(
    State(world): State<World<T, N, C, I>>,
    caller: Caller<Read>,
    Query(filter): Query<ProductFilter>,
    if_none_match: IfNoneMatch,
) -> Result<Response, Problem> {
    let paging = Paging::read(
        caller.partner(),
        "listProductMappings",
        &filter,
        filter.page_size,
        filter.page_from_key.as_deref(),
        MAX_PAGE,
    )?;
    paging.after_as(|text| ProductCode::parse(text).ok())?;
    let rows = filter.rows(&Known::read(&world.store, caller.partner()).await?)?;
    let list: List<ProductRow> = paging.cut(rows, |row| row.code.as_str());
    Ok(represent(&if_none_match, None, &list))
}

fn too_long() -> Problem {
    let detail = Text::new(format!("At most {MAX_TEXT} characters."), format!("Al massimo {MAX_TEXT} caratteri."));
    Problem::new(ProblemCode::InvalidRequest).errors([FieldError::parameter("text", ProblemCode::Invalid, detail)])
}

/// Show a product mapping.
///
/// One Sophos product that usage has named or that was ever saved. Its version goes with the row of a Save.
#[utoipa::path(
    get,
    path = "/v1/product-mappings/{code}",
    operation_id = "getProductMapping",
    tag = "product mappings",
    security(("token" = ["psa/read"])),
    params(("code" = String, Path, description = "The Sophos product's code."), IfNoneMatch),
    responses((status = 200, description = "The product mapping.", body = ProductRow)),
)]
pub(crate) async fn get_product_mapping<T: Table, N: Link, C: Clock + Clone + 'static, I: Ids + Clone + 'static>(
    State(world): State<World<T, N, C, I>>,
    caller: Caller<Read>,
    Path(code): Path<ProductCode>,
    _: NoQuery,
    if_none_match: IfNoneMatch,
) -> Result<Response, Problem> {
    let known = Known::read(&world.store, caller.partner()).await?;
    let mapping = known.mappings.find(&code).ok_or_else(|| Problem::new(ProblemCode::NotFound))?;
    Ok(represent(&if_none_match, Some(mapping.version), &known.row(mapping)))
}
