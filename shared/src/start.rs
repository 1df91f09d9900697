//! Starts runs for people, other services and the command line, the same way for all of them.

mod choice;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::domain::decision::Decision;
use crate::domain::follow_up::FollowUp;
use crate::domain::id::{IdError, PartnerId, RunId};
use crate::domain::month::UsageMonth;
use crate::domain::run::{
    CustomerFilter, MOST_CHOSEN, NotApplicable, NotRetryable, Run, RunKind, RunRequest, RunScope,
};
use crate::domain::schedule::local_day;
use crate::domain::settings::Settings;
use crate::error::{QueueError, StoreError};
use crate::ports::{Clock, Queue, SyncMessage};
use crate::store::{IDEMPOTENCY_TTL_H, Opened, Store};
use crate::table::Table;

pub use self::choice::{NotChosen, choose};

/// A repeated request is searched among this many of the newest runs.
const NEWEST: u32 = 20;
/// The tick resumes a run whose message was lost after this time.
const FOLLOW_UP_AFTER: SignedDuration = SignedDuration::from_mins(45);

/// The kind of run that is requested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A preview of what would be done.
    Preview {
        /// The month; the current one by default.
        month: Option<UsageMonth>,
        /// The customers and their options.
        scope: RunScope,
    },
    /// Applies exactly what a preview showed.
    Apply {
        preview: RunId,
        /// The customers of the preview to apply; all of them by default.
        customers: Option<CustomerFilter>,
        /// Whether additions of other origin that the preview showed with another quantity are also set to the usage.
        adopts: bool,
    },
    /// Syncs now.
    Now {
        /// The month; the current one by default.
        month: Option<UsageMonth>,
        /// The customers and their options.
        scope: RunScope,
    },
    /// Writes what people have decided and nothing else.
    WriteDecided {
        /// The month; the current one by default.
        month: Option<UsageMonth>,
    },
    /// Retries what failed in a run.
    Retry {
        /// The run to retry.
        run: RunId,
    },
}

impl Asked {
    const fn kind(&self) -> RunKind {
        match self {
            Self::Preview { .. } => RunKind::Preview,
            Self::Apply { .. } => RunKind::Apply,
            Self::Now { .. } | Self::WriteDecided { .. } | Self::Retry { .. } => RunKind::Now,
        }
    }
}

/// Who requests a run, and the key that identifies repetitions of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asker {
    /// The partner that the run belongs to.
    pub partner: PartnerId,
    /// The person or program, as its token names it.
    pub name: String,
    /// A hash of the idempotency key: equal for all repetitions of a request, and for no other one.
    pub key: String,
}

/// Why no run was started.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// The partner has saved no settings.
    #[error("No ConnectWise connection is saved, so there is nothing to sync.")]
    NotSetUp,
    /// Another run of the partner is open.
    #[error("Run {0} is under way.")]
    Busy(RunId),
    /// The month has not begun in the partner's time zone.
    #[error("{} has not begun.", .0.in_words())]
    Future(UsageMonth),
    /// The partner's settings do not allow writes to ConnectWise.
    #[error("Writes to ConnectWise are switched off.")]
    WritesOff,
    /// The run does not exist.
    #[error("There is no run {0}.")]
    Unknown(RunId),
    /// The preview cannot be applied.
    #[error("Preview {preview} cannot be applied: {why}.")]
    NotApplicable {
        preview: RunId,
        /// The reason.
        why: NotApplicable,
    },
    /// There is nothing to retry in the run.
    #[error("Run {run} cannot be tried again: {why}.")]
    NothingToRetry {
        run: RunId,
        /// The reason.
        why: NotRetryable,
    },
    /// Nothing that a run would write is decided.
    #[error("Nothing is decided for {} that a sync would write.", .0.in_words())]
    NothingDecided(UsageMonth),
    /// The table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queue failed. The run is open, and the next tick or a repetition of the request resumes it.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// A run id cannot be formed.
    #[error(transparent)]
    Id(#[from] IdError),
}

/// Opens and queues the requested run, or returns the run that an earlier attempt of this request opened.
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
    let request = request(store, asker, asked, &settings, now).await?;
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
            // If its message was never sent, nothing else would resume it.
            if let Some(open) = store.find_run(partner, &other).await? {
                send(store, queue, &open, now).await?;
            }
            Err(StartError::Busy(other))
        }
    }
}

