//! The two ports of a tick in memory, with the faults that a test asks for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use jiff::Timestamp;
use shared::domain::id::{PartnerId, RunId};
use shared::domain::run::Run;
use shared::domain::settings::Settings;
use shared::error::{QueueError, StoreError};
use shared::ports::{
    AlertMessage, AlertQueue, Due, DueFor, DueStore, Look, Queue, RunHistory, Sealed, SettingsStore, SyncMessage,
};
use tokio::task::yield_now;
use uuid::Uuid;

/// A store and a queue. Each call lets others run before it looks, so that two ticks can meet.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) due: Mutex<BTreeMap<PartnerId, Timestamp>>,
    pub(crate) settings: BTreeMap<PartnerId, Settings>,
    pub(crate) sent: Mutex<Vec<SyncMessage>>,
    pub(crate) alerts: Mutex<Vec<AlertMessage>>,
    /// When partners' runs are to be looked at.
    pub(crate) looks: Mutex<BTreeMap<(PartnerId, Look), Timestamp>>,
    /// Which runs are to be retried.
    pub(crate) retry: BTreeMap<PartnerId, RunId>,
    /// Runs, newest first.
    pub(crate) runs: BTreeMap<PartnerId, Vec<Run>>,
    /// Partners whose settings cannot be read.
    pub(crate) unreadable: BTreeSet<PartnerId>,
    /// Partners whose messages the queue does not take.
    pub(crate) not_queued: BTreeSet<PartnerId>,
    /// Partners that cannot be moved on.
    pub(crate) not_moved: BTreeSet<PartnerId>,
    /// A shard that cannot be read.
    pub(crate) shard_away: Option<u8>,
}

/// The partner with this number.
pub(crate) fn partner(number: u128) -> PartnerId {
    PartnerId::from_uuid(Uuid::from_u128(number))
}

/// The shard in which the world keeps a partner.
pub(crate) fn shard_of(partner: PartnerId) -> u8 {
    let last = partner.to_string().pop().unwrap();
    u8::from_str_radix(&last.to_string(), 16).unwrap()
}

fn away(what: &str) -> StoreError {
    StoreError::Unavailable { why: what.into() }
}

impl World {
    pub(crate) fn with(mut self, number: u128, settings: &Settings, due: Timestamp) -> Self {
        self.settings.insert(partner(number), settings.clone());
        self.due.get_mut().unwrap().insert(partner(number), due);
        self
    }

    /// When a partner is due.
    pub(crate) fn due_of(&self, number: u128) -> Timestamp {
        self.due.lock().unwrap()[&partner(number)]
    }

    /// The messages sent so far, taken out.
    pub(crate) fn take_sent(&self) -> Vec<SyncMessage> {
        std::mem::take(&mut self.sent.lock().unwrap())
    }
}

impl DueStore for World {
    async fn list_due(&self, shard: u8, at: Timestamp, limit: u32) -> Result<Vec<Due>, StoreError> {
        yield_now().await;
        if self.shard_away == Some(shard) {
            return Err(away("timed out"));
        }
        let due = self.due.lock().unwrap();
        let looks = self.looks.lock().unwrap();
        let due = due.iter().map(|(&partner, &at)| Due { partner, due_for: DueFor::Occasion, next_run_at: at });
        let looks = looks.iter();
        let looks = looks.map(|(&(partner, look), &at)| Due { partner, due_for: DueFor::Look(look), next_run_at: at });
        let of_shard = |due: &Due| due.next_run_at <= at && shard_of(due.partner) == shard;
        let mut found: Vec<Due> = due.chain(looks).filter(of_shard).collect();
        found.sort_by_key(|due| due.next_run_at);
        found.truncate(limit as usize);
        Ok(found)
    }

