//! A customer's ledger in the table: one entry, or several when it is long.
//!
//! The JSON text is cut, not the lines, so that one line of any length fits. The first part has the number of parts: when
//! a ledger is written again with fewer parts, the old ones after them are ignored.

use jiff::Timestamp;

use crate::domain::id::{CustomerId, PartnerId, RunId};
use crate::domain::ledger::CustomerLedger;
use crate::error::StoreError;
use crate::store::entry::{
    BODY, MAX_PART_BYTES, PARTS, cut, from_json, keyed, number, read_number, read_text, text, to_json, unreadable,
};
use crate::store::instant::HISTORY_DAYS;
use crate::store::{Store, instant, keys};
use crate::table::{EXPIRY, Entry, SORT_KEY, Table};

/// One page of a run's ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerPage {
    /// Its entries, in the order of customers; the usage without a customer comes last.
    pub entries: Vec<CustomerLedger>,
    /// Where the next page starts; none on the last.
    pub next: Option<String>,
}

impl<T: Table> Store<T> {
    /// One page of a run's ledger after `after`: customers whose id starts with `prefix` (lower-case hex; empty for all,
    /// the usage without a customer included).
    pub async fn list_ledger(
        &self,
        partner: PartnerId,
        run: &RunId,
        prefix: &str,
        after: Option<&str>,
    ) -> Result<LedgerPage, StoreError> {
        let Some(range) = keys::ledger_range(prefix, after) else {
            return Ok(to_page(Vec::new(), false));
        };
        let partition = keys::run_rows(partner, run);
        let mut entries = Vec::new();
        let mut start = None;
        loop {
            let page = self.page_of_range(&partition, &range, start).await?;
            entries.extend(page.entries);
            let more = page.next.is_some();
            let ledgers = from_entries(&entries, more)?;
            if !more || !ledgers.is_empty() {
                return Ok(to_page(ledgers, more));
            }
            start = page.next;
        }
    }

    /// One customer's entry in a run's ledger; without a customer, that of the usage without one.
    pub async fn find_ledger(
        &self,
        partner: PartnerId,
        run: &RunId,
        customer: Option<CustomerId>,
    ) -> Result<Option<CustomerLedger>, StoreError> {
        let partition = keys::run_rows(partner, run);
        let entries = self.list(&partition, &keys::ledger_parts(customer), Ok).await?;
        Ok(from_entries(&entries, false)?.pop())
    }
}

pub(super) fn to_entries(
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

/// The ledgers in entries, which are in the order of their keys. When `more` entries follow, the last ledger may lack
/// parts; it is then left out.
fn from_entries(entries: &[Entry], more: bool) -> Result<Vec<CustomerLedger>, StoreError> {
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

/// A page of a ledger; with a `next` where `more` entries may follow.
fn to_page(entries: Vec<CustomerLedger>, more: bool) -> LedgerPage {
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
