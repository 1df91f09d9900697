//! Reading the month's usage to its end, and once more where it has several pages.

use std::collections::{BTreeMap, BTreeSet};
use std::num::Wrapping;

use shared::domain::id::ProductCode;
use shared::domain::month::UsageMonth;
use shared::domain::run::{Run, RunFailureCode, RunKind, RunState, Stage};
use shared::domain::schedule::stable_hash;
use shared::domain::settings::Frequency;
use shared::domain::tally::MOST_PRODUCTS;
use shared::domain::usage::UsageLine;
use shared::ports::{Clock, Queue, SyncMessage, UsageSource};
use shared::store::{ChunkKind, DiscoveredProduct};

use super::problems::{incomplete, too_long};
use crate::chunks::cut;
use crate::context::SliceContext;
use crate::errors::{StageError, WorkError, never, of_source};
use crate::run_end::end;
use crate::world::World;

/// More pages than any partner has. Stops a cycle of page keys.
const MOST_PAGES: u32 = 5000;
/// More usage lines than any partner has in a month.
const MOST_LINES: u64 = 5_000_000;

/// Reads one page of usage and stores its lines.
pub(super) async fn read_usage<W: World>(
    context: &SliceContext<'_, W>,
    source: &impl UsageSource,
    run: &Run,
    page: UsagePage<'_>,
    before: UsageBefore<'_>,
) -> Result<(), StageError> {
    let Some(read) = source.list_usage(run.request.month, page.key).await.map_err(|e| of_source(&e))? else {
        return no_usage(context, run, page.number).await;
    };
    let lines = before.lines + read.lines.len() as u64;
    let total = same_total(before.total, read.total)?;
    let next = next_key(read.next.as_ref(), page, LinesRead { lines, total })?;
    let print = print(&read.lines)?;
    if before.prints.contains(&print) {
        return Err(incomplete("Sophos sent one page of usage twice".into()));
    }
    let prints = [before.prints, &[print]].concat();
    let scope = context.scope(run).await?;
    // The lines of other customers are not stored, compared or counted.
    let in_scope: Vec<UsageLine> = read.lines.into_iter().filter(|line| scope.has(line.pair.customer)).collect();
    names_few_products(run, &in_scope)?;
    discover(context, run, &in_scope).await?;
    let chunks =
        cut(ChunkKind::Usage, page.number, in_scope.iter().map(|line| (run.bucket_of(line.pair.customer), line)))?;
    let stage = match next {
        Some(key) => Stage::Usage { page: page.number + 1, key: Some(key), lines, total, prints },
        None if page.number == 0 => Stage::Agreements { page: 0, after: None },
        None => Stage::UsageAgain { page: 0, key: None, prints },
    };
    context
        .store_page(run, chunks, |run| {
            for line in &in_scope {
                run.tally.add_usage(line);
            }
            run.stage = stage;
        })
        .await
}

/// Compares a page with what it was. If lines are added and removed during the read, a line can move to a page that was
/// read already. Counts do not show that; a second read does.
pub(super) async fn read_usage_again<W: World>(
    context: &SliceContext<'_, W>,
    source: &impl UsageSource,
    run: &Run,
    page: UsagePage<'_>,
    prints: &[u64],
) -> Result<(), StageError> {
    let read = source.list_usage(run.request.month, page.key).await.map_err(|e| of_source(&e))?;
    let Some(read) = read else { return no_usage(context, run, page.number + 1).await };
    let (was, last) = (prints.get(page.number as usize), page.number as usize + 1 >= prints.len());
    if was != Some(&print(&read.lines)?) || last != read.next.is_none() {
        return Err(incomplete("Sophos' usage of the month changed while it was read".into()));
    }
    let stage = match read.next {
        Some(key) => Stage::UsageAgain { page: page.number + 1, key: Some(key), prints: prints.to_vec() },
        None => Stage::Agreements { page: 0, after: None },
    };
    context.store_page(run, Vec::new(), |run| run.stage = stage).await
}

/// Sophos answers 404 for the month. A nightly run for the current month is superseded by one for the previous month;
/// any other run fails.
async fn no_usage<W: World>(context: &SliceContext<'_, W>, run: &Run, page: u32) -> Result<(), StageError> {
    let month = run.request.month;
    if page > 0 {
        let what = format!("Sophos withdrew the usage of {} while it was read", month.in_words());
        return Err(never(RunFailureCode::UsageIncomplete, what));
    }
    let today = run.request.scheduled_at.to_zoned(context.settings.time_zone.zone().clone()).date();
    let nightly = match run.request.kind {
        RunKind::Scheduled => context.settings.frequency == Frequency::Nightly,
        RunKind::Now => !run.request.scope.month_alone,
        RunKind::Preview | RunKind::Apply => false,
    };
    if !nightly || month != UsageMonth::containing(today) {
        let what = format!("Sophos has no usage of {}", month.in_words());
        return Err(never(RunFailureCode::NoUsage, what));
    }
    let request = run.request.for_previous_month();
    let by = request.id()?;
    // Sent before the run ends, so that a crash in between does not skip the night.
    let message = SyncMessage { request, attempt: 0, turns: 0, first_sent_at: context.world.clock().now() };
    context.world.queue().send(&message, 0).await?;
    Ok(end(context.world, context.settings, context.committer, RunState::Superseded { by }).await?)
}

