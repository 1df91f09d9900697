//! When a call may leave: as fast as the service was learnt to take, never while it wants to be left alone, and one at
//! a time while it is found out whether it answers again.
//!
//! Calls leave in the order in which they came. A short bucket makes up for a late timer; there are no other bursts.

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

/// So many calls may leave at once after a pause.
const BUCKET: u32 = 4;
/// A look at the board is good for this long: less than an answer takes to come back.
const SHARED_LIMIT_VALID_FOR: Duration = Duration::from_millis(20);
/// A turn that was taken beforehand is used within this time or lost.
const RESERVATION_VALID_FOR: Duration = Duration::from_secs(2);

/// How long a call waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct WaitBudget {
    /// For a service that wants to be left alone.
    pub(super) hold: Duration,
    /// For its turn, all in all.
    pub(super) turn: Duration,
}

/// Why a call may not leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoPermit {
    /// The service wants to be left alone for this long, or it is so long until its turn.
    Held(Duration),
    /// Others came first, until its wait_budget was over.
    Full,
    /// It did not answer lately, and is not asked for this long.
    Away(Duration),
}

/// What became of a call, as far as the pace goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The service answered.
    Well,
    /// It asks for fewer calls (429), and to be left alone for so long where it says so.
    TooMany(Option<Duration>),
    /// It is overloaded: 503, or no answer in time.
    Overloaded(Option<Duration>),
    /// It failed: another 5xx, no connection, a connection that broke.
    Failed,
}

/// Shared by the clones of a client: what one call meets, all heed.
#[derive(Clone, Debug)]
pub(super) struct RateLimiter {
    in_flight: usize,
    slots: Arc<Semaphore>,
    /// Held by the call whose turn is next; a fair lock.
    head: Arc<tokio::sync::Mutex<()>>,
    state: Arc<Mutex<State>>,
    shared: Option<SharedLimit>,
}

#[derive(Debug)]
struct State {
    start: Instant,
    not_before: Option<Instant>,
    control: Option<Control>,
    /// Turns taken beforehand.
    taken: VecDeque<Instant>,
    looked: Option<Instant>,
}

/// What is known of a service whose pace is learnt.
#[derive(Debug)]
struct Control {
    rate: AdaptiveRate,
    breaker: Breaker,
    /// When the next call leaves: an interval after the last, or earlier by what was left unused.
    next: Instant,
}

/// The right to have one call in flight.
pub(super) struct Permit {
    /// None only if the semaphore were closed, which it never is.
    _permit: Option<OwnedSemaphorePermit>,
    left: Departure,
    probe: Option<Probe>,
}

/// The one call that finds out whether the service answers again; dropped with it, whatever becomes of it.
struct Probe(Arc<Mutex<State>>);

impl Drop for Probe {
    fn drop(&mut self) {
        if let Some(control) = &mut locked(&self.0).control {
            control.breaker.probed();
        }
    }
}

impl RateLimiter {
    /// A pace that only heeds the service's own wishes.
    pub(super) fn new(in_flight: usize) -> Self {
        let in_flight = in_flight.max(1);
        Self {
            in_flight,
            slots: Arc::new(Semaphore::new(in_flight)),
            head: Arc::default(),
            state: Arc::new(Mutex::new(State::new())),
            shared: None,
        }
    }

    /// A pace that is learnt, up to `ceiling` calls a minute, and shared by a board where there is one.
    pub(super) fn learning(in_flight: usize, ceiling: u32, shared: Option<SharedLimit>) -> Self {
        let limiter = Self { shared, ..Self::new(in_flight) };
        let now = Instant::now();
        let control =
            Control { rate: AdaptiveRate::new(ceiling, Duration::ZERO), breaker: Breaker::default(), next: now };
        limiter.state().control = Some(control);
        limiter
    }

    /// Goes on from what others have learnt.
    pub(super) async fn resume(&self) {
        let Some(shared) = &self.shared else { return };
        let seen = shared.look(None).await;
        if seen.hold > Duration::ZERO {
            self.hold(seen.hold);
        }
        if let (Some(calls_per_minute), Some(control)) = (seen.calls_per_minute, &mut self.state().control) {
            control.rate.resume(calls_per_minute);
        }
    }

    /// Waits until a call may leave. Gives up at once where it is known that this takes longer than its wait_budget.
    pub(super) async fn enter(&self, wait_budget: WaitBudget) -> Result<Permit, NoPermit> {
        self.admit(wait_budget, false).await
    }

    /// As [`Self::enter`], by a turn that was taken beforehand if there is one.
    pub(super) async fn enter_reserved(&self, wait_budget: WaitBudget) -> Result<Permit, NoPermit> {
        let has_turn = self.state().use_reservation();
        self.admit(wait_budget, has_turn).await
    }

    /// Waits until a call may leave, for the next one that enters by turn.
    pub(super) async fn reserve_permit(&self, wait_budget: WaitBudget) -> Result<(), NoPermit> {
        let slot = self.admit(wait_budget, false).await?;
        drop(slot);
        self.state().taken.push_back(Instant::now());
        Ok(())
    }

