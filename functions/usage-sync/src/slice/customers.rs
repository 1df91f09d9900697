//! The last stage: customers side by side, bucket after bucket.
//!
//! Between two buckets no call to ConnectWise may fall silent: while the last customers of one are worked on, the next
//! one is loaded and its first customers begin. What is in memory is two buckets, not the partner.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::{StreamExt, stream};
use shared::domain::id::CustomerId;
use shared::domain::ledger::CustomerLedger;
use shared::domain::plan::unassigned_rows;
use shared::domain::run::Run;
use shared::ports::RunStore;
use tokio::sync::Semaphore;

use super::Stages;
use super::bucket::Bucket;
use super::customer::lines;
use crate::committer::{Commits, Counted, channel};
use crate::trouble::StageError;
use crate::worker::{WorkError, World};

/// The bucket whose customers are worked on, and the next one.
const BUCKETS_AT_ONCE: usize = 2;

/// What the customers of all buckets share.
struct Flow {
    commits: Commits,
    /// How many customers are worked on at once.
    at_once: usize,
    /// A customer is worked on while it has one of these.
    turns: Semaphore,
    /// Nothing new may be started: the deadline is near, or something failed.
    halted: AtomicBool,
}

impl Flow {
    fn new(commits: Commits, in_flight: usize) -> Self {
        // While some customers are at the table, the others keep ConnectWise busy; its client holds to `in_flight`.
        let at_once = in_flight + in_flight.div_ceil(2);
        Self { commits, at_once, turns: Semaphore::new(at_once), halted: AtomicBool::new(false) }
    }

    fn halt(&self) {
        self.halted.store(true, Ordering::Relaxed);
    }

    fn is_halted(&self) -> bool {
        self.halted.load(Ordering::Relaxed)
    }
}

impl<W: World> Stages<'_, W> {
    /// Works on the customers of this bucket and of those behind it, until the deadline is near.
    pub(super) async fn sync_customers(&self, run: &Run, first: u32) -> Result<(), StageError> {
        let (commits, asked) = channel();
        let work = self.sync_buckets(run, first, Flow::new(commits, self.limits.in_flight));
        let (served, worked) = futures::future::join(self.committer.serve(asked), work).await;
        served?;
        Ok(worked?)
    }

    async fn sync_buckets(&self, run: &Run, first: u32, flow: Flow) -> Result<(), WorkError> {
        let bucket = async |number| (number, self.sync_bucket(run, number, &flow).await);
        let mut buckets = std::pin::pin!(stream::iter(first..run.buckets).map(bucket).buffered(BUCKETS_AT_ONCE));
        // They come in their order: once one is left undone, none behind it is passed.
        let (mut unbroken, mut fault) = (true, None);
        while let Some((number, worked)) = buckets.next().await {
            let passed = match worked {
                Ok(true) if unbroken => flow.commits.pass(number + 1).await.map_err(WorkError::from),
                Ok(_) => {
                    unbroken = false;
                    Ok(())
                }
                Err(error) => Err(error),
            };
            if let Err(error) = passed {
                flow.halt();
                (unbroken, fault) = (false, fault.or(Some(error)));
            }
        }
        fault.map_or(Ok(()), Err)
    }

    /// Whether all customers of the bucket were worked on.
    async fn sync_bucket(&self, run: &Run, number: u32, flow: &Flow) -> Result<bool, WorkError> {
        if flow.is_halted() {
            return Ok(false);
        }
        let bucket = &self.load(run, number).await?;
        let todo = self.not_done(bucket, number).await?;
        let turn = |customer| self.take_turn(bucket, customer, flow);
        let mut going = std::pin::pin!(stream::iter(todo).map(turn).buffer_unordered(flow.at_once));
        let (mut whole, mut fault) = (true, None);
        // What is under way is brought to its end: a request that was sent deserves to have its answer read.
        while let Some(worked) = going.next().await {
            match worked {
                Ok(done) => whole &= done,
                Err(error) => {
                    flow.halt();
                    fault = fault.or(Some(error));
                }
            }
        }
        fault.map_or(Ok(whole), Err)
    }

    /// Works on a customer when it is its turn; false when nothing new may be started by then.
    async fn take_turn(&self, bucket: &Bucket, customer: CustomerId, flow: &Flow) -> Result<bool, WorkError> {
        // No turn only if the semaphore were closed, which it never is.
        let _turn = flow.turns.acquire().await.ok();
        if self.is_late() {
            flow.halt();
        }
        if flow.is_halted() {
            return Ok(false);
        }
        self.has_worked();
        self.sync_customer(bucket, customer, &flow.commits).await?;
        Ok(true)
    }

    /// The usage that names no customer: an entry of its own, and the end of the run.
    pub(super) async fn sync_unassigned(&self, run: &Run) -> Result<(), StageError> {
        let (store, partner) = (self.world.store(), run.request.partner);
        let usage = self.read_usage_of(run, run.buckets).await?;
        let rows = unassigned_rows(&usage.of(None));
        let written = store.find_ledger(partner, &run.id, None).await?.is_some();
        if !rows.is_empty() && !written {
            let ledger = CustomerLedger {
                customer: None,
                name: "Usage without a customer".into(),
                company: None,
                agreement: None,
                next_invoice: None,
                lines: lines(rows, &BTreeMap::new()),
                created: 0,
                updated: 0,
            };
            let (commits, asked) = channel();
            let finish =
                async move { commits.finish(Vec::new(), Counted { ledger, read: None, to_retry: false }).await };
            let (served, finished) = futures::future::join(self.committer.serve(asked), finish).await;
            served?;
            finished?;
        }
        self.conclude().await
    }
}