/// Queues a run unless it is over. A duplicate message has no effect.
async fn send(store: &Store<impl Table>, queue: &impl Queue, run: &Run, now: Timestamp) -> Result<(), StartError> {
    if run.state.is_over() {
        return Ok(());
    }
    // Before the message: if that is lost, the tick finds the run.
    store
        .schedule_follow_up(run.request.partner, FollowUp::ResumeStalledRun, now.checked_add(FOLLOW_UP_AFTER).ok())
        .await?;
    queue.send(&SyncMessage { request: run.request.clone(), attempt: 0, turns: 0, first_sent_at: now }, 0).await?;
    Ok(())
}

/// Whether this very request opened the run and its response was lost. A key can be used again after a day.
fn is_of(run: &Run, asker: &Asker, asked: &Asked, now: Timestamp) -> bool {
    let request = &run.request;
    let recently = now.duration_since(request.scheduled_at) < SignedDuration::from_hours(IDEMPOTENCY_TTL_H);
    let same = match asked {
        Asked::Preview { month, scope } | Asked::Now { month, scope } => {
            request.scope == RunScope { month_alone: month.is_some(), ..scope.clone() }
                && month.is_none_or(|month| month == request.month)
        }
        Asked::Apply { preview, customers, adopts } => {
            let of_same = customers.as_ref().is_none_or(|customers| *customers == request.scope.customers);
            request.preview.as_ref() == Some(preview) && of_same && *adopts == request.scope.adopts
        }
        Asked::WriteDecided { month } => {
            request.scope.decided_alone && month.is_none_or(|month| month == request.month)
        }
        Asked::Retry { .. } => true,
    };
    recently && same && request.slot == asker.key && request.kind == asked.kind()
}

async fn request(
    store: &Store<impl Table>,
    asker: &Asker,
    asked: &Asked,
    settings: &Settings,
    now: Timestamp,
) -> Result<RunRequest, StartError> {
    let present = UsageMonth::containing(local_day(settings, now));
    let find = async |id: &RunId| {
        let found = store.find_run(asker.partner, id).await?;
        found.ok_or_else(|| StartError::Unknown(id.clone()))
    };
    let kind = asked.kind();
    let (month, scope, preview) = match asked {
        Asked::Preview { month, scope } | Asked::Now { month, scope } => {
            // A month that the caller named is never replaced by the month before.
            (month.unwrap_or(present), RunScope { month_alone: month.is_some(), ..scope.clone() }, None)
        }
        Asked::Apply { preview, customers, adopts } => {
            let shown = find(preview).await?;
            let request = &shown.request;
            let customers = customers.clone().unwrap_or_else(|| request.scope.customers.clone());
            let scope = RunScope { customers, adopts: *adopts, ..request.scope.clone() };
            let refused = |why| StartError::NotApplicable { preview: preview.clone(), why };
            shown.check_applicable(&scope, now).map_err(refused)?;
            (request.month, scope, Some(preview.clone()))
        }
        Asked::WriteDecided { month } => {
            let month = month.unwrap_or(present);
            let customers = with_decisions(store, asker.partner, month).await?;
            let scope = RunScope { customers, decided_alone: true, month_alone: true, ..RunScope::default() };
            (month, scope, None)
        }
        Asked::Retry { run } => {
            let failed = find(run).await?;
            let scope = failed.to_retry().map_err(|why| StartError::NothingToRetry { run: run.clone(), why })?;
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

/// The customers with a decision that a run would write; everyone if they are too many to be chosen.
async fn with_decisions(
    store: &Store<impl Table>,
    partner: PartnerId,
    month: UsageMonth,
) -> Result<CustomerFilter, StartError> {
    let (mut customers, mut after) = (BTreeSet::new(), None);
    loop {
        let page = store.list_holds(partner, month, "", after.as_deref()).await?;
        let decided = page.holds.iter().filter(|hold| hold.decision.as_ref().is_some_and(Decision::writes));
        customers.extend(decided.map(|hold| hold.key.customer));
        match page.next {
            Some(next) => after = Some(next),
            None if customers.is_empty() => return Err(StartError::NothingDecided(month)),
            None if customers.len() > MOST_CHOSEN => return Ok(CustomerFilter::Everyone),
            None => return Ok(CustomerFilter::Chosen { customers }),
        }
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
        let request = RunRequest::new(asker.partner, RunKind::Now, month, asker.key, at);
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
