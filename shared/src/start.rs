//! Asking for a run: what a person, another service and the command line start, the same way for all of them.

use std::collections::BTreeSet;

use futures::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};

use crate::domain::follow_up::FollowUp;
use crate::domain::id::{CustomerId, IdError, PartnerId, RunId};
use crate::domain::month::UsageMonth;
use crate::domain::run::{CustomerFilter, GOOD_FOR_H, MOST_CHOSEN, Run, RunKind, RunRequest, RunScope, RunState};
use crate::domain::schedule::local_day;
use crate::domain::settings::Settings;
use crate::error::{QueueError, StoreError};
use crate::ports::{Clock, Queue, SyncMessage};
use crate::store::{IDEMPOTENCY_TTL_H, Opened, Store};
use crate::table::Table;

/// The run of a repeated request is looked for among so many of the newest.
const NEWEST: u32 = 20;
/// A run whose message was lost is taken up by the tick after so long.
const FOLLOW_UP_AFTER: SignedDuration = SignedDuration::from_mins(45);

/// Customers that are looked up side by side.
const IN_FLIGHT: usize = 10;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// To see what would be done.
    Preview {
        /// Which month; the present one by default.
        month: Option<UsageMonth>,
        /// About whom.
        scope: RunScope,
    },
    /// To do exactly what a preview showed.
    Apply {
        /// That preview.
        preview: RunId,
        /// For these customers of it alone; for all that it is about by default.
        customers: Option<CustomerFilter>,
        /// Whether the additions of other hands that it showed at another quantity are set to the usage too.
        adopts: bool,
    },
    /// To sync now.
    Now {
        /// Which month; the present one by default.
        month: Option<UsageMonth>,
        /// About whom.
        scope: RunScope,
    },
    /// To try again what failed in a run.
    Retry {
        /// That run.
        run: RunId,
    },
}

impl Asked {
    const fn kind(&self) -> RunKind {
        match self {
            Self::Preview { .. } => RunKind::Preview,
            Self::Apply { .. } => RunKind::Apply,
            Self::Now { .. } | Self::Retry { .. } => RunKind::Now,
        }
    }
}

/// Who asks, and by what a repetition of the same request is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asker {
    /// Whose run.
    pub partner: PartnerId,
    /// The person or program, as its token names it.
    pub name: String,
    /// The same text for each repetition of a request, and for no other: a hash of its idempotency key.
    pub key: String,
}

/// Why no run was started.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// The partner has set nothing up.
    #[error("No ConnectWise connection is saved, so there is nothing to sync.")]
    NotSetUp,
    /// Another run of the partner is open.
    #[error("Run {0} is under way.")]
    Busy(RunId),
    /// A month that has not begun where the partner is.
    #[error("{} has not begun.", .0.in_words())]
    Future(UsageMonth),
    /// Runs may not write to ConnectWise.
    #[error("Writes to ConnectWise are switched off.")]
    WritesOff,
    /// There is no such run.
    #[error("There is no run {0}.")]
    Unknown(RunId),
    /// The preview cannot be applied.
    #[error("Preview {preview} cannot be applied: {why}.")]
    NotApplicable {
        /// The preview.
        preview: RunId,
        /// Why.
        why: &'static str,
    },
    /// There is nothing to try again.
    #[error("Run {run} cannot be tried again: {why}.")]
    NothingToRetry {
        /// The run.
        run: RunId,
        /// Why.
        why: &'static str,
    },
    /// The table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queue failed: the run is open, and is taken up by the next tick or by a repetition of the request.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// A run id cannot be formed.
    #[error(transparent)]
    Id(#[from] IdError),
}

/// Why customers cannot be chosen for a run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotChosen {
    /// None of them, or too many.
    #[error("Choose 1 to {MOST_CHOSEN} customers, or leave it out for all of them.")]
    Count,
    /// Those at these places, each with why.
    #[error("{}", .0.iter().map(|(_, why)| why.as_str()).collect::<Vec<_>>().join(" "))]
    These(Vec<(usize, String)>),
}

