//! The last stage: customers side by side, bucket after bucket.
//!
//! Between two buckets no call to ConnectWise may fall silent: while the last customers of one are worked on, the next
//! one is loaded and its first customers begin. What is in memory is two buckets, not the partner.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::join;
use futures::{StreamExt, stream};
use shared::domain::id::{AgreementId, CustomerId};
use shared::domain::ledger::CustomerLedger;
use shared::domain::plan::unassigned_rows;
use shared::domain::run::{Run, Stage};
use shared::domain::snapshot::{Intent, Snapshot};
use shared::domain::vendor_sync::MembersSeen;
use tokio::sync::{Semaphore, SemaphorePermit, mpsc};

use super::Stages;
use super::bucket::Bucket;
use super::ending::lines;
use crate::chunks::bucket_of;
use crate::committer::{Commits, Counted, channel};
use crate::trouble::StageError;
use crate::worker::{WorkError, World};

/// The bucket whose customers are worked on, and the next one.
const BUCKETS_AT_ONCE: usize = 2;
/// What is known of earlier writes is read for so many customers in one call; so many are planned at once.
pub(super) const RECALLED_AT_ONCE: usize = 50;
/// The answers of so many such calls wait for customers to be done.
const RECALLS_AHEAD: usize = 1;

/// What the customers of all buckets share.
pub(super) struct Flow {
    pub(super) commits: Commits,
    /// A customer that ConnectWise is asked about has one of these. The others do not wait for them.
    turns: Semaphore,
    /// Nothing new may be started: the deadline is near, or something failed.
    halted: AtomicBool,
    /// The intents that stand from earlier slices and runs.
    intents: BTreeMap<AgreementId, Vec<Intent>>,
    /// The customers of whom a person decided to end additions.
    endings: BTreeSet<CustomerId>,
}

/// What the table knows of earlier writes for a customer.
#[derive(Default)]
pub(super) struct Recalled {
    /// To the agreement that the run set out with.
    pub(super) snapshot: Snapshot,
    /// Those whose end is not known.
    pub(super) intents: Vec<Intent>,
}

impl Flow {
    fn new(commits: Commits, at_once: usize, standing: Vec<Intent>, endings: BTreeSet<CustomerId>) -> Self {
        let mut intents: BTreeMap<AgreementId, Vec<Intent>> = BTreeMap::new();
        for intent in standing {
            intents.entry(intent.agreement).or_default().push(intent);
        }
        Self { commits, turns: Semaphore::new(at_once), halted: AtomicBool::new(false), intents, endings }
    }

    /// Whether a person decided to end additions of a customer.
    pub(super) fn has_endings(&self, customer: CustomerId) -> bool {
        self.endings.contains(&customer)
    }

    /// Those of one agreement.
    pub(super) fn intents_of(&self, agreement: AgreementId) -> &[Intent] {
        self.intents.get(&agreement).map(Vec::as_slice).unwrap_or_default()
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
        let intents = self.world.store().list_intents(run.request.partner).await.map_err(WorkError::from)?;
        let endings = self.world.store().list_endings(run.request.partner).await.map_err(WorkError::from)?;
        let endings = endings.into_iter().map(|ending| ending.customer).collect();
        let (commits, asked) = channel();
        let work = self.sync_buckets(run, first, Flow::new(commits, self.limits.at_once(), intents, endings));
        let (served, worked) = join(self.committer.serve(asked), work).await;
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
        let settling = matches!(run.stage, Stage::Settle { .. });
        let is_here = |customer: &CustomerId| bucket_of(*customer, run.buckets) == number;
        if settling && !run.set_aside.iter().any(is_here) {
            return Ok(true);
        }
        let bucket = &self.load(run, number).await?;
        let with_intents = |on: &BTreeSet<AgreementId>| on.iter().any(|on| !flow.intents_of(*on).is_empty());
        let unsettled = bucket.billed_on.iter().filter(|(_, on)| with_intents(on)).map(|(customer, _)| *customer);
        let ending = flow.endings.iter().copied().filter(is_here);
        let mut todo = self.not_done(bucket, number, ending.chain(unsettled)).await?;
        if settling {
            todo.retain(|customer| run.set_aside.contains(customer) && !run.set_aside_again.contains(customer));
        }
        let (recalled, mut ahead) = mpsc::channel(RECALLS_AHEAD);
        let recall = async move {
            for some in todo.chunks(RECALLED_AT_ONCE) {
                let known = self.recall(bucket, some.to_vec(), flow).await;
                let goes_on = known.is_ok();
                if recalled.send(known).await.is_err() || !goes_on {
                    break;
                }
            }
        };
        let each = |recalled: Result<Vec<(CustomerId, Recalled)>, WorkError>| {
            let (some, fault) = recalled.map_or_else(|fault| (Vec::new(), Some(fault)), |some| (some, None));
            stream::iter(some.into_iter().map(Ok).chain(fault.map(Err)))
        };
        let turn = async |one: Result<(CustomerId, Recalled), WorkError>| match one {
            Ok((customer, recalled)) => self.work_on(bucket, customer, recalled, flow).await,
            Err(error) => Err(error),
        };
        let customers = stream::poll_fn(|context| ahead.poll_recv(context)).flat_map(each);
        let mut going = std::pin::pin!(customers.map(turn).buffer_unordered(RECALLED_AT_ONCE));
        let (mut whole, mut fault) = (true, None);
        let work = async {
            // What is under way is brought to its end: a request that was sent deserves to have its answer read.
            while let Some(worked) = going.next().await {
                match worked {
                    Ok(done) => whole &= done,
                    Err(error) => {
                        flow.halt();
                        fault = fault.take().or(Some(error));
                    }
                }
            }
        };
        // Side by side: a stream that is full does not look after what it has begun, and the table's answers do not wait
        // while all customers at once wait for ConnectWise.
        join(recall, work).await;
        fault.map_or(Ok(whole), Err)
    }

