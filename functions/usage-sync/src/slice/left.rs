//! A customer that has left: whether ConnectWise may still bill what we wrote for it.

use shared::domain::departure::Departure;
use shared::domain::id::CustomerId;
use shared::domain::plan::{LeftCustomer, agreement_trouble, left_customer};
use shared::domain::usage::CustomerUsage;
use shared::store::Change;

use super::bucket::Bucket;
use super::customers::Recalled;

impl Bucket {
    /// What follows for a customer that has left; [`LeftCustomer::NeverBilled`] too for one that has not. One whose entry
    /// cannot be read is listed all the same.
    pub(super) fn left(&self, id: CustomerId, usage: &CustomerUsage, recalled: &Recalled) -> LeftCustomer {
        let mapping = self.mapped.get(&id).map(|(mapping, _)| mapping);
        let departure = Departure::of_synced(mapping, self.customers.get(&id));
        let (Some(mapping), Some(departure)) = (mapping, departure) else { return LeftCustomer::NeverBilled };
        if self.unreadable_customers.contains_key(&id) {
            return LeftCustomer::NeverBilled;
        }
        let marked = self.billed_on.get(&id).is_some_and(|on| !on.is_empty());
        let ours = marked || !recalled.snapshot.written.is_empty() || !recalled.intents.is_empty();
        let agreement = self.agreements.get(&mapping.agreement);
        let is_read = !self.unreadable_agreements.contains_key(&mapping.agreement);
        let month = self.run.request.month;
        let trouble = is_read.then(|| agreement_trouble(mapping, agreement, self.agreements.values(), month)).flatten();
        let follows = left_customer(departure.clone(), usage, (&recalled.snapshot, ours), trouble.as_ref());
        // A creation may still take effect: it is settled before the customer is done with.
        let unsettled = !recalled.intents.is_empty() && trouble.is_none();
        if unsettled && matches!(follows, LeftCustomer::DoneWith(_)) {
            LeftCustomer::Planned(departure)
        } else {
            follows
        }
    }

    /// Takes the mark away that says that its agreement bills what we wrote for it.
    pub(super) fn bills_no_more(&self, id: CustomerId) -> Option<Change> {
        let agreement = self.agreement_of(id)?;
        let marked = self.billed_on.get(&id).is_some_and(|on| on.contains(&agreement));
        marked.then_some(Change::RemoveBilledOn(id, agreement))
    }

    /// The customer's name: Sophos', or that of its company where Sophos no longer lists it.
    pub(super) fn name_of(&self, id: CustomerId) -> String {
        let listed = self.customers.get(&id).map(|customer| customer.name.clone());
        let company = || Some(self.mapped.get(&id)?.1.as_ref()?.company.clone());
        listed.or_else(company).unwrap_or_else(|| id.to_string())
    }
}