/// The customers that a run is to be about, by their ids: each must be listed by Sophos, or mapped.
///
/// # Errors
/// [`StoreError`]; within, every one that cannot be chosen.
pub async fn choose(
    store: &Store<impl Table>,
    partner: PartnerId,
    chosen: Option<&[String]>,
) -> Result<Result<CustomerFilter, NotChosen>, StoreError> {
    let Some(chosen) = chosen else { return Ok(Ok(CustomerFilter::Everyone)) };
    if !(1..=MOST_CHOSEN).contains(&chosen.len()) {
        return Ok(Err(NotChosen::Count));
    }
    let (mut ids, mut wrong) = (Vec::new(), Vec::new());
    for (n, text) in chosen.iter().enumerate() {
        match CustomerId::parse(text) {
            Ok(id) => ids.push((n, id)),
            Err(error) => wrong.push((n, error.to_string())),
        }
    }
    let looked = ids.into_iter().map(|(n, id)| async move {
        let known = store.find_known_customer(partner, id).await?.is_some();
        let is_there = known || store.find_customer_mapping(partner, id).await?.is_some();
        Ok::<_, StoreError>((n, id, is_there))
    });
    let looked: Vec<(usize, CustomerId, bool)> = stream::iter(looked).buffered(IN_FLIGHT).try_collect().await?;
    let strangers = looked.iter().filter(|(_, _, is_there)| !is_there);
    wrong.extend(strangers.map(|(n, id, _)| (*n, format!("Sophos lists no customer {id}, and none is mapped."))));
    if !wrong.is_empty() {
        return Ok(Err(NotChosen::These(wrong)));
    }
    Ok(Ok(CustomerFilter::Chosen { customers: looked.into_iter().map(|(_, id, _)| id).collect::<BTreeSet<_>>() }))
}

/// Opens the run that is asked for and queues it; of a repeated request, gives the run that it opened.
///
/// # Errors
/// [`StartError`].
pub async fn start(
    store: &Store<impl Table>,
    queue: &impl Queue,
    clock: &impl Clock,
    asker: &Asker,
    asked: &Asked,
) -> Result<Run, StartError> {
    let (partner, now) = (asker.partner, clock.now());
    let settings = store.find_settings(partner).await?.ok_or(StartError::NotSetUp)?;
    let newest = store.list_runs_before(partner, None, NEWEST).await?;
    if let Some(run) = newest.into_iter().find(|run| is_of(run, asker, asked, now)) {
        send(store, queue, &run, now).await?;
        return Ok(run);
    }
    let request = request(store, asker, asked, (&settings, now)).await?;
    let run = Run::open(request, settings.writes, now)?;
    match store.open_run(&run).await? {
        Opened::Fresh => {
            send(store, queue, &run, now).await?;
            Ok(run)
        }
        Opened::Existing(run) => {
            send(store, queue, &run, now).await?;
            Ok(*run)
        }
        Opened::Busy(other) => {
            // Should its own message never have been sent, nothing else would carry it on.
            if let Some(open) = store.find_run(partner, &other).await? {
                send(store, queue, &open, now).await?;
            }
            Err(StartError::Busy(other))
        }
    }
}

/// Has a run worked off, unless it is over. A message too many changes nothing.
async fn send(store: &Store<impl Table>, queue: &impl Queue, run: &Run, now: Timestamp) -> Result<(), StartError> {
    if run.state.is_over() {
        return Ok(());
    }
    // Before the message: were that lost, the tick would find the run.
    store
        .schedule_follow_up(run.request.partner, FollowUp::ResumeStalledRun, now.checked_add(FOLLOW_UP_AFTER).ok())
        .await?;
    queue.send(&SyncMessage { request: run.request.clone(), attempt: 0, turns: 0, first_sent_at: now }, 0).await?;
    Ok(())
}

/// Whether a run was opened by this very request, whose answer was lost. A key is new again after a day.
fn is_of(run: &Run, asker: &Asker, asked: &Asked, now: Timestamp) -> bool {
    let request = &run.request;
    let lately = now.duration_since(request.scheduled_at) < SignedDuration::from_hours(IDEMPOTENCY_TTL_H);
    let same = match asked {
        Asked::Preview { month, scope } | Asked::Now { month, scope } => {
            request.scope == RunScope { month_alone: month.is_some(), ..scope.clone() }
                && month.is_none_or(|month| month == request.month)
        }
        Asked::Apply { preview, customers, adopts } => {
            let of_same = customers.as_ref().is_none_or(|customers| *customers == request.scope.customers);
            request.preview.as_ref() == Some(preview) && of_same && *adopts == request.scope.adopts
        }
        Asked::Retry { .. } => true,
    };
    lately && same && request.slot == asker.key && request.kind == asked.kind()
}

