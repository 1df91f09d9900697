//! The one place through which a slice commits: all writes that are fenced by the lease.
//!
//! Customers are worked on side by side, but their writes go through one loop: each commit is fenced by the lease and
//! renews it, what is ready together is written together, and the run's counts are never written by two at once.

use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use shared::domain::id::CustomerId;
use shared::domain::ledger::CustomerLedger;
use shared::domain::run::ReadFor;
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
/// The changes that one customer sends at once; its ledger entry and its status come on top.
pub(crate) const MOST_CHANGES_OF_ONE: usize = 40;
/// The ledger lines of one commit at most: with the snapshots next to them well below the 4 MB of a transaction.
const MOST_LINES: usize = 3000;

type Reply = oneshot::Sender<Result<Lease, StoreError>>;

/// What is to be written for a customer.
pub(crate) struct CommitRequest {
    changes: Vec<Change>,
    counted: Option<Counted>,
    /// A customer whose ledger stays open.
    left_open: Option<LeftOpen>,
    /// The bucket that is next, once those before it are done.
    passed: Option<u32>,
    reply: Reply,
}

impl CommitRequest {
    fn reads(&self) -> &[ReadFor] {
        match (&self.counted, &self.left_open) {
            (Some(counted), _) => &counted.reads,
            (None, Some(left)) => &left.reads,
            (None, None) => &[],
        }
    }
}

/// An unfinished customer.
pub(crate) struct LeftOpen {
    /// Why additions were read for it, each time.
    pub(crate) reads: Vec<ReadFor>,
    /// The customer, where it is worked on once more at the end of the run; none: the next slice goes on with it.
    pub(crate) set_aside: Option<CustomerId>,
}

/// What the run's counts take in together with the changes.
pub(crate) struct Counted {
    pub(crate) ledger: CustomerLedger,
    /// Why additions were read for the customer, each time.
    pub(crate) reads: Vec<ReadFor>,
    /// Whether a retry on another night may succeed.
    pub(crate) to_retry: bool,
    /// Which members of the partner's ConnectWise changed its lines.
    pub(crate) members: MembersSeen,
}

/// Sends the customers' changes to the committer.
#[derive(Clone)]
pub(crate) struct Commits {
    first: mpsc::Sender<CommitRequest>,
    last: mpsc::Sender<CommitRequest>,
}

/// The committer's end.
pub(crate) struct Incoming {
    /// What the next call to ConnectWise waits for.
    first: mpsc::Receiver<CommitRequest>,
    /// The ledgers of customers that ConnectWise was not asked about, which are many where little has changed: they are
    /// written while it responds for the others.
    last: mpsc::Receiver<CommitRequest>,
}

impl Incoming {
    /// What is written next: as much as is ready and fits into one commit. None when all [`Commits`] are dropped.
    async fn next(&mut self) -> Option<Vec<CommitRequest>> {
        tokio::select! {
            biased;
            Some(request) = self.first.recv() => Some(ready(request, &mut self.first)),
            Some(request) = self.last.recv() => Some(ready(request, &mut self.last)),
            else => None,
        }
    }
}

impl Commits {
    /// Writes changes in their order; returns when they are written, with the renewed lease.
    pub(crate) async fn commit(&self, changes: Vec<Change>) -> Result<Lease, StoreError> {
        let rest = self.begin(changes).await?;
        self.request(rest, None, None).await
    }

    /// Writes what is known of a customer whose ledger is closed later; counts that its additions were read.
    pub(crate) async fn leave_open(&self, changes: Vec<Change>, left: LeftOpen) -> Result<Lease, StoreError> {
        let rest = self.begin(changes).await?;
        self.request(rest, None, Some(left)).await
    }

    /// Writes a customer's ledger entry after what belongs to it, and counts it.
    pub(crate) async fn finish(&self, changes: Vec<Change>, counted: Counted) -> Result<Lease, StoreError> {
        let rest = self.begin(changes).await?;
        self.request(rest, Some(counted), None).await
    }