    /// What is known of earlier writes for some customers. Read under the lease, so that it stays true until this slice
    /// itself writes.
    async fn recall(
        &self,
        bucket: &Bucket,
        customers: Vec<CustomerId>,
        flow: &Flow,
    ) -> Result<Vec<(CustomerId, Recalled)>, WorkError> {
        if flow.is_halted() {
            return Ok(customers.into_iter().map(|customer| (customer, Recalled::default())).collect());
        }
        let agreements: BTreeSet<AgreementId> = customers.iter().filter_map(|id| bucket.agreement_of(*id)).collect();
        let (store, partner) = (self.world.store(), bucket.run.request.partner);
        let snapshots = store.find_snapshots(partner, &Vec::from_iter(agreements)).await?;
        let recalled = |customer: CustomerId| {
            let agreement = bucket.agreement_of(customer);
            let snapshot = agreement.and_then(|agreement| snapshots.get(&agreement)).cloned().unwrap_or_default();
            let intents = agreement.map(|agreement| flow.intents_of(agreement).to_vec()).unwrap_or_default();
            (customer, Recalled { snapshot, intents })
        };
        Ok(customers.into_iter().map(recalled).collect())
    }

    /// The same of one customer, as it is now.
    pub(super) async fn recall_anew(&self, bucket: &Bucket, customer: CustomerId) -> Result<Recalled, WorkError> {
        let Some(agreement) = bucket.agreement_of(customer) else { return Ok(Recalled::default()) };
        let (store, partner) = (self.world.store(), bucket.run.request.partner);
        let snapshot = store.find_snapshot(partner, agreement).await?;
        let mut intents = store.list_intents(partner).await?;
        intents.retain(|intent| intent.agreement == agreement);
        Ok(Recalled { snapshot, intents })
    }

    /// A turn to ask ConnectWise about a customer; none when that is left to the next slice.
    pub(super) async fn turn_to_ask<'f>(&self, flow: &'f Flow) -> Option<SemaphorePermit<'f>> {
        let turn = flow.turns.acquire().await.ok()?;
        // One that has to get something done in this slice is not told to leave it to the next.
        let leave = self.has_something_to_show() && (flow.is_halted() || self.is_near_the_end());
        (!leave).then_some(turn)
    }

    /// Works on a customer; false when it is left to the next slice, as a whole or in part.
    async fn work_on(
        &self,
        bucket: &Bucket,
        customer: CustomerId,
        recalled: Recalled,
        flow: &Flow,
    ) -> Result<bool, WorkError> {
        if self.is_late() {
            flow.halt();
        }
        if flow.is_halted() {
            return Ok(false);
        }
        self.has_worked();
        let closed = self.sync_customer(bucket, customer, recalled, flow).await?;
        match closed {
            true => self.has_progressed(),
            false => flow.halt(),
        }
        Ok(closed)
    }

    /// The usage that names no customer: an entry of its own, and the end of the run.
    pub(super) async fn sync_unassigned(&self, run: &Run) -> Result<(), StageError> {
        let (store, partner) = (self.world.store(), run.request.partner);
        let usage = self.read_usage_of(run, run.buckets).await?;
        let rows = unassigned_rows(&usage.of(None));
        let written = store.find_ledger(partner, &run.id, None).await?.is_some();
        if !rows.is_empty() && !written {
            let ledger = CustomerLedger {
                name: "Usage without a customer".into(),
                lines: lines(rows, &BTreeMap::new()),
                ..CustomerLedger::default()
            };
            let (commits, asked) = channel();
            let (reads, members) = (Vec::new(), MembersSeen::default());
            let counted = Counted { ledger, reads, to_retry: false, members };
            let finish = async move { commits.finish(Vec::new(), counted).await };
            let (served, finished) = join(self.committer.serve(asked), finish).await;
            served?;
            finished?;
        }
        self.conclude().await
    }
}
