//! What waits for a person, and what people decided.

use super::DynamoStore;
use super::send::Verdict;
use super::write::Write;
use crate::domain::decision::{Decision, HoldKey, StandingHold};
use crate::domain::id::PartnerId;
use crate::domain::month::UsageMonth;
use crate::error::StoreError;
use crate::ports::{HoldPage, HoldStore, Ids};
use crate::store::item::{BODY, edit, hold as row, keys, read_body, read_text, text};
use crate::store::save;

impl<I: Ids> HoldStore for DynamoStore<I> {
    async fn list_holds(
        &self,
        partner: PartnerId,
        month: UsageMonth,
        prefix: &str,
        after: Option<&str>,
    ) -> Result<HoldPage, StoreError> {
        match keys::hold_range(month, prefix, after) {
            Some(range) => self.holds_of_range(partner, &range).await,
            None => Ok(row::page(Vec::new(), false)),
        }
    }

    async fn find_hold(&self, partner: PartnerId, key: HoldKey) -> Result<Option<StandingHold>, StoreError> {
        let Some(entry) = self.find(&keys::hold(partner, key)).await? else { return Ok(None) };
        let decision = self.find(&keys::decision(partner, key)).await?;
        let decision = decision.map(|entry| read_body(&entry)).transpose()?;
        Ok(Some(StandingHold { decision, ..read_body(&entry)? }))
    }

    async fn decide_hold_over(
        &self,
        partner: PartnerId,
        key: HoldKey,
        seen: Option<&Decision>,
        decision: &Decision,
    ) -> Result<(), StoreError> {
        let before = self.find(&keys::decision(partner, key)).await?;
        let decided: Option<Decision> = before.as_ref().map(read_body).transpose()?;
        let edit = save::decision(key, decided.as_ref(), decision)?;
        if edit.is_some() && decided.as_ref() != seen {
            return Err(row::moved(key));
        }
        let stands = Write::update(keys::hold(partner, key), "SET #nonce = :nonce")
            .only_if("#basis = :basis")
            .value("basis", text(&row::basis(&decision.basis)?));
        let mut writes = vec![stands];
        if let Some(edit) = edit {
            let put = Write::put(row::decision_to_entry(partner, key, decision)?);
            // The audit says what it was before, so nobody may have decided in between.
            writes.push(match &before {
                None => put.if_absent(),
                Some(before) => put.only_if("#body = :body").value("body", text(read_text(before, BODY)?)),
            });
            for entry in edit::to_entries(partner, &[edit], &self.ids.unique())? {
                writes.push(Write::put(entry).if_absent());
            }
        }
        match self.transact_for_a_person(writes).await? {
            Verdict::Written => Ok(()),
            Verdict::Unmet(_) => Err(row::moved(key)),
        }
    }
}

impl<I> DynamoStore<I> {
    /// A page of the holds from one sort key to another.
    pub(super) async fn holds_of_range(
        &self,
        partner: PartnerId,
        range: &(String, String),
    ) -> Result<HoldPage, StoreError> {
        let partition = keys::held(partner);
        let mut entries = Vec::new();
        let mut start = None;
        loop {
            let page = self.page_of_range(&partition, range, start).await?;
            entries.extend(page.entries);
            let holds = row::from_entries(&entries)?;
            // A page without a hold, which may end between a decision and its hold, says nothing of where to go on.
            if page.next.is_none() || !holds.is_empty() {
                return Ok(row::page(holds, page.next.is_some()));
            }
            start = page.next;
        }
    }
}
