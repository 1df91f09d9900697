//! Holds and decisions in the table: two entries of one name, the decision right before its hold.

use jiff::Timestamp;

use super::instant::{self, HISTORY_DAYS};
use super::{Entry, keys, read_body, read_text, text, to_json, with_body};
use crate::domain::decision::{Decision, HoldBasis, HoldKey, StandingHold};
use crate::domain::id::PartnerId;
use crate::error::StoreError;
use crate::store::HoldPage;
use crate::table::{EXPIRY, SORT_KEY, Value};

/// What a decision has to be about: beside the body, for its condition.
pub(in crate::store) const BASIS: &str = "basis";

pub(in crate::store) fn to_entry(partner: PartnerId, hold: &StandingHold) -> Result<Entry, StoreError> {
    // The decision has an entry of its own.
    let hold = StandingHold { decision: None, ..hold.clone() };
    let mut entry = with_body(&keys::hold(partner, hold.key), &hold)?;
    entry.insert(BASIS.to_owned(), text(&basis(&hold.basis)?));
    entry.insert(EXPIRY.to_owned(), instant::expiry(hold.seen_at, HISTORY_DAYS));
    Ok(entry)
}

/// A basis as conditions compare it.
pub(in crate::store) fn basis(basis: &HoldBasis) -> Result<String, StoreError> {
    to_json("what a decision is about", basis)
}

pub(in crate::store) fn decision_to_entry(
    partner: PartnerId,
    key: HoldKey,
    decision: &Decision,
) -> Result<Entry, StoreError> {
    let mut entry = with_body(&keys::decision(partner, key), decision)?;
    entry.insert(EXPIRY.to_owned(), expiry(decision.at));
    Ok(entry)
}

fn expiry(at: Timestamp) -> Value {
    instant::expiry(at, HISTORY_DAYS)
}

/// The holds in entries that stand in the order of their keys. A decision at the end waits for its hold on the next page.
pub(in crate::store) fn from_entries(entries: &[Entry]) -> Result<Vec<StandingHold>, StoreError> {
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
pub(in crate::store) fn page(holds: Vec<StandingHold>, more: bool) -> HoldPage {
    let next = holds.last().filter(|_| more).map(|hold| hold.key.name());
    HoldPage { holds, next }
}

/// The error of a decision on what no longer stands as it was seen.
pub(in crate::store) fn moved(key: HoldKey) -> StoreError {
    StoreError::Conflict {
        what: format!("the hold on ConnectWise product {} of customer {}", key.product, key.customer),
    }
}
