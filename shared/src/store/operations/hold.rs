//! What waits for a person, and what people decided.

use crate::domain::decision::{Decision, HoldKey, StandingHold};
use crate::domain::ending::{Ending, EndingKey};
use crate::domain::id::PartnerId;
use crate::domain::month::UsageMonth;
use crate::error::StoreError;
use crate::store::Store;
use crate::store::item::{BODY, edit, hold as row, keys, read_body, read_text, text, with_body};
use crate::store::save;
use crate::store::{Author, HoldPage};
use crate::table::{Entry, Table, Write, Written};

impl<T: Table> Store<T> {
    /// One page of a month's holds from `after` on: of customers whose id starts with `prefix` (lower-case hex; empty for
    /// all).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_holds(
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

    /// A hold with its decision, if it stands.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_hold(&self, partner: PartnerId, key: HoldKey) -> Result<Option<StandingHold>, StoreError> {
        let Some(entry) = self.table.get(&keys::hold(partner, key)).await? else { return Ok(None) };
        let decision = self.table.get(&keys::decision(partner, key)).await?;
        let decision = decision.map(|entry| read_body(&entry)).transpose()?;
        Ok(Some(StandingHold { decision, ..read_body(&entry)? }))
    }

    /// Stores a decision on a hold that stands with the decision's basis and has the decision that was `seen` on it, which
    /// it replaces. Its entry in the audit is stored with it: both or neither, whatever crashes. The same decision by the
    /// same person for the same reason changes nothing and has no second entry.
    ///
    /// # Errors
    /// `Conflict` when the hold is gone, has another basis or was decided otherwise by now, or others decide it at this
    /// very moment: the person saw something else.
    pub async fn decide_hold_over(
        &self,
        partner: PartnerId,
        key: HoldKey,
        seen: Option<&Decision>,
        decision: &Decision,
    ) -> Result<(), StoreError> {
        let before = self.table.get(&keys::decision(partner, key)).await?;
        let decided: Option<Decision> = before.as_ref().map(read_body).transpose()?;
        let edit = save::decision(key, decided.as_ref(), decision)?;
        if edit.is_some() && decided.as_ref() != seen {
            return Err(row::moved(key));
        }
        let basis = text(&row::basis(&decision.basis)?);
        let unchanged = Write::check(keys::hold(partner, key)).if_equals(row::BASIS, basis);
        let mut writes = vec![unchanged];
        if let Some(edit) = edit {
            let put = Write::put(row::decision_to_entry(partner, key, decision)?);
            // The audit says what it was before, so nobody may have decided in between.
            writes.push(match &before {
                None => put.if_absent(),
                Some(before) => put.if_equals(BODY, text(read_text(before, BODY)?)),
            });
            for entry in edit::to_entries(partner, &[edit], &self.table.unique())? {
                writes.push(Write::put(entry).if_absent());
            }
        }
        match self.transact_for_a_person(writes).await? {
            Written::All => Ok(()),
            Written::Unmet(_) => Err(row::moved(key)),
        }
    }

    /// Stores that an addition is to be ended, over what was decided of it before, unless a run has just carried that out. Its
    /// entry in the audit is stored with it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_ending(&self, partner: PartnerId, ending: &Ending) -> Result<(), StoreError> {
        let by = save::author_of(ending);
        self.change_ending(partner, ending.key, &by, Some(ending)).await
    }

    /// Takes back that an addition is to be ended; `by` says who, why and when, in an entry of the audit. Does nothing where
    /// nothing was decided, or a run has carried it out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_ending_back(&self, partner: PartnerId, key: EndingKey, by: &Author) -> Result<(), StoreError> {
        self.change_ending(partner, key, by, None).await
    }

    /// All additions that are to be ended, by agreement and addition. Few are: each until a run has carried it out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_endings(&self, partner: PartnerId) -> Result<Vec<Ending>, StoreError> {
        self.list(&keys::held(partner), keys::ENDINGS, |entry| read_body(&entry)).await
    }

    /// The same over whatever is decided now.
    ///
    /// # Errors
    /// As [`Self::decide_hold_over`].
    pub async fn decide_hold(&self, partner: PartnerId, key: HoldKey, decision: &Decision) -> Result<(), StoreError> {
        let seen = self.find_hold(partner, key).await?.and_then(|hold| hold.decision);
        self.decide_hold_over(partner, key, seen.as_ref(), decision).await
    }
}

impl<T: Table> Store<T> {
    /// Makes an ending what it is to be, none where it is taken back, with its entry in the audit.
    async fn change_ending(
        &self,
        partner: PartnerId,
        key: EndingKey,
        by: &Author,
        after: Option<&Ending>,
    ) -> Result<(), StoreError> {
        let place = keys::ending(partner, key);
        let before: Option<Entry> = self.table.get(&place).await?;
        let stored: Option<Ending> = before.as_ref().map(read_body).transpose()?;
        let Some(edit) = save::ending(key, stored.as_ref(), after, by)? else { return Ok(()) };
        let write = match after {
            Some(after) => Write::put(with_body(&place, after)?),
            None => Write::delete(place.clone()),
        };
        let mut writes = vec![match &before {
            None => write.if_absent(),
            Some(before) => write.if_equals(BODY, text(read_text(before, BODY)?)),
        }];
        for entry in edit::to_entries(partner, &[edit], &self.table.unique())? {
            writes.push(Write::put(entry).if_absent());
        }
        match self.transact_for_a_person(writes).await? {
            Written::All => Ok(()),
            Written::Unmet(_) => Err(StoreError::Conflict { what: "what was decided on this addition".into() }),
        }
    }
}

impl<T: Table> Store<T> {
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
