//! What waits for a person, and what people decided about it.

use jiff::Timestamp;

use crate::domain::decision::{Decision, HoldBasis, HoldKey, StandingHold};
use crate::domain::ending::{Ending, EndingKey};
use crate::domain::id::PartnerId;
use crate::domain::month::UsageMonth;
use crate::error::StoreError;
use crate::store::entry::{BODY, read_body, read_text, text, to_json, with_body};
use crate::store::instant::HISTORY_DAYS;
use crate::store::{Author, Edit, Store, Subject, edit, instant, keys};
use crate::table::{EXPIRY, Entry, SORT_KEY, Table, Value, Write, Written};

/// What a decision has to be about: beside the body, for its condition.
const BASIS: &str = "basis";

/// One page of holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldPage {
    /// The holds with their decisions, by customer and ConnectWise product.
    pub holds: Vec<StandingHold>,
    /// Where the next page starts; none on the last.
    pub next: Option<String>,
}

impl<T: Table> Store<T> {
    /// One page of a month's holds from `after` on: of customers whose id starts with `prefix` (lower-case hex; empty for
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

    /// A hold with its decision, if it stands.
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
        let edit = edit_of_decision(key, decided.as_ref(), decision)?;
        if edit.is_some() && decided.as_ref() != seen {
            return Err(moved(key));
        }
        let basis = text(&basis(&decision.basis)?);
        let unchanged = Write::check(keys::hold(partner, key)).if_equals(BASIS, basis);
        let mut writes = vec![unchanged];
        if let Some(edit) = edit {
            let put = Write::put(decision_to_entry(partner, key, decision)?);
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
            Written::Unmet(_) => Err(moved(key)),
        }
    }

    /// Stores that an addition is to be ended, over what was decided of it before, unless a run has just carried that out. Its
    /// entry in the audit is stored with it.
    pub async fn put_ending(&self, partner: PartnerId, ending: &Ending) -> Result<(), StoreError> {
        let by = author_of(ending);
        self.change_ending(partner, ending.key, &by, Some(ending)).await
    }

    /// Takes back that an addition is to be ended; `by` says who, why and when, in an entry of the audit. Does nothing where
    /// nothing was decided, or a run has carried it out.
    pub async fn take_ending_back(&self, partner: PartnerId, key: EndingKey, by: &Author) -> Result<(), StoreError> {
        self.change_ending(partner, key, by, None).await
    }

    /// All additions that are to be ended, by agreement and addition. Few are: each until a run has carried it out.
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

    /// What waits for a person, of all months, the oldest first, from `after` (a page's `next`) on.
    pub async fn list_all_holds(&self, partner: PartnerId, after: Option<&str>) -> Result<HoldPage, StoreError> {
        self.holds_of_range(partner, &keys::all_holds_after(after)).await
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
    /// A page of the holds from one sort key to another.
    async fn holds_of_range(&self, partner: PartnerId, range: &(String, String)) -> Result<HoldPage, StoreError> {
        let partition = keys::held(partner);
        let mut entries = Vec::new();
        let mut start = None;
        loop {
            let page = self.page_of_range(&partition, range, start).await?;
            entries.extend(page.entries);
            let holds = from_entries(&entries)?;
            // A page without a hold, which may end between a decision and its hold, says nothing of where to go on.
            if page.next.is_none() || !holds.is_empty() {
                return Ok(to_page(holds, page.next.is_some()));
            }
            start = page.next;
        }
    }
}

pub(super) fn to_entry(partner: PartnerId, hold: &StandingHold) -> Result<Entry, StoreError> {
    // The decision has an entry of its own.
    let hold = StandingHold { decision: None, ..hold.clone() };
    let mut entry = with_body(&keys::hold(partner, hold.key), &hold)?;
    entry.insert(BASIS.to_owned(), text(&basis(&hold.basis)?));
    entry.insert(EXPIRY.to_owned(), instant::expiry(hold.seen_at, HISTORY_DAYS));
    Ok(entry)
}

/// A basis as conditions compare it.
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

/// The holds in entries that stand in the order of their keys. A decision at the end waits for its hold on the next page.
fn from_entries(entries: &[Entry]) -> Result<Vec<StandingHold>, StoreError> {
    let mut holds = Vec::new();
    let mut decision: Option<(HoldName<'_>, Decision)> = None;
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

type HoldName<'a> = &'a str;

/// The name that a hold and its decision share.
fn name(sort: &str) -> HoldName<'_> {
    sort.rsplit_once('#').map_or(sort, |(name, _)| name)
}

/// A page of holds; `more` may be behind it.
fn to_page(holds: Vec<StandingHold>, more: bool) -> HoldPage {
    let next = holds.last().filter(|_| more).map(|hold| hold.key.name());
    HoldPage { holds, next }
}

/// The error of a decision on what no longer stands as it was seen.
fn moved(key: HoldKey) -> StoreError {
    StoreError::Conflict {
        what: format!("the hold on ConnectWise product {} of customer {}", key.product, key.customer),
    }
}

/// The edit of a decision; none where the same was decided before, for the same reason and about the same.
fn edit_of_decision(key: HoldKey, before: Option<&Decision>, decision: &Decision) -> Result<Option<Edit>, StoreError> {
    let again = Decision { at: decision.at, ..before.unwrap_or(decision).clone() };
    if before.is_some() && again == *decision {
        return Ok(None);
    }
    let Decision { who, why, at, .. } = decision.clone();
    edit::edit(&Author { who, at, note: Some(why) }, Subject::Hold(key), before, Some(decision)).map(Some)
}

/// The edit of a decision to end an addition, or to take that back; none where the same was decided before or a run has
/// carried it out.
fn edit_of_ending(
    key: EndingKey,
    before: Option<&Ending>,
    after: Option<&Ending>,
    by: &Author,
) -> Result<Option<Edit>, StoreError> {
    let same = match (before, after) {
        // A run has carried it out: the ledger that tells of it is still to be written.
        (Some(before), _) if before.done.is_some() => true,
        (Some(before), Some(after)) => Ending { at: after.at, ..before.clone() } == *after,
        (before, after) => before.is_none() && after.is_none(),
    };
    if same { Ok(None) } else { edit::edit(by, Subject::Addition(key), before, after).map(Some) }
}

/// Who decided to end an addition.
fn author_of(ending: &Ending) -> Author {
    Author { who: ending.who.clone(), at: ending.at, note: Some(ending.why.clone()) }
}
