//! Holds, the decisions on them, and additions that people decided to end.

use jiff::Timestamp;

use crate::domain::decision::{Decision, HoldBasis, HoldKey, StandingHold};
use crate::domain::ending::{Ending, EndingKey};
use crate::domain::id::PartnerId;
use crate::domain::month::UsageMonth;
use crate::error::StoreError;
use crate::store::entry::{BODY, read_body, read_text, text, to_json, with_body};
use crate::store::instant::HISTORY_DAYS;
use crate::store::{Author, Edit, Store, Subject, edit, instant, keys, quantity_override};
use crate::table::{EXPIRY, Entry, Range, SORT_KEY, Table, Value, Write, Written};

/// What a decision on the hold has to be about. An attribute of its own, because conditions compare it.
const BASIS: &str = "basis";

/// One page of holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldPage {
    /// The holds with their decisions, in the order of customer and ConnectWise product.
    pub holds: Vec<StandingHold>,
    /// Where the next page starts; none on the last.
    pub next: Option<String>,
}

impl<T: Table> Store<T> {
    /// One page of a month's holds after `after`: of customers whose id starts with `prefix` (lower-case hex; empty for
    /// all).
    pub async fn list_holds(
        &self,
        partner: PartnerId,
        month: UsageMonth,
        prefix: &str,
        after: Option<&str>,
    ) -> Result<HoldPage, StoreError> {
        match keys::hold_range(month, prefix, after) {
            Some(range) => self.holds_of_range(partner, &range).await,
            None => Ok(to_page(Vec::new(), false)),
        }
    }

    /// A hold with its decision, if the hold is stored.
    pub async fn find_hold(&self, partner: PartnerId, key: HoldKey) -> Result<Option<StandingHold>, StoreError> {
        let Some(entry) = self.table.get(&keys::hold(partner, key)).await? else { return Ok(None) };
        let decision = self.table.get(&keys::decision(partner, key)).await?;
        let decision = decision.map(|entry| read_body(&entry)).transpose()?;
        Ok(Some(StandingHold { decision, ..read_body(&entry)? }))
    }

    /// Stores a decision on a hold, with its edit in the audit: both or neither. The hold must have the decision's basis
    /// and the decision that the person has `seen`, which the new one replaces. A decision for another quantity also stores
    /// the override; that of a decision which is replaced goes. The same decision by the same person for
    /// the same reason changes nothing and adds no second edit.
    ///
    /// # Errors
    /// `Conflict` when the hold is gone, has another basis or another decision, or others decide it at the same moment:
    /// the person has seen something else.
    pub async fn decide_hold_over(
        &self,
        partner: PartnerId,
        key: HoldKey,
        seen: Option<&Decision>,
        decision: &Decision,
    ) -> Result<(), StoreError> {
        let before = self.table.get(&keys::decision(partner, key)).await?;
        let decided: Option<Decision> = before.as_ref().map(read_body).transpose()?;
        let edit = edit_of_decision(key, decided.as_ref(), decision)?;
        let new = match decision.override_key(key) {
            Some(_) => {
                let hold = self.table.get(&keys::hold(partner, key)).await?.ok_or_else(|| changed_meanwhile(key))?;
                decision.quantity_override(&read_body(&hold)?)
            }
            None => None,
        };
        if edit.is_some() && decided.as_ref() != seen {
            return Err(changed_meanwhile(key));
        }
        let basis = text(&basis(&decision.basis)?);
        let unchanged = Write::check(keys::hold(partner, key)).if_equals(BASIS, basis);
        let mut writes = vec![unchanged];
        if let Some(edit) = edit {
            let put = Write::put(decision_to_entry(partner, key, decision)?);
            // The edit contains the decision before, so nobody may decide in between.
            writes.push(match &before {
                None => put.if_absent(),
                Some(before) => put.if_equals(BODY, text(read_text(before, BODY)?)),
            });
            for entry in edit::to_entries(partner, &[edit], &self.table.unique())? {
                writes.push(Write::put(entry).if_absent());
            }
            let replaced = decided.as_ref().and_then(|before| before.override_key(key));
            let replaced = replaced.filter(|before| decision.override_key(key) != Some(*before));
            writes.extend(replaced.map(|before| Write::delete(keys::quantity_override(partner, before))));
            if let Some(one) = &new {
                writes.push(Write::put(quantity_override::to_entry(partner, one)?));
            }
        }
        match self.transact_for_a_person(writes).await? {
            Written::All => Ok(()),
            Written::Unmet(_) => Err(changed_meanwhile(key)),
        }
    }

