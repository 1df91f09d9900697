//! Decides when a call may start: at the adaptive rate, never during a pause, and through a circuit breaker.
//!
//! Calls start in the order of their arrival. A short token bucket makes up for late timers; there are no other bursts.

mod adaptive_rate;
mod breaker;
mod shared_limit;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until, timeout_at};

use self::adaptive_rate::{AdaptiveRate, Departure};
use self::breaker::{Breaker, OPEN_FOR};
pub(super) use self::shared_limit::SharedLimit;

/// The most calls that may start at once after an idle time.
const BUCKET: u32 = 4;
/// A read of the shared limit is valid for this long: less than the round trip of a call.
const SHARED_LIMIT_VALID_FOR: Duration = Duration::from_millis(20);
/// A reservation expires after this long.
const RESERVATION_VALID_FOR: Duration = Duration::from_secs(2);

/// How long a call waits at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct WaitBudget {
    /// For the end of a pause.
    pub(super) pause: Duration,
    /// For the permit, pauses included.
    pub(super) total: Duration,
}

/// Why a call may not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoPermit {
    /// The service is throttling, or the permit is due only after this long: more than the wait budget.
    Throttled(Duration),
    /// Other calls were ahead until the wait budget was used up.
    TimedOut,
    /// The circuit breaker is open for this long.
    CircuitOpen(Duration),
}

/// How a call ended, as far as the rate limiter is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallOutcome {
    /// The service answered.
    Answered,
    /// 429, with its `Retry-After` if it has one.
    Throttled(Option<Duration>),
    /// 503 with its `Retry-After` if it has one, or no answer in time.
    Overloaded(Option<Duration>),
    /// Another 5xx, no connection, or a connection that broke.
    Failed,
}

/// The rate limiter of one client. Its clones share the state: a pause that one call meets applies to all.
#[derive(Clone, Debug)]
pub(super) struct RateLimiter {
    in_flight: usize,
    permits: Arc<Semaphore>,
    /// The queue: a fair lock that the first waiting call holds.
    queue: Arc<tokio::sync::Mutex<()>>,
    state: Arc<Mutex<State>>,
    shared: Option<SharedLimit>,
}

#[derive(Debug)]
struct State {
    created: Instant,
    paused_until: Option<Instant>,
    control: Option<Control>,
    /// When each unused reservation was made.
    reservations: VecDeque<Instant>,
    shared_read_at: Option<Instant>,
}

/// The state of a limiter with an adaptive rate.
#[derive(Debug)]
struct Control {
    rate: AdaptiveRate,
    breaker: Breaker,
    /// When the next call may start: one interval after the last, less the unused part of the bucket.
    next: Instant,
}

/// The right to have one call in flight.
pub(super) struct Permit {
    /// `None` only if the semaphore were closed, which never happens.
    _permit: Option<OwnedSemaphorePermit>,
    departure: Departure,
    probe: Option<Probe>,
}

/// Marks the call that tests an open circuit breaker. Dropping it ends the test, even if the call is cancelled.
struct Probe(Arc<Mutex<State>>);

impl Drop for Probe {
    fn drop(&mut self) {
        if let Some(control) = &mut locked(&self.0).control {
            control.breaker.end_probe();
        }
    }
}

impl RateLimiter {
    /// A limiter that has no rate of its own and obeys only the pauses that the service asks for.
    pub(super) fn new(in_flight: usize) -> Self {
        let in_flight = in_flight.max(1);
        Self {
            in_flight,
            permits: Arc::new(Semaphore::new(in_flight)),
            queue: Arc::default(),
            state: Arc::new(Mutex::new(State::new())),
            shared: None,
        }
    }

    /// A limiter with an adaptive rate of at most `ceiling` calls a minute.
    pub(super) fn adaptive(in_flight: usize, ceiling: u32, shared: Option<SharedLimit>) -> Self {
        let limiter = Self { shared, ..Self::new(in_flight) };
        let now = Instant::now();
        let control =
            Control { rate: AdaptiveRate::new(ceiling, Duration::ZERO), breaker: Breaker::default(), next: now };
        limiter.state().control = Some(control);
        limiter
    }

