//! How a run ends: its retry, its alert and its state.

use shared::domain::alert::{Alert, AlertAbout, AlertId, Digest};
use shared::domain::follow_up::FollowUp;
use shared::domain::run::{Run, RunFailureCode, RunKind, RunState, Stage};
use shared::domain::schedule::next_night_after;
use shared::domain::settings::{Frequency, Settings};
use shared::ports::Clock;
use shared::store::Change;

use crate::committer::Committer;
use crate::context::SliceContext;
use crate::errors::{StageError, WorkError, never};
use crate::world::World;

/// Ends a run whose pairs all have an outcome, once its usage ties out.
pub(crate) async fn conclude<W: World>(context: &SliceContext<'_, W>) -> Result<(), StageError> {
    let run = context.committer.run();
    if let Err(breaks) = run.tally.tie_out() {
        let what = breaks.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        return Err(never(RunFailureCode::TieOut, format!("usage was lost on the way: {what}")));
    }
    let state = if run.tally.counts.failed == 0 { RunState::Succeeded } else { RunState::Partial };
    Ok(end(context.world, context.settings, context.committer, state).await?)
}

/// Ends a run, after its retry is scheduled. The alert about it is stored with its end, and other functions send it.
pub(crate) async fn end<W: World>(
    world: &W,
    settings: &Settings,
    committer: &Committer<'_, W>,
    state: RunState,
) -> Result<(), WorkError> {
    let now = world.clock().now();
    let run = committer.run();
    let partner = run.request.partner;
    if run.request.kind == RunKind::Scheduled {
        // Before the run's end: a worker that died in between would leave it without its retry.
        match retries(&run, settings, &state) {
            true => world.store().put_retry(partner, &run.id, next_night_after(settings, partner, now)).await?,
            false => world.store().schedule_follow_up(partner, FollowUp::RetryFailedRun, None).await?,
        }
    }
    let about = Digest::of(&run, &state).map(AlertAbout::Run);
    let alert = about.map(|about| Change::RaiseAlert(Box::new(Alert::new(AlertId::of_run(&run.id), now, about))));
    let change = |run: &mut Run| {
        run.stage = Stage::Ended;
        run.state = state;
        run.ended_at = Some(now);
    };
    Ok(committer.put_run(alert.into_iter().collect(), change).await?)
}

/// Whether a scheduled run is retried the next night: the partner's next occasion is weeks away, and something may go
/// better by then. It is retried until it does, or the agreements concerned are invoiced.
fn retries(run: &Run, settings: &Settings, state: &RunState) -> bool {
    let rare = settings.frequency != Frequency::Nightly;
    let undone = match state {
        RunState::Partial => run.to_retry > 0,
        RunState::Failed(failure) => failure.code.may_pass(),
        RunState::Running | RunState::Succeeded | RunState::Cancelled { .. } | RunState::Superseded { .. } => false,
    };
    rare && settings.writes && undone
}
