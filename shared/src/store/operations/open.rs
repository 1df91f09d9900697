//! Opening a run: of all who ask, one opens it.

use crate::domain::id::{PartnerId, RunId};
use crate::domain::run::Run;
use crate::error::StoreError;
use crate::store::Opened;
use crate::store::Store;
use crate::store::item::{keys, read_body, run as row, text};
use crate::table::{Table, Write, Written};

/// How often another run may be opened or closed while this one is asked for, before the caller has to come again.
const ATTEMPTS: usize = 5;

impl<T: Table> Store<T> {
    /// Looks, decides, and writes only if what was seen still holds; else looks again.
    pub(super) async fn open(&self, run: &Run) -> Result<Opened, StoreError> {
        let partner = run.request.partner;
        for _ in 0..ATTEMPTS {
            if let Some(existing) = self.run(partner, &run.id).await? {
                return Ok(Opened::Existing(Box::new(existing)));
            }
            let marked = self.marked_run(partner).await?;
            if let Some(other) = &marked
                && self.is_under_way(partner, other).await?
            {
                return Ok(Opened::Busy(other.clone()));
            }
            let writes = vec![Write::put(row::to_entry(run)?).if_absent(), mark(run, marked.as_ref())];
            match self.table.transact(writes).await? {
                Written::All => return Ok(Opened::Fresh),
                Written::Unmet(_) => {}
            }
        }
        Err(StoreError::Unavailable {
            why: "other runs of the partner were opened several times while this one was asked for".into(),
        })
    }

    pub(super) async fn run(&self, partner: PartnerId, id: &RunId) -> Result<Option<Run>, StoreError> {
        let entry = self.table.get(&keys::run(partner, id)).await?;
        entry.as_ref().map(read_body).transpose()
    }

    /// The partner's run that is under way, if there is one.
    pub(super) async fn open_run_of(&self, partner: PartnerId) -> Result<Option<RunId>, StoreError> {
        let Some(marked) = self.marked_run(partner).await? else { return Ok(None) };
        Ok(self.is_under_way(partner, &marked).await?.then_some(marked))
    }

    async fn marked_run(&self, partner: PartnerId) -> Result<Option<RunId>, StoreError> {
        let entry = self.table.get(&keys::open_run(partner)).await?;
        entry.as_ref().map(row::open_from_entry).transpose()
    }

    /// A run that is over, or so old that it is gone, is not under way, whatever the mark says.
    async fn is_under_way(&self, partner: PartnerId, id: &RunId) -> Result<bool, StoreError> {
        let run = self.run(partner, id).await?;
        Ok(run.is_some_and(|run| !run.state.is_over()))
    }
}

/// Marks the run as the partner's open one, in the place of the mark that was seen.
fn mark(run: &Run, seen: Option<&RunId>) -> Write {
    let write = Write::put(row::open_to_entry(run));
    match seen {
        None => write.if_absent(),
        Some(seen) => write.if_equals(row::OPEN_RUN, text(seen.as_str())),
    }
}
