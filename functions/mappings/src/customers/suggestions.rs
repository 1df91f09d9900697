//! Which ConnectWise company a customer may be: ranked, and never applied by itself.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::domain::id::{CompanyId, CustomerId, PartnerId};
use shared::domain::psa::Company;
use shared::domain::search::{Rank, SearchText, fold};
use shared::http::{Caller, Problem, ProblemCode, PsaProblems, Query, Read, represent};
use shared::ports::{Clock, Ids, PsaCatalogue};
use shared::store::{Store, Subject};
use shared::table::Table;
use utoipa::{IntoParams, ToSchema};

use super::read;
use crate::{Link, World};

/// How many companies are suggested at most.
const MAX_SUGGESTED: usize = 10;
/// How many edits of the customer are looked through for companies that it had.
const MAX_EDITS: u32 = 100;
/// What a name ends with that says the form of a company and not its name, folded, without dots.
const FORMS: [&str; 20] = [
    "gmbh", "ag", "kg", "ohg", "ug", "ltd", "limited", "llc", "inc", "corp", "plc", "co", "srl", "spa", "sas", "sa",
    "bv", "nv", "ab", "as",
];

/// The customer that companies are suggested for.
#[derive(Clone, Debug, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct SuggestionsFor {
    /// Sophos' id of the customer.
    #[param(value_type = String, format = "uuid")]
    customer_id: CustomerId,
}

/// Companies that a customer may be, the best first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CompanySuggestions {
    /// The companies; none where nothing in ConnectWise is like the customer's name.
    items: Vec<CompanySuggestion>,
    /// Whether ConnectWise has no more that fit. Otherwise search for the company by its name.
    complete: bool,
}

/// A company that a customer may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CompanySuggestion {
    /// Its id.
    company_id: u32,
    /// Its identifier.
    identifier: String,
    /// Its name.
    name: String,
    /// Why it is suggested.
    because: SuggestedBecause,
    /// The customer that has it already, which must give it up first.
    #[serde(skip_serializing_if = "Option::is_none")]
    taken_by: Option<String>,
}

/// Why a company is suggested, the best reason first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum SuggestedBecause {
    /// Its identifier is the customer's name, but for capitals, spaces and signs.
    Identifier,
    /// The customer was mapped to it before.
    CrossReference,
    /// Its name is the customer's.
    SameName,
    /// Its name is like the customer's.
    LikeName,
}

/// Suggest companies for a customer.
///
/// By identifier, then by what it was mapped to before, then by name. Nothing is applied by itself. At most three calls of
/// ConnectWise.
#[utoipa::path(
    get,
    path = "/v1/customer-mappings/suggestions",
    operation_id = "suggestCompanies",
    tag = "customer mappings",
    security(("token" = ["psa/read"])),
    params(SuggestionsFor),
    responses(
        (status = 200, description = "Companies that the customer may be.", body = CompanySuggestions),
        (
            status = 404,
            description = "There is no such customer.",
            content_type = "application/problem+json",
            body = shared::http::ProblemBody,
        ),
        PsaProblems,
    ),
)]
pub(crate) async fn suggest_companies<T: Table, N: Link, C: Clock + Clone + 'static, I: Ids + Clone + 'static>(
    State(world): State<World<T, N, C, I>>,
    caller: Caller<Read>,
    Query(asked): Query<SuggestionsFor>,
) -> Result<Response, Problem> {
    let (store, partner, id) = (&world.store, caller.partner(), asked.customer_id);
    let found = read::each(store, partner, [id]).await?.remove(&id);
    let customer = found.and_then(|read| read.customer).ok_or_else(|| Problem::new(ProblemCode::NotFound))?;
    let former = former_companies(store, partner, id).await?;
    let psa = world.connections.psa(partner).await?;
    let (mut companies, mut complete) = (BTreeMap::new(), true);
    for text in texts(&customer.name) {
        let found = psa.search_companies(&text, MAX_SUGGESTED * 2).await?;
        complete = found.complete;
        let hits = found.hits.into_iter().map(|hit| (hit.row.id, (hit.rank, hit.row)));
        companies.extend(hits);
        if !companies.is_empty() {
            break;
        }
    }
    let mut ranked: Vec<(SuggestedBecause, Rank, Company)> = (companies.into_values())
        .map(|(rank, company)| (because(&customer.name, &company, &former), rank, company))
        .collect();
    ranked.sort_by(|(because, rank, company), (other_because, other_rank, other)| {
        (because, rank, fold(&company.name), company.id).cmp(&(other_because, other_rank, fold(&other.name), other.id))
    });
    complete &= ranked.len() <= MAX_SUGGESTED;
    ranked.truncate(MAX_SUGGESTED);
    let ids: Vec<CompanyId> = ranked.iter().map(|(.., company)| company.id).collect();
    let mut holders = store.list_company_holders(partner, &ids).await?;
    holders.retain(|_, holder| *holder != id);
    let names = read::each(store, partner, holders.values().copied()).await?;
    let items = ranked.into_iter().map(|(because, _, company)| CompanySuggestion {
        company_id: company.id.get(),
        taken_by: holders
            .get(&company.id)
            .map(|holder| names.get(holder).map_or_else(|| holder.to_string(), |read| read.name(*holder))),
        identifier: company.identifier,
        name: company.name,
        because,
    });
    Ok(represent(&Default::default(), None, &CompanySuggestions { items: items.collect(), complete }))
}

