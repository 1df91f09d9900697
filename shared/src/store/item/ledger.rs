//! A customer's ledger in the table: one entry, or several where its lines are many.
//!
//! The JSON text is cut, not the lines, so that one line of any length fits. Each part says how many there are: when an
//! entry is written again with fewer parts, the old ones behind them no longer count.

use jiff::Timestamp;

use super::instant::{self, HISTORY_DAYS};
use super::{
    BODY, Entry, MAX_PART_BYTES, PARTS, cut, from_json, keyed, keys, number, read_number, read_text, text, to_json,
    unreadable,
};
use crate::domain::id::{PartnerId, RunId};
use crate::domain::ledger::CustomerLedger;
use crate::error::StoreError;
use crate::store::LedgerPage;
use crate::table::{EXPIRY, SORT_KEY};

/// The entries that a customer's ledger is written to.
pub(in crate::store) fn to_entries(
    partner: PartnerId,
    run: &RunId,
    ledger: &CustomerLedger,
    now: Timestamp,
) -> Result<Vec<Entry>, StoreError> {
    let json = to_json("a customer's ledger", ledger)?;
    let cuts = cut(&json, MAX_PART_BYTES);
    let parts = cuts.len();
    let entry = |(part, body): (usize, &str)| {
        let mut entry = keyed(&keys::ledger_part(partner, run, ledger.customer, part));
        entry.insert(BODY.to_owned(), text(body));
        entry.insert(PARTS.to_owned(), number(parts));
        entry.insert(EXPIRY.to_owned(), instant::expiry(now, HISTORY_DAYS));
        entry
    };
    Ok(cuts.into_iter().enumerate().map(entry).collect())
}

/// Reads the ledgers in entries that stand in the order of their keys. When `more` entries are to be read behind them,
/// the last ledger may lack parts; it is then left out.
pub(in crate::store) fn from_entries(entries: &[Entry], more: bool) -> Result<Vec<CustomerLedger>, StoreError> {
    let mut ledgers = Vec::new();
    let mut groups = entries.chunk_by(|a, b| name(a) == name(b)).peekable();
    while let Some(parts) = groups.next() {
        let may_be_cut_off = more && groups.peek().is_none();
        match join(parts)? {
            Some(ledger) => ledgers.push(ledger),
            None if may_be_cut_off => {}
            None => return Err(unreadable(&parts[0], "a part of it is missing")),
        }
    }
    Ok(ledgers)
}

/// A page of a ledger; `more` entries may be behind it.
pub(in crate::store) fn page(entries: Vec<CustomerLedger>, more: bool) -> LedgerPage {
    let last = entries.last().filter(|_| more);
    let next = last.map(|ledger| keys::ledger_name(ledger.customer));
    LedgerPage { entries, next }
}

fn name(entry: &Entry) -> Option<&str> {
    keys::name_in_ledger(read_text(entry, SORT_KEY).ok()?)
}

fn join(parts: &[Entry]) -> Result<Option<CustomerLedger>, StoreError> {
    let Some(first) = parts.first() else {
        return Ok(None);
    };
    let count = usize::try_from(read_number(first, PARTS)?).map_err(|error| unreadable(first, error))?;
    let Some(parts) = parts.get(..count) else {
        return Ok(None);
    };
    let bodies: Result<String, StoreError> = parts.iter().map(|part| read_text(part, BODY)).collect();
    from_json(first, &bodies?).map(Some)
}
