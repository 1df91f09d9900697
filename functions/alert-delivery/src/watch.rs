//! What comes to pass without any run: nothing was synced for so long that the partner wants to know, or a ConnectWise invoice
//! was made without lines that waited for a decision.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use shared::domain::alert::{Alert, AlertAbout, AlertId};
use shared::domain::decision::{HoldDue, StandingHold};
use shared::domain::id::PartnerId;
use shared::domain::month::UsageMonth;
use shared::domain::run::{Run, RunState};
use shared::domain::schedule::local_day;
use shared::ports::{Clock, Mailer, Seal};
use shared::table::Table;

use crate::{WorkError, World};

/// Runs that are read at once.
const RUNS_A_READ: u32 = 100;
/// The most pages that are read to find the last run that wrote; after as many previews the alert was raised long ago.
const MOST_READS: usize = 10;
/// The most pages of holds that are read, a megabyte each.
pub(crate) const MOST_PAGES: usize = 20;
/// It is looked again after this long.
const A_DAY: SignedDuration = SignedDuration::from_hours(24);

impl<T: Table, K: Seal, M: Mailer, C: Clock> World<T, K, M, C> {
    /// Raises the alerts that no run raises, each once. Returns when to check again; none where no such alert is wanted.
    pub(crate) async fn watch(&self, partner: PartnerId) -> Result<Option<Timestamp>, WorkError> {
        let settings = self.store.find_alert_settings(partner).await?.value.unwrap_or_default().settings;
        let wanted = settings.wanted;
        if settings.channels().is_empty() || (wanted.quiet_days.is_none() && !wanted.missed) {
            return Ok(None);
        }
        if wanted.missed {
            self.look_for_missed(partner).await?;
        }
        let now = self.clock.now();
        let tomorrow = now.saturating_add(A_DAY).unwrap_or(now);
        let quiet_at = match wanted.quiet_days {
            Some(days) => self.look_for_quiet(partner, days).await?,
            None => None,
        };
        Ok(Some(quiet_at.map_or(tomorrow, |at| at.min(tomorrow))))
    }

    /// When it will have been quiet for so long; none where it is by now, or never will be.
    async fn look_for_quiet(&self, partner: PartnerId, days: u16) -> Result<Option<Timestamp>, WorkError> {
        let Some(since) = self.last_sync(partner).await? else { return Ok(None) };
        let now = self.clock.now();
        let quiet_at = since.saturating_add(A_DAY * i32::from(days)).unwrap_or(now);
        if quiet_at > now {
            return Ok(Some(quiet_at));
        }
        let alert = Alert::new(AlertId::of_quiet(since, days), now, AlertAbout::Quiet { since, days });
        self.store.raise_alert(partner, &alert).await?;
        Ok(None)
    }

    /// When the last run that wrote ended; where none ever did, when the first run was opened. None before that one: then
    /// there is nothing that could have stopped.
    async fn last_sync(&self, partner: PartnerId) -> Result<Option<Timestamp>, WorkError> {
        let mut oldest: Option<Run> = None;
        for _ in 0..MOST_READS {
            let before = oldest.as_ref().map(|run| run.id.clone());
            let runs = self.store.list_runs_before(partner, before.as_ref(), RUNS_A_READ).await?;
            let wrote = |run: &&Run| run.writes && matches!(run.state, RunState::Succeeded | RunState::Partial);
            if let Some(last) = runs.iter().find(wrote) {
                return Ok(last.ended_at);
            }
            match runs.last() {
                Some(last) => oldest = Some(last.clone()),
                None => return Ok(oldest.map(|first| first.opened_at)),
            }
        }
        Ok(None)
    }

    /// Raises an alert for each month and day of an invoice that was made without lines of it.
    async fn look_for_missed(&self, partner: PartnerId) -> Result<(), WorkError> {
        let Some(settings) = self.store.find_settings(partner).await? else { return Ok(()) };
        let now = self.clock.now();
        let today = local_day(&settings, now);
        let mut missed: BTreeMap<(UsageMonth, Date), u64> = BTreeMap::new();
        let mut after = None;
        for _ in 0..MOST_PAGES {
            let page = self.store.list_all_holds(partner, after.as_deref()).await?;
            for hold in page.holds.iter().filter(|hold| is_missed(hold, today)) {
                if let Some(invoice) = hold.invoice {
                    *missed.entry((hold.key.month, invoice)).or_default() += 1;
                }
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        for ((month, invoice), lines) in missed {
            let about = AlertAbout::Missed { month, invoice, lines };
            self.store.raise_alert(partner, &Alert::new(AlertId::of_missed(month, invoice), now, about)).await?;
        }
        Ok(())
    }
}

/// Whether nobody decided before the invoice was made.
pub(crate) fn is_missed(hold: &StandingHold, today: Date) -> bool {
    hold.decision.is_none() && hold.due(today) == HoldDue::Missed
}
