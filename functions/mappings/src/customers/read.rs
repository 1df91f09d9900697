//! Reads customers for a page or for a save: what Sophos lists and what is mapped, side by side.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};
use shared::domain::customer::Customer;
use shared::domain::id::{CustomerId, PartnerId};
use shared::error::StoreError;
use shared::store::{MappedCustomer, Store};
use shared::table::Table;

/// Reads of single customers in flight.
const IN_FLIGHT: usize = 10;

/// A customer, as Sophos lists it and as it is mapped; one of both is there.
#[derive(Clone, Debug, Default)]
pub(super) struct Read {
    pub(super) customer: Option<Customer>,
    pub(super) mapped: Option<MappedCustomer>,
}

impl Read {
    /// What a person calls the customer.
    pub(super) fn name(&self, id: CustomerId) -> String {
        self.customer.as_ref().map_or_else(|| id.to_string(), |customer| customer.name.clone())
    }
}

/// The customers behind a position, by id, and the position up to which these are all; none where nothing follows.
pub(super) async fn window(
    store: &Store<impl Table>,
    partner: PartnerId,
    after: Option<CustomerId>,
    limit: u32,
) -> Result<(BTreeMap<CustomerId, Read>, Option<CustomerId>), StoreError> {
    let known = store.list_known_customers(partner, after, limit).await?;
    let mapped = store.list_customer_mappings_after(partner, after, limit).await?;
    // Of a list that was cut nothing is known behind its last one.
    let is_cut = |count: usize| count >= limit as usize;
    let known_to = known.last().map(|last| last.id).filter(|_| is_cut(known.len()));
    let mapped_to = mapped.last().map(|(last, _)| last.customer).filter(|_| is_cut(mapped.len()));
    let up_to = known_to.into_iter().chain(mapped_to).min();
    let mut rows: BTreeMap<CustomerId, Read> = BTreeMap::new();
    for customer in known {
        let read = rows.entry(customer.id).or_default();
        read.customer = Some(customer);
    }
    for mapped in mapped {
        let read = rows.entry(mapped.0.customer).or_default();
        read.mapped = Some(mapped);
    }
    rows.retain(|id, _| up_to.is_none_or(|up_to| *id <= up_to));
    Ok((rows, up_to))
}

/// These customers; one that is neither listed nor mapped is left out.
pub(super) async fn each(
    store: &Store<impl Table>,
    partner: PartnerId,
    ids: impl IntoIterator<Item = CustomerId> + Send,
) -> Result<BTreeMap<CustomerId, Read>, StoreError> {
    let mut ids: Vec<CustomerId> = ids.into_iter().collect();
    ids.sort_unstable();
    ids.dedup();
    let read = ids.into_iter().map(|id| async move {
        let customer = store.find_known_customer(partner, id).await?;
        let mapped = store.find_customer_mapping(partner, id).await?;
        Ok::<_, StoreError>((id, Read { customer, mapped }))
    });
    let read: Vec<(CustomerId, Read)> = stream::iter(read).buffer_unordered(IN_FLIGHT).try_collect().await?;
    Ok(read.into_iter().filter(|(_, read)| read.customer.is_some() || read.mapped.is_some()).collect())
}