    /// Writes what is too much for one commit; the rest fits.
    async fn begin(&self, mut changes: Vec<Change>) -> Result<Vec<Change>, StoreError> {
        while changes.len() > MOST_CHANGES_OF_ONE {
            let rest = changes.split_off(MOST_CHANGES_OF_ONE);
            self.request(changes, None, None).await?;
            changes = rest;
        }
        Ok(changes)
    }

    async fn request(
        &self,
        changes: Vec<Change>,
        counted: Option<Counted>,
        left_open: Option<LeftOpen>,
    ) -> Result<Lease, StoreError> {
        let (reply, replied) = oneshot::channel();
        // A customer that ConnectWise was not asked about holds no permit of others.
        let is_urgent = counted.as_ref().is_none_or(|counted| !counted.reads.is_empty());
        let queue = if is_urgent { &self.first } else { &self.last };
        send_to(queue, CommitRequest { changes, counted, left_open, passed: None, reply }).await?;
        replied.await.map_err(|_| StoreError::LeaseLost)?
    }

    /// Advances the checkpoint to bucket `next`, without waiting. Returns before that is written: nobody waits for it,
    /// and a slice that dies in between finds in the ledger what was done.
    pub(crate) async fn pass(&self, next: u32) -> Result<(), StoreError> {
        let (reply, _) = oneshot::channel();
        let request = CommitRequest { changes: Vec::new(), counted: None, left_open: None, passed: Some(next), reply };
        send_to(&self.last, request).await
    }
}

async fn send_to(queue: &mpsc::Sender<CommitRequest>, request: CommitRequest) -> Result<(), StoreError> {
    // The loop ends early only when the lease is lost or the table failed; then nothing more may be written.
    queue.send(request).await.map_err(|_| StoreError::LeaseLost)
}

/// The loop's side.
pub(crate) struct Committer<'a, W: World> {
    world: &'a W,
    /// Empty until ConnectWise is connected to.
    psa: &'a OnceLock<PsaOf<W>>,
    /// The calls of earlier slices.
    calls_before: u64,
    lease_s: u32,
    written: Mutex<Written>,
}

/// The lease and the run as they were last written.
#[derive(Clone)]
pub(crate) struct Written {
    pub(crate) lease: Lease,
    pub(crate) run: Run,
}

impl<'a, W: World> Committer<'a, W> {
    /// The committer of a slice that goes on with `run` under `lease`, which it renews for `lease_s` seconds each time.
    pub(crate) const fn new(world: &'a W, psa: &'a OnceLock<PsaOf<W>>, lease: Lease, lease_s: u32, run: Run) -> Self {
        Self { world, psa, calls_before: run.psa.calls, lease_s, written: Mutex::new(Written { lease, run }) }
    }

    /// Writes what comes in until all [`Commits`] are dropped. An error means that the slice is over: the lease is
    /// lost, or the table failed.
    pub(crate) async fn serve(&self, mut incoming: Incoming) -> Result<(), StoreError> {
        let renew = Duration::from_secs(u64::from(self.lease_s) / 3);
        loop {
            let batch = match tokio::time::timeout(renew, incoming.next()).await {
                Ok(Some(batch)) => batch,
                Ok(None) => return Ok(()),
                Err(_) => Vec::new(),
            };
            self.write(batch).await?;
        }
    }

    async fn write(&self, batch: Vec<CommitRequest>) -> Result<(), StoreError> {
        match self.write_together(&batch).await {
            // One customer's conflict is not the others': write them one by one.
            Err(StoreError::Conflict { .. }) if batch.len() > 1 => {
                for request in batch {
                    self.write_alone(request).await?;
                }
                Ok(())
            }
            outcome => reply_to_all(batch, &outcome),
        }
    }

    async fn write_alone(&self, request: CommitRequest) -> Result<(), StoreError> {
        let batch = vec![request];
        let outcome = self.write_together(&batch).await;
        reply_to_all(batch, &outcome)
    }

