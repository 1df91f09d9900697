//! The check before anything is written: whether the month's usage as a whole is finished.
//!
//! A fetch can be complete and its content not: if too much of last month's usage is gone, the run asks a person once,
//! about a product or about all of it, instead of about each line. The same goes for usage lines that say more than one
//! thing: many of them are one question to the partner.

use std::collections::BTreeSet;

use futures::future::try_join;
use shared::domain::id::{AgreementId, CustomerId};
use shared::domain::mapping::ProductMappings;
use shared::domain::month::UsageMonth;
use shared::domain::plan::{AskedForAll, InDoubt, LastMonth, Unfinished, UnfinishedProducts};
use shared::domain::run::{CustomerFilter, Run, RunKind, Stage};
use shared::domain::schedule::local_day;
use shared::ports::Clock;
use shared::store::{DiscoveredProduct, SeenProduct};

use crate::chunks::prefix_of;
use crate::context::{SliceContext, SummedBucket};
use crate::errors::{StageError, WorkError};
use crate::limits::RECALLED_AT_ONCE;
use crate::scope::mappings_for;
use crate::usage::read_usage_of;
use crate::world::World;

/// The result of the check. What it found out about products is stored already.
pub(crate) struct Checked {
    unfinished: Option<Unfinished>,
    products: UnfinishedProducts,
    asked: AskedForAll,
}

/// What is counted, bucket by bucket.
#[derive(Default)]
struct Counted {
    last: LastMonth,
    in_doubt: InDoubt,
}

/// The check before its stage, where the usage is whole: it needs nothing of ConnectWise, which is read meanwhile.
/// What fails here fails again in the stage, which reports why.
pub(crate) async fn check_ahead<W: World>(context: &SliceContext<'_, W>) -> Option<Checked> {
    let run = context.committer.run();
    let is_whole = matches!(run.stage, Stage::Agreements { page: 0, .. });
    if is_whole && !context.is_late() { check(context, &run).await.ok() } else { None }
}

/// The check as a stage; `ahead` is its result where it was made before.
pub(crate) async fn check_usage<W: World>(
    context: &SliceContext<'_, W>,
    run: &Run,
    ahead: Option<Checked>,
) -> Result<(), StageError> {
    let Checked { unfinished, products, asked } = match ahead {
        Some(checked) => checked,
        None => check(context, run).await?,
    };
    let change = |run: &mut Run| {
        run.unfinished = unfinished;
        run.unfinished_products = products;
        run.asked = asked;
        run.stage = Stage::Sync { bucket: 0 };
    };
    Ok(context.committer.put_run(Vec::new(), change).await?)
}

async fn check<W: World>(context: &SliceContext<'_, W>, run: &Run) -> Result<Checked, WorkError> {
    let (checked, ()) = try_join(count(context, run), store_seen_products(context, run)).await?;
    Ok(checked)
}

async fn count<W: World>(context: &SliceContext<'_, W>, run: &Run) -> Result<Checked, WorkError> {
    // A person who applies a preview has seen what it showed.
    if run.request.kind == RunKind::Apply {
        let products = run.unfinished_products.clone();
        return Ok(Checked { unfinished: None, products, asked: run.asked.clone() });
    }
    let mappings = mappings_for(context.world, run).await?;
    let mut counted = Counted::default();
    for bucket in 0..run.buckets {
        count_bucket(context, run, bucket, &mappings, &mut counted).await?;
    }
    let judge = |last: LastMonth| last.judge(context.settings.guards.unfinished);
    let (products, unfinished) = if is_young(context, run) { Default::default() } else { judge(counted.last) };
    // A part of the customers shows nothing about the month as a whole.
    let unfinished = unfinished.filter(|_| run.request.scope.customers == CustomerFilter::Everyone);
    let lines = run.tally.products.values().map(|product| product.lines).sum();
    Ok(Checked { unfinished, products, asked: counted.in_doubt.judge(lines) })
}

/// In the first days of a month, what is lower waits by itself.
fn is_young<W: World>(context: &SliceContext<'_, W>, run: &Run) -> bool {
    let today = local_day(context.settings, run.request.scheduled_at);
    UsageMonth::containing(today) == run.request.month && today.day() <= context.settings.guards.new_month_days
}

/// Stores what the month's usage has of each product and what Sophos calls it now, for the page of mappings.
async fn store_seen_products<W: World>(context: &SliceContext<'_, W>, run: &Run) -> Result<(), WorkError> {
    if run.request.kind == RunKind::Apply || run.request.scope.customers != CustomerFilter::Everyone {
        return Ok(());
    }
    let (store, partner) = (context.world.store(), run.request.partner);
    let month = run.request.month;
    let noted = |SeenProduct { product, seen }: SeenProduct| {
        let tally = run.tally.products.get(product.code.as_str())?;
        // An older month only shows what the product was called then.
        let is_latest = seen.is_none_or(|seen| seen.last_month <= month);
        let renamed = tally.renamed_from(&product.description).filter(|_| is_latest).map(str::to_owned);
        let description = renamed.unwrap_or(product.description);
        Some((DiscoveredProduct { description, ..product }, tally.usage))
    };
    let known = store.list_seen_products(partner).await?;
    let seen: Vec<(DiscoveredProduct, u64)> = known.into_iter().filter_map(noted).collect();
    store.refresh_products(partner, month, context.world.clock().now(), &seen).await?;
    Ok(())
}

async fn count_bucket<W: World>(
    context: &SliceContext<'_, W>,
    run: &Run,
    bucket: u32,
    mappings: &ProductMappings,
    counted: &mut Counted,
) -> Result<(), WorkError> {
    let (store, partner) = (context.world.store(), run.request.partner);
    let usage = read_usage_of(context, run, bucket).await?;
    let mapped = store.list_customer_mappings(partner, &prefix_of(bucket, run.buckets)).await?;
    let scope = context.scope(run).await?;
    let mapped = mapped.into_iter().map(|(mapping, _)| mapping);
    let synced = mapped.filter(|mapping| mapping.sync && scope.has(Some(mapping.customer)));
    let synced: Vec<(CustomerId, AgreementId)> = synced.map(|m| (m.customer, m.agreement)).collect();
    let mut changed = BTreeSet::new();
    for some in synced.chunks(RECALLED_AT_ONCE) {
        let agreements: BTreeSet<AgreementId> = some.iter().map(|(_, agreement)| *agreement).collect();
        let snapshots = store.find_snapshots(partner, &Vec::from_iter(agreements)).await?;
        for (customer, agreement) in some {
            let now = usage.of(Some(*customer));
            counted.in_doubt.add(&now, mappings, context.settings.guards.usage_periods, run.request.month);
            let written = snapshots.get(agreement);
            counted.last.add(written, &now, mappings, run.request.month);
            if written.is_some_and(|written| written.differs_from(&now)) {
                changed.insert(*customer);
            }
        }
    }
    if bucket == 0 {
        context.summed.put(SummedBucket { usage, changed });
    }
    Ok(())
}