/// Shows new products in the partner's catalogue. Maps nothing.
async fn discover<W: World>(context: &SliceContext<'_, W>, run: &Run, lines: &[UsageLine]) -> Result<(), StageError> {
    let known = |code: &ProductCode| run.tally.products.contains_key(code.as_str());
    let mut fresh: BTreeMap<&ProductCode, &UsageLine> = BTreeMap::new();
    for line in lines {
        if let Some(code) = line.pair.product.as_ref().filter(|code| !known(code)) {
            fresh.entry(code).or_insert(line);
        }
    }
    if fresh.is_empty() {
        return Ok(());
    }
    let product = |(code, line): (&ProductCode, &UsageLine)| DiscoveredProduct {
        code: code.clone(),
        description: line.description.clone(),
        group: line.group.clone(),
    };
    let products: Vec<DiscoveredProduct> = fresh.into_iter().map(product).collect();
    Ok(context.world.store().add_discovered_products(run.request.partner, &products).await?)
}

/// One page of the month's usage.
#[derive(Clone, Copy)]
pub(super) struct UsagePage<'a> {
    /// From 0.
    pub(super) number: u32,
    pub(super) key: Option<&'a str>,
}

/// What is known of the usage pages before one.
pub(super) struct UsageBefore<'a> {
    pub(super) lines: u64,
    pub(super) total: Option<u64>,
    pub(super) prints: &'a [u64],
}

/// How many lines were read, and how many the month has by Sophos' own count.
struct LinesRead {
    lines: u64,
    total: Option<u64>,
}

/// An order-independent hash of a page's lines.
fn print(lines: &[UsageLine]) -> Result<u64, StageError> {
    let text = |line| serde_json::to_string(line).map_err(|error| WorkError::Unusable(error.to_string()));
    let prints = lines.iter().map(|line| text(line).map(|text| Wrapping(stable_hash(&text))));
    Ok(prints.sum::<Result<Wrapping<u64>, WorkError>>()?.0)
}

/// Fails if the month has more products than a run's entry can hold.
fn names_few_products(run: &Run, lines: &[UsageLine]) -> Result<(), StageError> {
    let codes = lines.iter().filter_map(|line| line.pair.product.as_ref());
    let fresh: BTreeSet<&ProductCode> = codes.filter(|code| !run.tally.products.contains_key(code.as_str())).collect();
    if run.tally.products.len() + fresh.len() > MOST_PRODUCTS {
        return Err(too_long("products", format!("more than {MOST_PRODUCTS}")));
    }
    Ok(())
}

/// The month's total by the pages before and this one; fails if two pages give different totals.
fn same_total(before: Option<u64>, now: Option<u64>) -> Result<Option<u64>, StageError> {
    match (before, now) {
        (Some(before), Some(now)) if before != now => {
            Err(incomplete(format!("Sophos said that the month has {before} usage lines, and then {now}")))
        }
        (before, now) => Ok(now.or(before)),
    }
}

/// The key of the next page, once this one is seen to fit to the others.
fn next_key(next: Option<&String>, page: UsagePage<'_>, read: LinesRead) -> Result<Option<String>, StageError> {
    let LinesRead { lines, total } = read;
    match (next, total) {
        (Some(next), _) if Some(next.as_str()) == page.key => {
            Err(incomplete("Sophos' usage pages lead in a circle".into()))
        }
        (_, total) if lines.max(total.unwrap_or_default()) > MOST_LINES => {
            Err(too_long("usage lines", format!("more than {MOST_LINES}")))
        }
        (Some(_), _) if page.number >= MOST_PAGES => {
            Err(too_long("usage lines", format!("more than {MOST_PAGES} pages")))
        }
        (Some(_), Some(total)) if lines > total => {
            Err(incomplete(format!("Sophos says that the month has {total} usage lines and sent {lines} and more")))
        }
        (None, Some(total)) if lines != total => {
            Err(incomplete(format!("Sophos says that the month has {total} usage lines and sent {lines}")))
        }
        // The total was requested and is missing on the first page: without a total, completeness cannot be checked.
        (_, None) => Err(incomplete("Sophos did not say how many usage lines the month has".into())),
        (next, _) => Ok(next.cloned()),
    }
}
