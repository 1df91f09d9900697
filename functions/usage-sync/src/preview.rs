//! The first stage of an apply: it works on the customers and the usage of the preview that a person saw.

use jiff::{SignedDuration, Timestamp};
use shared::domain::run::{GOOD_FOR_H, Run, RunFailureCode, RunKind, RunState, Stage};
use shared::domain::tally::Tally;
use shared::ports::Clock;

use crate::context::SliceContext;
use crate::errors::{StageError, WorkError, never};
use crate::usage::read_usage_lines;
use crate::world::World;

/// How long a preview can be applied.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(GOOD_FOR_H);

pub(crate) async fn take<W: World>(context: &SliceContext<'_, W>, run: &Run) -> Result<(), StageError> {
    let refused = |what: &str| never(RunFailureCode::NoPreview, what);
    let id = run.request.preview.as_ref().ok_or_else(|| refused("No preview is named"))?;
    let found = context.world.store().find_run(run.request.partner, id).await?;
    let preview = found.ok_or_else(|| refused("The preview does not exist"))?;
    if let Some(why) = unfit(&preview, run, context.world.clock().now()) {
        return Err(refused(why));
    }
    let tally = if run.request.scope.customers == preview.request.scope.customers {
        preview.tally.usage_only()
    } else {
        usage_of_chosen(context, run, preview.buckets).await?
    };
    let change = |run: &mut Run| {
        run.buckets = preview.buckets;
        run.tally = tally;
        run.asked = preview.asked;
        run.unfinished_products = preview.unfinished_products;
        run.stage = Stage::Agreements { page: 0, after: None };
    };
    Ok(context.committer.put_run(Vec::new(), change).await?)
}

/// The usage of the customers that the run is about, of all that the preview has read.
async fn usage_of_chosen<W: World>(context: &SliceContext<'_, W>, run: &Run, buckets: u32) -> Result<Tally, WorkError> {
    let mut tally = Tally::default();
    for bucket in 0..buckets {
        read_usage_lines(context, run, bucket, |line| tally.add_usage(line)).await?;
    }
    Ok(tally)
}

/// Why a preview cannot be applied, if it cannot.
fn unfit(preview: &Run, run: &Run, now: Timestamp) -> Option<&'static str> {
    let shown = matches!(preview.state, RunState::Succeeded | RunState::Partial);
    if preview.request.kind != RunKind::Preview || preview.request.month != run.request.month {
        Some("What was to be applied is not a preview of this month")
    } else if !run.request.scope.applies(&preview.request.scope) {
        Some("The preview is about other customers than what was to be applied")
    } else if preview.request.scope.ignores_switches {
        Some("The preview took products and customers for switched on that are off")
    } else if !shown {
        Some("The preview did not come to its end")
    } else if preview.ended_at.is_none_or(|at| now.duration_since(at) > GOOD_FOR) {
        Some("The preview is older than a day")
    } else {
        None
    }
}