    async fn admit(&self, wait_budget: WaitBudget, has_turn: bool) -> Result<Permit, NoPermit> {
        let latest = Instant::now() + wait_budget.turn;
        let too_late = |_| NoPermit::Full;
        let _head = match has_turn {
            true => None,
            false => Some(timeout_at(latest, self.head.lock()).await.map_err(too_late)?),
        };
        loop {
            let now = Instant::now();
            let start = self.state().may_start(now, wait_budget, has_turn)?;
            if start > latest {
                return Err(NoPermit::Held(start - now));
            }
            if start > now {
                sleep_until(start).await;
                continue;
            }
            let permit = timeout_at(latest, self.slots.clone().acquire_owned()).await.map_err(too_late)?;
            // Whoever has no time for it does not leave: the table can take long to answer.
            timeout_at(latest, self.look()).await.map_err(too_late)?;
            let beside_others = self.slots.available_permits() + 1 < self.in_flight;
            let mut state = self.state();
            let now = Instant::now();
            // Late all the same where this process was stopped meanwhile.
            if now > latest {
                return Err(NoPermit::Full);
            }
            if state.held_for(now).is_zero() {
                let (left, probe) = state.leaves(now, has_turn, beside_others)?;
                return Ok(Permit { _permit: permit.ok(), left, probe: probe.then(|| Probe(Arc::clone(&self.state))) });
            }
        }
    }

    /// Looks at the board, where the last look is not still good.
    async fn look(&self) {
        let Some(shared) = &self.shared else { return };
        let now = Instant::now();
        let calls_per_minute = {
            let state = self.state();
            if state.looked.is_some_and(|at| now - at < SHARED_LIMIT_VALID_FOR) {
                return;
            }
            state.control.as_ref().map(|control| control.rate.to_remember())
        };
        let seen = shared.look(calls_per_minute).await;
        self.state().looked = Some(Instant::now());
        if seen.hold > Duration::ZERO {
            self.hold(seen.hold);
        }
    }

    /// Learns from what became of a call; returns when all who must know of it can.
    pub(super) async fn learn(&self, slot: Permit, ended: Ended) {
        let hold = self.state().learn(&slot, ended);
        if let Some(wait) = hold.filter(|wait| !wait.is_zero()) {
            self.hold(wait);
            if let Some(shared) = &self.shared {
                shared.hold(wait).await;
            }
        }
    }

    /// Lets no call start for this long; a longer hold stays.
    fn hold(&self, wait: Duration) {
        let start = Instant::now() + wait;
        let mut state = self.state();
        state.not_before = Some(state.not_before.map_or(start, |held| held.max(start)));
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
        let start = Instant::now();
        Self { start, not_before: None, control: None, taken: VecDeque::new(), looked: None }
    }

    fn held_for(&self, now: Instant) -> Duration {
        self.not_before.map_or(Duration::ZERO, |start| start.saturating_duration_since(now))
    }

    /// From when on the next call may leave.
    fn may_start(&self, now: Instant, wait_budget: WaitBudget, has_turn: bool) -> Result<Instant, NoPermit> {
        if let Some(control) = &self.control
            && let Some(wait) = control.breaker.closed_for(now)
        {
            return Err(NoPermit::Away(wait));
        }
        let held = self.held_for(now);
        if held > wait_budget.hold {
            return Err(NoPermit::Held(held));
        }
        let turn = self.control.as_ref().filter(|_| !has_turn).map_or(now, |control| control.next);
        Ok(turn.max(now + held))
    }

    /// A call leaves now; whether it finds out for the others.
    fn leaves(&mut self, now: Instant, has_turn: bool, beside_others: bool) -> Result<(Departure, bool), NoPermit> {
        let since_start = now - self.start;
        let resumes = self.not_before.take_if(|start| *start <= now);
        let Some(control) = &mut self.control else { return Ok((Departure::default(), false)) };
        let probe = control.breaker.admit(now).map_err(NoPermit::Away)?;
        let mut busy = beside_others;
        if !has_turn {
            // After a pause that the service asked for there is nothing to make up.
            let from = resumes.map_or(control.next, |resumes| control.next.max(resumes));
            let pressed = from + control.rate.interval() >= now;
            control.rate.leaves(since_start, pressed);
            let bucket = control.rate.interval() * (BUCKET - 1);
            control.next = from.max(now.checked_sub(bucket).unwrap_or(now)) + control.rate.interval();
            busy |= pressed;
        }
        Ok((control.rate.departure(since_start, busy), probe))
    }

    /// How long the service has to be left alone after this.
    fn learn(&mut self, slot: &Permit, ended: Ended) -> Option<Duration> {
        let now = Instant::now();
        let since_start = now - self.start;
        let wish = match ended {
            Ended::TooMany(wish) | Ended::Overloaded(wish) => wish,
            Ended::Well | Ended::Failed => None,
        };
        let Some(control) = &mut self.control else { return wish };
        // Who would take the same call at once does not complain of the rate.
        let of_rate = matches!(ended, Ended::TooMany(_) | Ended::Overloaded(_)) && wish != Some(Duration::ZERO);
        if of_rate && control.rate.complained(since_start, slot.left, wish) {
            // What was made up for is made up for: from here on, evenly.
            control.next = now + control.rate.interval();
            tracing::info!(calls_per_minute = control.rate.to_remember(), "a service asks for fewer calls");
        }
        let opens = match ended {
            Ended::Well | Ended::TooMany(_) => {
                control.breaker.succeeded();
                false
            }
            Ended::Overloaded(_) | Ended::Failed => control.breaker.failed(now, slot.probe.is_some()),
        };
        if opens {
            tracing::warn!(for_s = OPEN_FOR.as_secs(), "a service does not answer and is left alone");
        }
        let away = opens.then_some(OPEN_FOR);
        wish.max(away)
    }

    fn use_reservation(&mut self) -> bool {
        let now = Instant::now();
        while let Some(taken) = self.taken.pop_front() {
            if now - taken <= RESERVATION_VALID_FOR {
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod simulated;
#[cfg(test)]
mod tests;
