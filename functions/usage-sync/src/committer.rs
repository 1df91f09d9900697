//! The one place through which a slice writes to the table.
//!
//! Customers are worked on side by side, but their writes go through one loop: each commit is fenced by the lease and
//! renews it, what is ready together is written together, and the run's counts are never written by two at once.

use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use shared::domain::id::CustomerId;
use shared::domain::ledger::CustomerLedger;
use shared::domain::recall::ReadFor;
use shared::domain::run::{Run, Stage};
use shared::domain::sync_status::CustomerSyncStatus;
use shared::domain::vendor_sync::MembersSeen;
use shared::error::StoreError;
use shared::ports::{Clock, Psa};
use shared::store::{Change, Lease};
use tokio::sync::{mpsc, oneshot};

use crate::world::{PsaOf, World};

/// The changes of one commit at most; the run itself comes on top.
const MOST_CHANGES: usize = 90;
/// The changes that one customer hands in at once; its ledger entry and its status come on top.
pub(crate) const MOST_ASKED: usize = 40;
/// The ledger lines of one commit at most: with the snapshots beside them well below the 4 MB of a transaction.
const MOST_LINES: usize = 3000;

type Answer = oneshot::Sender<Result<Lease, StoreError>>;

/// What a customer wants written.
pub(crate) struct Asked {
    changes: Vec<Change>,
    counted: Option<Counted>,
    /// A customer whose ledger stays open.
    left_open: Option<LeftOpen>,
    /// The bucket that is next, once those before it are done.
    passed: Option<u32>,
    answer: Answer,
}

impl Asked {
    fn reads(&self) -> &[ReadFor] {
        match (&self.counted, &self.left_open) {
            (Some(counted), _) => &counted.reads,
            (None, Some(left)) => &left.reads,
            (None, None) => &[],
        }
    }
}

/// A customer that is not done with.
pub(crate) struct LeftOpen {
    /// Why additions were read for it, each time.
    pub(crate) reads: Vec<ReadFor>,
    /// Who has its turn once more at the end of the run; none: the next slice goes on with it.
    pub(crate) set_aside: Option<CustomerId>,
}

/// What the run's counts take in together with the changes.
pub(crate) struct Counted {
    pub(crate) ledger: CustomerLedger,
    /// Why additions were read for the customer, each time.
    pub(crate) reads: Vec<ReadFor>,
    /// Whether something of it failed that another night may mend.
    pub(crate) to_retry: bool,
    /// Which members of the partner's ConnectWise changed its lines.
    pub(crate) members: MembersSeen,
}

/// Where customers hand in what is to be written.
#[derive(Clone)]
pub(crate) struct Commits {
    first: mpsc::Sender<Asked>,
    last: mpsc::Sender<Asked>,
}

/// What was handed in, at the loop's end.
pub(crate) struct Incoming {
    /// What the next call to ConnectWise waits for.
    first: mpsc::Receiver<Asked>,
    /// The ledgers of customers that ConnectWise was not asked about, which are many where little has changed: they are
    /// written while it answers for the others.
    last: mpsc::Receiver<Asked>,
}

impl Incoming {
    /// What is written next: as much as is ready and fits into one commit. None when all [`Commits`] are dropped.
    async fn next(&mut self) -> Option<Vec<Asked>> {
        tokio::select! {
            biased;
            Some(asked) = self.first.recv() => Some(ready(asked, &mut self.first)),
            Some(asked) = self.last.recv() => Some(ready(asked, &mut self.last)),
            else => None,
        }
    }
}

impl Commits {
    /// Writes changes in their order; returns when they are written, with the renewed lease.
    pub(crate) async fn commit(&self, changes: Vec<Change>) -> Result<Lease, StoreError> {
        let rest = self.begin(changes).await?;
        self.ask(rest, None, None).await
    }

    /// Writes what is known of a customer whose ledger is closed later; counts that its additions were read.
    pub(crate) async fn leave_open(&self, changes: Vec<Change>, left: LeftOpen) -> Result<Lease, StoreError> {
        let rest = self.begin(changes).await?;
        self.ask(rest, None, Some(left)).await
    }

    /// Writes a customer's ledger entry behind what belongs to it, and counts it.
    pub(crate) async fn finish(&self, changes: Vec<Change>, counted: Counted) -> Result<Lease, StoreError> {
        let rest = self.begin(changes).await?;
        self.ask(rest, Some(counted), None).await
    }

