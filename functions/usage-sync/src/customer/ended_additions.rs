//! What came of the additions of a customer that a person decided to end, until its ledger takes it.

use shared::domain::ending::{EndDone, Ending, EndingKey};
use shared::domain::ledger::{Billed, CustomerLedger, EndedLine, Line};
use shared::domain::outcome::{Failure, Outcome, Would};
use shared::domain::run::ReadFor;
use shared::domain::snapshot::UnreportedWrites;
use shared::domain::terms::Terms;
use shared::store::Change;

/// The outcome of a customer's endings.
#[derive(Default)]
pub(super) struct EndedAdditions {
    lines: Vec<EndedLine>,
    /// Those that are over once a ledger has them.
    over: Vec<EndingKey>,
    created: u32,
    updated: u32,
    /// Why additions were read, each time.
    reads: Vec<ReadFor>,
    /// What is written in the commit that puts it into a ledger.
    closing: Vec<Change>,
}

impl EndedAdditions {
    /// Why additions were read, each time.
    pub(super) fn reads(&self) -> impl Iterator<Item = ReadFor> {
        self.reads.iter().copied()
    }

    /// Counts that additions were read once more.
    pub(super) fn add_read(&mut self, reason: ReadFor) {
        self.reads.push(reason);
    }

    /// Takes in what became of creations for a customer that is not planned.
    pub(super) fn add_settled(&mut self, closing: Vec<Change>, written: UnreportedWrites) {
        self.created = self.created.saturating_add(written.created);
        self.updated = self.updated.saturating_add(written.updated);
        self.closing.extend(closing);
    }

    /// Whether there is nothing to put into a ledger.
    pub(super) const fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.closing.is_empty()
    }

    /// Puts the ended additions into the customer's ledger; returns what is written in the same commit. A run that may
    /// not write only shows it.
    pub(super) fn close(self, ledger: &mut CustomerLedger, writes: bool) -> Vec<Change> {
        ledger.ended = self.lines;
        ledger.created = ledger.created.saturating_add(self.created);
        ledger.updated = ledger.updated.saturating_add(self.updated);
        let over = self.over.into_iter().filter(|_| writes);
        self.closing.into_iter().chain(over.map(Change::RemoveEnding)).collect()
    }

    /// Adds an ending with its outcome and what was done; returns what its line shows of the addition. The ending stays
    /// for the next run.
    pub(super) fn add_line(&mut self, ending: &Ending, outcome: Outcome, did: Would, terms: Option<Terms>) -> Billed {
        self.push(ending, outcome, did, terms, 0)
    }

    /// Adds an ending that is carried out, and is over with this ledger.
    pub(super) fn add_done(&mut self, ending: &Ending, done: EndDone, terms: Option<Terms>) {
        let outcome = if done.did == Would::Nothing { Outcome::Unchanged } else { Outcome::Updated };
        let writes = done.writes.created.saturating_add(done.writes.updated);
        self.created = self.created.saturating_add(done.writes.created);
        self.updated = self.updated.saturating_add(done.writes.updated);
        self.over.push(ending.key);
        self.push(ending, outcome, done.did, terms, writes);
    }

    /// Adds an ending that is over without having been carried out: its addition is not what the person saw.
    pub(super) fn add_refused(&mut self, ending: &Ending, failure: Failure) {
        self.over.push(ending.key);
        self.add_line(ending, Outcome::Failed(failure), Would::Nothing, None);
    }

    fn push(&mut self, ending: &Ending, outcome: Outcome, did: Would, terms: Option<Terms>, writes: u32) -> Billed {
        let billed = Billed {
            product: ending.product,
            addition: Some(ending.key.addition),
            target: did.quantities().1,
            would: did,
            did: None,
            waiting: None,
            terms,
            largest: None,
            overridden: None,
            ended: None,
            writes,
        };
        let line = Line { code: None, units: 0, usage_lines: 0, outcome, billed: Some(billed.clone()) };
        let Ending { key, parts, who, why, .. } = ending.clone();
        self.lines.push(EndedLine { agreement: key.agreement, parts, who, why, line });
        billed
    }
}
