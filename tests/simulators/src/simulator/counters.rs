//! Counts what reached a simulator, so that "at most so many calls" can be asserted from the server's side of the wire.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// The status under which a call is counted whose connection was closed without an answer.
pub const NO_ANSWER: u16 = 0;

/// Calls of one verb on one path template by one caller.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CallCount {
    /// `GET`, `POST`, …
    pub verb: String,
    /// The path with every id replaced by `{id}`.
    pub path: String,
    /// Who called, as the vendor recognises callers; never a secret.
    pub caller: String,
    /// How many calls came in, refused ones included.
    pub calls: u64,
    /// The same calls by the status they were answered with; 0 is "closed without an answer".
    pub by_status: BTreeMap<u16, u64>,
}

/// Everything counted since the start or the last reset.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    /// One entry for each verb, path template and caller.
    pub counts: Vec<CallCount>,
    /// All calls together.
    pub total: u64,
    /// The most calls that were being answered at one moment.
    pub peak_in_flight: u64,
    /// Calls that came in while a `Retry-After` given to the same caller was still running.
    pub early: u64,
    /// From when the first call came in to when the last one had been answered, in milliseconds.
    pub span_ms: u64,
}

impl Tally {
    /// How many calls of `verb` (any, if empty) hit the path template `path` (any, if empty).
    pub fn calls(&self, verb: &str, path: &str) -> u64 {
        let fits =
            |count: &&CallCount| (verb.is_empty() || count.verb == verb) && (path.is_empty() || count.path == path);
        self.counts.iter().filter(fits).map(|count| count.calls).sum()
    }

    /// How many calls were answered with `status`.
    pub fn answered(&self, status: u16) -> u64 {
        self.counts.iter().filter_map(|count| count.by_status.get(&status)).sum()
    }
}

#[derive(Default)]
struct Counted {
    counts: BTreeMap<(String, String, String), BTreeMap<u16, u64>>,
    in_flight: u64,
    peak_in_flight: u64,
    early: u64,
    first_in: Option<Instant>,
    last_out: Option<Instant>,
}

/// The counters of one simulator; clones share them.
#[derive(Clone, Default)]
pub struct Counters {
    counted: Arc<Mutex<Counted>>,
    /// How many calls came in, answered or not.
    entered: watch::Sender<u64>,
}

/// A call being answered; it leaves the count of calls in flight when dropped.
pub struct InFlight {
    counters: Counters,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut counted = self.counters.lock();
        counted.in_flight -= 1;
        counted.last_out = Some(Instant::now());
    }
}

impl Counters {
    /// Notes that a call came in.
    pub fn enter(&self) -> InFlight {
        let mut counted = self.lock();
        counted.in_flight += 1;
        counted.first_in.get_or_insert_with(Instant::now);
        counted.peak_in_flight = counted.peak_in_flight.max(counted.in_flight);
        self.entered.send_modify(|entered| *entered += 1);
        InFlight { counters: self.clone() }
    }

    /// Waits until `calls` calls have come in since the start or the last reset; the last of them is not answered yet.
    pub async fn reached(&self, calls: u64) {
        // It fails only without a sender, and this is one.
        if let Err(gone) = self.entered.subscribe().wait_for(|entered| *entered >= calls).await {
            tracing::debug!(%gone, "nothing counts any more");
        }
    }

    /// Notes how a call ended.
    pub fn answered(&self, verb: &str, path: &str, caller: &str, status: u16) {
        let key = (verb.to_owned(), path.to_owned(), caller.to_owned());
        *self.lock().counts.entry(key).or_default().entry(status).or_default() += 1;
    }

    /// Notes a call that did not wait for the end of its `Retry-After`.
    pub fn early(&self) {
        self.lock().early += 1;
    }

    /// What has been counted so far.
    pub fn tally(&self) -> Tally {
        let counted = self.lock();
        let counts: Vec<CallCount> = counted
            .counts
            .iter()
            .map(|((verb, path, caller), by_status)| CallCount {
                verb: verb.clone(),
                path: path.clone(),
                caller: caller.clone(),
                calls: by_status.values().sum(),
                by_status: by_status.clone(),
            })
            .collect();
        let total = counts.iter().map(|count| count.calls).sum();
        let span = counted.first_in.zip(counted.last_out).map_or(Duration::ZERO, |(first, last)| last - first);
        let span_ms = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Tally { counts, total, peak_in_flight: counted.peak_in_flight, early: counted.early, span_ms }
    }

    /// Starts counting from zero; calls in flight stay in flight.
    pub fn reset(&self) {
        let mut counted = self.lock();
        let in_flight = counted.in_flight;
        *counted = Counted { in_flight, peak_in_flight: in_flight, ..Counted::default() };
        self.entered.send_replace(0);
    }

    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