    /// Removes the decision on a hold that a person has `seen`, with an edit in the audit by `by`, and the override that it
    /// made: the hold waits again.
    ///
    /// # Errors
    /// `Conflict` when the hold or its decision is gone or another by now: a run has carried it out, or somebody else has
    /// decided.
    pub async fn take_decision_back(
        &self,
        partner: PartnerId,
        key: HoldKey,
        seen: &Decision,
        by: &Author,
    ) -> Result<(), StoreError> {
        let place = keys::decision(partner, key);
        let Some(stored) = self.table.get(&place).await? else { return Err(changed_meanwhile(key)) };
        if read_body::<Decision>(&stored)? != *seen {
            return Err(changed_meanwhile(key));
        }
        let basis = text(&basis(&seen.basis)?);
        let mut writes = vec![
            Write::check(keys::hold(partner, key)).if_equals(BASIS, basis),
            Write::delete(place).if_equals(BODY, text(read_text(&stored, BODY)?)),
        ];
        writes.extend(seen.override_key(key).map(|made| Write::delete(keys::quantity_override(partner, made))));
        let edit = edit::edit(by, Subject::Hold(key), Some(seen), None)?;
        for entry in edit::to_entries(partner, &[edit], &self.table.unique())? {
            writes.push(Write::put(entry).if_absent());
        }
        match self.transact_for_a_person(writes).await? {
            Written::All => Ok(()),
            Written::Unmet(_) => Err(changed_meanwhile(key)),
        }
    }

    /// Stores the decision to end an addition, with its edit in the audit. It replaces an earlier decision, unless a run
    /// has carried that out.
    pub async fn put_ending(&self, partner: PartnerId, ending: &Ending) -> Result<(), StoreError> {
        let by = author_of(ending);
        self.change_ending(partner, ending.key, &by, Some(ending)).await
    }

    /// Withdraws the decision to end an addition, with an edit of the audit by `by`. Does nothing when there is none or a
    /// run has carried it out.
    pub async fn take_ending_back(&self, partner: PartnerId, key: EndingKey, by: &Author) -> Result<(), StoreError> {
        self.change_ending(partner, key, by, None).await
    }

    /// All decisions to end an addition, in the order of agreement and addition. There are few: a run that has carried
    /// one out removes it.
    pub async fn list_endings(&self, partner: PartnerId) -> Result<Vec<Ending>, StoreError> {
        self.list(&keys::holds(partner), keys::ENDINGS, |entry| read_body(&entry)).await
    }

    /// Like [`Self::decide_hold_over`], over whatever decision is stored now.
    pub async fn decide_hold(&self, partner: PartnerId, key: HoldKey, decision: &Decision) -> Result<(), StoreError> {
        let seen = self.find_hold(partner, key).await?.and_then(|hold| hold.decision);
        self.decide_hold_over(partner, key, seen.as_ref(), decision).await
    }

    /// One page of the holds of all months, the oldest month first, after `after` (a page's `next`).
    pub async fn list_all_holds(&self, partner: PartnerId, after: Option<&str>) -> Result<HoldPage, StoreError> {
        self.holds_of_range(partner, &keys::all_holds_after(after)).await
    }
}

impl<T: Table> Store<T> {
    /// Stores or (without `after`) removes the decision to end an addition, with its edit in the audit.
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
        let Some(edit) = edit_of_ending(key, stored.as_ref(), after, by)? else { return Ok(()) };
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
    /// A page of the holds in a range of sort keys.
    async fn holds_of_range(&self, partner: PartnerId, range: &Range) -> Result<HoldPage, StoreError> {
        let partition = keys::holds(partner);
        let mut entries = Vec::new();
        let mut start = None;
        loop {
            let page = self.page_of_range(&partition, range, start).await?;
            entries.extend(page.entries);
            let holds = from_entries(&entries)?;
            // A page without a hold has no place to continue from: it may end between a decision and its hold.
            if page.next.is_none() || !holds.is_empty() {
                return Ok(to_page(holds, page.next.is_some()));
            }
            start = page.next;
        }
    }
}

