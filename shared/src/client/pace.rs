//! How many calls of one client run at a time, and the moment before which none may start.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until, timeout_at};

/// Shared by the clones of a client: a wish to be left alone that one call meets holds all of them.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    slots: Arc<Semaphore>,
    not_before: Arc<Mutex<Option<Instant>>>,
}

/// The right to have one call in flight.
pub(super) struct Slot<'a> {
    /// None only if the semaphore were closed, which it never is.
    _permit: Option<SemaphorePermit<'a>>,
}

impl Pace {
    pub(super) fn new(in_flight: usize) -> Self {
        Self { slots: Arc::new(Semaphore::new(in_flight.max(1))), not_before: Arc::default() }
    }

    /// Waits for a slot and for the moment from which calls may start.
    ///
    /// Gives up when that takes longer than `longest_wait`: at once, with what is left of the wait, where it is known
    /// beforehand.
    pub(super) async fn enter(&self, longest_wait: Duration) -> Result<Slot<'_>, Duration> {
        let latest = Instant::now() + longest_wait;
        loop {
            let Ok(permit) = timeout_at(latest, self.slots.acquire()).await else { return Err(Duration::ZERO) };
            let (permit, now) = (permit.ok(), Instant::now());
            match self.held_until() {
                Some(start) if start > latest => return Err(start - now),
                Some(start) if start > now => {
                    drop(permit);
                    sleep_until(start).await;
                }
                Some(_) | None => return Ok(Slot { _permit: permit }),
            }
        }
    }

    /// Lets no call start for this long; a longer hold stays.
    pub(super) fn hold(&self, wait: Duration) {
        let start = Instant::now() + wait;
        let mut not_before = self.not_before.lock().unwrap_or_else(PoisonError::into_inner);
        *not_before = Some(not_before.map_or(start, |held| held.max(start)));
    }

    fn held_until(&self) -> Option<Instant> {
        *self.not_before.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn a_hold_that_one_clone_meets_keeps_every_clone_waiting_to_its_end() {
        let pace = Pace::new(8);
        let clone = pace.clone();
        let start = Instant::now();
        pace.hold(Duration::from_secs(30));
        pace.hold(Duration::from_secs(10));
        assert!(clone.enter(MINUTE).await.is_ok());
        assert_eq!(start.elapsed(), Duration::from_secs(30));
    }

    #[tokio::test(start_paused = true)]
    async fn a_hold_that_is_too_long_is_told_at_once() {
        let pace = Pace::new(8);
        pace.hold(Duration::from_secs(90));
        let start = Instant::now();
        assert_eq!(pace.enter(MINUTE).await.err(), Some(Duration::from_secs(90)));
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_hold_that_begins_while_a_call_waits_for_its_slot_holds_it_too() {
        let pace = Pace::new(1);
        let first = pace.enter(MINUTE).await;
        let start = Instant::now();
        let second = tokio::spawn({
            let pace = pace.clone();
            async move { pace.enter(MINUTE).await.map(|_| start.elapsed()).ok() }
        });
        tokio::task::yield_now().await;
        pace.hold(Duration::from_secs(5));
        drop(first);
        assert_eq!(second.await.unwrap(), Some(Duration::from_secs(5)));
    }
}
