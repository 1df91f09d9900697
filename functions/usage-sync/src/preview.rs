//! The first stage of an apply: it works on the customers and the usage of the preview that a person saw.

use shared::domain::run::{Run, RunFailureCode, Stage};
use shared::domain::tally::Tally;
use shared::ports::Clock;

use crate::context::SliceContext;
use crate::errors::{StageError, WorkError, never};
use crate::usage::read_usage_lines;
use crate::world::World;

pub(crate) async fn take<W: World>(context: &SliceContext<'_, W>, run: &Run) -> Result<(), StageError> {
    let refused = |what: &str| never(RunFailureCode::NoPreview, what);
    let id = run.request.preview.as_ref().ok_or_else(|| refused("No preview is named"))?;
    let found = context.world.store().find_run(run.request.partner, id).await?;
    let preview = found.ok_or_else(|| refused("The preview does not exist"))?;
    if preview.request.month != run.request.month {
        return Err(refused("The preview is of another month"));
    }
    let applicable = preview.check_applicable(&run.request.scope, context.world.clock().now());
    applicable.map_err(|why| refused(&format!("The preview cannot be applied: {why}")))?;
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
