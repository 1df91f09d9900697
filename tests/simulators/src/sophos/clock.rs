//! The simulator's clock: tokens expire and late corrections arrive by it, so a test moves it instead of waiting.

use shared::clock::SystemClock;
use shared::ports::Clock as _;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// Shows the machine's time until it is set; from then on it stands still and moves only when told to.
#[derive(Clone, Debug, Default)]
pub struct SimulatedClock(Arc<Mutex<Option<Timestamp>>>);

impl SimulatedClock {
    /// What this clock shows.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let set_to = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        set_to.unwrap_or_else(|| SystemClock.now())
    }

    /// Stops the clock at this instant.
    pub fn set(&self, instant: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(instant);
    }

    /// Moves the clock on from what it shows, and stops it there. It goes no further than the last instant there is.
    pub fn advance(&self, by: SignedDuration) {
        let later = self.now().saturating_add(by).unwrap_or(Timestamp::MAX);
        self.set(later);
    }
}
