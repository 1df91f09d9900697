//! The customers that a person chooses for a run.

use std::collections::BTreeSet;

use futures::{StreamExt, TryStreamExt, stream};

use crate::domain::id::{CustomerId, PartnerId};
use crate::domain::language::Text;
use crate::domain::run::{CustomerFilter, MOST_CHOSEN};
use crate::error::StoreError;
use crate::store::Store;
use crate::table::Table;

/// How many customers are looked up at the same time.
const IN_FLIGHT: usize = 10;

/// Why customers cannot be chosen for a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotChosen {
    /// The number of customers is not from 1 to [`MOST_CHOSEN`].
    Count,
    /// The customers at these positions, each with the reason.
    These(Vec<(usize, Text)>),
}

impl From<&NotChosen> for Text {
    fn from(error: &NotChosen) -> Self {
        match error {
            NotChosen::Count => Self::new(
                format!("Choose 1 to {MOST_CHOSEN} customers, or leave it out for all of them."),
                format!("Scegliere da 1 a {MOST_CHOSEN} clienti, o tralasciare il campo per averli tutti."),
            ),
            NotChosen::These(each) => Self::in_each(|language| {
                each.iter().map(|(_, why)| why.in_language(language)).collect::<Vec<_>>().join(" ")
            }),
        }
    }
}

/// Parses the customers to choose for a run. Each must be listed by Sophos or be mapped.
///
/// # Errors
/// The store failed. The inner error names every customer that cannot be chosen.
pub async fn choose(
    store: &Store<impl Table>,
    partner: PartnerId,
    chosen: Option<&[String]>,
) -> Result<Result<CustomerFilter, NotChosen>, StoreError> {
    let Some(chosen) = chosen else { return Ok(Ok(CustomerFilter::Everyone)) };
    if !(1..=MOST_CHOSEN).contains(&chosen.len()) {
        return Ok(Err(NotChosen::Count));
    }
    let (mut ids, mut wrong) = (Vec::new(), Vec::new());
    for (n, text) in chosen.iter().enumerate() {
        match CustomerId::parse(text) {
            Ok(id) => ids.push((n, id)),
            Err(error) => wrong.push((n, error.into())),
        }
    }
    let checked = ids.into_iter().map(|(n, id)| async move {
        let known = store.find_known_customer(partner, id).await?.is_some();
        let is_there = known || store.find_customer_mapping(partner, id).await?.is_some();
        Ok::<_, StoreError>((n, id, is_there))
    });
    let checked: Vec<(usize, CustomerId, bool)> = stream::iter(checked).buffered(IN_FLIGHT).try_collect().await?;
    let unknown = checked.iter().filter(|(_, _, is_there)| !is_there);
    wrong.extend(unknown.map(|(n, id, _)| {
        let why = Text::new(
            format!("Sophos lists no customer {id}, and none is mapped."),
            format!("Sophos non elenca alcun cliente {id}, e nessuno è mappato."),
        );
        (*n, why)
    }));
    if !wrong.is_empty() {
        return Ok(Err(NotChosen::These(wrong)));
    }
    Ok(Ok(CustomerFilter::Chosen { customers: checked.into_iter().map(|(_, id, _)| id).collect::<BTreeSet<_>>() }))
}