    /// Writes what is too much for one commit; the rest fits.
    async fn begin(&self, mut changes: Vec<Change>) -> Result<Vec<Change>, StoreError> {
        while changes.len() > MOST_ASKED {
            let rest = changes.split_off(MOST_ASKED);
            self.ask(changes, None, None).await?;
            changes = rest;
        }
        Ok(changes)
    }

    async fn ask(
        &self,
        changes: Vec<Change>,
        counted: Option<Counted>,
        left_open: Option<LeftOpen>,
    ) -> Result<Lease, StoreError> {
        let (answer, answered) = oneshot::channel();
        let was_asked_about = counted.as_ref().is_none_or(|counted| !counted.reads.is_empty());
        let queue = if was_asked_about { &self.first } else { &self.last };
        hand_in(queue, Asked { changes, counted, left_open, passed: None, answer }).await?;
        answered.await.map_err(|_| StoreError::LeaseLost)?
    }

    /// Lets the run go on with the bucket `next`. Returns before that is written: nobody waits for it, and a slice that
    /// dies in between finds in the ledger what was done.
    pub(crate) async fn pass(&self, next: u32) -> Result<(), StoreError> {
        let (answer, _) = oneshot::channel();
        let asked = Asked { changes: Vec::new(), counted: None, left_open: None, passed: Some(next), answer };
        hand_in(&self.last, asked).await
    }
}

async fn hand_in(queue: &mpsc::Sender<Asked>, asked: Asked) -> Result<(), StoreError> {
    // The loop ends early only when the lease is lost or the table failed; then nothing more may be written.
    queue.send(asked).await.map_err(|_| StoreError::LeaseLost)
}

/// The loop's side.
pub(crate) struct Committer<'a, W: World> {
    pub(crate) world: &'a W,
    /// Empty until ConnectWise is connected to.
    pub(crate) psa: &'a OnceLock<PsaOf<W>>,
    /// The calls of earlier slices.
    pub(crate) calls_before: u64,
    pub(crate) lease_s: u32,
    pub(crate) state: Mutex<(Lease, Run)>,
}

