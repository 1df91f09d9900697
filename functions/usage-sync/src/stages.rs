//! One slice: the stages of a run, continued where the last slice left them.

use std::sync::OnceLock;

use futures::future::join;
use jiff::{SignedDuration, Timestamp};
use shared::domain::run::{GOOD_FOR_H, Run, RunFailure, RunFailureCode, RunState, Stage};
use shared::error::StoreError;
use shared::ports::{Clock, Connections};
use shared::store::Lease;

use crate::check::{self, Checked};
use crate::committer::Committer;
use crate::connectwise::{self, ReadAhead};
use crate::context::{ConnectedSlice, SliceContext, SliceParameters};
use crate::customers;
use crate::errors::{StageError, WorkError, never, of_connection};
use crate::preview;
use crate::run_end::{conclude, end};
use crate::sophos;
use crate::world::{PsaOf, World};

/// How long a run may take. What it has read is kept longer than this run and the preview that it may apply.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(GOOD_FOR_H);

/// How a slice ended.
pub(crate) enum SliceEnd {
    Over(Box<Run>),
    /// The deadline is near and there is more to do.
    Deadline,
    /// A service is throttling; whether the run came further before.
    Waits {
        at_least_s: u32,
        progressed: bool,
    },
    /// There is nothing to do before that time.
    Until(Timestamp),
}

/// A slice that was worked on, with the lease as it was last renewed.
pub(crate) struct WorkedSlice {
    pub(crate) lease: Lease,
    pub(crate) end: SliceEnd,
}

/// Works until the run ends, the deadline is near, or a service is throttling.
pub(crate) async fn work<W: World>(
    parameters: &SliceParameters<'_, W>,
    lease: Lease,
    run: Run,
) -> Result<WorkedSlice, WorkError> {
    let psa = OnceLock::new();
    let committer = Committer::new(parameters.world, &psa, lease, parameters.limits.lease_s, run);
    let begun_at = progress(&committer.run());
    let context = SliceContext::new(parameters, &committer);
    // Boxed: otherwise the future type exceeds the compiler's recursion limit.
    let worked = Box::pin(connect_and_work(&context, &psa)).await.map_err(StageError::or_later);
    let end = match worked {
        Ok(end) => end,
        Err(StageError::Later { at_least_s, .. }) if !parameters.last_try => {
            SliceEnd::Waits { at_least_s, progressed: progress(&committer.run()) != begun_at }
        }
        Err(StageError::Later { failure, .. } | StageError::Never(failure)) => {
            fail(parameters, &committer, failure).await?
        }
        // Retrying would fail in the same way, and the open run would block the partner's other runs.
        Err(StageError::Work(error)) if is_for_good(&error) => {
            let failure = RunFailure { code: RunFailureCode::Table, what: format!("{error}.") };
            fail(parameters, &committer, failure).await?
        }
        Err(StageError::Work(error)) => return Err(error),
    };
    Ok(WorkedSlice { lease: committer.written().lease, end })
}

async fn fail<W: World>(
    parameters: &SliceParameters<'_, W>,
    committer: &Committer<'_, W>,
    failure: RunFailure,
) -> Result<SliceEnd, WorkError> {
    tracing::warn!(run = %committer.run().id, code = ?failure.code, what = %failure.what, "the run came to nothing");
    end(parameters.world, &parameters.settings, committer, RunState::Failed(failure)).await?;
    Ok(SliceEnd::Over(Box::new(committer.run())))
}

/// Whether working on the same slice again would end in the same error.
const fn is_for_good(error: &WorkError) -> bool {
    match error {
        WorkError::Unusable(_) | WorkError::Store(StoreError::Unreadable { .. } | StoreError::Refused { .. }) => true,
        WorkError::Store(StoreError::Conflict { .. } | StoreError::LeaseLost | StoreError::Unavailable { .. })
        | WorkError::Queue(_)
        | WorkError::Request(_)
        | WorkError::LeaveAlone(_)
        | WorkError::NoPermit(_) => false,
    }
}

/// How far a run has come.
fn progress(run: &Run) -> (Stage, u64) {
    (run.stage.clone(), run.tally.counts.pairs())
}

