//! What we wrote to agreements: snapshots, intents, and where each customer is billed.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::id::{AgreementId, CustomerId, PartnerId};
use crate::domain::snapshot::{Intent, Snapshot};
use crate::error::StoreError;
use crate::store::entry::{read_body, read_text, unreadable, with_body};
use crate::store::{Store, keys, limits};
use crate::table::{Entry, SORT_KEY, Table};

impl<T: Table> Store<T> {
    /// At most `limit` (1 to 1,000) agreements after `after` with what we wrote to them; fewer only at the end. The order
    /// is fixed but not numeric. A snapshot may have some tens of kilobytes.
    pub async fn list_snapshots(
        &self,
        partner: PartnerId,
        after: Option<AgreementId>,
        limit: u32,
    ) -> Result<Vec<(AgreementId, Snapshot)>, StoreError> {
        let limit = limit.clamp(1, limits::MAX_PAGE) as usize;
        let range = keys::snapshots_after(after);
        let read = |entry: &Entry| Ok(Some((agreement_of(entry)?, read_body(entry)?)));
        self.first_of_range(&keys::sync(partner), &range, limit, read).await
    }

    /// What we wrote to these agreements, which must differ; those without a snapshot are left out.
    pub async fn find_snapshots(
        &self,
        partner: PartnerId,
        agreements: &[AgreementId],
    ) -> Result<BTreeMap<AgreementId, Snapshot>, StoreError> {
        let wanted = agreements.iter().map(|agreement| keys::snapshot(partner, *agreement)).collect();
        let found = self.table.get_many(wanted).await?;
        found.iter().map(|entry| Ok((agreement_of(entry)?, read_body(entry)?))).collect()
    }

    /// What we wrote to an agreement; an empty snapshot if nothing.
    pub async fn find_snapshot(&self, partner: PartnerId, agreement: AgreementId) -> Result<Snapshot, StoreError> {
        Ok(self.find_snapshots(partner, &[agreement]).await?.remove(&agreement).unwrap_or_default())
    }

    /// The agreements to which we write or wrote for customers whose id starts with `prefix`.
    pub async fn list_billed_on(
        &self,
        partner: PartnerId,
        prefix: &str,
    ) -> Result<BTreeMap<CustomerId, BTreeSet<AgreementId>>, StoreError> {
        let mut billed_on: BTreeMap<CustomerId, BTreeSet<AgreementId>> = BTreeMap::new();
        let read = |entry| read_billed_on(&entry);
        for (customer, agreement) in self.list(&keys::sync(partner), &keys::billed_on_of(prefix), read).await? {
            billed_on.entry(customer).or_default().insert(agreement);
        }
        Ok(billed_on)
    }

    /// All stored intents, in the order of agreement and product. There are few: one for each write that is not settled.
    pub async fn list_intents(&self, partner: PartnerId) -> Result<Vec<Intent>, StoreError> {
        let read = |entry| read_body(&entry);
        let mut intents: Vec<Intent> = self.list(&keys::sync(partner), keys::INTENTS, read).await?;
        // Keys contain numbers as texts, which sort 10 before 9.
        intents.sort_by_key(|intent| (intent.agreement, intent.product));
        Ok(intents)
    }
}

pub(super) fn to_entry(partner: PartnerId, agreement: AgreementId, snapshot: &Snapshot) -> Result<Entry, StoreError> {
    with_body(&keys::snapshot(partner, agreement), snapshot)
}

/// The agreement that a snapshot's key names.
fn agreement_of(entry: &Entry) -> Result<AgreementId, StoreError> {
    keys::agreement_of(read_text(entry, SORT_KEY)?).ok_or_else(|| unreadable(entry, "it names no agreement"))
}

/// The customer and the agreement of the mark that we write to one for the other.
fn read_billed_on(entry: &Entry) -> Result<(CustomerId, AgreementId), StoreError> {
    keys::read_billed_on(read_text(entry, SORT_KEY)?)
        .ok_or_else(|| unreadable(entry, "it names no customer and agreement"))
}

pub(super) fn intent_to_entry(partner: PartnerId, intent: &Intent) -> Result<Entry, StoreError> {
    with_body(&keys::intent(partner, intent.agreement, intent.product), intent)
}