/// The request for a run of what is asked.
async fn request(
    store: &Store<impl Table>,
    asker: &Asker,
    asked: &Asked,
    (settings, now): (&Settings, Timestamp),
) -> Result<RunRequest, StartError> {
    let present = UsageMonth::containing(local_day(settings, now));
    let find = async |id: &RunId| {
        let found = store.find_run(asker.partner, id).await?;
        found.ok_or_else(|| StartError::Unknown(id.clone()))
    };
    let kind = asked.kind();
    let (month, scope, preview) = match asked {
        Asked::Preview { month, scope } | Asked::Now { month, scope } => {
            // A month that somebody named is never taken for the one before.
            (month.unwrap_or(present), RunScope { month_alone: month.is_some(), ..scope.clone() }, None)
        }
        Asked::Apply { preview, customers, adopts } => {
            let shown = find(preview).await?;
            let request = &shown.request;
            let customers = customers.clone().unwrap_or_else(|| request.scope.customers.clone());
            let scope = RunScope { customers, adopts: *adopts, ..request.scope.clone() };
            if let Some(why) = not_applicable(&shown, &scope, now) {
                return Err(StartError::NotApplicable { preview: preview.clone(), why });
            }
            (request.month, scope, Some(preview.clone()))
        }
        Asked::Retry { run } => {
            let failed = find(run).await?;
            let scope = to_retry(&failed);
            let scope = scope.map_err(|why| StartError::NothingToRetry { run: run.clone(), why })?;
            (failed.request.month, scope, None)
        }
    };
    if month > present {
        return Err(StartError::Future(month));
    }
    if kind != RunKind::Preview && !settings.writes {
        return Err(StartError::WritesOff);
    }
    let (partner, slot, asked_by) = (asker.partner, asker.key.clone(), Some(asker.name.clone()));
    Ok(RunRequest { partner, kind, month, slot, scheduled_at: now, preview, retry_of: None, scope, asked_by })
}

/// Why a run cannot be applied, if it cannot.
fn not_applicable(run: &Run, scope: &RunScope, now: Timestamp) -> Option<&'static str> {
    let whole = matches!(run.state, RunState::Succeeded | RunState::Partial);
    let good_for = SignedDuration::from_hours(GOOD_FOR_H);
    if run.request.kind != RunKind::Preview {
        Some("it is no preview")
    } else if !run.state.is_over() {
        Some("it is still under way")
    } else if !whole {
        Some("it did not come to its end")
    } else if run.request.scope.ignores_switches {
        Some("it took products and customers for switched on that are off")
    } else if !scope.applies(&run.request.scope) {
        Some("it did not show all of the customers")
    } else if run.ended_at.is_none_or(|at| now.duration_since(at) > good_for) {
        Some("it is older than a day")
    } else {
        None
    }
}

/// Whom a retry of a run is about, or why there is none.
fn to_retry(run: &Run) -> Result<RunScope, &'static str> {
    if run.request.kind == RunKind::Preview {
        return Err("it is a preview; make a new one");
    }
    match &run.state {
        RunState::Running => Err("it is still under way"),
        RunState::Failed(_) | RunState::Cancelled { .. } => {
            Ok(RunScope { month_alone: true, ..run.request.scope.clone() })
        }
        RunState::Partial if run.tally.counts.failed > 0 => Ok(RunScope {
            customers: CustomerFilter::FailedIn { run: run.id.clone() },
            month_alone: true,
            ..RunScope::default()
        }),
        RunState::Partial | RunState::Succeeded => Err("nothing failed in it"),
        RunState::Superseded { .. } => Err("the run of the month before stands for it"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asker(key: &str) -> Asker {
        let partner = PartnerId::parse("00000000-0000-4000-8000-000000000001").unwrap();
        Asker { partner, name: "anna".into(), key: key.into() }
    }

    fn opened(asked_month: &str, at: Timestamp) -> Run {
        let (asker, month) = (asker("key-1"), UsageMonth::parse(asked_month).unwrap());
        let request = RunRequest::new(asker.partner, RunKind::Now, (month, asker.key), at);
        let scope = RunScope { month_alone: true, ..RunScope::default() };
        Run::open(RunRequest { scope, ..request }, true, at).unwrap()
    }

    #[test]
    fn a_key_that_is_used_again_after_a_day_or_for_something_else_is_a_new_request() {
        let at: Timestamp = "2026-11-26T10:00:00Z".parse().unwrap();
        let later = |hours| at + SignedDuration::from_hours(hours);
        let november = UsageMonth::parse("2026-11").unwrap();
        let now = |month| Asked::Now { month: Some(month), scope: RunScope::default() };
        let run = opened("2026-11", at);
        assert!(is_of(&run, &asker("key-1"), &now(november), later(23)));
        assert!(!is_of(&run, &asker("key-1"), &now(november), later(25)), "a day later");
        assert!(!is_of(&run, &asker("key-2"), &now(november), later(1)), "another key");
        assert!(!is_of(&run, &asker("key-1"), &now(november.previous()), later(1)), "another month");
        let preview = Asked::Preview { month: Some(november), scope: RunScope::default() };
        assert!(!is_of(&run, &asker("key-1"), &preview, later(1)), "another kind");
    }
}