pub(super) fn to_entry(partner: PartnerId, hold: &StandingHold) -> Result<Entry, StoreError> {
    // The decision is a separate entry: only people write it.
    let hold = StandingHold { decision: None, ..hold.clone() };
    let mut entry = with_body(&keys::hold(partner, hold.key), &hold)?;
    entry.insert(BASIS.to_owned(), text(&basis(&hold.basis)?));
    entry.insert(EXPIRY.to_owned(), instant::expiry(hold.seen_at, HISTORY_DAYS));
    Ok(entry)
}

/// The text of a basis that conditions compare.
fn basis(basis: &HoldBasis) -> Result<String, StoreError> {
    to_json("what a decision is about", basis)
}

fn decision_to_entry(partner: PartnerId, key: HoldKey, decision: &Decision) -> Result<Entry, StoreError> {
    let mut entry = with_body(&keys::decision(partner, key), decision)?;
    entry.insert(EXPIRY.to_owned(), expiry(decision.at));
    Ok(entry)
}

fn expiry(at: Timestamp) -> Value {
    instant::expiry(at, HISTORY_DAYS)
}

/// The holds in entries, which are in the order of their keys. A decision at the end belongs to a hold of the next page.
fn from_entries(entries: &[Entry]) -> Result<Vec<StandingHold>, StoreError> {
    let mut holds = Vec::new();
    let mut decision: Option<(&str, Decision)> = None;
    for entry in entries {
        let sort = read_text(entry, SORT_KEY)?;
        if keys::is_decision(sort) {
            decision = Some((name(sort), read_body(entry)?));
        } else {
            let hold: StandingHold = read_body(entry)?;
            let decided = decision.take().filter(|(of, _)| *of == name(sort));
            holds.push(StandingHold { decision: decided.map(|(_, decision)| decision), ..hold });
        }
    }
    Ok(holds)
}

/// The name that a hold and its decision share.
fn name(sort: &str) -> &str {
    sort.rsplit_once('#').map_or(sort, |(name, _)| name)
}

/// A page of holds; with a `next` where `more` may follow.
fn to_page(holds: Vec<StandingHold>, more: bool) -> HoldPage {
    let next = holds.last().filter(|_| more).map(|hold| hold.key.name());
    HoldPage { holds, next }
}

/// The error of a decision on a hold that is no longer as the person has seen it.
fn changed_meanwhile(key: HoldKey) -> StoreError {
    StoreError::Conflict {
        what: format!("the hold on ConnectWise product {} of customer {}", key.product, key.customer),
    }
}

/// The edit of a decision; none where it differs from the one before only in its time.
fn edit_of_decision(key: HoldKey, before: Option<&Decision>, decision: &Decision) -> Result<Option<Edit>, StoreError> {
    let again = Decision { at: decision.at, ..before.unwrap_or(decision).clone() };
    if before.is_some() && again == *decision {
        return Ok(None);
    }
    let Decision { who, why, at, .. } = decision.clone();
    edit::edit(&Author { who, at, note: Some(why) }, Subject::Hold(key), before, Some(decision)).map(Some)
}

/// The edit of a decision to end an addition, or of its withdrawal; none where nothing changes or a run has carried it
/// out.
fn edit_of_ending(
    key: EndingKey,
    before: Option<&Ending>,
    after: Option<&Ending>,
    by: &Author,
) -> Result<Option<Edit>, StoreError> {
    let same = match (before, after) {
        // A run has carried it out and has yet to write the ledger that reports it.
        (Some(before), _) if before.done.is_some() => true,
        (Some(before), Some(after)) => Ending { at: after.at, ..before.clone() } == *after,
        (before, after) => before.is_none() && after.is_none(),
    };
    if same { Ok(None) } else { edit::edit(by, Subject::Addition(key), before, after).map(Some) }
}

/// The author of the decision to end an addition.
fn author_of(ending: &Ending) -> Author {
    Author { who: ending.who.clone(), at: ending.at, note: Some(ending.why.clone()) }
}
