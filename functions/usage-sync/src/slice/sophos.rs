//! The first stages: the partner's customers and the month's usage, each read once and to its end.
//!
//! Nothing is planned before the last page is stored: what a cut fetch lacks would look like usage that vanished.

use std::collections::BTreeMap;

use shared::domain::id::ProductCode;
use shared::domain::month::UsageMonth;
use shared::domain::run::{Run, RunFailureCode, RunKind, RunState, Stage};
use shared::domain::settings::Frequency;
use shared::domain::usage::UsageLine;
use shared::ports::{
    Change, Chunk, ChunkKind, Clock, Connections, DiscoveredProduct, MappingStore, Queue, SyncMessage, UsageSource,
};

use super::{Stages, end};
use crate::chunks::{bucket_of, buckets_for, cut};
use crate::trouble::{StageError, never, of_connection, of_source};
use crate::worker::World;

/// More pages than any partner has: five million usage lines. Keys that lead in a circle end here at the latest.
const MOST_PAGES: u32 = 5000;

impl<W: World> Stages<'_, W> {
    /// Reads customers and usage until both are complete or the deadline is near.
    pub(super) async fn read_sophos(&self) -> Result<(), StageError> {
        let run = self.committer.run();
        let source = self.world.connections().usage_source(run.request.partner).await.map_err(of_connection)?;
        loop {
            let run = self.committer.run();
            if self.is_late() {
                return Ok(());
            }
            match &run.stage {
                Stage::Customers { page } => self.read_customers(&source, &run, *page).await?,
                Stage::Usage { page, key, lines, total } => {
                    self.read_usage(&source, &run, (*page, key.as_deref()), (*lines, *total)).await?;
                }
                Stage::Preview
                | Stage::Agreements { .. }
                | Stage::Products
                | Stage::Check
                | Stage::Sync { .. }
                | Stage::Ended => {
                    return Ok(());
                }
            }
        }
    }

    async fn read_customers(&self, source: &impl UsageSource, run: &Run, page: u32) -> Result<(), StageError> {
        let read = source.list_customers(page).await.map_err(|e| of_source(&e))?;
        let buckets = if page == 1 { buckets_for(read.total) } else { run.buckets };
        let rows = read.customers.iter().map(|customer| (bucket_of(customer.id, buckets), customer));
        let mut chunks = cut(ChunkKind::Customers, page, rows)?;
        let unreadable = read.unreadable.iter().map(|row| (bucket_of(row.id, buckets), (row.id, &row.why)));
        chunks.extend(cut(ChunkKind::UnreadableCustomers, page, unreadable)?);
        let done = page >= read.pages || page >= MOST_PAGES;
        let stage = match done {
            true => Stage::Usage { page: 0, key: None, lines: 0, total: None },
            false => Stage::Customers { page: page + 1 },
        };
        self.store_page(run, chunks, |run| {
            run.buckets = buckets;
            run.stage = stage;
        })
        .await
    }

    async fn read_usage(
        &self,
        source: &impl UsageSource,
        run: &Run,
        (page, key): (u32, Option<&str>),
        (lines, total): (u64, Option<u64>),
    ) -> Result<(), StageError> {
        let month = run.request.month;
        let Some(read) = source.list_usage(month, key).await.map_err(|e| of_source(&e))? else {
            return self.no_usage(run, page).await;
        };
        let lines = lines + read.lines.len() as u64;
        let total = same_total(total, read.total)?;
        let next = next_key(read.next.as_ref(), (key, page), (lines, total))?;
        self.discover(run, &read.lines).await?;
        let chunks =
            cut(ChunkKind::Usage, page, read.lines.iter().map(|line| (bucket_of_line(line, run.buckets), line)))?;
        let stage = match next {
            Some(key) => Stage::Usage { page: page + 1, key: Some(key), lines, total },
            None => Stage::Agreements { page: 0, after: None },
        };
        self.store_page(run, chunks, |run| {
            for line in &read.lines {
                run.tally.add_usage(line);
            }
            run.stage = stage;
        })
        .await
    }

    /// Sophos answers 404 for the month. A run for the current month makes way for the month before; any other ends.
    async fn no_usage(&self, run: &Run, page: u32) -> Result<(), StageError> {
        let month = run.request.month;
        if page > 0 {
            let what = format!("Sophos withdrew the usage of {} while it was read", month.in_words());
            return Err(never(RunFailureCode::UsageIncomplete, what));
        }
        let today = run.request.scheduled_at.to_zoned(self.settings.time_zone.zone().clone()).date();
        let nightly = match run.request.kind {
            RunKind::Scheduled => self.settings.frequency == Frequency::Nightly,
            RunKind::Now => true,
            RunKind::Preview | RunKind::Apply => false,
        };
        if !nightly || month != UsageMonth::containing(today) {
            let what = format!("Sophos has no usage of {}", month.in_words());
            return Err(never(RunFailureCode::NoUsage, what));
        }
        let request = run.request.for_previous_month();
        let by = request.id()?;
        // Sent first: a run that ended without its successor would leave the night out.
        let message = SyncMessage { request, attempt: 0, turns: 0, first_sent_at: self.world.clock().now() };
        self.world.queue().send(&message, 0).await?;
        Ok(end(self.world, self.settings, self.committer, RunState::Superseded { by }).await?)
    }

    /// Shows new products in the partner's catalogue. Maps nothing.
    async fn discover(&self, run: &Run, lines: &[UsageLine]) -> Result<(), StageError> {
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
        Ok(self.world.store().add_discovered_products(run.request.partner, &products).await?)
    }

    /// Stores the chunks of one page and moves the run on, in one commit.
    pub(super) async fn store_page(
        &self,
        run: &Run,
        chunks: Vec<Chunk>,
        change: impl FnOnce(&mut Run),
    ) -> Result<(), StageError> {
        let changes = chunks.into_iter().map(|chunk| Change::PutChunk(run.id.clone(), chunk)).collect();
        self.committer.put_run(changes, change).await?;
        self.has_worked();
        Ok(())
    }
}

