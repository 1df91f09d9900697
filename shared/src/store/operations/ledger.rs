//! Reading a run's ledger, page by page.

use crate::domain::id::{CustomerId, PartnerId, RunId};
use crate::domain::ledger::CustomerLedger;
use crate::error::StoreError;
use crate::store::LedgerPage;
use crate::store::Store;
use crate::store::item::{keys, ledger};
use crate::table::Table;

impl<T: Table> Store<T> {
    /// One page of the table at a time: at most 1 MB, more only where one customer's ledger is larger.
    pub(super) async fn ledger_page(
        &self,
        partner: PartnerId,
        run: &RunId,
        prefix: &str,
        after: Option<&str>,
    ) -> Result<LedgerPage, StoreError> {
        let Some(range) = keys::ledger_range(prefix, after) else {
            return Ok(ledger::page(Vec::new(), false));
        };
        let partition = keys::run_rows(partner, run);
        let mut entries = Vec::new();
        let mut start = None;
        loop {
            let page = self.page_of_range(&partition, &range, start).await?;
            entries.extend(page.entries);
            let more = page.next.is_some();
            let ledgers = ledger::from_entries(&entries, more)?;
            if !more || !ledgers.is_empty() {
                return Ok(ledger::page(ledgers, more));
            }
            start = page.next;
        }
    }

    pub(super) async fn customer_ledger(
        &self,
        partner: PartnerId,
        run: &RunId,
        customer: Option<CustomerId>,
    ) -> Result<Option<CustomerLedger>, StoreError> {
        let partition = keys::run_rows(partner, run);
        let entries = self.list(&partition, &keys::ledger_parts(customer), Ok).await?;
        Ok(ledger::from_entries(&entries, false)?.pop())
    }
}