impl<W: World> Committer<'_, W> {
    /// Writes what is handed in until all [`Commits`] are dropped.
    ///
    /// # Errors
    /// The lease is lost, or the table failed: the slice is over.
    pub(crate) async fn serve(&self, mut asked: Incoming) -> Result<(), StoreError> {
        let renew = Duration::from_secs(u64::from(self.lease_s) / 3);
        loop {
            let batch = match tokio::time::timeout(renew, asked.next()).await {
                Ok(Some(batch)) => batch,
                Ok(None) => return Ok(()),
                Err(_) => Vec::new(),
            };
            self.write(batch).await?;
        }
    }

    async fn write(&self, batch: Vec<Asked>) -> Result<(), StoreError> {
        match self.write_together(&batch).await {
            // One customer's conflict is not the others': write them one by one.
            Err(StoreError::Conflict { .. }) if batch.len() > 1 => {
                for asked in batch {
                    self.write_alone(asked).await?;
                }
                Ok(())
            }
            outcome => answer_all(batch, &outcome),
        }
    }

    async fn write_alone(&self, asked: Asked) -> Result<(), StoreError> {
        let batch = vec![asked];
        let outcome = self.write_together(&batch).await;
        answer_all(batch, &outcome)
    }

    async fn write_together(&self, batch: &[Asked]) -> Result<Lease, StoreError> {
        let (lease, before) = self.snapshot();
        let mut run = before.clone();
        let mut changes: Vec<Change> = batch.iter().flat_map(|asked| asked.changes.iter().cloned()).collect();
        let counted: Vec<&Counted> = batch.iter().filter_map(|asked| asked.counted.as_ref()).collect();
        for counted in &counted {
            run.tally.add_ledger(&counted.ledger);
            run.to_retry += u64::from(counted.to_retry);
            run.members.add(&counted.members);
            changes.push(Change::PutLedger(run.id.clone(), Box::new(counted.ledger.clone())));
            changes.extend(self.stamp(&run, &counted.ledger));
        }
        for reason in batch.iter().flat_map(Asked::reads) {
            run.psa.customers += 1;
            *run.psa.reads.entry(*reason).or_default() += 1;
        }
        let passed = batch.iter().filter_map(|asked| asked.passed).max();
        if let Some(bucket) = passed {
            run.stage = run.stage.passed_to(bucket);
        }
        let set_aside = batch.iter().filter_map(|asked| asked.left_open.as_ref()?.set_aside);
        match run.stage {
            Stage::Settle { .. } => run.set_aside_again.extend(set_aside),
            Stage::Preview
            | Stage::Customers { .. }
            | Stage::CustomersAgain { .. }
            | Stage::Usage { .. }
            | Stage::UsageAgain { .. }
            | Stage::Agreements { .. }
            | Stage::Products
            | Stage::Check
            | Stage::Sync { .. }
            | Stage::Ended => run.set_aside.extend(set_aside),
        }
        if run != before {
            changes.push(Change::PutRun(Box::new(self.with_calls(&mut run))));
        }
        self.put(lease, run, changes).await
    }

    /// How a customer's sync ended, for the list of customers; a preview is none.
    fn stamp(&self, run: &Run, ledger: &CustomerLedger) -> Option<Change> {
        let customer = ledger.customer.filter(|_| run.writes)?;
        let stamp = CustomerSyncStatus::of(&run.id, run.request.month, self.world.clock().now(), ledger);
        Some(Change::PutCustomerStatus(customer, Box::new(stamp)))
    }

    /// Writes the run as `change` makes it, with the changes that belong to it, between customers.
    pub(crate) async fn put_run(&self, changes: Vec<Change>, change: impl FnOnce(&mut Run)) -> Result<(), StoreError> {
        let (lease, mut run) = self.snapshot();
        change(&mut run);
        let mut changes = changes;
        changes.push(Change::PutRun(Box::new(self.with_calls(&mut run))));
        self.put(lease, run, changes).await.map(drop)
    }

    async fn put(&self, lease: Lease, run: Run, changes: Vec<Change>) -> Result<Lease, StoreError> {
        let renewed = self.world.store().commit(&lease, self.until(), changes).await?;
        *self.locked() = (renewed.clone(), run);
        Ok(renewed)
    }

    /// The run as it was last written.
    pub(crate) fn run(&self) -> Run {
        self.locked().1.clone()
    }

    /// The lease and the run as they were last written.
    pub(crate) fn snapshot(&self) -> (Lease, Run) {
        self.locked().clone()
    }

    fn with_calls(&self, run: &mut Run) -> Run {
        run.psa.calls = self.calls_before + self.psa.get().map_or(0, Psa::calls);
        run.clone()
    }

    fn until(&self) -> Timestamp {
        let now = self.world.clock().now();
        now.checked_add(SignedDuration::from_secs(i64::from(self.lease_s))).unwrap_or(now)
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, (Lease, Run)> {
        // A poisoned lock holds a whole value all the same: it is only ever replaced as one.
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// A way in for customers, and the loop's end of it.
pub(crate) fn channel() -> (Commits, Incoming) {
    let (first, asked_first) = mpsc::channel(64);
    let (last, asked_last) = mpsc::channel(64);
    (Commits { first, last }, Incoming { first: asked_first, last: asked_last })
}

/// The first one and what else is ready, as far as it fits into one commit.
fn ready(first: Asked, asked: &mut mpsc::Receiver<Asked>) -> Vec<Asked> {
    let (mut changes, mut lines) = size(&first);
    let mut batch = vec![first];
    // The next one is taken only where the largest would fit.
    while changes + MOST_ASKED < MOST_CHANGES && lines < MOST_LINES {
        let Ok(next) = asked.try_recv() else { break };
        let (more_changes, more_lines) = size(&next);
        changes += more_changes;
        lines += more_lines;
        batch.push(next);
    }
    batch
}

/// Changes and ledger lines of what was handed in.
fn size(asked: &Asked) -> (usize, usize) {
    let lines = asked.counted.as_ref().map_or(0, |counted| counted.ledger.lines.len());
    (asked.changes.len() + 2 * usize::from(asked.counted.is_some()), lines)
}

fn answer_all(batch: Vec<Asked>, outcome: &Result<Lease, StoreError>) -> Result<(), StoreError> {
    for asked in batch {
        // Who asked may have gone: its slice was stopped.
        drop(asked.answer.send(outcome.clone()));
    }
    match outcome {
        // A conflict is the asker's to deal with; the others end the slice.
        Ok(_) | Err(StoreError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error.clone()),
    }
}

#[cfg(test)]
mod tests;