/// Works through the stages. Connects to ConnectWise and reads ahead from it while Sophos is read.
async fn connect_and_work<W: World>(
    context: &SliceContext<'_, W>,
    connected: &OnceLock<PsaOf<W>>,
) -> Result<SliceEnd, StageError> {
    context.committer.put_run(Vec::new(), |run| run.psa.slices += 1).await?;
    may_go_on(context)?;
    let run = context.committer.run();
    let connectwise = async {
        let psa = context.world.connections().psa(run.request.partner).await.map_err(of_connection)?;
        let slice = ConnectedSlice { context, psa: connected.get_or_init(|| psa) };
        let ahead = connectwise::read_ahead(&slice, &run).await;
        Ok::<_, StageError>((slice, ahead))
    };
    let sophos = async {
        if !run.stage.reads_sophos() {
            return Ok(None);
        }
        sophos::read(context).await?;
        Ok::<_, StageError>(check::check_ahead(context).await)
    };
    let (checked, connectwise) = join(sophos, connectwise).await;
    let run = context.committer.run();
    if run.state.is_over() {
        // The run was superseded; an error of ConnectWise no longer matters.
        return Ok(SliceEnd::Over(Box::new(run)));
    }
    let (slice, ahead) = connectwise?;
    work_through_stages(&slice, ahead, checked?).await
}

async fn work_through_stages<W: World>(
    slice: &ConnectedSlice<'_, W>,
    mut ahead: ReadAhead,
    mut checked: Option<Checked>,
) -> Result<SliceEnd, StageError> {
    let context = slice.context;
    loop {
        let run = context.committer.run();
        if run.state.is_over() {
            return Ok(SliceEnd::Over(Box::new(run)));
        }
        if context.is_late() {
            return Ok(SliceEnd::Deadline);
        }
        match run.stage {
            Stage::Preview => preview::take(context, &run).await?,
            Stage::Customers { .. } | Stage::CustomersAgain { .. } | Stage::Usage { .. } | Stage::UsageAgain { .. } => {
                sophos::read(context).await?;
            }
            Stage::Agreements { .. } => connectwise::read_agreements(slice, &mut ahead).await?,
            Stage::Products => connectwise::read_products(slice, &run, &mut ahead).await?,
            Stage::Check => check::check_usage(context, &run, checked.take()).await?,
            Stage::Settle { from, .. } if context.world.clock().now() < from => return Ok(SliceEnd::Until(from)),
            Stage::Sync { bucket } | Stage::Settle { bucket, .. } if bucket < run.buckets => {
                customers::sync(slice, &run, bucket).await?;
            }
            Stage::Sync { .. } if !run.set_aside.is_empty() => begin_to_settle(context, 1).await?,
            Stage::Settle { round, .. } if !run.set_aside_again.is_empty() => {
                begin_to_settle(context, round + 1).await?;
            }
            Stage::Sync { .. } | Stage::Settle { .. } => {
                customers::sync_unassigned(context, &run).await?;
                conclude(context).await?;
            }
            Stage::Ended => {
                return Err(never(RunFailureCode::Table, "The run has no stage left and is not over"));
            }
        }
    }
}

/// Begins a settle round for the customers that were set aside. Round n waits n × the settle time.
async fn begin_to_settle<W: World>(context: &SliceContext<'_, W>, round: u32) -> Result<(), StageError> {
    let now = context.world.clock().now();
    let wait = SignedDuration::from_secs(context.settle_s()).saturating_mul(i32::try_from(round).unwrap_or(i32::MAX));
    let from = now.saturating_add(wait).unwrap_or(now);
    let change = |run: &mut Run| {
        if round > 1 {
            run.set_aside = std::mem::take(&mut run.set_aside_again);
        }
        run.stage = Stage::Settle { bucket: 0, from, round };
    };
    Ok(context.committer.put_run(Vec::new(), change).await?)
}

/// A continued run stops if writes were switched off meanwhile or if it is older than a day.
fn may_go_on<W: World>(context: &SliceContext<'_, W>) -> Result<(), StageError> {
    let run = context.committer.run();
    if run.writes && !context.settings.writes {
        let what = "Writes to ConnectWise were switched off while the run was open";
        return Err(never(RunFailureCode::WritesOff, what));
    }
    let age = context.world.clock().now().duration_since(run.opened_at);
    if age > GOOD_FOR {
        return Err(never(RunFailureCode::TooOld, "The run was interrupted more than a day ago"));
    }
    Ok(())
}
