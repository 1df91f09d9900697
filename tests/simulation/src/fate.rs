//! What becomes of one invocation: it may die at any await, or stand frozen while the world goes on, and then go on too.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// What a blow does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blow {
    /// The invocation is gone.
    Crash,
    /// It stands still for so long.
    Freeze(Duration),
}

/// When it falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    Never,
    /// After the future was polled so many times.
    Polls(u64),
    /// Right after so many of its effects: something was committed, sent to ConnectWise or queued.
    Effects(u32),
}

/// How many effects an invocation has had; the ports count, the fate looks.
#[derive(Clone, Debug, Default)]
pub(super) struct Effects(Arc<AtomicU32>);

impl Effects {
    pub(super) fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn get(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

/// An invocation and its fate. Ends as `None` where the invocation died.
pub(super) struct Fated<F> {
    invocation: Pin<Box<F>>,
    when: When,
    blow: Blow,
    effects: Effects,
    polls: Arc<AtomicU64>,
    frozen_until: Option<Pin<Box<Sleep>>>,
    killed_at: Pin<Box<Sleep>>,
}

/// A thawed invocation gets a little further before its time-out is noticed.
const GRACE: Duration = Duration::from_secs(20);

impl<F: Future> Fated<F> {
    /// `killed_at`: when the invocation's time is up. `polls` counts.
    pub(super) fn new(
        invocation: F,
        (when, blow): (When, Blow),
        effects: Effects,
        polls: Arc<AtomicU64>,
        killed_at: Instant,
    ) -> Self {
        let killed_at = Box::pin(sleep_until(killed_at));
        Self { invocation: Box::pin(invocation), when, blow, effects, polls, frozen_until: None, killed_at }
    }

    fn strikes(&self) -> bool {
        match self.when {
            When::Never => false,
            When::Polls(polls) => self.polls.load(Ordering::Relaxed) >= polls,
            When::Effects(effects) => self.effects.get() >= effects,
        }
    }
}

impl<F: Future> Future for Fated<F> {
    type Output = Option<F::Output>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if let Some(frozen) = &mut this.frozen_until {
            if frozen.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            this.frozen_until = None;
            let grace = this.killed_at.deadline().max(Instant::now() + GRACE);
            this.killed_at.as_mut().reset(grace);
        }
        if this.killed_at.as_mut().poll(context).is_ready() {
            return Poll::Ready(None);
        }
        this.polls.fetch_add(1, Ordering::Relaxed);
        if let Poll::Ready(output) = this.invocation.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        if this.strikes() {
            this.when = When::Never;
            match this.blow {
                Blow::Crash => return Poll::Ready(None),
                Blow::Freeze(long) => {
                    let mut frozen = Box::pin(sleep_until(Instant::now() + long));
                    if frozen.as_mut().poll(context).is_pending() {
                        this.frozen_until = Some(frozen);
                    }
                }
            }
        }
        Poll::Pending
    }
}
