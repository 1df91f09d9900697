//! What the table keeps of the writes: before they are sent, and once they are known.

use jiff::civil::Date;
use shared::domain::outcome::Outcome;
use shared::domain::snapshot::UnreportedWrites;
use shared::error::StoreError;
use shared::store::{Change, Lease};

use super::{MOST_AT_ONCE, Writer};
use crate::committer::MOST_ASKED;
use crate::slice::held::Done;
use crate::worker::World;

impl<W: World> Writer<'_, W> {
    /// What is left to write when the customer's ledger is closed, and the writes that it has to tell of.
    ///
    /// `next_invoice`: the agreement's next ConnectWise invoice, which bills what was written.
    pub(in crate::slice) async fn close(
        &mut self,
        next_invoice: Option<Date>,
    ) -> Result<(Vec<Change>, UnreportedWrites), StoreError> {
        let mut told = UnreportedWrites::default();
        if !self.run.writes {
            return Ok((Vec::new(), told));
        }
        if self.settlement.ended.len() >= MOST_AT_ONCE {
            // What is told has to be forgotten in the very commit that tells it, and one takes only so much.
            self.flush(Vec::new()).await?;
        }
        let (snapshot, month) = (&mut self.settlement.snapshot, self.run.request.month);
        if snapshot.written.values().any(|written| written.month == month) {
            snapshot.expect_invoice(month, next_invoice);
        }
        for written in snapshot.written.values_mut() {
            told.add_earlier(std::mem::take(&mut written.unreported));
        }
        Ok((self.unwritten(), told))
    }

    /// Puts into the lines what the run has to tell of each addition: also what an earlier slice wrote, or a run that did not
    /// live to say so. A plan that was made since then knows nothing of it.
    pub(super) fn tell_what_was_done(&self, done: &mut Done) {
        if !self.run.writes {
            return;
        }
        for (product, (outcome, billed)) in done {
            let Some(written) = self.settlement.snapshot.written.get(product) else { continue };
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
    pub(in crate::slice) async fn flush(&mut self, mut about_to: Vec<Change>) -> Result<Lease, StoreError> {
        let (stored, ended, marked) = (self.stored.clone(), self.settlement.ended.clone(), self.marked);
        let mut changes = self.unwritten();
        if !about_to.is_empty() {
            changes.extend(self.mark());
        }
        let written = if changes.len() + about_to.len() > MOST_ASKED && !about_to.is_empty() {
            // What is known goes whole: a part of it would be settled, and told, once more.
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
            (self.stored, self.settlement.ended, self.marked) = (stored, ended, marked);
        }
        written
    }

    /// That we write to the agreement for this customer, where the table does not have it yet.
    fn mark(&mut self) -> Option<Change> {
        let marked = std::mem::replace(&mut self.marked, true);
        (!marked).then_some(Change::PutBilledOn(self.customer, self.agreement))
    }

    /// What the table does not have yet; nothing in a run that may not write.
    pub(in crate::slice) fn unwritten(&mut self) -> Vec<Change> {
        if !self.run.writes {
            return Vec::new();
        }
        let mut changes = Vec::new();
        if self.stored != self.settlement.snapshot {
            self.stored = self.settlement.snapshot.clone();
            changes.push(Change::PutSnapshot(self.agreement, self.settlement.snapshot.clone()));
        }
        if !self.stored.written.is_empty() {
            changes.extend(self.mark());
        }
        // Behind what they came to: an intent that outlives its end is settled once more, one that is gone too early is
        // an addition that nobody remembers.
        let ended = std::mem::take(&mut self.settlement.ended);
        changes.extend(ended.into_iter().map(|product| Change::RemoveIntent(self.agreement, product)));
        changes
    }
}
