//! Runs and decisions of a real partner: the one place that asks the engine and the table for them.

use jiff::civil::Date;
use shared::clock::SystemClock;
use shared::domain::decision::{Decision, StandingHold, Verdict};
use shared::domain::id::{PartnerId, RunId};
use shared::domain::ledger::CustomerLedger;
use shared::domain::month::UsageMonth;
use shared::domain::run::{Run, RunKind, RunRequest, RunState};
use shared::domain::settings::Settings;
use shared::domain::usage::Reading;
use shared::ports::{Clock, Queue, SyncMessage};
use shared::remember::remember_reading;
use shared::store::Author;

use super::Live;
use crate::stack::{PROGRESS_EVERY, StackError};

/// How many runs are looked through and shown.
const NEWEST: u32 = 50;

impl Live {
    /// Today where the partner is.
    #[must_use]
    pub fn today(settings: &Settings) -> Date {
        SystemClock.now().to_zoned(settings.time_zone.zone().clone()).date()
    }

    /// Makes a preview of a month, telling how it gets on: nothing until it is opened. Writes nothing to ConnectWise.
    ///
    /// # Errors
    /// The run came to nothing for a reason that is not its own.
    pub async fn preview(
        &self,
        partner: PartnerId,
        month: UsageMonth,
        progress: impl FnMut(Option<&Run>),
    ) -> Result<Run, StackError> {
        self.run(request(partner, RunKind::Preview, month, None), progress).await
    }

    /// Applies exactly this preview. It writes while writes are on, and only then.
    ///
    /// # Errors
    /// As [`Self::preview`].
    pub async fn apply(&self, preview: &Run, progress: impl FnMut(Option<&Run>)) -> Result<Run, StackError> {
        let RunRequest { partner, month, .. } = preview.request;
        self.run(request(partner, RunKind::Apply, month, Some(preview.id.clone())), progress).await
    }

    /// Brings a run to its end, a new one or one that was interrupted.
    ///
    /// # Errors
    /// As [`Self::preview`].
    pub async fn run(&self, request: RunRequest, mut progress: impl FnMut(Option<&Run>)) -> Result<Run, StackError> {
        let (partner, id) = (request.partner, request.id()?);
        self.queue.send(&SyncMessage { request, attempt: 0, turns: 0, first_sent_at: SystemClock.now() }, 0).await?;
        let mut every = tokio::time::interval(PROGRESS_EVERY);
        let mut drained = std::pin::pin!(self.queue.drained());
        loop {
            let over = tokio::select! {
                () = &mut drained => true,
                _ = every.tick() => false,
            };
            let run = self.store.find_run(partner, &id).await?;
            progress(run.as_ref());
            if over {
                return run.filter(|run| run.state.is_over()).ok_or(StackError::Lost(id));
            }
        }
    }

    /// The apply that was interrupted, if one was.
    ///
    /// # Errors
    /// The table failed.
    pub async fn find_open_apply(&self, partner: PartnerId) -> Result<Option<Run>, StackError> {
        let open = |run: &Run| run.state == RunState::Running && run.request.kind == RunKind::Apply;
        Ok(self.list_runs(partner).await?.into_iter().find(open))
    }

    /// The newest runs, newest first.
    ///
    /// # Errors
    /// The table failed.
    pub async fn list_runs(&self, partner: PartnerId) -> Result<Vec<Run>, StackError> {
        let mut runs = self.store.list_runs(partner, NEWEST).await?;
        // Ids have a resolution of one second; a script can start several runs in one second.
        runs.sort_by_key(|run| std::cmp::Reverse(run.opened_at));
        Ok(runs)
    }

    /// One run, if it exists.
    ///
    /// # Errors
    /// The table failed.
    pub async fn find_run(&self, partner: PartnerId, id: &RunId) -> Result<Option<Run>, StackError> {
        Ok(self.store.find_run(partner, id).await?)
    }

    /// A run's whole ledger.
    ///
    /// # Errors
    /// The table failed.
    pub async fn ledger(&self, partner: PartnerId, run: &RunId) -> Result<Vec<CustomerLedger>, StackError> {
        let (mut entries, mut after) = (Vec::new(), None);
        loop {
            let page = self.store.list_ledger(partner, run, "", after.as_deref()).await?;
            entries.extend(page.entries);
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(entries),
            }
        }
    }

    /// What waits for a decision in a month.
    ///
    /// # Errors
    /// The table failed.
    pub async fn list_holds(&self, partner: PartnerId, month: UsageMonth) -> Result<Vec<StandingHold>, StackError> {
        let (mut holds, mut after) = (Vec::new(), None);
        loop {
            let page = self.store.list_holds(partner, month, "", after.as_deref()).await?;
            holds.extend(page.holds);
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(holds),
            }
        }
    }

    /// Decides a hold as it was seen. What is released is written by the next preview that is applied. How usage lines are
    /// read is remembered for their Sophos product.
    ///
    /// # Errors
    /// It has changed or gone meanwhile, or the table failed.
    pub async fn decide(
        &self,
        partner: PartnerId,
        hold: &StandingHold,
        (verdict, reading): (Verdict, Option<Reading>),
        (who, why): (&str, &str),
    ) -> Result<(), StackError> {
        let (who, why, at) = (who.to_owned(), why.to_owned(), SystemClock.now());
        let author = Author { who: who.clone(), at, note: Some(why.clone()) };
        let decision =
            Decision { verdict, who, reason: None, why, at, basis: hold.basis.clone(), reading, moves: None };
        self.store.decide_hold(partner, hold.key, &decision).await?;
        if let Some(reading) = reading {
            remember_reading(&self.store, partner, &author, hold, reading).await?;
        }
        Ok(())
    }
}

/// What a person asks for now.
fn request(partner: PartnerId, kind: RunKind, month: UsageMonth, preview: Option<RunId>) -> RunRequest {
    let scheduled_at = SystemClock.now();
    let slot = preview.as_ref().map_or_else(|| scheduled_at.to_string(), ToString::to_string);
    RunRequest { preview, ..RunRequest::new(partner, kind, month, slot, scheduled_at) }
}
