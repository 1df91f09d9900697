//! What is stored of the writes: before they are sent, and once their responses are known.

use jiff::civil::Date;
use shared::domain::outcome::Outcome;
use shared::domain::snapshot::UnreportedWrites;
use shared::error::StoreError;
use shared::store::{Change, Lease};

use super::outcome::{AdditionOutcome, AdditionOutcomes};
use super::writer::Writer;
use crate::committer::MOST_CHANGES_OF_ONE;
use crate::world::World;

/// The ends of intents that fit into one commit next to a snapshot and a ledger entry.
const MOST_AT_ONCE: usize = 30;

/// What is left to write when the customer's ledger is closed.
pub(crate) struct Closing {
    pub(crate) changes: Vec<Change>,
    /// The writes that the ledger reports.
    pub(crate) reported: UnreportedWrites,
}

impl<W: World> Writer<'_, W> {
    /// What is left to write when the customer's ledger is closed, and the writes that it reports.
    ///
    /// `next_invoice`: the agreement's next ConnectWise invoice, which bills what was written.
    pub(crate) async fn close(&mut self, next_invoice: Option<Date>) -> Result<Closing, StoreError> {
        let mut reported = UnreportedWrites::default();
        if !self.run.writes {
            return Ok(Closing { changes: Vec::new(), reported });
        }
        if self.basis.settlement.ended.len() >= MOST_AT_ONCE {
            // What is reported has to be forgotten in the same commit, and the size of a commit is limited.
            self.flush(Vec::new()).await?;
        }
        let (snapshot, month) = (&mut self.basis.settlement.snapshot, self.run.request.month);
        if snapshot.written.values().any(|written| written.month == month) {
            snapshot.expect_invoice(month, next_invoice);
        }
        for written in snapshot.written.values_mut() {
            reported.add_earlier(std::mem::take(&mut written.unreported));
        }
        Ok(Closing { changes: self.unwritten(), reported })
    }

    /// Adds all unreported writes to the outcomes, also those of earlier slices or runs.
    pub(super) fn report_writes(&self, done: &mut AdditionOutcomes) {
        if !self.run.writes {
            return;
        }
        for (product, AdditionOutcome { outcome, billed }) in done {
            let Some(written) = self.basis.settlement.snapshot.written.get(product) else { continue };
            billed.writes = written.unreported.created.saturating_add(written.unreported.updated);
            match outcome {
                Outcome::Created | Outcome::Updated | Outcome::Adopted => {
                    billed.would = written.unreported.did(billed.target).unwrap_or(billed.would);
                }
                Outcome::Held(_) => billed.would = written.unreported.did(written.confirmed).unwrap_or(billed.would),
                Outcome::Waiting(_) | Outcome::Failed(_) | Outcome::Skipped(_) => {
                    billed.did = written.unreported.did(written.confirmed);
                }
                Outcome::Unchanged => {}
            }
        }
    }

    /// Writes what is known so far, with what is about to be sent.
    pub(crate) async fn flush(&mut self, mut about_to: Vec<Change>) -> Result<Lease, StoreError> {
        let (stored, ended, is_marked) =
            (self.basis.stored.clone(), self.basis.settlement.ended.clone(), self.target.is_marked);
        let mut changes = self.unwritten();
        if !about_to.is_empty() {
            changes.extend(self.mark());
        }
        let written = if changes.len() + about_to.len() > MOST_CHANGES_OF_ONE && !about_to.is_empty() {
            // The snapshot and its intents must not be split over two commits.
            match self.commits.commit(changes).await {
                Ok(_) => self.commits.commit(about_to).await,
                refused => refused,
            }
        } else {
            changes.append(&mut about_to);
            self.commits.commit(changes).await
        };
        if written.is_err() {
            // Nothing is known to be written: what is still to be written comes with the next commit.
            self.basis.stored = stored;
            self.basis.settlement.ended = ended;
            self.target.is_marked = is_marked;
        }
        written
    }

    /// That we write to the agreement for this customer, where the table does not have it yet.
    fn mark(&mut self) -> Option<Change> {
        let marked = std::mem::replace(&mut self.target.is_marked, true);
        (!marked).then_some(Change::PutBilledOn(self.target.customer, self.target.agreement))
    }

    /// What the table does not have yet; nothing in a run that may not write.
    pub(crate) fn unwritten(&mut self) -> Vec<Change> {
        if !self.run.writes {
            return Vec::new();
        }
        let mut changes = Vec::new();
        if self.basis.stored != self.basis.settlement.snapshot {
            self.basis.stored = self.basis.settlement.snapshot.clone();
            changes.push(Change::PutSnapshot(self.target.agreement, self.basis.settlement.snapshot.clone()));
        }
        if !self.basis.stored.written.is_empty() {
            changes.extend(self.mark());
        }
        // Removed after the snapshot is stored: a leftover intent is settled again; one removed too early
        // loses the addition.
        let ended = std::mem::take(&mut self.basis.settlement.ended);
        changes.extend(ended.into_iter().map(|product| Change::RemoveIntent(self.target.agreement, product)));
        changes
    }
}