    async fn write_together(&self, batch: &[CommitRequest]) -> Result<Lease, StoreError> {
        let Written { lease, run: before } = self.written();
        let mut run = before.clone();
        let mut changes: Vec<Change> = batch.iter().flat_map(|request| request.changes.iter().cloned()).collect();
        let counted: Vec<&Counted> = batch.iter().filter_map(|request| request.counted.as_ref()).collect();
        for counted in &counted {
            run.tally.add_ledger(&counted.ledger);
            run.to_retry += u64::from(counted.to_retry);
            run.members.add(&counted.members);
            changes.push(Change::PutLedger(run.id.clone(), Box::new(counted.ledger.clone())));
            changes.extend(self.sync_status(&run, &counted.ledger));
        }
        for reason in batch.iter().flat_map(CommitRequest::reads) {
            run.psa.customers += 1;
            *run.psa.reads.entry(*reason).or_default() += 1;
        }
        let passed = batch.iter().filter_map(|request| request.passed).max();
        if let Some(bucket) = passed {
            run.stage = run.stage.passed_to(bucket);
        }
        let set_aside = batch.iter().filter_map(|request| request.left_open.as_ref()?.set_aside);
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

    /// How a customer's sync ended, for the list of customers; none of a preview.
    fn sync_status(&self, run: &Run, ledger: &CustomerLedger) -> Option<Change> {
        let customer = ledger.customer.filter(|_| run.writes)?;
        let status = CustomerSyncStatus::of(&run.id, run.request.month, self.world.clock().now(), ledger);
        Some(Change::PutCustomerStatus(customer, Box::new(status)))
    }

    /// Writes the run as `change` makes it, with the changes that belong to it, between customers.
    pub(crate) async fn put_run(&self, changes: Vec<Change>, change: impl FnOnce(&mut Run)) -> Result<(), StoreError> {
        let Written { lease, mut run } = self.written();
        change(&mut run);
        let mut changes = changes;
        changes.push(Change::PutRun(Box::new(self.with_calls(&mut run))));
        self.put(lease, run, changes).await.map(drop)
    }

    async fn put(&self, lease: Lease, run: Run, changes: Vec<Change>) -> Result<Lease, StoreError> {
        let renewed = self.world.store().commit(&lease, self.until(), changes).await?;
        *self.locked() = Written { lease: renewed.clone(), run };
        Ok(renewed)
    }

    /// The run as it was last written.
    pub(crate) fn run(&self) -> Run {
        self.locked().run.clone()
    }

    /// The lease and the run as they were last written.
    pub(crate) fn written(&self) -> Written {
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

    fn locked(&self) -> std::sync::MutexGuard<'_, Written> {
        // A poisoned lock holds a whole value all the same: it is only ever replaced as one.
        self.written.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The way to the committer: the customers' end and its own.
pub(crate) fn channel() -> (Commits, Incoming) {
    let (first, first_incoming) = mpsc::channel(64);
    let (last, last_incoming) = mpsc::channel(64);
    (Commits { first, last }, Incoming { first: first_incoming, last: last_incoming })
}

/// The first one and what else is ready, as far as it fits into one commit.
fn ready(first: CommitRequest, queue: &mut mpsc::Receiver<CommitRequest>) -> Vec<CommitRequest> {
    let Size { mut changes, mut lines } = Size::of(&first);
    let mut batch = vec![first];
    // The next one is taken only where the largest would fit.
    while changes + MOST_CHANGES_OF_ONE < MOST_CHANGES && lines < MOST_LINES {
        let Ok(next) = queue.try_recv() else { break };
        let more = Size::of(&next);
        changes += more.changes;
        lines += more.lines;
        batch.push(next);
    }
    batch
}

/// How much is written.
struct Size {
    changes: usize,
    /// Of ledgers.
    lines: usize,
}

impl Size {
    fn of(request: &CommitRequest) -> Self {
        let lines = request.counted.as_ref().map_or(0, |counted| counted.ledger.lines.len());
        Self { changes: request.changes.len() + 2 * usize::from(request.counted.is_some()), lines }
    }
}

fn reply_to_all(batch: Vec<CommitRequest>, outcome: &Result<Lease, StoreError>) -> Result<(), StoreError> {
    for request in batch {
        // Nobody may wait for the reply any more: the slice was stopped.
        drop(request.reply.send(outcome.clone()));
    }
    match outcome {
        // Who sent the request deals with a conflict; other errors end the slice.
        Ok(_) | Err(StoreError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error.clone()),
    }
}

#[cfg(test)]
mod tests;
