//! Finding a product or a company by what a person types.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use shared::domain::psa::{Company, PsaProduct};
use shared::domain::search::{Found, Rank, SearchText, SearchTextError};
use shared::http::{Caller, FieldError, Problem, ProblemCode, PsaProblems, Query, Read};
use shared::ports::{Clock, Connections, PsaCatalogue};
use utoipa::{IntoParams, ToSchema};

use crate::World;

/// The most rows of an answer: whoever sees more of them goes on typing instead.
const SHOWN: usize = 25;

/// What is searched for.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SearchedText {
    /// What the person typed: 2 to 75 characters, spaces around it not counted. `%`, `*`, `_` and brackets are letters.
    /// ConnectWise can look up neither a backslash nor both kinds of quotes in one text.
    #[param(min_length = 2, max_length = 75)]
    text: String,
}

impl SearchedText {
    fn parse(&self) -> Result<SearchText, Problem> {
        SearchText::parse(&self.text).map_err(|error| {
            let code = match &error {
                SearchTextError::TooShort => ProblemCode::SearchTooShort,
                SearchTextError::TooLong => ProblemCode::InvalidRequest,
                SearchTextError::Unquotable(_) => ProblemCode::SearchTextUnusable,
            };
            Problem::new(code).errors([FieldError::parameter("text", ProblemCode::Invalid, error)])
        })
    }
}

/// Where the text stands in the names of what was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum MatchKind {
    /// It is a whole name, without regard to capitals and accents.
    Exact,
    /// A name starts with it.
    Prefix,
    /// A word of a name starts with it.
    Word,
    /// It is within a word.
    Substring,
}

impl From<Rank> for MatchKind {
    fn from(rank: Rank) -> Self {
        match rank {
            Rank::Exact => Self::Exact,
            Rank::Prefix => Self::Prefix,
            Rank::Word => Self::Word,
            Rank::Substring => Self::Substring,
        }
    }
}

/// A product that was found; it is available for mapping.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FoundProduct {
    /// Its id in ConnectWise.
    id: u32,
    /// Its identifier.
    identifier: String,
    /// Its description.
    description: String,
    /// Its catalogue price, as a decimal text; absent where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "4.50")]
    price: Option<String>,
    /// Where the text stands.
    #[serde(rename = "match")]
    kind: MatchKind,
    /// Whether the text is its whole identifier or description.
    exact: bool,
}

/// The products that were found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FoundProducts {
    /// The best 25, the best first: whole names, then those that start with the text, then words, then the others.
    items: Vec<FoundProduct>,
    /// Whether these are all. Otherwise the person should go on typing.
    complete: bool,
    /// The id of the one product whose whole identifier or description is the text: it may be taken without choosing from
    /// the list. Absent where there is none, or more than one.
    #[serde(skip_serializing_if = "Option::is_none")]
    exact_id: Option<u32>,
}

/// A company that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FoundCompany {
    /// Its id in ConnectWise.
    id: u32,
    /// Its identifier.
    identifier: String,
    /// Its name.
    name: String,
    /// Where the text stands.
    #[serde(rename = "match")]
    kind: MatchKind,
    /// Whether the text is its whole name or identifier.
    exact: bool,
}

/// The companies that were found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FoundCompanies {
    /// The best 25, ranked as products are.
    items: Vec<FoundCompany>,
    /// Whether these are all. Otherwise the person should go on typing.
    complete: bool,
    /// The id of the one company whose whole name or identifier is the text; absent where there is none, or more than one.
    #[serde(skip_serializing_if = "Option::is_none")]
    exact_id: Option<u32>,
}

impl FoundProducts {
    fn from_found(found: Found<PsaProduct>) -> Self {
        let exact_id = found.only_exact().map(|product| product.id.get());
        let Found { hits, complete, .. } = found.cut(SHOWN);
        let shown = hits.into_iter().map(|hit| FoundProduct {
            id: hit.row.id.get(),
            identifier: hit.row.identifier,
            description: hit.row.description,
            price: hit.row.price.map(|price| price.to_string()),
            kind: hit.rank.into(),
            exact: hit.rank == Rank::Exact,
        });
        Self { items: shown.collect(), complete, exact_id }
    }
}

impl FoundCompanies {
    fn from_found(found: Found<Company>) -> Self {
        let exact_id = found.only_exact().map(|company| company.id.get());
        let Found { hits, complete, .. } = found.cut(SHOWN);
        let shown = hits.into_iter().map(|hit| FoundCompany {
            id: hit.row.id.get(),
            identifier: hit.row.identifier,
            name: hit.row.name,
            kind: hit.rank.into(),
            exact: hit.rank == Rank::Exact,
        });
        Self { items: shown.collect(), complete, exact_id }
    }
}

/// Find ConnectWise products.
///
/// The products available for mapping (active, not of class Bundle) whose identifier or description contains the text. An
/// answer may be up to 30 seconds old.
#[utoipa::path(
    get,
    path = "/v1/psa/products/search",
    operation_id = "searchPsaProducts",
    tag = "search",
    security(("token" = ["psa/read"])),
    params(SearchedText),
    responses((status = 200, description = "The products that were found.", body = FoundProducts), PsaProblems),
)]
pub(crate) async fn search_psa_products<K, C>(
    State(world): State<World<K, C>>,
    caller: Caller<Read>,
    Query(searched): Query<SearchedText>,
) -> Result<Json<FoundProducts>, Problem>
where
    K: Connections<Psa: PsaCatalogue> + Clone + 'static,
    C: Clock + Clone + 'static,
{
    let (partner, text) = (caller.partner(), searched.parse()?);
    if let Some(found) = world.products.find(partner, &text, world.clock.now()) {
        return Ok(Json(FoundProducts::from_found(found)));
    }
    let found = world.connections.psa(partner).await?.search_products(&text, usize::MAX).await?;
    world.products.keep(partner, found.clone(), world.clock.now());
    Ok(Json(FoundProducts::from_found(found)))
}

/// Find ConnectWise companies.
///
/// The companies that are not deleted whose name or identifier contains the text. An answer may be up to 30 seconds old.
#[utoipa::path(
    get,
    path = "/v1/psa/companies/search",
    operation_id = "searchPsaCompanies",
    tag = "search",
    security(("token" = ["psa/read"])),
    params(SearchedText),
    responses((status = 200, description = "The companies that were found.", body = FoundCompanies), PsaProblems),
)]
pub(crate) async fn search_psa_companies<K, C>(
    State(world): State<World<K, C>>,
    caller: Caller<Read>,
    Query(searched): Query<SearchedText>,
) -> Result<Json<FoundCompanies>, Problem>
where
    K: Connections<Psa: PsaCatalogue> + Clone + 'static,
    C: Clock + Clone + 'static,
{
    let (partner, text) = (caller.partner(), searched.parse()?);
    if let Some(found) = world.companies.find(partner, &text, world.clock.now()) {
        return Ok(Json(FoundCompanies::from_found(found)));
    }
    let found = world.connections.psa(partner).await?.search_companies(&text, usize::MAX).await?;
    world.companies.keep(partner, found.clone(), world.clock.now());
    Ok(Json(FoundCompanies::from_found(found)))
}
