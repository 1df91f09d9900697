//! A customer that has left: whether ConnectWise may still bill what we wrote for it.

use shared::domain::departure::Departure;
use shared::domain::id::CustomerId;
use shared::domain::plan::{LeftCustomer, agreement_trouble, left_customer};
use shared::domain::usage::CustomerUsage;

use crate::bucket::Bucket;
use crate::recall::Recalled;

/// What follows for a customer that has left; none for one that has not. A customer whose entry in Sophos' list cannot
/// be read is listed, and has not left.
pub(super) fn after_departure(
    bucket: &Bucket,
    id: CustomerId,
    usage: &CustomerUsage,
    recalled: &Recalled,
) -> Option<LeftCustomer> {
    let mapping = bucket.mapping_of(id);
    let departure = Departure::of_synced(mapping, bucket.customers.get(&id));
    let (Some(mapping), Some(departure)) = (mapping, departure) else { return None };
    if bucket.unreadable_customers.contains_key(&id) {
        return None;
    }
    let marked = bucket.billed_on.get(&id).is_some_and(|on| !on.is_empty());
    let ours = marked || !recalled.snapshot.written.is_empty() || !recalled.intents.is_empty();
    let agreement = bucket.agreements.get(&mapping.agreement);
    let is_read = !bucket.unreadable_agreements.contains_key(&mapping.agreement);
    let month = bucket.run.request.month;
    let trouble = is_read.then(|| agreement_trouble(mapping, agreement, bucket.agreements.values(), month)).flatten();
    let follows = left_customer(departure.clone(), usage, ours.then_some(&recalled.snapshot), trouble.as_ref());
    // A creation may still take effect: it is settled before the customer is done with.
    let unsettled = !recalled.intents.is_empty() && trouble.is_none();
    let is_done = matches!(follows, LeftCustomer::DoneWith(_));
    Some(if unsettled && is_done { LeftCustomer::Planned(departure) } else { follows })
}