/// The companies that a customer had, as far as the newest edits tell.
async fn former_companies(
    store: &Store<impl Table>,
    partner: PartnerId,
    customer: CustomerId,
) -> Result<BTreeSet<u64>, Problem> {
    let page = store.list_edits(partner, Some(&Subject::Customer(customer)), None, MAX_EDITS).await?;
    let states = page.edits.into_iter().flat_map(|edit| [edit.before, edit.after]).flatten();
    Ok(states.filter_map(|state| state.get("company").and_then(Value::as_u64)).collect())
}

/// What is searched for, until something is found: the name, the name without its form, and its first word.
fn texts(name: &str) -> Vec<SearchText> {
    let words: Vec<&str> = name.split_whitespace().collect();
    let is_form = |word: &&&str| FORMS.contains(&letters(word).as_str());
    let forms = words.iter().rev().take_while(is_form).count();
    let core = words[..words.len() - forms].join(" ");
    let core = core.trim_end_matches([',', '.', '&', ' ']).to_owned();
    let first = words.iter().find(|word| letters(word).chars().count() > 2).copied().unwrap_or_default().to_owned();
    let mut texts: Vec<SearchText> = Vec::new();
    for text in [name.to_owned(), core, first] {
        // A name that cannot be searched for is as good as one that nothing is like.
        let parsed = SearchText::parse(&text).ok().filter(|text| !texts.contains(text));
        texts.extend(parsed);
    }
    texts
}

fn because(name: &str, company: &Company, former: &BTreeSet<u64>) -> SuggestedBecause {
    if letters(&company.identifier) == letters(name) {
        SuggestedBecause::Identifier
    } else if former.contains(&u64::from(company.id.get())) {
        SuggestedBecause::CrossReference
    } else if fold(&company.name) == fold(name) {
        SuggestedBecause::SameName
    } else {
        SuggestedBecause::LikeName
    }
}

/// The letters and digits of a text, folded.
fn letters(text: &str) -> String {
    fold(text).chars().filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn searched(name: &str) -> Vec<String> {
        texts(name).into_iter().map(|text| text.as_str().to_owned()).collect()
    }

    #[test]
    fn a_name_is_searched_for_whole_then_without_its_form_then_by_its_first_word() {
        assert_eq!(searched("Adler Bakery GmbH"), ["Adler Bakery GmbH", "Adler Bakery", "Adler"]);
        assert_eq!(searched("De Luca S.r.l."), ["De Luca S.r.l.", "De Luca", "Luca"]);
        assert_eq!(searched("ACME"), ["ACME"]);
        assert_eq!(searched("GmbH"), ["GmbH"]);
        assert_eq!(searched(r"a\b"), Vec::<String>::new());
    }
}