    async fn find_due(&self, partner: PartnerId) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.due.lock().unwrap().get(&partner).copied())
    }

    async fn put_due(&self, partner: PartnerId, at: Timestamp) -> Result<(), StoreError> {
        self.due.lock().unwrap().insert(partner, at);
        Ok(())
    }

    async fn advance_due(&self, partner: PartnerId, from: Timestamp, to: Timestamp) -> Result<bool, StoreError> {
        yield_now().await;
        if self.not_moved.contains(&partner) {
            return Err(away("timed out"));
        }
        let mut due = self.due.lock().unwrap();
        let moved = due.get(&partner) == Some(&from);
        if moved {
            due.insert(partner, to);
        }
        Ok(moved)
    }

    async fn put_look(&self, partner: PartnerId, look: Look, at: Option<Timestamp>) -> Result<(), StoreError> {
        let mut looks = self.looks.lock().unwrap();
        match at {
            Some(at) => looks.insert((partner, look), at),
            None => looks.remove(&(partner, look)),
        };
        Ok(())
    }

    async fn put_retry(&self, _: PartnerId, _: &RunId, _: Timestamp) -> Result<(), StoreError> {
        Err(away("a tick sets no retry"))
    }

    async fn find_retry(&self, partner: PartnerId) -> Result<Option<Run>, StoreError> {
        yield_now().await;
        let id = self.retry.get(&partner);
        Ok(self.runs.get(&partner).into_iter().flatten().find(|run| Some(&run.id) == id).cloned())
    }

    async fn end_look(&self, partner: PartnerId, look: Look, at: Timestamp) -> Result<(), StoreError> {
        yield_now().await;
        if self.not_moved.contains(&partner) {
            return Err(away("timed out"));
        }
        let mut looks = self.looks.lock().unwrap();
        if looks.get(&(partner, look)) == Some(&at) {
            looks.remove(&(partner, look));
        }
        Ok(())
    }

    async fn move_look(
        &self,
        partner: PartnerId,
        look: Look,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<(), StoreError> {
        yield_now().await;
        if self.not_moved.contains(&partner) {
            return Err(away("timed out"));
        }
        self.looks.lock().unwrap().entry((partner, look)).and_modify(|at| *at = if *at == from { to } else { *at });
        Ok(())
    }
}

impl RunHistory for World {
    async fn list_runs(&self, partner: PartnerId, limit: u32) -> Result<Vec<Run>, StoreError> {
        yield_now().await;
        let runs = self.runs.get(&partner).into_iter().flatten();
        Ok(runs.take(limit as usize).cloned().collect())
    }
}

impl SettingsStore for World {
    async fn find_settings(&self, partner: PartnerId) -> Result<Option<Settings>, StoreError> {
        yield_now().await;
        if self.unreadable.contains(&partner) {
            let (what, why) = ("settings".into(), "unknown frequency".into());
            return Err(StoreError::Unreadable { what, why });
        }
        Ok(self.settings.get(&partner).cloned())
    }

    async fn put_settings(&self, _: PartnerId, _: &Settings) -> Result<(), StoreError> {
        Err(away("a tick saves no settings"))
    }

    async fn find_credentials(&self, _: PartnerId) -> Result<Option<Sealed>, StoreError> {
        Err(away("a tick reads no credentials"))
    }

    async fn put_credentials(&self, _: PartnerId, _: &Sealed) -> Result<(), StoreError> {
        Err(away("a tick saves no credentials"))
    }
}

impl Queue for World {
    async fn send(&self, message: &SyncMessage, delay_s: u32) -> Result<(), QueueError> {
        yield_now().await;
        assert_eq!(delay_s, 0, "a due partner does not wait");
        if self.not_queued.contains(&message.request.partner) {
            return Err(QueueError { why: "timed out".into() });
        }
        self.sent.lock().unwrap().push(message.clone());
        Ok(())
    }
}

impl AlertQueue for World {
    async fn send_alert(&self, message: &AlertMessage) -> Result<(), QueueError> {
        yield_now().await;
        if self.not_queued.contains(&message.partner) {
            return Err(QueueError { why: "timed out".into() });
        }
        self.alerts.lock().unwrap().push(message.clone());
        Ok(())
    }
}
