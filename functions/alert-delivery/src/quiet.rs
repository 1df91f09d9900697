//! Whether no run has written for so long that the partner wants to know.

use jiff::{SignedDuration, Timestamp};
use shared::domain::alert::{Alert, AlertAbout, AlertId};
use shared::domain::id::PartnerId;
use shared::domain::run::{Run, RunState};
use shared::ports::{Clock, Mailer, Seal};

use crate::{Store, WorkError, World};

/// The last run that wrote is among so many of the newest; with more previews behind it, it counts as the oldest of them.
const NEWEST: u32 = 100;
/// While it is quiet, and while nothing ever ran, it is looked again after this long.
const A_DAY: SignedDuration = SignedDuration::from_hours(24);

impl<S: Store, K: Seal, M: Mailer, C: Clock> World<S, K, M, C> {
    /// Raises the alert of a quiet sync, once a quiet time; returns when to look again, none where nobody wants to know.
    pub(crate) async fn look_for_quiet(&self, partner: PartnerId) -> Result<Option<Timestamp>, WorkError> {
        let saved = self.store.find_alert_settings(partner).await?.value.unwrap_or_default();
        let Some(days) = saved.settings.wanted.quiet_days else { return Ok(None) };
        let now = self.clock.now();
        let tomorrow = now.saturating_add(A_DAY).unwrap_or(now);
        let runs = self.store.list_runs(partner, NEWEST).await?;
        // Before its first run a partner has nothing that could have stopped.
        let Some(since) = last_run(&runs) else { return Ok(Some(tomorrow)) };
        let quiet_at = since.saturating_add(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(tomorrow);
        if quiet_at > now {
            return Ok(Some(quiet_at));
        }
        // Its time is that of the quiet, not of this look: looked at twice, it is the same alert.
        let alert = Alert::new(AlertId::of_quiet(since), quiet_at, AlertAbout::Quiet { since, days });
        self.store.raise_alert(partner, &alert).await?;
        Ok(Some(tomorrow))
    }
}

/// When the last run that wrote ended; where none did, when the oldest one that is known was opened.
fn last_run(newest_first: &[Run]) -> Option<Timestamp> {
    let wrote = |run: &&Run| run.writes && matches!(run.state, RunState::Succeeded | RunState::Partial);
    let last = newest_first.iter().find(wrote).and_then(|run| run.ended_at);
    last.or_else(|| newest_first.last().map(|run| run.opened_at))
}