/// The bucket of a usage line; the lines without a customer have the one after the last.
fn bucket_of_line(line: &UsageLine, buckets: u32) -> u32 {
    line.pair.customer.map_or(buckets, |customer| bucket_of(customer, buckets))
}

fn incomplete(what: String) -> StageError {
    never(RunFailureCode::UsageIncomplete, what)
}

/// The month's total as the pages before and this one tell it; a month that changes while it is read is not read whole.
fn same_total(before: Option<u64>, now: Option<u64>) -> Result<Option<u64>, StageError> {
    match (before, now) {
        (Some(before), Some(now)) if before != now => {
            Err(incomplete(format!("Sophos said that the month has {before} usage lines, and then {now}")))
        }
        (before, now) => Ok(now.or(before)),
    }
}

/// The key of the next page, once this one is seen to fit to the others.
fn next_key(
    next: Option<&String>,
    (key, page): (Option<&str>, u32),
    (lines, total): (u64, Option<u64>),
) -> Result<Option<String>, StageError> {
    match (next, total) {
        (Some(next), _) if Some(next.as_str()) == key || page >= MOST_PAGES => {
            Err(incomplete("Sophos' usage pages lead in a circle".into()))
        }
        (Some(_), Some(total)) if lines > total => {
            Err(incomplete(format!("Sophos says that the month has {total} usage lines and sent {lines} and more")))
        }
        (None, Some(total)) if lines != total => {
            Err(incomplete(format!("Sophos says that the month has {total} usage lines and sent {lines}")))
        }
        // Asked for on every page, and told on none: an end that nothing confirms is no end.
        (None, None) => Err(incomplete("Sophos did not say how many usage lines the month has".into())),
        (next, _) => Ok(next.cloned()),
    }
}
