//! ConnectWise products by their names: a whole identifier or description stands for the one product that has it.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use shared::domain::id::{PartnerId, PsaProductId};
use shared::domain::psa::PsaProduct;
use shared::domain::search::{Found, Rank, SearchText};
use shared::http::{Problem, Text};
use shared::ports::PsaCatalogue;
use utoipa::ToSchema;

use crate::Link;

/// Calls of ConnectWise side by side: a person waits, and runs want their share.
const IN_FLIGHT: usize = 6;
/// How many names one save may have: each is a call.
pub(super) const MOST_NAMES: usize = 30;
/// How many products a search brings, and how many of them are named where none has the whole name.
const FOUND: usize = 50;
const SHOWN: usize = 5;

/// A ConnectWise product: by its id, or by its whole identifier or description.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum MapTo {
    /// Its id.
    Id(i64),
    /// Its whole identifier or description, in either case. Exactly one available product must have it.
    Name(String),
}

/// What names stand for: the product, or why there is none.
pub(super) type Resolved = BTreeMap<String, Result<PsaProductId, Text>>;

/// Looks names up in ConnectWise, each once.
pub(super) async fn resolve(
    connections: &impl Link,
    partner: PartnerId,
    mut names: Vec<String>,
) -> Result<Resolved, Problem> {
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return Ok(Resolved::new());
    }
    let psa = &connections.psa(partner).await?;
    let looked = names.into_iter().map(|name| async move {
        let found = match SearchText::parse(&name) {
            Ok(text) => only(&psa.search_products(&text, FOUND).await?, &name),
            Err(error) => Err(error.into()),
        };
        Ok::<_, Problem>((name, found))
    });
    stream::iter(looked).buffer_unordered(IN_FLIGHT).try_collect().await
}

/// The one product that has the whole name, or a sentence with those that come close.
fn only(found: &Found<PsaProduct>, name: &str) -> Result<PsaProductId, Text> {
    let exact: Vec<&PsaProduct> = found.hits.iter().filter(|hit| hit.rank == Rank::Exact).map(|hit| &hit.row).collect();
    if let [one] = exact.as_slice() {
        return Ok(one.id);
    }
    let listed = |products: &[&PsaProduct]| {
        let shown =
            products.iter().take(SHOWN).map(|p| format!("{} \u{2013} {} (id {})", p.identifier, p.description, p.id));
        let more = products.len().checked_sub(SHOWN).filter(|more| *more > 0).map(|more| format!("+{more}"));
        shown.chain(more).collect::<Vec<_>>().join("; ")
    };
    let close: Vec<&PsaProduct> = found.hits.iter().map(|hit| &hit.row).collect();
    Err(match (exact.is_empty(), close.is_empty()) {
        (false, _) => Text::new(
            format!("Several products are called {name:?}: {}.", listed(&exact)),
            format!("Più prodotti si chiamano «{name}»: {}.", listed(&exact)),
        ),
        (true, false) => Text::new(
            format!("No available product is called exactly {name:?}. Similar: {}.", listed(&close)),
            format!("Nessun prodotto disponibile si chiama esattamente «{name}». Simili: {}.", listed(&close)),
        ),
        (true, true) => Text::new(
            format!("No available product is called {name:?}."),
            format!("Nessun prodotto disponibile si chiama «{name}»."),
        ),
    })
}

#[cfg(test)]
mod tests {
    use shared::http::Language;

    use super::*;

    fn product(id: i64, identifier: &str, description: &str) -> PsaProduct {
        PsaProduct {
            id: PsaProductId::try_from(id).unwrap(),
            identifier: identifier.to_owned(),
            description: description.to_owned(),
            class: "Service".to_owned(),
            bundle: false,
            inactive: false,
            price: None,
        }
    }

    fn look(name: &str, language: Language) -> Result<u32, String> {
        let rows = [
            product(1, "SEC-EP", "Managed Endpoint"),
            product(2, "SEC-EP-ADV", "Managed Endpoint Advanced"),
            product(3, "OTHER", "Managed Mail"),
            product(4, "MAIL", "managed mail"),
        ];
        let found = Found::of(SearchText::parse(name).unwrap(), rows, true, FOUND);
        only(&found, name).map(PsaProductId::get).map_err(|why| why.in_language(language).to_owned())
    }

    #[test]
    fn a_whole_identifier_or_description_is_the_one_product_that_has_it() {
        for (name, id) in [("SEC-EP", 1), ("sec-ep-adv", 2), ("Managed Endpoint", 1), ("mail", 4)] {
            assert_eq!(look(name, Language::English), Ok(id), "{name}");
        }
    }

    #[test]
    fn without_exactly_one_those_that_match_are_listed() {
        let several = look("Managed Mail", Language::English).unwrap_err();
        assert!(several.contains("OTHER") && several.contains("(id 4)") && !several.contains("SEC-EP"), "{several}");
        let close = look("Managed End", Language::Italian).unwrap_err();
        assert!(close.starts_with("Nessun prodotto disponibile") && close.contains("SEC-EP-ADV"), "{close}");
        assert_eq!(look("nothing", Language::English).unwrap_err(), "No available product is called \"nothing\".");
    }
}