    /// Takes over the rate and the pause of the shared limit.
    pub(super) async fn resume(&self) {
        let Some(shared) = &self.shared else { return };
        let current = shared.sync(None).await;
        if current.pause > Duration::ZERO {
            self.pause(current.pause);
        }
        if let (Some(calls_per_minute), Some(control)) = (current.calls_per_minute, &mut self.state().control) {
            control.rate.resume(calls_per_minute);
        }
    }

    /// Waits until a call may start. Fails at once where the wait is known to exceed the budget.
    pub(super) async fn enter(&self, wait_budget: WaitBudget) -> Result<Permit, NoPermit> {
        self.admit(wait_budget, false).await
    }

    /// As [`Self::enter`], but uses a reservation where there is one.
    pub(super) async fn enter_reserved(&self, wait_budget: WaitBudget) -> Result<Permit, NoPermit> {
        let reservation = self.state().take_reservation();
        let admitted = self.admit(wait_budget, reservation.is_some()).await;
        if admitted.is_err() {
            // The call did not start: its next attempt finds the reservation, until that expires.
            self.state().reservations.extend(reservation);
        }
        admitted
    }

    /// Waits until a call may start, and reserves that for the next [`Self::enter_reserved`].
    pub(super) async fn reserve_permit(&self, wait_budget: WaitBudget) -> Result<(), NoPermit> {
        let permit = self.admit(wait_budget, false).await?;
        drop(permit);
        self.state().reservations.push_back(Instant::now());
        Ok(())
    }

    async fn admit(&self, wait_budget: WaitBudget, is_reserved: bool) -> Result<Permit, NoPermit> {
        let latest = Instant::now() + wait_budget.total;
        let too_late = |_| NoPermit::TimedOut;
        let _queue = match is_reserved {
            true => None,
            false => Some(timeout_at(latest, self.queue.lock()).await.map_err(too_late)?),
        };
        loop {
            let now = Instant::now();
            let start = self.state().earliest_start(now, wait_budget, is_reserved)?;
            if start > latest {
                return Err(NoPermit::Throttled(start - now));
            }
            if start > now {
                sleep_until(start).await;
                continue;
            }
            let permit = timeout_at(latest, self.permits.clone().acquire_owned()).await.map_err(too_late)?;
            // The table can be slow to answer: the wait budget applies to it as well.
            timeout_at(latest, self.sync_shared()).await.map_err(too_late)?;
            let others_in_flight = self.permits.available_permits() + 1 < self.in_flight;
            let mut state = self.state();
            let now = Instant::now();
            // The process may have been frozen meanwhile.
            if now > latest {
                return Err(NoPermit::TimedOut);
            }
            if state.pause_left(now).is_zero() {
                let (departure, probe) = state.start_call(now, is_reserved, others_in_flight)?;
                let probe = probe.then(|| Probe(Arc::clone(&self.state)));
                return Ok(Permit { _permit: permit.ok(), departure, probe });
            }
        }
    }

    /// Reads the shared limit, unless the last read is still valid.
    async fn sync_shared(&self) {
        let Some(shared) = &self.shared else { return };
        let now = Instant::now();
        let calls_per_minute = {
            let state = self.state();
            if state.shared_read_at.is_some_and(|at| now - at < SHARED_LIMIT_VALID_FOR) {
                return;
            }
            state.control.as_ref().map(|control| control.rate.limit_to_share())
        };
        let current = shared.sync(calls_per_minute).await;
        self.state().shared_read_at = Some(Instant::now());
        if current.pause > Duration::ZERO {
            self.pause(current.pause);
        }
    }

    /// Adapts to the outcome of a call. When it returns, a pause that the service asked for is in the shared limit. An open
    /// circuit breaker is not: the fault can be in the network of this worker alone.
    pub(super) async fn finish(&self, permit: Permit, outcome: CallOutcome) {
        let pause = self.state().finish(&permit, outcome);
        if let Some(wait) = pause.filter(|wait| !wait.is_zero()) {
            self.pause(wait);
            if let Some(shared) = &self.shared {
                shared.pause(wait).await;
            }
        }
    }

