//! The tick: which partners are due, to the queue.
//!
//! A tick works by the time that its schedule names, not by the time at which it happens to run, and sends before it
//! moves a partner on. So a tick that is late, doubled or cut off asks for the same runs, and a run's id makes them one.

mod alerts;
mod follow_up;
mod partner;
mod report;

use futures::{StreamExt, stream};
use jiff::Timestamp;
use serde::Deserialize;
use shared::domain::follow_up::FollowUp;
use shared::ports::{AlertQueue, Queue};
use shared::store::{Due, DueFor, Store};
use shared::table::DUE_SHARDS;
use shared::table::Table;

pub use report::{PartnerError, PartnerFailure, ShardFailure, TickError, TickReport};

/// The most partners of a shard in one tick; the next tick takes the others. A partner takes three short
/// calls, so a tick of all shards still ends well within its function's timeout.
pub const MAX_PARTNERS_PER_SHARD: u32 = 1_000;
/// The most partners in work at once: enough to be waiting for the network, not for one another.
const PARTNERS_AT_ONCE: usize = 32;

/// The event that the schedule sends: `{"time": "2026-11-30T01:15:00Z"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tick {
    /// The time that the schedule names, EventBridge Scheduler's `<aws.scheduler.scheduled-time>`.
    pub time: Timestamp,
}

/// Asks for a run of every partner that is due at `at`, and moves each on to its next time. Of a partner whose runs are to
/// be looked at, the open run is asked for again, or the last one retried. Of one with alerts on their way, their delivery is
/// asked for.
///
/// A partner that fails is reported and logged, keeps its due time and is tried again by the next tick; the others go on.
/// A partner without settings is moved on by a day.
///
/// # Errors
/// Some shards could not be read. The others were worked off; the same tick may be given again.
pub async fn tick<T, Q, A>(store: &Store<T>, queue: &Q, alerts: &A, at: Timestamp) -> Result<TickReport, TickError>
where
    T: Table,
    Q: Queue,
    A: AlertQueue,
{
    let mut report = TickReport::default();
    let mut shards = Vec::new();
    let mut due = Vec::new();
    let mut listed = stream::iter(0..DUE_SHARDS)
        .map(|shard| async move { (shard, store.list_due(shard, at, MAX_PARTNERS_PER_SHARD).await) })
        .buffered(usize::from(DUE_SHARDS));
    while let Some((shard, found)) = listed.next().await {
        match found {
            Ok(partners) => {
                report.full_shards += usize::from(partners.len() >= MAX_PARTNERS_PER_SHARD as usize);
                due.extend(partners);
            }
            Err(error) => shards.push(ShardFailure { shard, error }),
        }
    }
    let mut ended = stream::iter(longest_due_first(due))
        .map(|due| async move {
            let outcome = match due.due_for {
                DueFor::Occasion => partner::run_due(store, queue, due, at).await,
                DueFor::FollowUp(FollowUp::ResumeStalledRun) => follow_up::carry_on(store, queue, due, at).await,
                DueFor::FollowUp(FollowUp::RetryFailedRun) => follow_up::retry(store, queue, due, at).await,
                DueFor::FollowUp(follow_up @ (FollowUp::DeliverAlerts | FollowUp::CheckSilence)) => {
                    alerts::ask(store, alerts, follow_up, due, at).await
                }
            };
            (due.partner, outcome)
        })
        .buffer_unordered(PARTNERS_AT_ONCE);
    while let Some((partner, outcome)) = ended.next().await {
        report.add(partner, outcome);
    }
    report.log(at);
    if shards.is_empty() { Ok(report) } else { Err(TickError { shards, report }) }
}

fn longest_due_first(mut due: Vec<Due>) -> Vec<Due> {
    due.sort_by_key(|due| (due.next_run_at, due.partner));
    due
}
