//! Which ConnectWise products a Sophos product may be mapped to.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use shared::domain::catalogue::ProductDetails;
use shared::domain::id::{ProductCode, PsaProductId};
use shared::domain::psa::PsaProduct;
use shared::domain::search::{SearchText, quote_for};
use shared::http::{
    Caller, FieldError, IfNoneMatch, List, Pages, Problem, ProblemCode, PsaProblems, Query, Read, represent,
};
use shared::ports::{Clock, Ids, PsaCatalogue};
use shared::table::Table;
use utoipa::{IntoParams, ToSchema};

use super::known::Known;
use super::rank::{self, Candidate, Proposal, Reason};
use crate::{Link, World};

/// How many proposals are made.
const MOST: usize = 10;
/// How many products one text brings.
const FOUND_A_TEXT: usize = 50;

/// Which product.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct SuggestFor {
    /// The Sophos product's code.
    code: String,
}

/// Why a ConnectWise product is proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum SuggestedBecause {
    /// Its identifier says it.
    Identifier,
    /// Its vendor's or manufacturer's number is the code.
    Sku,
    /// Its key in another system is the code.
    CrossReference,
    /// Its names have words in common.
    Name,
}

/// A ConnectWise product that may be the one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProductSuggestion {
    /// Its id.
    psa_product_id: u32,
    /// Its identifier.
    identifier: String,
    /// Its description.
    description: String,
    /// Why.
    because: SuggestedBecause,
    /// How many of the words of the Sophos product's description it has, in percent.
    #[schema(minimum = 0, maximum = 100)]
    words_percent: usize,
    /// The other Sophos products that are mapped to it: mapping one more asks for a combine rule.
    #[schema(value_type = Vec<String>)]
    mapped: Vec<ProductCode>,
}

/// Suggest ConnectWise products.
///
/// What a Sophos product may be mapped to, the best first: by identifier, by number, by cross reference, then by name. Only
/// products that are available for mapping. Nothing is ever mapped by itself.
#[utoipa::path(
    get,
    path = "/v1/product-mappings/suggestions",
    operation_id = "suggestProducts",
    tag = "product mappings",
    security(("token" = ["psa/read"])),
    params(SuggestFor, IfNoneMatch),
    responses(
        (status = 200, description = "At most 10 suggestions, on one page.", body = List<ProductSuggestion>),
        (status = 404, description = "No such Sophos product is known.", body = shared::http::ProblemBody,
            content_type = "application/problem+json"),
        PsaProblems,
    ),
)]
pub(crate) async fn suggest_products<T: Table, N: Link, C: Clock + Clone + 'static, I: Ids + Clone + 'static>(
    State(world): State<World<T, N, C, I>>,
    caller: Caller<Read>,
    Query(asked): Query<SuggestFor>,
    if_none_match: IfNoneMatch,
) -> Result<Response, Problem> {
    let code = ProductCode::parse(&asked.code).map_err(|error| {
        let error = FieldError::parameter("code", ProblemCode::Invalid, error);
        Problem::new(ProblemCode::InvalidRequest).errors([error])
    })?;
    let known = Known::read(&world.store, caller.partner()).await?;
    if known.mappings.find(&code).is_none() {
        return Err(Problem::new(ProblemCode::NotFound));
    }
    let description = known.seen.get(&code).map(|seen| seen.product.description.as_str()).unwrap_or_default();
    let psa = world.connections.psa(caller.partner()).await?;
    let candidates = candidates(&psa, &code, description).await?;
    let proposals = rank::ranked(code.as_str(), description, candidates, MOST);
    let mut mapped: BTreeMap<PsaProductId, Vec<ProductCode>> = BTreeMap::new();
    for mapping in known.mappings.iter().filter(|mapping| mapping.code != code) {
        if let Some(product) = mapping.product() {
            mapped.entry(product).or_default().push(mapping.code.clone());
        }
    }
    let items: Vec<ProductSuggestion> =
        proposals.into_iter().map(|proposal| suggestion(proposal, &mut mapped)).collect();
    Ok(represent(&if_none_match, None, &List { items, pages: Pages::whole(MOST) }))
}

/// Five calls at most: one for the keys, one for each text.
async fn candidates(psa: &impl PsaCatalogue, code: &ProductCode, description: &str) -> Result<Vec<Candidate>, Problem> {
    let mut candidates = Vec::new();
    // A code with both kinds of quotes can be no key that ConnectWise could be asked for.
    if quote_for(code.as_str()).is_ok() {
        let keyed = psa.list_products_keyed(code.as_str()).await?;
        candidates.extend(keyed.into_iter().filter(ProductDetails::is_available).map(|product| by_key(product, code)));
    }
    for text in rank::texts(code.as_str(), description) {
        let Ok(text) = SearchText::parse(&text) else { continue };
        let found = psa.search_products(&text, FOUND_A_TEXT).await?;
        candidates.extend(found.hits.into_iter().map(|hit| by_name(hit.row)));
    }
    Ok(candidates)
}

fn by_key(product: ProductDetails, code: &ProductCode) -> Candidate {
    let same = |key: &str| key.trim().eq_ignore_ascii_case(code.as_str());
    Candidate {
        id: product.id,
        by_sku: same(&product.vendor_sku) || same(&product.manufacturer_part_number),
        by_xref: same(&product.integration_xref),
        identifier: product.identifier,
        description: product.description,
    }
}

fn by_name(product: PsaProduct) -> Candidate {
    let PsaProduct { id, identifier, description, .. } = product;
    Candidate { id, identifier, description, by_sku: false, by_xref: false }
}

fn suggestion(proposal: Proposal, mapped: &mut BTreeMap<PsaProductId, Vec<ProductCode>>) -> ProductSuggestion {
    let Proposal { candidate, reason, words_percent } = proposal;
    ProductSuggestion {
        psa_product_id: candidate.id.get(),
        identifier: candidate.identifier,
        description: candidate.description,
        because: match reason {
            Reason::Identifier => SuggestedBecause::Identifier,
            Reason::Sku => SuggestedBecause::Sku,
            Reason::CrossReference => SuggestedBecause::CrossReference,
            Reason::Name => SuggestedBecause::Name,
        },
        words_percent,
        mapped: mapped.remove(&candidate.id).unwrap_or_default(),
    }
}