    /// Lets no call start for this long; never shortens a pause.
    fn pause(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut state = self.state();
        state.paused_until = Some(state.paused_until.map_or(until, |old| old.max(until)));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn new() -> Self {
        Self {
            created: Instant::now(),
            paused_until: None,
            control: None,
            reservations: VecDeque::new(),
            shared_read_at: None,
        }
    }

    fn pause_left(&self, now: Instant) -> Duration {
        self.paused_until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now))
    }

    fn earliest_start(&self, now: Instant, wait_budget: WaitBudget, is_reserved: bool) -> Result<Instant, NoPermit> {
        if let Some(control) = &self.control
            && let Some(wait) = control.breaker.blocked_for(now)
        {
            return Err(NoPermit::CircuitOpen(wait));
        }
        let pause = self.pause_left(now);
        if pause > wait_budget.pause {
            return Err(NoPermit::Throttled(pause));
        }
        let next = self.control.as_ref().filter(|_| !is_reserved).map_or(now, |control| control.next);
        Ok(next.max(now + pause))
    }

    /// Counts a call that starts now. The flag is true where the call tests the circuit breaker.
    fn start_call(
        &mut self,
        now: Instant,
        is_reserved: bool,
        others_in_flight: bool,
    ) -> Result<(Departure, bool), NoPermit> {
        let elapsed = now - self.created;
        let pause_end = self.paused_until.take_if(|until| *until <= now);
        let Some(control) = &mut self.control else { return Ok((Departure::default(), false)) };
        let probe = control.breaker.admit(now).map_err(NoPermit::CircuitOpen)?;
        let mut busy = others_in_flight;
        if !is_reserved {
            // The bucket does not fill during a pause.
            let from = pause_end.map_or(control.next, |end| control.next.max(end));
            let had_to_wait = from + control.rate.interval() >= now;
            control.rate.start_call(elapsed, had_to_wait);
            let bucket = control.rate.interval() * (BUCKET - 1);
            control.next = from.max(now.checked_sub(bucket).unwrap_or(now)) + control.rate.interval();
            busy |= had_to_wait;
        }
        Ok((control.rate.departure(elapsed, busy), probe))
    }

    /// Adapts to an outcome; the pause that follows from it, if any.
    fn finish(&mut self, permit: &Permit, outcome: CallOutcome) -> Option<Duration> {
        let now = Instant::now();
        let elapsed = now - self.created;
        let retry_after = match outcome {
            CallOutcome::Throttled(wait) | CallOutcome::Overloaded(wait) => wait,
            CallOutcome::Answered | CallOutcome::Failed => None,
        };
        let Some(control) = &mut self.control else { return retry_after };
        // A `Retry-After` of zero asks for the same call at once: the rate is not the cause.
        let is_throttled = matches!(outcome, CallOutcome::Throttled(_) | CallOutcome::Overloaded(_))
            && retry_after != Some(Duration::ZERO);
        if is_throttled && control.rate.on_throttled(elapsed, permit.departure, retry_after) {
            // Empties the bucket.
            control.next = now + control.rate.interval();
            tracing::info!(calls_per_minute = control.rate.limit_to_share(), "a service asks for fewer calls");
        }
        let opens = match outcome {
            CallOutcome::Answered | CallOutcome::Throttled(_) => {
                control.breaker.succeeded();
                false
            }
            CallOutcome::Overloaded(_) | CallOutcome::Failed => control.breaker.failed(now, permit.probe.is_some()),
        };
        if opens {
            tracing::warn!(for_s = OPEN_FOR.as_secs(), "a service does not answer and is left alone");
        }
        retry_after
    }

    /// The oldest reservation that is still valid.
    fn take_reservation(&mut self) -> Option<Instant> {
        let now = Instant::now();
        while let Some(made) = self.reservations.pop_front() {
            if now - made <= RESERVATION_VALID_FOR {
                return Some(made);
            }
        }
        None
    }
}

#[cfg(test)]
mod simulated;
#[cfg(test)]
mod tests;
