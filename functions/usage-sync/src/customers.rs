//! The stages `Sync` and `Settle`: customers side by side, bucket after bucket.
//!
//! Calls to ConnectWise must not pause between two buckets: while the last customers of one are worked on, the next one
//! is loaded and its first customers begin. What is in memory is two buckets, not the partner.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join;
use futures::{StreamExt, stream};
use shared::domain::id::{AgreementId, CustomerId};
use shared::domain::ledger::CustomerLedger;
use shared::domain::plan::unassigned_rows;
use shared::domain::run::{Run, Stage};
use shared::domain::vendor_sync::MembersSeen;
use tokio::sync::mpsc;

use crate::bucket;
use crate::chunks::bucket_of;
use crate::committer::{Counted, channel};
use crate::context::{ConnectedSlice, SliceContext};
use crate::customer;
use crate::customer::context::CustomerContext;
use crate::customer::outcome::lines;
use crate::errors::{StageError, WorkError};
use crate::flow::Flow;
use crate::limits::RECALLED_AT_ONCE;
use crate::recall::{Recalled, recall};
use crate::usage::read_usage_of;
use crate::world::World;

/// The bucket whose customers are worked on, and the next one.
const BUCKETS_AT_ONCE: usize = 2;
/// At most this many results about earlier writes wait for customers to be done.
const RECALLS_AHEAD: usize = 1;

/// Works on the customers of this bucket and of those after it, until the deadline is near.
pub(crate) async fn sync<W: World>(slice: &ConnectedSlice<'_, W>, run: &Run, first: u32) -> Result<(), StageError> {
    let context = slice.context;
    let store = context.world.store();
    let intents = store.list_intents(run.request.partner).await.map_err(WorkError::from)?;
    let endings = store.list_endings(run.request.partner).await.map_err(WorkError::from)?;
    let endings = endings.into_iter().map(|ending| ending.customer).collect();
    let (commits, incoming) = channel();
    let flow = Flow::new(commits, context.limits.at_once(), intents, endings);
    let work = sync_buckets(slice, run, first, flow);
    let (served, worked) = join(context.committer.serve(incoming), work).await;
    served?;
    Ok(worked?)
}

async fn sync_buckets<W: World>(
    slice: &ConnectedSlice<'_, W>,
    run: &Run,
    first: u32,
    flow: Flow,
) -> Result<(), WorkError> {
    let bucket = async |number| (number, sync_bucket(slice, run, number, &flow).await);
    let mut buckets = std::pin::pin!(stream::iter(first..run.buckets).map(bucket).buffered(BUCKETS_AT_ONCE));
    // They come in their order: after an unfinished bucket, the checkpoint does not advance.
    let (mut unbroken, mut failed) = (true, None);
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
            (unbroken, failed) = (false, failed.or(Some(error)));
        }
    }
    failed.map_or(Ok(()), Err)
}

/// Whether all customers of the bucket were worked on.
async fn sync_bucket<W: World>(
    slice: &ConnectedSlice<'_, W>,
    run: &Run,
    number: u32,
    flow: &Flow,
) -> Result<bool, WorkError> {
    if flow.is_halted() {
        return Ok(false);
    }
    let settling = matches!(run.stage, Stage::Settle { .. });
    let is_here = |customer: &CustomerId| bucket_of(*customer, run.buckets) == number;
    if settling && !run.set_aside.iter().any(is_here) {
        return Ok(true);
    }
    let bucket = &bucket::load(slice.context, run, number).await?;
    let with_intents = |on: &BTreeSet<AgreementId>| on.iter().any(|on| !flow.intents_of(*on).is_empty());
    let unsettled = bucket.billed_on.iter().filter(|(_, on)| with_intents(on)).map(|(customer, _)| *customer);
    let ending = flow.endings().filter(is_here);
    let mut todo = bucket::list_not_done(slice.context, bucket, number, ending.chain(unsettled)).await?;
    if settling {
        todo.retain(|customer| run.set_aside.contains(customer) && !run.set_aside_again.contains(customer));
    }
    let (recalled, mut ahead) = mpsc::channel(RECALLS_AHEAD);
    let recall = async move {
        for some in todo.chunks(RECALLED_AT_ONCE) {
            let known = recall(slice.context.world, bucket, some.to_vec(), flow).await;
            let goes_on = known.is_ok();
            if recalled.send(known).await.is_err() || !goes_on {
                break;
            }
        }
    };
    let each = |recalled: Result<Vec<(CustomerId, Recalled)>, WorkError>| {
        let (some, failed) = recalled.map_or_else(|error| (Vec::new(), Some(error)), |some| (some, None));
        stream::iter(some.into_iter().map(Ok).chain(failed.map(Err)))
    };
    let work_on_one = async |one: Result<(CustomerId, Recalled), WorkError>| match one {
        Ok((customer, recalled)) => work_on(CustomerContext { slice, bucket, flow, customer }, recalled).await,
        Err(error) => Err(error),
    };
    let customers = stream::poll_fn(|context| ahead.poll_recv(context)).flat_map(each);
    let mut going = std::pin::pin!(customers.map(work_on_one).buffer_unordered(RECALLED_AT_ONCE));
    let (mut whole, mut failed) = (true, None);
    let work = async {
        // What is under way is brought to its end: a request that was sent needs its response read.
        while let Some(worked) = going.next().await {
            match worked {
                Ok(done) => whole &= done,
                Err(error) => {
                    flow.halt();
                    failed = failed.take().or(Some(error));
                }
            }
        }
    };
    // Polled together: a full `buffer_unordered` stops polling its source, which would stall the table
    // reads.
    join(recall, work).await;
    failed.map_or(Ok(whole), Err)
}

/// Works on a customer; false when it is left to the next slice, as a whole or in part.
async fn work_on<W: World>(customer: CustomerContext<'_, W>, recalled: Recalled) -> Result<bool, WorkError> {
    let (context, flow) = (customer.slice.context, customer.flow);
    if context.is_late() {
        flow.halt();
    }
    if flow.is_halted() {
        return Ok(false);
    }
    context.mark_worked();
    let closed = customer::sync(&customer, recalled).await?;
    match closed {
        true => context.mark_progressed(),
        false => flow.halt(),
    }
    Ok(closed)
}

/// Puts the usage that names no customer into a ledger entry of its own.
pub(crate) async fn sync_unassigned<W: World>(context: &SliceContext<'_, W>, run: &Run) -> Result<(), StageError> {
    let (store, partner) = (context.world.store(), run.request.partner);
    let usage = read_usage_of(context, run, run.buckets).await?;
    let rows = unassigned_rows(&usage.of(None));
    let written = store.find_ledger(partner, &run.id, None).await?.is_some();
    if rows.is_empty() || written {
        return Ok(());
    }
    let ledger = CustomerLedger {
        name: "Usage without a customer".into(),
        lines: lines(rows, &BTreeMap::new()),
        ..CustomerLedger::default()
    };
    let (commits, incoming) = channel();
    let counted = Counted { ledger, reads: Vec::new(), to_retry: false, members: MembersSeen::default() };
    let finish = async move { commits.finish(Vec::new(), counted).await };
    let (served, finished) = join(context.committer.serve(incoming), finish).await;
    served?;
    finished?;
    Ok(())
}
