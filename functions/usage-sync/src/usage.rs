//! Reading back the usage that a run has stored.

use shared::domain::run::Run;
use shared::domain::usage::{UsageLine, UsageTotals};
use shared::store::ChunkKind;

use crate::chunks::join;
use crate::context::SliceContext;
use crate::errors::WorkError;
use crate::world::World;

/// The usage of a bucket summed by pair. Its lines are never in memory all at once: they would be most of a slice.
pub(crate) async fn read_usage_of<W: World>(
    context: &SliceContext<'_, W>,
    run: &Run,
    number: u32,
) -> Result<UsageTotals, WorkError> {
    let mut usage = UsageTotals::default();
    read_usage_lines(context, run, number, |line| usage.add(line)).await?;
    Ok(usage)
}

/// Shows each usage line of a bucket that the run is about, one after the other: an apply of some customers works on
/// the usage of its whole preview.
pub(crate) async fn read_usage_lines<W: World>(
    context: &SliceContext<'_, W>,
    run: &Run,
    number: u32,
    mut show: impl FnMut(&UsageLine) + Send,
) -> Result<(), WorkError> {
    let (scope, mut read) = (context.scope(run).await?, Ok(()));
    let each = |chunk: String| {
        if read.is_ok() {
            let is_of_run = |line: &&UsageLine| scope.has(line.pair.customer);
            read = join::<UsageLine>(&[chunk]).map(|lines| lines.iter().filter(is_of_run).for_each(&mut show));
        }
    };
    let store = context.world.store();
    store.take_chunks(run.request.partner, run.usage_of(), ChunkKind::Usage, number, each).await?;
    read
}
